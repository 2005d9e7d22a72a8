-- name: has_accounts
-- Whether there is an account, by any index.
select exists(select from account) as has_accounts;

-- name: add_account
-- A new account; account_name_key decides whether the name is free. An empty hash is none.
insert into account (account_name, role, password_hash)
values (:account_name, :role, nullif(:password_hash, ''))
returning account_id;

-- name: list_accounts
-- All accounts with the number of their sessions: a small table.
select
    account.account_id,
    account.account_name,
    account.role,
    account.created_at,
    (
        select count(*) from session
        where session.account_id = account.account_id
    ) as session_count
from account
order by account.account_name_folded;

-- name: find_password
-- What is needed to sign somebody in, by account_name_key.
select
    account_id,
    account_name,
    role,
    password_hash
from account
where account_name_folded = fold_name(:account_name);

-- name: find_account
-- An account by its name, by account_name_key.
select
    account_id,
    account_name,
    role
from account
where account_name_folded = fold_name(:account_name);

-- name: set_password
-- A new password, by account_name_key.
update account set password_hash = :password_hash
where account_name_folded = fold_name(:account_name)
returning account_id;

-- name: rehash_password
-- The same password, hashed anew; no row when it is another one since, by the primary key.
update account set password_hash = :password_hash
where account_id = :account_id and password_hash = :verified
returning account_id;

-- name: set_role
-- Another role, by account_name_key.
update account set role = :role
where account_name_folded = fold_name(:account_name)
returning account_id;

-- name: remove_account
-- An account goes, and its sessions with it, by account_name_key.
delete from account
where account_name_folded = fold_name(:account_name)
returning account_id;

-- name: open_session
-- A browser signs in: one row, or none when the account is gone, or :verified is not its password any more. By the
-- primary key; the lock makes who sets another password wait, to find the session and close it.
insert into session (token_hash, account_id)
select
    :token_hash,
    account.account_id
from account
where
    account.account_id = :account_id
    and account.password_hash = :verified -- if verified
for share
returning account_id;

-- name: find_session
-- Who is signed in with a token and how long ago it was seen, by the primary key.
select
    account.account_id,
    account.account_name,
    account.role,
    extract(epoch from now() - session.seen_at)::double precision as idle_seconds
from session
join account on session.account_id = account.account_id
where
    session.token_hash = :token_hash
    and session.seen_at > now() - make_interval(secs => :idle)
    and session.created_at > now() - make_interval(secs => :absolute);

-- name: touch_session
-- The browser was here, by the primary key.
update session set seen_at = now()
where token_hash = :token_hash;

-- name: close_session
-- The browser signs out, by the primary key.
delete from session
where token_hash = :token_hash;

-- name: close_sessions
-- Everybody who is signed in with an account is signed out, by session_account.
delete from session
where account_id = :account_id;

-- name: forget_expired_sessions
-- Sessions that cannot be used any more, by session_created.
delete from session
where created_at < now() - make_interval(secs => :absolute);

-- name: add_partner_key
-- A new key of a partner.
insert into partner_key (partner_key_name, key_hash, requests_per_minute, rows_per_day)
values (:partner_key_name, :key_hash, :requests_per_minute, :rows_per_day)
returning partner_key_id;

-- name: list_partner_keys
-- All keys with the rows that each has had today: a small table.
select
    partner_key.partner_key_id,
    partner_key.partner_key_name,
    partner_key.requests_per_minute,
    partner_key.rows_per_day,
    partner_key.created_at,
    partner_key.revoked_at,
    coalesce(allowance.used, 0) as rows_today
from partner_key
left join allowance
    on
        allowance.subject = 'rows of key ' || partner_key.partner_key_id::text
        and allowance.period_start = date_bin('1 day', now(), 'epoch')
order by partner_key.partner_key_id;

-- name: find_partner_key
-- Whose key it is, by partner_key_hash.
select
    partner_key_id,
    partner_key_name,
    requests_per_minute,
    rows_per_day
from partner_key
where key_hash = :key_hash and revoked_at is null;

