-- name: exact_brands
-- The brands whose number or whole name was asked for, that of the number first: by brand_pkey and
-- brand_name_key.
select
    brand.brand_id,
    brand.brand_name,
    brand.brand_name_folded,
    brand.created_at,
    brand.changed_at,
    brand.version,
    brand_count.product_count,
    brand_count.sku_count
from (
    (
        select
            by_number.*,
            0 as part
        from brand as by_number
        where by_number.brand_id = :id::bigint
        limit 1
    )
    union all
    (
        select
            by_name.*,
            1 as part
        from brand as by_name
        where by_name.brand_name_folded = fold_name(:q)
        limit 1
    )
) as brand
cross join lateral (
    select brand_count.*
    from brand_count
    where brand_count.brand_id = brand.brand_id
    limit 1
) as brand_count
order by brand.part;

-- name: exact_products
-- The products whose number or whole name was asked for, that of the number first: by product_pkey and
-- product_name. Ten of a name, since many products may share it.
select
    product.product_id,
    product.product_name,
    product.product_name_folded,
    product.brand_id,
    brand.brand_name,
    product.created_at,
    product.changed_at,
    product.version,
    product_count.sku_count
from (
    (
        select
            by_number.*,
            0 as part
        from product as by_number
        where by_number.product_id = :id::bigint
        limit 1
    )
    union all
    (
        select
            by_name.*,
            1 as part
        from product as by_name
        where by_name.product_name_folded = fold_name(:q)
        order by by_name.product_id
        limit 10
    )
) as product
cross join lateral (
    select product_count.*
    from product_count
    where product_count.product_id = product.product_id
    limit 1
) as product_count
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
order by product.part, product.product_id;

-- name: skus_by_id
-- The SKUs of a number, by sku_sku_id and primary keys: one, unless products were loaded that share it.
select
    sku.sku_id,
    sku.product_id,
    product.product_name,
    product.brand_id,
    brand.brand_name,
    sku.product_color_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    sku.product_size_id,
    product_size.product_size_name
from (
    select *
    from sku
    where sku_id = :id::bigint
    order by product_id
    limit 10
) as sku
cross join lateral (
    select product.*
    from product
    where product.product_id = sku.product_id
    limit 1
) as product
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
cross join lateral (
    select product_color.*
    from product_color
    where product_color.product_color_id = sku.product_color_id
    limit 1
) as product_color
cross join lateral (
    select product_size.*
    from product_size
    where product_size.product_size_id = sku.product_size_id
    limit 1
) as product_size
order by sku.product_id;

-- name: known_sku_ids
-- Which of the ids are those of SKUs, by sku_sku_id.
select asked.id
from unnest((select :ids::bigint[])) as asked (id)
cross join lateral (
    select true
    from sku
    where sku.sku_id = asked.id
    limit 1
) as known;

-- name: known_product_ids
-- Which of the ids are those of products, by product_pkey.
select asked.id
from unnest((select :ids::bigint[])) as asked (id)
cross join lateral (
    select true
    from product
    where product.product_id = asked.id
    limit 1
) as known;

-- name: list_pasted_skus
-- The first SKUs of a list of ids, in order of product and SKU, by sku_sku_id and primary keys.
select
    sku.sku_id,
    sku.product_id,
    product.product_name,
    product.brand_id,
    brand.brand_name,
    sku.product_color_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    sku.product_size_id,
    product_size.product_size_name
from (
    select sku.*
    from unnest((select :ids::bigint[])) as asked (id)
    cross join lateral (
        select sku.*
        from sku
        where sku.sku_id = asked.id
        offset 0
    ) as sku
    order by sku.product_id, sku.sku_id
    limit :most
) as sku
cross join lateral (
    select product.*
    from product
    where product.product_id = sku.product_id
    limit 1
) as product
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
cross join lateral (
    select product_color.*
    from product_color
    where product_color.product_color_id = sku.product_color_id
    limit 1
) as product_color
cross join lateral (
    select product_size.*
    from product_size
    where product_size.product_size_id = sku.product_size_id
    limit 1
) as product_size
order by sku.product_id, sku.sku_id;

-- name: list_pasted_products
-- The first products of a list of ids, in order of their ids, by primary keys.
select
    product.product_id,
    product.product_name,
    product.product_name_folded,
    product.brand_id,
    brand.brand_name,
    product.created_at,
    product.changed_at,
    product.version,
    product_count.sku_count
from (
    select product.*
    from unnest((select :ids::bigint[])) as asked (id)
    cross join lateral (
        select product.*
        from product
        where product.product_id = asked.id
        offset 0
    ) as product
    order by product.product_id
    limit :most
) as product
cross join lateral (
    select product_count.*
    from product_count
    where product_count.product_id = product.product_id
    limit 1
) as product_count
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
order by product.product_id;

