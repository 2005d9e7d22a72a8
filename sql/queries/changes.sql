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
-- One change set with what stands about its undoing, by primary keys and change_set_undoes.
select
    change_set.change_set_id,
    change_set.changed_at,
    change_set.person,
    change_set.address,
    change_set.undoes,
    exists(
        select true from change_set_noun
        where change_set_noun.change_set_id = change_set.change_set_id
    ) as is_change,
    exists(
        select true from change_set_noun
        where change_set_noun.change_set_id = change_set.change_set_id and change_set_noun.noun = 'catalog'
    ) as is_bulk,
    change_set.changed_at > now() - interval '1 hour' as is_recent,
    (
        select count(*) from change_set as undo
        where undo.undoes = change_set.change_set_id
    ) as undo_count,
    exists(
        select true from change_set as undo
        where
            undo.undoes = change_set.change_set_id
            and not exists (
                select true from undo_left_alone
                where undo_left_alone.change_set_id = undo.change_set_id
            )
    ) as is_undone
from change_set
where change_set.change_set_id = :change_set_id;

-- name: list_undos
-- The change sets that undo one, in the order they came, by change_set_undoes.
select
    change_set_id,
    changed_at,
    person
from change_set
where undoes = :change_set_id
order by change_set_id;

-- name: list_left_alone
-- What an undo left alone and why, by the primary key of undo_left_alone.
select
    noun,
    row_id,
    reason
from undo_left_alone
where change_set_id = :change_set_id
order by noun, row_id
limit :most;

-- name: count_left_alone
-- How many rows an undo left alone, by the primary key of undo_left_alone.
select count(*) from undo_left_alone
where change_set_id = :change_set_id;

-- name: tally_change_sets
-- How many rows of each noun some change sets created, changed and deleted, by the primary key of
-- change_set_count; with the names in the first of these entries, the product that all of them belong to, and
-- the numbers of bulk loads, by history_pkey, product_pkey, history_row and history_change_set.
select
    kept.change_set_id,
    kept.noun,
    kept.kind,
    kept.entry_count,
    image_name(first_entry.before) as old_name,
    image_name(first_entry.after) as new_name,
    coalesce(product.product_name, (
        select image_name(deleted.before)
        from history as deleted
        where
            deleted.noun = 'product'
            and deleted.row_id = kept.product_id
            and deleted.after is null
        order by deleted.history_id desc
        limit 1
    )) as product_name,
    load.brands,
    load.products,
    load.skus
from change_set_count as kept
join history as first_entry on kept.first_history_id = first_entry.history_id
left join product on kept.product_id = product.product_id
left join lateral (
    select
        sum((entry.after ->> 'brands')::bigint)::bigint as brands,
        sum((entry.after ->> 'products')::bigint)::bigint as products,
        sum((entry.after ->> 'skus')::bigint)::bigint as skus
    from history as entry
    where entry.change_set_id = kept.change_set_id and entry.noun = 'catalog'
) as load on kept.noun = 'catalog'
where kept.change_set_id = any(:change_set_ids::bigint[]);

-- name: list_entries
-- The entries of a change set: the brands first and the SKUs last, up to :most of a noun, each in the order
-- they were made. By change_set_noun_change_set and history_change_set.
select
    entry.noun,
    entry.row_id,
    entry.before,
    entry.after
from change_set_noun
cross join lateral (
    select
        history.history_id,
        history.noun,
        history.row_id,
        history.before,
        history.after
    from history
    where
        history.change_set_id = change_set_noun.change_set_id
        and history.noun = change_set_noun.noun
    order by history.history_id
    limit case when change_set_noun.noun = 'sku' then :most_skus::bigint else :most::bigint end
) as entry
where change_set_noun.change_set_id = :change_set_id
order by array_position(array['brand', 'product', 'color', 'size', 'sku'], entry.noun), entry.history_id;

-- name: list_names
-- What some rows are called, or were before they went, and whether they are there: by primary keys, and
-- history_row for those that are not.
select
    asked.noun,
    asked.row_id,
    coalesce(
        brand.brand_name,
        product.product_name,
        product_color.product_color_name,
        product_size.product_size_name,
        deleted.row_name
    ) as row_name,
    num_nonnulls(
        brand.brand_id, product.product_id, product_color.product_color_id, product_size.product_size_id
    ) > 0 as is_there
from unnest(:nouns::text[], :row_ids::bigint[]) as asked (noun, row_id)
left join brand on asked.noun = 'brand' and asked.row_id = brand.brand_id
left join product on asked.noun = 'product' and asked.row_id = product.product_id
left join product_color on asked.noun = 'color' and asked.row_id = product_color.product_color_id
left join product_size on asked.noun = 'size' and asked.row_id = product_size.product_size_id
left join lateral (
    select image_name(history.before) as row_name
    from history
    where
        num_nonnulls(
            brand.brand_id, product.product_id, product_color.product_color_id, product_size.product_size_id
        ) = 0
        and history.noun = asked.noun
        and history.row_id = asked.row_id
        and history.noun <> 'sku'
        and history.after is null
    order by history.history_id desc
    limit 1
) as deleted on true;

-- name: list_history
-- The change sets of a person, time, brand or product; the keyset page reads change_set_changed or
-- change_set_person, and history_brand or history_product name those of a brand or a product.
select
    change_set.change_set_id,
    change_set.changed_at,
    change_set.person,
    change_set.undoes
from change_set
where
    true
    and change_set.person = :person -- if person
    and change_set.changed_at >= :since::date::timestamp at time zone 'UTC' -- if since
    and change_set.changed_at < (:until::date + 1)::timestamp at time zone 'UTC' -- if until
    -- Arrays: however many change sets there are, it costs what the brand or the product has.
    and change_set.change_set_id = any(array(select * from change_sets_of_brand(:brand_id))) -- if brand_id
    and change_set.change_set_id = any(array(select * from change_sets_of_product(:product_id))) -- if product_id
;

-- name: list_history_of_noun
-- The same for the change sets of one noun; the keyset page reads change_set_noun_changed.
select
    change_set.change_set_id,
    change_set.changed_at,
    change_set.person,
    change_set.undoes
from change_set_noun
join change_set on change_set_noun.change_set_id = change_set.change_set_id
where
    change_set_noun.noun = :noun
    and change_set.person = :person -- if person
    and change_set_noun.changed_at >= :since::date::timestamp at time zone 'UTC' -- if since
    and change_set_noun.changed_at < (:until::date + 1)::timestamp at time zone 'UTC' -- if until
    -- Arrays: however many change sets there are, it costs what the brand or the product has.
    and change_set.change_set_id = any(array(select * from change_sets_of_brand(:brand_id))) -- if brand_id
    and change_set.change_set_id = any(array(select * from change_sets_of_product(:product_id))) -- if product_id
;

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
