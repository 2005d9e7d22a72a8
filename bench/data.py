"""The data: a PostgreSQL of the bench's own, and catalogs that are made once and kept.

A catalog carries a stamp: the schema that it was made with and how it was made. When either has
changed it is made anew, so that no figure comes from data of another schema.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.servers import ROOT, Server, hangtag, run, run_py
from web.database.embedded import EmbeddedServer, embedded_server
from web.database.server_user import server_user

# What the figures are asked for: a cache of this size, everything else at its default.
_SETTINGS: Final = {"shared_buffers": "1GB"}

# A brand's page shows as many products in the small catalog as in the large one.
_LIKE_THE_LARGE: Final = "update product set brand_id = 1 where product_id <= 100;"
_TEN_SKUS_EACH: Final = """
insert into sku (product_id, product_size_id, product_color_id)
select product.product_id, 1 + number % 3, 1 + number % 2
from product cross join generate_series(1, 10) as number
order by product.product_id, number;
"""
# A color and a size that five SKUs have, spread over the catalog, the last one near its end.
_RARE: Final = """
insert into product_color (product_color_name) values ('Rare');
insert into product_size (product_size_name) values ('Rare');
with spread as (
    select (last.product_id * share)::bigint as product_id, beside
    from
        (select max(product_id) as product_id from product) as last,
        unnest(array[0.3, 0.5, 0.7, 0.9, 0.99]) as share,
        generate_series(0, 1) as beside
)
insert into sku (product_id, product_color_id, product_size_id)
select
    spread.product_id + 1 - spread.beside,
    case spread.beside when 0 then color.product_color_id else 1 end,
    case spread.beside when 1 then size.product_size_id else 1 end
from spread, product_color as color, product_size as size
where color.product_color_name = 'Rare' and size.product_size_name = 'Rare';
"""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalog to measure: its size, SQL that is run on the sample, and what it is a copy of."""

    database: str
    brands: int
    products: int
    skus: int
    finish: str = ""
    copy_of: str | None = None


SMALL: Final = Catalog("hangtag_small", 100, 1_000, 100_000, _LIKE_THE_LARGE)
BATCH: Final = Catalog("hangtag_batch", 100, 10_000, 0, _TEN_SKUS_EACH)
EMPTY: Final = Catalog("hangtag_empty", 0, 0, 0)


def large_catalog(rows: int) -> Catalog:
    """Return the catalog of `rows` SKUs, in proportion to one of ten million."""
    products = max(rows // 100, 100)
    return Catalog(f"hangtag_{rows}", max(rows // 10_000, 1), products, rows)


def rare_catalog(large: Catalog) -> Catalog:
    """Return a copy of the large catalog with a rare color and a rare size."""
    return Catalog(
        f"{large.database}_rare",
        large.brands,
        large.products,
        large.skus,
        _RARE,
        copy_of=large.database,
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row works with: the data directory, PostgreSQL, and the large catalog."""

    folder: Path
    postgres: EmbeddedServer
    binaries: Path
    large: Catalog

    def url(self, catalog: Catalog) -> str:
        """Return the URL of a catalog's database."""
        return self.postgres.url(catalog.database)

    def psql(self, database: str, *statements: str) -> str:
        """Run statements with psql, each in a transaction of its own, and return the rows."""
        return run([*self.psql_command(database), *(f"--command={sql}" for sql in statements)])

    def psql_command(self, database: str) -> list[str | Path]:
        """Return the start of a psql command: no settings of the user's, errors are errors."""
        options = ("--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1")
        return [self.binaries / "psql", *options, f"--dbname={self.postgres.url(database)}"]

    @contextmanager
    def serve(self, catalog: Catalog) -> Iterator[Server]:
        """Serve a catalog with Hangtag."""
        log = self.folder / "logs" / f"{catalog.database}.log"
        with hangtag(self.url(catalog), log=log, folder=self.work) as server:
            yield server

    @property
    def work(self) -> Path:
        """A folder for temporary files, and without a .env."""
        folder = self.folder / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def make(self, catalog: Catalog) -> None:
        """Make a catalog, unless it is there with the same stamp."""
        name, stamp = catalog.database, _stamp(catalog)
        if catalog.copy_of is not None:
            stamp += self._kept_stamp(catalog.copy_of)
        if self._kept_stamp(name) == stamp:
            return
        self.psql("postgres", f"drop database if exists {name} with (force)")
        if catalog.copy_of is not None:
            self.copy(catalog.copy_of, name)
        elif catalog.brands:
            sizes = ("--brands", catalog.brands, "--products", catalog.products)
            arguments = ("sample", *sizes, "--skus", catalog.skus)
            run_py(*map(str, arguments), database_url=self.url(catalog), folder=self.work)
        else:
            run_py("migrate", database_url=self.url(catalog), folder=self.work)
        if catalog.finish:
            self.psql(name, catalog.finish)
        self.psql(name, "vacuum (analyze)", "checkpoint")
        self.psql("postgres", f"comment on database {name} is '{stamp}'")

    def copy(self, source: str, target: str) -> None:
        """Make a database `target` like `source`, in place of one that is there."""
        self.psql("postgres", f"drop database if exists {target} with (force)")
        self.psql("postgres", f"create database {target} template {source} strategy file_copy")

    def _kept_stamp(self, database: str) -> str:
        sql = "select shobj_description(oid, 'pg_database') from pg_database where datname ="
        return self.psql("postgres", f"{sql} '{database}'").strip()


@contextmanager
def open_bench(folder: Path, rows: int) -> Iterator[Bench]:
    """Start the bench's PostgreSQL, and stop it at the end."""
    with embedded_server(folder, settings=_SETTINGS) as postgres:
        yield Bench(folder.resolve(), postgres, server_user().binaries, large_catalog(rows))


def _stamp(catalog: Catalog) -> str:
    content = hashlib.sha256(repr(catalog).encode())
    for path in sorted((ROOT / "sql" / "migrations").glob("*.sql")):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]
