-- migrate:up transaction:false

-- The counts of the change sets that were made before these were kept, in batches, each a transaction of its own: the
-- desk goes on meanwhile. One statement, since several would be one transaction after all. What is broken off halfway
-- begins again when it is run again, and counts the same.
do $$
declare
    batch_size constant integer := 100;
    last_old bigint;
    batch_end bigint;
    behind bigint := 0;
begin
    -- One that lost its client goes on to its end: who runs this again meanwhile waits for that.
    perform pg_advisory_lock(20261123190200);
    last_old := coalesce((select max(change_set_id) from change_set), 0);
    while behind < last_old loop
        batch_end := (
            select max(batch.change_set_id)
            from (
                select change_set_id from change_set
                where change_set_id > behind
                order by change_set_id
                limit batch_size
            ) as batch
        );
        perform count_entries(old.change_set_id)
        from (
            select change_set_id from change_set
            where change_set_id > behind and change_set_id <= batch_end
            order by change_set_id
        ) as old;
        behind := batch_end;
        commit;
    end loop;
    perform pg_advisory_unlock(20261123190200);
end
$$;

-- migrate:down
-- Nothing: the migration before takes all counts away.
