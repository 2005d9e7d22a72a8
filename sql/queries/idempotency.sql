-- name: wait_shortly
-- Lets the transaction wait for a lock only so many milliseconds.
select set_config('lock_timeout', :milliseconds || 'ms', true);

-- name: wait_as_usual
-- Takes that back.
set local lock_timeout to default;

-- name: claim_key
-- Takes a key for this transaction, or waits for the one that took it. No row: its outcome is known.
insert into idempotency_key as kept (owner, key, fingerprint)
values (:owner, :key, :fingerprint)
on conflict (owner, key) do update set
    fingerprint = excluded.fingerprint,
    created_at = now(),
    outcome = null
where kept.created_at < now() - make_interval(secs => :ttl)
returning true as is_new;

-- name: get_outcome
-- What came of the write that carried a key, by the primary key.
select
    fingerprint,
    outcome
from idempotency_key
where owner = :owner and key = :key;

-- name: record_outcome
-- Writes down what came of the write under way, by the primary key.
update idempotency_key set outcome = :outcome
where owner = :owner and key = :key;

-- name: forget_expired_keys
-- Removes some of the keys that are too old to be asked for, by idempotency_key_created.
delete from idempotency_key
where (owner, key) in (
    select
        owner,
        key
    from idempotency_key
    where created_at < now() - make_interval(secs => :ttl)
    order by created_at
    limit 100
    for update skip locked
);
