-- name: list_products
-- Products with their brand and count; the index on the sort's column serves the keyset page,
-- product_of_brand_name a brand's products. Of a search either the ids that it found are looked up by
-- product_pkey and sorted, or, when it finds more than that, the index of the sort is walked for its text:
-- with strpos and not LIKE, since of strpos the planner always expects a third of the rows, and so it walks
-- instead of reading the trigrams.
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
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where
    true
    and product.brand_id = :brand_id -- if brand_id
    and product.product_id = any((select :found_ids::bigint[])::bigint[]) -- if found_ids
    and strpos(product.product_name_folded, (select fold_name(:q))) > 0 -- if q
;

-- name: get_product
-- One product with its brand and count, by primary keys.
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
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where product.product_id = :product_id;

-- name: product_and_others
-- One product, and behind it the next ones of its brand by id, around to the first: by primary keys and
-- product_of_brand. Each count is looked up behind a `limit 1`: joined, the whole table may be read.
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
from product as shown
join brand on shown.brand_id = brand.brand_id
cross join lateral (
    (
        select
            shown.*,
            0 as part
    )
    union all
    (
        select
            later.*,
            1 as part
        from product as later
        where later.brand_id = shown.brand_id and later.product_id > shown.product_id
        order by later.product_id
        limit :most
    )
    union all
    (
        select
            earlier.*,
            2 as part
        from product as earlier
        where earlier.brand_id = shown.brand_id and earlier.product_id < shown.product_id
        order by earlier.product_id
        limit :most
    )
) as product
cross join lateral (
    select counted.sku_count
    from product_count as counted
    where counted.product_id = product.product_id
    limit 1
) as product_count
where shown.product_id = :product_id
order by product.part, product.product_id
limit 1 + :most;

-- name: insert_product
-- A new product; its foreign key says whether its brand is there.
insert into product (product_name, brand_id) values (:product_name, :brand_id)
returning product_id;

-- name: count_products
-- How many products there are, of all brands or of one: a sum over brands.
select coalesce(sum(product_count), 0)::bigint
from brand_count
where
    true
    and brand_id = :brand_id -- if brand_id
;

-- name: find_products
-- The ids of the products that a search finds, :most at most: by product_name_trigrams, or in one reading
-- of the names where the text has no trigram worth asking for: three letters or digits in a row, or two at
-- the edge of a word. The index would hand out every product, or most, to be looked at again (100,000:
-- 160 ms, so 16); `is true` keeps the planner from it. The text is in subqueries, which are asked once: in
-- the condition itself a plan for any values would fold it again for every name.
select
    array(
        (
            select product_id
            from product
            where
                (select fold_name(:q) ~ '[[:alnum:]]{3}|[[:alnum:]]{2}[^[:alnum:]]|[^[:alnum:]][[:alnum:]]{2}')
                and product_name_folded like (select contains_pattern(:q))
                and brand_id = :brand_id -- if brand_id
        )
        union all
        (
            select product_id
            from product
            where
                (select fold_name(:q) !~ '[[:alnum:]]{3}|[[:alnum:]]{2}[^[:alnum:]]|[^[:alnum:]][[:alnum:]]{2}')
                and (product_name_folded like (select contains_pattern(:q))) is true
                and brand_id = :brand_id -- if brand_id
        )
        limit :most
    ) as product_ids;

-- name: csv_blocks
-- The list of products as lines of CSV, a block for each product, in order of product_id.
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
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where
    true
    and product.brand_id = :brand_id -- if brand_id
    and product.product_name_folded like contains_pattern(:q) -- if q
order by product.product_id;

-- name: batch_blocks
-- The products of a list of ids as lines of JSON, in the order of the list, repetitions included: a block
-- a line. A product whose line would exceed :block_bytes comes in pieces, its SKUs one by one, so that no
-- block is large: product_count tells beforehand. Each product, its brand, and each SKU's color and size is
-- looked up by itself behind a `limit 1`: whatever the planner takes for best, the rows stay in the order of
-- the list and of sku's primary key, the first line waits for no other, and nothing is sorted but (before
-- PostgreSQL 16) the SKUs of one small product. Brands, colors and sizes are remembered once found: joined
-- with the product, a hash was made for each (10,000 products of ten SKUs: 165 ms, so 104).
with variant as not materialized (
    select
        product_color.product_color_id,
        product_size.product_size_id,
        ',"product_color_name":' || to_json(product_color.product_color_name)::text
        || ',"product_size_name":' || to_json(product_size.product_size_name)::text
        || '}' as fields
    from product_color
    cross join product_size
)

select
    convert_to(line.block, 'UTF8') as block,
    line.row_count
from (
    select
        opened.*,
        -- 3: the end of the line. 30: a SKU's id with its key and the comma before it. 44: what stands around
        -- the names of its color and its size.
        octet_length(opened.opening) + 3
        + opened.sku_count * (
            30 + 44
            + coalesce((select max(octet_length(to_json(product_color_name)::text)) from product_color), 0)
            + coalesce((select max(octet_length(to_json(product_size_name)::text)) from product_size), 0)
        )
        > :block_bytes::bigint as is_large
    from (
        select
            asked.position,
            asked.product_id,
            known.product_id is null as is_missing,
            known.sku_count,
            case
                when known.product_id is null
                    then '{"product_id":' || asked.product_id::text || e',"missing":true}\n'
                else
                    '{"product_id":' || asked.product_id::text
                    || ',"product_name":' || to_json(known.product_name)::text
                    || ',"brand_id":' || known.brand_id::text
                    || ',"brand_name":' || to_json(brand.brand_name)::text
                    || ',"skus":['
            end as opening
        -- A subquery, so that the plan is the same for any number: for 10,000 ids it would be compiled first.
        from unnest((select :product_ids::bigint[])) with ordinality as asked (product_id, position)
        left join lateral (
            select
                product.product_id,
                product.product_name,
                product.brand_id,
                product_count.sku_count
            from product
            join product_count on product.product_id = product_count.product_id
            where product.product_id = asked.product_id
            limit 1
        ) as known on true
        -- By itself, so that each brand is looked up once: the planner keeps what it found.
        left join lateral (
            select brand.brand_name
            from brand
            where brand.brand_id = known.brand_id
            limit 1
        ) as brand on true
        order by asked.position
        -- Once a product: without the fences the planner would format it again for every SKU.
        offset 0
    ) as opened
    order by opened.position
    offset 0
) as product
cross join lateral (
    (
        select
            product.opening
            || coalesce(
                string_agg(
                    '{"sku_id":' || sku.sku_id::text || variant.fields,
                    ',' order by sku.sku_id
                ),
                ''
            )
            || e']}\n' as block,
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
        where sku.product_id = product.product_id
        having not product.is_missing and not product.is_large
    )
    union all
    (
        select
            product.opening as block,
            product.is_missing::integer as row_count
        where product.is_missing or product.is_large
    )
    union all
    (
        select
            case row_number() over (order by sku.sku_id) when 1 then '{"sku_id":' else ',{"sku_id":' end
            || sku.sku_id::text || variant.fields as block,
            0 as row_count
        from sku
        cross join lateral (
            select variant.fields
            from variant
            where
                variant.product_color_id = sku.product_color_id
                and variant.product_size_id = sku.product_size_id
            limit 1
        ) as variant
        where product.is_large and sku.product_id = product.product_id
        order by sku.sku_id
    )
    union all
    (
        select
            e']}\n' as block,
            1 as row_count
        where product.is_large
    )
) as line
order by product.position;
