-- migrate:up

-- A partner's key has so many rows a day, and a download that passes them is broken off.
alter table download drop constraint download_cause;
alter table download add constraint download_cause check (
    cause in (
        'complete', 'reader_left', 'reader_stalled', 'took_too_long', 'quota_used_up',
        'database_broke_off', 'server_stopped', 'failed'
    )
);

-- migrate:down
delete from download
where cause = 'quota_used_up';
alter table download drop constraint download_cause;
alter table download add constraint download_cause check (
    cause in (
        'complete', 'reader_left', 'reader_stalled', 'took_too_long', 'database_broke_off',
        'server_stopped', 'failed'
    )
);
