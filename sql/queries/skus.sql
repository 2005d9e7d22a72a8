-- name: list_skus
-- SKUs in full, in order of the primary key (product_id, sku_id), which serves the keyset page.
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
from sku
join product on sku.product_id = product.product_id
join brand on product.brand_id = brand.brand_id
join product_color on sku.product_color_id = product_color.product_color_id
join product_size on sku.product_size_id = product_size.product_size_id
where
    true
    and sku.product_id = :product_id -- if product_id
    and product.brand_id = :brand_id -- if brand_id
    and sku.product_color_id = :color_id::bigint -- if color_id
    and sku.product_size_id = :size_id::bigint -- if size_id
;

-- name: skus_of_product
-- A product's SKUs with what tells them apart, in order of the primary key, which holds all of it.
select
    sku.sku_id,
    sku.product_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    product_size.product_size_name
from sku
join product_color on sku.product_color_id = product_color.product_color_id
join product_size on sku.product_size_id = product_size.product_size_id
where sku.product_id = :product_id;

-- name: count_skus
-- How many SKUs there are of all brands or one: a sum over brand_count, a row a brand.
select coalesce(sum(sku_count), 0)::bigint
from brand_count
where
    true
    and brand_id = :brand_id -- if brand_id
;

-- name: count_skus_of_variants
-- The same of a color or a size or both: a sum over variant_count, a row a color, size and part.
select coalesce(sum(sku_count), 0)::bigint
from variant_count
where
    true
    and product_color_id = :color_id::bigint -- if color_id
    and product_size_id = :size_id::bigint -- if size_id
;

-- name: count_skus_of_brand_variants
-- How many SKUs a brand has of a color or a size or both, by the primary key of brand_variant_count.
select coalesce(sum(sku_count), 0)::bigint
from brand_variant_count
where
    brand_id = :brand_id
    and product_color_id = :color_id::bigint -- if color_id
    and product_size_id = :size_id::bigint -- if size_id
;

-- name: count_skus_of_product
-- How many SKUs a product has of a color and a size, by the primary key of product_variant_count.
select coalesce(sum(variant.sku_count), 0)::bigint
from product_variant_count as variant
join product on variant.product_id = product.product_id
where
    variant.product_id = :product_id
    and product.brand_id = :brand_id -- if brand_id
    and variant.product_color_id = :color_id::bigint -- if color_id
    and variant.product_size_id = :size_id::bigint -- if size_id
;

-- name: insert_skus
-- New SKUs of a product: so many of each color and size. The foreign keys say whether all three are there.
insert into sku (product_id, product_color_id, product_size_id)
select
    :product_id::bigint,
    wanted.product_color_id,
    wanted.product_size_id
from unnest(:color_ids::smallint[], :size_ids::smallint[], :sku_counts::integer[])
with ordinality as wanted (product_color_id, product_size_id, sku_count, number)
cross join generate_series(1, wanted.sku_count)
order by wanted.number;

-- name: delete_skus
-- Removes SKUs of one product, by its primary key. They are locked in its order, so that two who remove
-- the same ones wait for each other and never deadlock.
with chosen as materialized (
    select sku_id
    from sku
    where product_id = :product_id::bigint and sku_id = any(:sku_ids::bigint[])
    order by sku_id
    for update
)

delete from sku
using chosen
where sku.product_id = :product_id::bigint and sku.sku_id = chosen.sku_id
returning sku.sku_id;

-- name: locate_skus
-- The products that SKUs belong to, by sku_sku_id.
select
    sku.sku_id,
    sku.product_id,
    product.product_name
from sku
join product on sku.product_id = product.product_id
where sku.sku_id = any(:sku_ids::bigint[])
order by sku.sku_id;

-- name: download_blocks
-- The download, in order of (product_id, sku_id): the SKUs of a product as one block of lines, whose part
-- for the product and whose part for color and size are formatted once each. A product whose lines would
-- exceed :block_bytes comes as a block a SKU, so that no block is large: product_count tells beforehand.
-- A color and a size are looked up behind a `limit 1`, whose results the planner keeps: a join in order read
-- all of them for each SKU (100,000 SKUs took 0.08 s with six of both, 4.6 s with 1,000; now 0.05 and 0.06).
-- Reads product's primary key (product_of_brand for a brand; for a color or a size product_variant_count's
-- index on it, so that nothing is read of products that come in none) and sku's, all in order. What is
-- distinct in an offer lets five products lead to theirs: else all 100,000 are walked through beside them.
with offer as (
    select distinct product_id
    from product_variant_count
    where
        sku_count > 0
        and product_color_id = :color_id::bigint -- if color_id
        and product_size_id = :size_id::bigint -- if size_id
),

