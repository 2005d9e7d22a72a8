-- name: lock_change_set
-- A change set, locked so that it is not undone twice at once, by its primary key.
select
    change_set_id,
    exists(
        select true from change_set_noun
        where change_set_noun.change_set_id = change_set.change_set_id and change_set_noun.noun = 'catalog'
    ) as is_bulk
from change_set
where change_set_id = :change_set_id
for update;

-- name: set_undoes
-- The change set that the transaction opens says which one it undoes.
select set_config('hangtag.undoes', :change_set_id::bigint::text, true);

-- name: count_yet_to_undo
-- How many rows of each noun an undo has to restore, by change_set_noun_change_set and history_change_set.
select
    change_set_noun.noun,
    count(*) as row_count
from change_set_noun
cross join lateral yet_to_undo(:change_set_id::bigint, change_set_noun.noun)
where change_set_noun.change_set_id = :change_set_id::bigint
group by change_set_noun.noun;

-- name: lock_brands
-- Locks the brands that an undo restores, in order of their ids, so that none changes meanwhile.
select count(*)
from (
    select true
    from brand
    where brand_id in (select row_id from yet_to_undo(:change_set_id::bigint, 'brand'))
    order by brand_id
    for update
) as locked;

-- name: lock_products
-- Locks the products that an undo restores, in order of their ids, so that none changes meanwhile.
select count(*)
from (
    select true
    from product
    where product_id in (select row_id from yet_to_undo(:change_set_id::bigint, 'product'))
    order by product_id
    for update
) as locked;

-- name: lock_colors
-- Locks the colors that an undo restores, in order of their ids, so that none changes meanwhile.
select count(*)
from (
    select true
    from product_color
    where product_color_id in (select row_id from yet_to_undo(:change_set_id::bigint, 'color'))
    order by product_color_id
    for update
) as locked;

-- name: lock_sizes
-- Locks the sizes that an undo restores, in order of their ids, so that none changes meanwhile.
select count(*)
from (
    select true
    from product_size
    where product_size_id in (select row_id from yet_to_undo(:change_set_id::bigint, 'size'))
    order by product_size_id
    for update
) as locked;

-- name: remove_skus
-- Removes the SKUs that a change set added, by sku_pkey.
with removed as (
    delete from sku
    using yet_to_undo(:change_set_id::bigint, 'sku') as effect
    where
        effect.before is null
        and sku.product_id = effect.product_id
        and sku.sku_id = effect.row_id
    returning true
)

select count(*) from removed;

-- name: remove_products
-- Removes the products that a change set created and nobody has edited or given SKUs, by product_pkey.
with removed as (
    delete from product
    using yet_to_undo(:change_set_id::bigint, 'product') as effect
    where
        effect.before is null
        and product.product_id = effect.row_id
        and product.version = image_version(effect.after)
        and not exists (
            select true from sku
            where sku.product_id = product.product_id
        )
    returning true
)

select count(*) from removed;

-- name: remove_brands
-- Removes the brands that a change set created and nobody has edited or given products, by brand_pkey.
with removed as (
    delete from brand
    using yet_to_undo(:change_set_id::bigint, 'brand') as effect
    where
        effect.before is null
        and brand.brand_id = effect.row_id
        and brand.version = image_version(effect.after)
        and not exists (
            select true from product
            where product.brand_id = brand.brand_id
        )
    returning true
)

select count(*) from removed;

-- name: remove_colors
-- Removes the colors that a change set created and nobody has edited or used, by the primary key and sku_color.
with removed as (
    delete from product_color
    using yet_to_undo(:change_set_id::bigint, 'color') as effect
    where
        effect.before is null
        and product_color.product_color_id = effect.row_id
        and product_color.version = image_version(effect.after)
        and not exists (
            select true from sku
            where sku.product_color_id = product_color.product_color_id
        )
    returning true
)

select count(*) from removed;

-- name: remove_sizes
-- Removes the sizes that a change set created and nobody has edited or used, by the primary key and sku_size.
with removed as (
    delete from product_size
    using yet_to_undo(:change_set_id::bigint, 'size') as effect
    where
        effect.before is null
        and product_size.product_size_id = effect.row_id
        and product_size.version = image_version(effect.after)
        and not exists (
            select true from sku
            where sku.product_size_id = product_size.product_size_id
        )
    returning true
)

select count(*) from removed;

