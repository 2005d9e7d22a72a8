"""Roles, what each may do, and who a request comes from."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final


class Access(Enum):
    """Who may use a route."""

    PROBE = "whatever watches over the server"
    PUBLIC = "everybody, signed in or not"
    READ = "who may look at the catalog"
    PROGRAM = "who may look at the catalog, and partners' programs"
    WRITE = "who may change the catalog"
    ADMIN = "who looks after the desk"


class Role(StrEnum):
    """What an account may do; each may also do what those before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Return whether this role may do what `other` may."""
        return _RANKS[self] >= _RANKS[other]


# Asked several times a page, where to go through the enumeration takes 2 µs.
_RANKS: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request comes from: an account, a partner's key, or the desk on its own machine.

    `account_id` is None unless it is an account, `key_id` unless it is a key.
    """

    person: str
    role: Role
    account_id: int | None = None
    key_id: int | None = None

    @property
    def may_edit(self) -> bool:
        """Whether pages should offer to change the catalog."""
        return self.role.covers(Role.EDITOR)

    @property
    def may_administer(self) -> bool:
        """Whether pages should offer what an admin does."""
        return self.role.covers(Role.ADMIN)


# Without accounts, whoever reaches the loopback address.
LOCAL_DESK = Identity("local desk", Role.ADMIN)
