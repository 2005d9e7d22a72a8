-- name: take_slot
-- Opens a download: the number of the first slot of 1 to :total that is free, taken until the transaction
-- ends by a lock that all servers on the database see; null if none is free. 1214344807 is "Hang".
-- With :in_order the rest of the transaction has plans that read indexes in order and begin at once. Without
-- it the planner gathers and sorts all products first when many have the color asked for, or keeps a plan
-- that was good for another color.
select
    set_config('plan_cache_mode', 'force_custom_plan', true), -- if in_order
    set_config('enable_sort', 'off', true), -- if in_order
    set_config('enable_hashagg', 'off', true), -- if in_order
    set_config('enable_seqscan', 'off', true), -- if in_order
    set_config('enable_bitmapscan', 'off', true), -- if in_order
    set_config('jit', 'off', true), -- if in_order
    (
        select slot
        from generate_series(1, :total::integer) as slot
        where pg_try_advisory_xact_lock(1214344807, slot)
        limit 1
    ) as slot;

-- name: begin_record
-- A record of a download that begins; of the oldest records, by primary key, some go that are older than a
-- week. Should the machine fail just then, the last records are lost, and no commit waits for the disk.
with forgotten as (
    delete from download
    where download_id in (
        select oldest.download_id
        from (
            select
                download_id,
                started_at
            from download
            order by download_id
            limit 20
            for update skip locked
        ) as oldest
        where oldest.started_at < now() - interval '7 days'
    )
)

insert into download (watch, person, address, request)
select
    nullif(:watch::text, ''),
    :person::text,
    :address::text,
    :request::text
where (select set_config('synchronous_commit', 'off', true)) = 'off'
returning download_id;

-- name: keep_record
-- Writes how far a download is, and with :cause that it has ended, by primary key.
update download
set
    ended_at = clock_timestamp(), -- if cause
    cause = :cause, -- if cause
    expected_row_count = :expected_row_count, -- if expected_row_count
    row_count = :row_count,
    byte_count = :byte_count,
    seen_at = clock_timestamp()
where
    download_id = :download_id
    and (select set_config('synchronous_commit', 'off', true)) = 'off';

-- name: list_records
-- The last downloads, by primary key. One that was not seen for 10 s has lost its server.
select
    download_id,
    person,
    address,
    request,
    started_at,
    coalesce(ended_at, seen_at) as seen_at,
    case
        when ended_at is null and seen_at < clock_timestamp() - interval '10 s' then 'server_lost'
        else cause
    end as cause,
    expected_row_count,
    row_count,
    byte_count
from download
order by download_id desc
limit :most;

-- name: find_record
-- The last download that was asked for with a token, by download_watch.
select
    download_id,
    person,
    address,
    request,
    started_at,
    coalesce(ended_at, seen_at) as seen_at,
    case
        when ended_at is null and seen_at < clock_timestamp() - interval '10 s' then 'server_lost'
        else cause
    end as cause,
    expected_row_count,
    row_count,
    byte_count
from download
where watch = :watch
order by download_id desc
limit 1;

-- name: list_running
-- The downloads that are running, the latest first, by download_running. One that was not seen for 10 s has
-- lost its server.
select
    download_id,
    person,
    address,
    request,
    started_at,
    seen_at,
    cause,
    expected_row_count,
    row_count,
    byte_count
from download
where
    ended_at is null
    and seen_at >= clock_timestamp() - interval '10 s'
order by download_id desc
limit :most;
