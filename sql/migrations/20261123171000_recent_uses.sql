-- migrate:up

-- What was used of late of what is allowed in any stretch of time: one row a subject, so that those who use it at
-- the same time wait for each other. Until forget_at the row may still count.
create table recent_use (
    subject text primary key,
    moments timestamptz[] not null,
    counts bigint[] not null,
    forget_at timestamptz not null
);
create index recent_use_forget on recent_use (forget_at);

-- From now on only what is allowed a day is counted here.
delete from allowance
where subject not like 'rows of key %';

-- migrate:down
drop table recent_use;