-- name: total_pasted_skus
-- How many brands, products and SKUs a list of SKU ids comes to, by sku_sku_id and product_pkey.
select
    count(distinct product.brand_id) as brand_count,
    count(distinct sku.product_id) as product_count,
    count(*) as sku_count
from unnest((select :ids::bigint[])) as asked (id)
cross join lateral (
    select sku.*
    from sku
    where sku.sku_id = asked.id
    offset 0
) as sku
cross join lateral (
    select product.*
    from product
    where product.product_id = sku.product_id
    limit 1
) as product;

-- name: total_pasted_products
-- How many brands, products and SKUs a list of product ids comes to, by primary keys.
select
    count(distinct product.brand_id) as brand_count,
    count(*) as product_count,
    coalesce(sum(product_count.sku_count), 0)::bigint as sku_count
from unnest((select :ids::bigint[])) as asked (id)
cross join lateral (
    select product.*
    from product
    where product.product_id = asked.id
    offset 0
) as product
cross join lateral (
    select product_count.*
    from product_count
    where product_count.product_id = product.product_id
    limit 1
) as product_count;

-- name: sku_blocks
-- The SKUs of a list of ids as lines of CSV, a block for each, in order of product and SKU, by sku_sku_id
-- and primary keys. Only their numbers are sorted.
select
    convert_to(
        sku.sku_id::text
        || ',' || sku.product_id::text
        || ',' || csv_field(product.product_name, :excel)
        || ',' || product.brand_id::text
        || ',' || csv_field(brand.brand_name, :excel)
        || ',' || csv_field(product_color.product_color_name, :excel)
        || ',' || csv_field(product_size.product_size_name, :excel)
        || e'\r\n',
        'UTF8'
    ) as block,
    1 as row_count
from (
    select sku.*
    from unnest((select :ids::bigint[])) as asked (id)
    cross join lateral (
        select sku.*
        from sku
        where sku.sku_id = asked.id
        offset 0
    ) as sku
    order by sku.product_id, sku.sku_id
    offset 0
) as sku
cross join lateral (
    select product.*
    from product
    where product.product_id = sku.product_id
    limit 1
) as product
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
cross join lateral (
    select product_color.*
    from product_color
    where product_color.product_color_id = sku.product_color_id
    limit 1
) as product_color
cross join lateral (
    select product_size.*
    from product_size
    where product_size.product_size_id = sku.product_size_id
    limit 1
) as product_size
order by sku.product_id, sku.sku_id;

-- name: product_blocks
-- The products of a list of ids as lines of CSV, a block for each, in order of their ids, by primary keys.
select
    convert_to(
        product.product_id::text
        || ',' || csv_field(product.product_name, :excel)
        || ',' || product.brand_id::text
        || ',' || csv_field(brand.brand_name, :excel)
        || ',' || product_count.sku_count::text
        || e'\r\n',
        'UTF8'
    ) as block,
    1 as row_count
from (
    select product.*
    from unnest((select :ids::bigint[])) as asked (id)
    cross join lateral (
        select product.*
        from product
        where product.product_id = asked.id
        offset 0
    ) as product
    order by product.product_id
    offset 0
) as product
cross join lateral (
    select product_count.*
    from product_count
    where product_count.product_id = product.product_id
    limit 1
) as product_count
cross join lateral (
    select brand.*
    from brand
    where brand.brand_id = product.brand_id
    limit 1
) as brand
order by product.product_id;

-- name: unknown_sku_blocks
-- What of a pasted list is no SKU's id, a line for each, in its order, by sku_sku_id. A text that is no id
-- at all has none.
select
    convert_to(asked.entry || e'\n', 'UTF8') as block,
    1 as row_count
from unnest((select :entries::text[]), (select :ids::bigint[]))
with ordinality as asked (entry, id, place)
left join lateral (
    select true as is_known
    from sku
    where sku.sku_id = asked.id
    limit 1
) as known on true
where known.is_known is null
order by asked.place;

-- name: unknown_product_blocks
-- What of a pasted list is no product's id, a line for each, in its order, by product_pkey. A text that is
-- no id at all has none.
select
    convert_to(asked.entry || e'\n', 'UTF8') as block,
    1 as row_count
from unnest((select :entries::text[]), (select :ids::bigint[]))
with ordinality as asked (entry, id, place)
left join lateral (
    select true as is_known
    from product
    where product.product_id = asked.id
    limit 1
) as known on true
where known.is_known is null
order by asked.place;