variant as not materialized (
    select
        product_color.product_color_id,
        product_size.product_size_id,
        case :format
            when 'ndjson' then
                ',"product_color_name":' || to_json(product_color.product_color_name)::text
                || ',"product_size_name":' || to_json(product_size.product_size_name)::text
                || e'}\n'
            else
                ',' || csv_field(product_color.product_color_name, :format = 'excel')
                || ',' || csv_field(product_size.product_size_name, :format = 'excel')
                || e'\r\n'
        end as fields
    from product_color
    cross join product_size
)

select
    convert_to(sku_lines.block, 'UTF8') as block,
    sku_lines.row_count
from (
    -- In order before the lines are made: a sort of the lines themselves would hold all of them, and
    -- mix those of a product that come a SKU at a time.
    select
        product.product_id,
        product.product_name,
        product.brand_id,
        brand.brand_name,
        product_count.sku_count
    from product
    join product_count on product.product_id = product_count.product_id
    join brand on product.brand_id = brand.brand_id
    where
        true
        and product.product_id >= :after_product_id -- if after_product_id
        and product.brand_id = :brand_id -- if brand_id
        and product.product_id in (select product_id from offer) -- if of_variant
    order by product.product_id
) as product
cross join lateral (
    select
        case :format when 'ndjson' then '{"sku_id":' else '' end as opening,
        case :format
            when 'ndjson' then
                ',"product_id":' || product.product_id::text
                || ',"product_name":' || to_json(product.product_name)::text
                || ',"brand_id":' || product.brand_id::text
                || ',"brand_name":' || to_json(product.brand_name)::text
            else
                ',' || product.product_id::text
                || ',' || csv_field(product.product_name, :format = 'excel')
                || ',' || product.brand_id::text
                || ',' || csv_field(product.brand_name, :format = 'excel')
        end as fields
    -- Once a product: without the fence the planner would format it again for every SKU.
    limit 1
) as formatted
cross join lateral (
    -- 100: the SKU's id, its color and its size.
    select
        formatted.*,
        octet_length(formatted.fields) + 100 as line_bytes
    limit 1
) as of_product
cross join lateral (
    (
        select
            string_agg(
                of_product.opening || sku.sku_id::text || of_product.fields || variant.fields,
                '' order by sku.sku_id
            ) as block,
            count(*) as row_count
        from sku
        cross join lateral (
            select variant.fields
            from variant
            where
                variant.product_color_id = sku.product_color_id
                and variant.product_size_id = sku.product_size_id
            limit 1
        ) as variant
        where
            product.sku_count * of_product.line_bytes <= :block_bytes::bigint
            and sku.product_id = product.product_id
            and sku.product_color_id = :color_id::bigint -- if color_id
            and sku.product_size_id = :size_id::bigint -- if size_id
            and (sku.product_id, sku.sku_id) > (:after_product_id, :after_sku_id) -- if after_product_id
        having count(*) > 0
    )
    union all
    (
        select
            of_product.opening || sku.sku_id::text || of_product.fields || variant.fields as block,
            1 as row_count
        from sku
        cross join lateral (
            select variant.fields
            from variant
            where
                variant.product_color_id = sku.product_color_id
                and variant.product_size_id = sku.product_size_id
            limit 1
        ) as variant
        where
            product.sku_count * of_product.line_bytes > :block_bytes::bigint
            and sku.product_id = product.product_id
            and sku.product_color_id = :color_id::bigint -- if color_id
            and sku.product_size_id = :size_id::bigint -- if size_id
            and (sku.product_id, sku.sku_id) > (:after_product_id, :after_sku_id) -- if after_product_id
        order by sku.sku_id
    )
) as sku_lines
where
    true
    and product.product_id = :product_id -- if product_id
order by product.product_id;
