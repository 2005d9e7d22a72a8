-- name: current_change_set
-- The change set of the transaction under way, opened now if nothing has changed yet.
select current_change_set() as change_set_id;

-- name: begin_bulk_load
-- From here to the end of the transaction the triggers leave single rows out of the history.
select set_config('hangtag.bulk', 'on', true);

-- name: record_bulk_load
-- The one entry that a bulk load leaves in the history.
with entry as (
    insert into history (change_set_id, noun, after)
    values (
        current_change_set(),
        'catalog',
        jsonb_build_object('brands', :brands::bigint, 'products', :products::bigint, 'skus', :skus::bigint)
    )
    returning noun, change_set_id
)

insert into change_set_noun (noun, change_set_id)
select
    noun,
    change_set_id
from entry;

-- name: get_change_set
-- One change set with the number of its entries, by primary key and history_change_set.
select
    change_set.change_set_id,
    change_set.changed_at,
    (
        select count(*) from history
        where history.change_set_id = change_set.change_set_id
    ) as entry_count
from change_set
where change_set.change_set_id = :change_set_id;

-- name: list_entries
-- The entries of a change set in the order they were made, by history_change_set.
select
    history_id,
    noun,
    row_id,
    after ->> 'brand_name' as row_name,
    (after ->> 'brands')::bigint as brands,
    (after ->> 'products')::bigint as products,
    (after ->> 'skus')::bigint as skus
from history
where change_set_id = :change_set_id
order by history_id
limit :most;

-- name: was_created_by
-- Whether a change set created a row, by history_change_set.
select exists(
    select true
    from history
    where
        change_set_id = :change_set_id
        and noun = :noun
        and row_id = :row_id
        and before is null
);

-- name: get_catalog_version
-- The version of the catalog: how many transactions have changed it, a sum over few rows.
select sum(changes)::bigint as version from catalog_version;

-- name: get_image
-- A row as it was at a version, as the update or delete that ended the version kept it, by history_row.
select before as image
from history
where
    noun = :noun
    and row_id = :row_id
    and (before ->> 'version')::bigint = :version
limit 1;