-- name: set_brands_back
-- Gives brands that nobody has edited since their earlier names where these are free, by brand_pkey and
-- brand_name_key.
with restored as (
    update brand set brand_name = effect.brand_name
    from (
        select
            effect.row_id,
            effect.after,
            effect.before ->> 'brand_name' as brand_name
        from yet_to_undo(:change_set_id::bigint, 'brand') as effect
        left join brand as other
            on
                fold_name(effect.before ->> 'brand_name') = other.brand_name_folded
                and effect.row_id <> other.brand_id
        where
            effect.before is not null
            and effect.after is not null
            and other.brand_id is null
    ) as effect
    where
        brand.brand_id = effect.row_id
        and brand.version = image_version(effect.after)
    returning true
)

select count(*) from restored;

-- name: set_products_back
-- Gives products that nobody has edited since their earlier names and brands, by product_pkey and brand_pkey.
with restored as (
    update product set
        product_name = effect.product_name,
        brand_id = effect.brand_id
    from (
        select
            effect.row_id,
            effect.after,
            effect.before ->> 'product_name' as product_name,
            brand.brand_id
        from yet_to_undo(:change_set_id::bigint, 'product') as effect
        join brand on (effect.before ->> 'brand_id')::bigint = brand.brand_id
        where effect.after is not null
    ) as effect
    where
        product.product_id = effect.row_id
        and product.version = image_version(effect.after)
    returning true
)

select count(*) from restored;

-- name: set_colors_back
-- Gives colors that nobody has edited since their earlier names and hex values where the names are free, by
-- the primary key and product_color_name_key.
with restored as (
    update product_color set
        product_color_name = effect.product_color_name,
        product_color_hex = effect.product_color_hex
    from (
        select
            effect.row_id,
            effect.after,
            effect.before ->> 'product_color_name' as product_color_name,
            effect.before ->> 'product_color_hex' as product_color_hex
        from yet_to_undo(:change_set_id::bigint, 'color') as effect
        left join product_color as other
            on
                fold_name(effect.before ->> 'product_color_name') = fold_name(other.product_color_name)
                and effect.row_id <> other.product_color_id
        where
            effect.before is not null
            and effect.after is not null
            and other.product_color_id is null
    ) as effect
    where
        product_color.product_color_id = effect.row_id
        and product_color.version = image_version(effect.after)
    returning true
)

select count(*) from restored;

-- name: set_sizes_back
-- Gives sizes that nobody has edited since their earlier names where these are free, by the primary key and
-- product_size_name_key.
with restored as (
    update product_size set product_size_name = effect.product_size_name
    from (
        select
            effect.row_id,
            effect.after,
            effect.before ->> 'product_size_name' as product_size_name
        from yet_to_undo(:change_set_id::bigint, 'size') as effect
        left join product_size as other
            on
                fold_name(effect.before ->> 'product_size_name') = fold_name(other.product_size_name)
                and effect.row_id <> other.product_size_id
        where
            effect.before is not null
            and effect.after is not null
            and other.product_size_id is null
    ) as effect
    where
        product_size.product_size_id = effect.row_id
        and product_size.version = image_version(effect.after)
    returning true
)

select count(*) from restored;

-- name: bring_brands_back
-- Inserts up to :most of the brands that a change set deleted, with their ids and a version that they never
-- had, unless the id or the name is taken: brand_pkey and brand_name_key know.
with inserted as (
    insert into brand (brand_id, brand_name, created_at, version)
    select
        effect.row_id,
        effect.before ->> 'brand_name',
        (effect.before ->> 'created_at')::timestamptz,
        image_version(effect.before) + 1
    from yet_to_undo(:change_set_id::bigint, 'brand') as effect
    where
        effect.after is null
        and not exists (
            select true from brand
            where brand.brand_name_folded = fold_name(effect.before ->> 'brand_name')
        )
        and not exists (
            select true from brand
            where brand.brand_id = effect.row_id
        )
    -- As when they are created: two transactions with the same names wait for each other.
    order by fold_name(effect.before ->> 'brand_name')
    limit :most
    on conflict do nothing
    returning true
)

select count(*) from inserted;

