-- name: variants_of_product
-- A product's SKU counts by color and size, zeros included, by the primary key of product_variant_count.
select
    product_color.product_color_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    product_size.product_size_id,
    product_size.product_size_name,
    coalesce(variant.sku_count, 0) as sku_count
from product_color
cross join product_size
left join product_variant_count as variant
    on
        product_color.product_color_id = variant.product_color_id
        and product_size.product_size_id = variant.product_size_id
        and variant.product_id = :product_id
order by product_color.product_color_id, product_size.product_size_id;

-- name: variants_of_brand
-- A brand's SKU counts by color and size, zeros included, by the primary key of brand_variant_count.
select
    product_color.product_color_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    product_size.product_size_id,
    product_size.product_size_name,
    coalesce(variant.sku_count, 0) as sku_count
from product_color
cross join product_size
left join brand_variant_count as variant
    on
        product_color.product_color_id = variant.product_color_id
        and product_size.product_size_id = variant.product_size_id
        and variant.brand_id = :brand_id
order by product_color.product_color_id, product_size.product_size_id;

-- name: list_colors
-- All colors: a small table.
select
    product_color_id,
    product_color_name,
    product_color_hex
from product_color
order by product_color_id;

-- name: list_sizes
-- All sizes: a small table.
select
    product_size_id,
    product_size_name
from product_size
order by product_size_id;
