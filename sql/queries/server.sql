-- name: get_connection_limit
-- How many connections the server has in all, and how many it keeps back from other users.
-- PostgreSQL 15 does not know reserved_connections.
select
    current_setting('max_connections')::int as total,
    current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved;

-- name: write_checkpoint
-- Has what is only in memory and in the log written to the tables' files now, and not at the end.
checkpoint; -- noqa: PRS
