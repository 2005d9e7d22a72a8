-- name: lock_products_of_brand
-- Keeps the products of a brand as they are until the transaction ends, in order of their ids, so that
-- two who do so wait for each other and never deadlock; by product_of_brand.
with locked as materialized (
    select product_id
    from product
    where brand_id = :row_id
    order by product_id
    for update
)

select count(*) as product_count from locked;

-- name: count_of_brand
-- How many products and SKUs go with a brand, by the primary key of brand_count.
select
    product_count as products,
    sku_count as skus
from brand_count
where brand_id = :row_id;

-- name: count_of_product
-- How many SKUs go with a product, by the primary key of product_count.
select
    0::bigint as products,
    sku_count as skus
from product_count
where product_id = :row_id;

-- name: count_of_color
-- How many SKUs come in a color: a sum over sizes and parts, by variant_count_color.
select
    0::bigint as products,
    coalesce(sum(sku_count), 0)::bigint as skus
from variant_count
where product_color_id = :row_id::bigint;

-- name: count_of_size
-- How many SKUs come in a size: a sum over colors and parts, by variant_count_size.
select
    0::bigint as products,
    coalesce(sum(sku_count), 0)::bigint as skus
from variant_count
where product_size_id = :row_id::bigint;

-- name: delete_skus_of_brand
-- Removes a brand's SKUs, in a statement before that of their products, which the counts need; by
-- product_of_brand and the primary key of sku.
delete from sku
using product
where sku.product_id = product.product_id and product.brand_id = :row_id;

-- name: delete_products_of_brand
-- Removes a brand's products, by product_of_brand.
delete from product
where brand_id = :row_id;

-- name: delete_brand
-- Removes a brand, by primary key.
delete from brand
where brand_id = :row_id;

-- name: delete_skus_of_product
-- Removes a product's SKUs, in a statement before that of the product, which the counts need; by the
-- primary key of sku.
delete from sku
where product_id = :row_id;

-- name: delete_product
-- Removes a product, by primary key.
delete from product
where product_id = :row_id;

-- name: delete_color
-- Removes a color, by primary key.
delete from product_color
where product_color_id = :row_id::bigint;

-- name: delete_size
-- Removes a size, by primary key.
delete from product_size
where product_size_id = :row_id::bigint;