-- name: bring_products_back
-- Inserts up to :most of the products that a change set deleted, with their ids and a version that they never
-- had, where their brands are, by product_pkey and brand_pkey.
with inserted as (
    insert into product (product_id, product_name, brand_id, created_at, version)
    select
        effect.row_id,
        effect.before ->> 'product_name',
        (effect.before ->> 'brand_id')::bigint,
        (effect.before ->> 'created_at')::timestamptz,
        image_version(effect.before) + 1
    from yet_to_undo(:change_set_id::bigint, 'product') as effect
    where
        effect.after is null
        and exists (
            select true from brand
            where brand.brand_id = (effect.before ->> 'brand_id')::bigint
        )
        and not exists (
            select true from product
            where product.product_id = effect.row_id
        )
    order by effect.row_id
    limit :most
    on conflict do nothing
    returning true
)

select count(*) from inserted;

-- name: bring_colors_back
-- Inserts up to :most of the colors that a change set deleted, with their ids and a version that they never
-- had, unless the id or the name is taken: the primary key and product_color_name_key know.
with inserted as (
    insert into product_color (product_color_id, product_color_name, product_color_hex, version)
    select
        effect.row_id,
        effect.before ->> 'product_color_name',
        effect.before ->> 'product_color_hex',
        image_version(effect.before) + 1
    from yet_to_undo(:change_set_id::bigint, 'color') as effect
    where effect.after is null
    order by fold_name(effect.before ->> 'product_color_name')
    limit :most
    on conflict do nothing
    returning true
)

select count(*) from inserted;

-- name: bring_sizes_back
-- Inserts up to :most of the sizes that a change set deleted, with their ids and a version that they never
-- had, unless the id or the name is taken: the primary key and product_size_name_key know.
with inserted as (
    insert into product_size (product_size_id, product_size_name, version)
    select
        effect.row_id,
        effect.before ->> 'product_size_name',
        image_version(effect.before) + 1
    from yet_to_undo(:change_set_id::bigint, 'size') as effect
    where effect.after is null
    order by fold_name(effect.before ->> 'product_size_name')
    limit :most
    on conflict do nothing
    returning true
)

select count(*) from inserted;

-- name: bring_skus_back
-- Inserts up to :most of the SKUs that a change set removed, with their ids, where their products, colors and
-- sizes are, by all four primary keys.
with inserted as (
    insert into sku (sku_id, product_id, product_color_id, product_size_id)
    select
        effect.row_id,
        product.product_id,
        product_color.product_color_id,
        product_size.product_size_id
    from yet_to_undo(:change_set_id::bigint, 'sku') as effect
    join product on effect.product_id = product.product_id
    join product_color on (effect.before ->> 'product_color_id')::smallint = product_color.product_color_id
    join product_size on (effect.before ->> 'product_size_id')::smallint = product_size.product_size_id
    where
        effect.after is null
        and not exists (
            select true from sku
            where sku.product_id = effect.product_id and sku.sku_id = effect.row_id
        )
    order by effect.product_id, effect.row_id
    limit :most
    on conflict do nothing
    returning true
)

select count(*) from inserted;

-- name: leave_rest_alone
-- Writes down for each row that an undo has not restored why not, and returns it.
insert into undo_left_alone (change_set_id, noun, row_id, reason)
select
    current_change_set(),
    change_set_noun.noun,
    effect.row_id,
    case
        when effect.after is null and present.version is not null then 'taken'
        when effect.after is null and change_set_noun.noun in ('product', 'sku') then 'orphaned'
        when effect.after is null then 'taken'
        when present.version is null then 'gone'
        when present.version <> image_version(effect.after) then 'edited'
        when effect.before is null then 'used'
        when change_set_noun.noun = 'product' then 'orphaned'
        else 'taken'
    end as reason
from change_set_noun
cross join lateral yet_to_undo(:change_set_id::bigint, change_set_noun.noun) as effect
left join lateral (
    select brand.version
    from brand
    where change_set_noun.noun = 'brand' and brand.brand_id = effect.row_id
    union all
    select product.version
    from product
    where change_set_noun.noun = 'product' and product.product_id = effect.row_id
    union all
    select product_color.version
    from product_color
    where change_set_noun.noun = 'color' and product_color.product_color_id = effect.row_id
    union all
    select product_size.version
    from product_size
    where change_set_noun.noun = 'size' and product_size.product_size_id = effect.row_id
    union all
    -- A SKU is only there or not.
    select 1
    from sku
    where
        change_set_noun.noun = 'sku'
        and sku.product_id = effect.product_id
        and sku.sku_id = effect.row_id
) as present on true
where change_set_noun.change_set_id = :change_set_id::bigint
on conflict do nothing
returning noun, row_id, reason;
