-- name: get_server
-- The PostgreSQL behind the desk: its version, its age, how far it is behind if it is a standby, and its schema.
select
    current_database()::text as database_name,
    current_setting('server_version') as version,
    pg_postmaster_start_time() as started_at,
    current_setting('max_connections')::integer as connection_limit,
    pg_is_in_recovery() as is_standby,
    case
        when pg_is_in_recovery()
            then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8
    end as seconds_behind,
    (select max(version)::text from schema_migrations) as schema_version,
    pg_database_size(current_database()) as byte_count;

-- name: count_kept
-- How much is kept of people and of their requests; each is a count over a primary key.
select
    (select count(*) from account) as accounts,
    (select count(*) from session) as sessions,
    (
        select count(*)
        from partner_key
        where revoked_at is null
    ) as partner_keys,
    (select count(*) from idempotency_key) as idempotency_keys,
    (select count(*) from download) as downloads;

-- name: list_table_states
-- The tables, the largest first, with rows as VACUUM has last counted them. The running count of the statistics
-- has a bulk load twice: its rows are reported once more when the session that VACUUM overtook ends.
select
    state.relname::text as name,
    pg_total_relation_size(relid) as byte_count,
    coalesce(nullif(pg_class.reltuples, -1)::bigint, n_live_tup) as row_count,
    n_dead_tup as dead_row_count,
    greatest(last_vacuum, last_autovacuum) as vacuumed_at,
    greatest(last_analyze, last_autoanalyze) as analyzed_at
from pg_stat_user_tables as state
join pg_class on relid = pg_class.oid
order by pg_total_relation_size(relid) desc, state.relname asc
limit 40;

-- name: list_connections
-- Who is connected to this database, by name: the desk's processes have theirs in it.
select
    coalesce(nullif(application_name, ''), '?') as name,
    count(*) as open,
    count(*) filter (where state is not null and state <> 'idle') as busy,
    min(backend_start) as oldest_at
from pg_stat_activity
where
    datname = current_database()
    and backend_type = 'client backend'
group by name
order by name
limit 100;

-- name: list_running_statements
-- What has been running for more than a second, the longest first. The text is shown of one's own
-- user only: another's may hold a value that is nobody's business here, as may one with a password.
select
    pid,
    coalesce(nullif(application_name, ''), '?') as name,
    extract(epoch from clock_timestamp() - query_start)::float8 as seconds,
    coalesce(wait_event_type || ': ' || wait_event, '') as waits_for,
    case when usename = current_user and query not ilike '%password%' then left(query, 400) end as text
from pg_stat_activity
where
    datname = current_database()
    and state = 'active'
    and pid <> pg_backend_pid()
    and query_start < clock_timestamp() - interval '1 second'
order by query_start
limit 20;

-- name: has_statement_statistics
-- Whether pg_stat_statements is installed here, where it would be found.
select (to_regclass('pg_stat_statements') is not null)::integer as found;

-- name: list_slow_statements
-- The statements that took most of the server's time, with what they took each, from pg_stat_statements.
select
    left(statements.query, 400) as text,
    statements.calls as call_count,
    statements.total_exec_time / 1000 as seconds,
    statements.mean_exec_time as mean_ms,
    statements.max_exec_time as max_ms
from pg_stat_statements as statements
inner join pg_database as here on statements.dbid = here.oid
where
    here.datname = current_database()
    and statements.userid = current_user::regrole
    and statements.query not ilike '%password%'
order by statements.total_exec_time desc
limit 10;

-- name: list_standbys
-- The standbys that follow this server, and how far they are behind. Null is what this user may not see.
select
    coalesce(nullif(application_name, ''), '?') as name,
    state,
    sync_state,
    extract(epoch from replay_lag)::float8 as seconds_behind,
    case
        when not pg_is_in_recovery()
            then pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint
    end as byte_count_behind
from pg_stat_replication
order by name
limit 20;
