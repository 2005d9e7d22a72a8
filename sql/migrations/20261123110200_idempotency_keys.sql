-- migrate:up

-- What came of a write that carried a key, written in the write's own transaction: what
-- was rolled back leaves none. Whoever inserts the same key meanwhile waits for its end.
create table idempotency_key (
    owner text not null,
    key text not null,
    fingerprint text not null,
    created_at timestamptz not null default now(),
    outcome jsonb,
    primary key (owner, key)
);
create index idempotency_key_created on idempotency_key (created_at);

-- migrate:down
drop table idempotency_key;
