-- name: list_products
-- Products with their brand and count; the index on the sort's column serves the keyset page,
-- product_of_brand_name a brand's products, product_name_trigrams the search.
select
    product.product_id,
    product.product_name,
    product.product_name_folded,
    product.brand_id,
    brand.brand_name,
    product.created_at,
    product.changed_at,
    product_count.sku_count
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where
    true
    and product.brand_id = :brand_id -- if brand_id
    and product.product_name_folded like contains_pattern(:q) -- if q
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
    product_count.sku_count
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where product.product_id = :product_id;

-- name: other_products_of_brand
-- The next products of the same brand by id, around to the first, by product_of_brand.
select
    product.product_id,
    product.product_name,
    product.product_name_folded,
    product.brand_id,
    brand.brand_name,
    product.created_at,
    product.changed_at,
    product_count.sku_count
from product as shown
cross join lateral (
    (
        select
            later.*,
            false as around
        from product as later
        where later.brand_id = shown.brand_id and later.product_id > shown.product_id
        order by later.product_id
        limit :most
    )
    union all
    (
        select
            earlier.*,
            true as around
        from product as earlier
        where earlier.brand_id = shown.brand_id and earlier.product_id < shown.product_id
        order by earlier.product_id
        limit :most
    )
) as product
join product_count on product.product_id = product_count.product_id
join brand on shown.brand_id = brand.brand_id
where shown.product_id = :product_id
order by product.around, product.product_id
limit :most;

-- name: count_products
-- How many products there are, of all brands or of one: a sum over brands.
select coalesce(sum(product_count), 0)::bigint
from brand_count
where
    true
    and brand_id = :brand_id -- if brand_id
;

-- name: count_found_products
-- How many products a search finds, exact up to :most, by product_name_trigrams.
select count(*)
from (
    select true
    from product
    where
        product_name_folded like contains_pattern(:q)
        and brand_id = :brand_id -- if brand_id
    limit :most
) as found;

-- name: csv_blocks
-- The list of products as lines of CSV, a block for each product, in order of product_id.
select
    product.product_id::text
    || ',' || csv_field(product.product_name, :excel)
    || ',' || product.brand_id::text
    || ',' || csv_field(brand.brand_name, :excel)
    || ',' || product_count.sku_count::text
    || e'\r\n' as block
from product
join product_count on product.product_id = product_count.product_id
join brand on product.brand_id = brand.brand_id
where
    true
    and product.brand_id = :brand_id -- if brand_id
    and product.product_name_folded like contains_pattern(:q) -- if q
order by product.product_id;
