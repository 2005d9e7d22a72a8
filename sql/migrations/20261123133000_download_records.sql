-- migrate:up

-- What came of each download and batch. Kept beside it by another connection, about once a
-- second: one that was not seen for a while has lost its server. Half of each page stays
-- free, so that what is written each second changes no index.
create table download (
    download_id bigint generated always as identity primary key,
    watch text,
    person text not null,
    address text not null,
    request text not null,
    started_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    cause text constraint download_cause check (
        cause in (
            'complete', 'reader_left', 'reader_stalled', 'took_too_long', 'database_broke_off',
            'server_stopped', 'failed'
        )
    ),
    expected_row_count bigint,
    row_count bigint not null default 0,
    byte_count bigint not null default 0
) with (fillfactor = 50);
create index download_watch on download (watch, download_id) where watch is not null;

-- migrate:down
drop table download;
