-- migrate:up transaction:false

-- The brands of the SKUs' entries that were written before these had one, in batches, each a transaction of its own:
-- the desk goes on meanwhile. One statement, since several would be one transaction after all. What is broken off
-- halfway goes on where it was when it is run again.
do $$
declare
    batch_size constant integer := 10000;
    batch_end bigint;
    behind bigint := 0;
    last_old bigint;
begin
    -- One that lost its client goes on to its end: who runs this again meanwhile would be refused when that one ends.
    perform pg_advisory_lock(20261123170000);
    -- Whoever writes SKUs by now may do so by the triggers as they were: they are waited for, and none begins after.
    lock table sku in share row exclusive mode;
    commit;
    last_old := coalesce((select max(history_id) from history), 0);
    -- Not switched off: what an entry says stays as safe as ever.
    create or replace trigger history_is_only_added_to
    before update of history_id, change_set_id, noun, row_id, product_id, before, after or delete or truncate
    on history
    for each statement execute function refuse_rewriting();
    commit;
    while behind < last_old loop
        batch_end := (
            select max(batch.history_id)
            from (
                select history_id from history
                where history_id > behind
                order by history_id
                limit batch_size
            ) as batch
        );
        -- The brand that the product had: that of its own last entry before, or the one that its next entry
        -- found, or, when nothing has happened to it, the one that it has. The product's entries are few, and
        -- aggregated: for the first of an order the planner may walk through all of the history.
        update history set brand_id = found.brand_id
        from (
            select
                entry.history_id,
                coalesce(
                    (
                        select
                            coalesce(
                                (array_agg(own.brand_id order by own.history_id desc)
                                    filter (where own.history_id < entry.history_id))[1],
                                (array_agg(
                                    coalesce((own.before ->> 'brand_id')::bigint, own.brand_id)
                                    order by own.history_id
                                ) filter (where own.history_id > entry.history_id))[1]
                            )
                        from history as own
                        where own.noun = 'product' and own.row_id = entry.product_id
                    ),
                    (select product.brand_id from product where product.product_id = entry.product_id)
                ) as brand_id
            from history as entry
            where
                entry.history_id > behind
                and entry.history_id <= batch_end
                and entry.noun = 'sku'
                and entry.brand_id is null
        ) as found
        where history.history_id = found.history_id and found.brand_id is not null;
        behind := batch_end;
        commit;
    end loop;
    create or replace trigger history_is_only_added_to before update or delete or truncate on history
    for each statement execute function refuse_rewriting();
    perform pg_advisory_unlock(20261123170000);
end
$$;

-- migrate:down
-- Nothing: the migration before takes the brands of all SKUs' entries away again.