-- name: revoke_partner_key
-- The key is no longer accepted, by the primary key.
update partner_key set revoked_at = now()
where partner_key_id = :partner_key_id and revoked_at is null
returning partner_key_name;

-- name: use_allowance
-- Takes one of what is allowed in any :period seconds, by the primary key: one row, with how many were taken
-- within them; no row when :most were. Uses are kept by sixtieths of the period, and one counts until it is
-- :period seconds since the end of its own. forget_at is in whole periods: as long as it stays, no index changes.
insert into recent_use as kept (subject, moments, counts, forget_at)
values (
    :subject,
    array[
        date_bin(make_interval(secs => :period) / 60, now(), 'epoch') + make_interval(secs => :period) / 60
    ],
    array[1],
    date_bin(make_interval(secs => :period), now(), 'epoch') + 3 * make_interval(secs => :period)
)
on conflict (subject) do update set
    (moments, counts) = (
        select
            array_agg(by_moment.moment order by by_moment.moment),
            array_agg(by_moment.used order by by_moment.moment)
        from (
            select
                recent.moment,
                sum(recent.used)::bigint as used
            from
                unnest(kept.moments || excluded.moments, kept.counts || excluded.counts) -- noqa: RF01
                as recent (moment, used)
            where recent.moment > now() - make_interval(secs => :period)
            group by recent.moment
        ) as by_moment
    ),
    forget_at = greatest(kept.forget_at, excluded.forget_at)
where (
    select coalesce(sum(recent.used), 0)
    from unnest(kept.moments, kept.counts) as recent (moment, used) -- noqa: RF01
    where recent.moment > now() - make_interval(secs => :period)
) < :most::bigint
returning (
    select sum(recent.used)::bigint
    from unnest(kept.counts) as recent (used) -- noqa: RF01
) as used;

-- name: get_wait
-- In how many seconds there is one again of what is allowed in any :period seconds; 0 when there is one now. By
-- the primary key. What has to grow old first is the last use that has :most with those after it.
select coalesce(max(greatest(
    0, ceil(extract(epoch from counted.moment + make_interval(secs => :period) - now()))
)), 0)::bigint as seconds
from (
    select
        recent.moment,
        sum(recent.used) over (order by recent.moment desc) as used
    from recent_use
    cross join unnest(recent_use.moments, recent_use.counts) as recent (moment, used)
    where recent_use.subject = :subject
) as counted
where counted.used >= :most::bigint;

-- name: add_to_allowance
-- Takes so much of what is allowed in the running period, even if it is more than is left, by the primary key.
insert into allowance as kept (subject, period_start, used)
values (:subject, date_bin(make_interval(secs => :period), now(), 'epoch'), :amount::bigint)
on conflict (subject, period_start) do update set used = kept.used + excluded.used
returning used;

-- name: get_used
-- What is used of an allowance in the running period, by the primary key.
select coalesce(sum(used), 0)::bigint as used
from allowance
where subject = :subject and period_start = date_bin(make_interval(secs => :period), now(), 'epoch');

-- name: get_period_end
-- In how many seconds the running period of an allowance ends, at least one.
select
    ceil(extract(
        epoch from date_bin(make_interval(secs => :period), now(), 'epoch')
        + make_interval(secs => :period) - now()
    ))::bigint as seconds;

-- name: fold_account_name
-- What a name is compared by; it is no account's name as a rule.
select fold_name(:account_name) as folded;

-- name: forget_old_allowances
-- Removes what does not count any more, up to :most of each kind, by allowance_period and recent_use_forget. Rows
-- that others are at are left to them.
with
days as (
    delete from allowance
    where (subject, period_start) in (
        select
            old.subject,
            old.period_start
        from allowance as old
        where old.period_start < now() - interval '2 days'
        order by old.period_start
        limit :most::bigint
        for update skip locked
    )
)

delete from recent_use
where subject in (
    select old.subject
    from recent_use as old
    where old.forget_at < now()
    order by old.forget_at
    limit :most::bigint
    for update skip locked
);
