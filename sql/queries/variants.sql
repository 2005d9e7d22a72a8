-- name: variants_of_product
-- A product's SKU counts by color and size, zeros included, by the primary key of product_variant_count. Of
-- more colors than :most_cells have room for, the first ones and those that the product has: 393,000 cells
-- took a page 2.7 s. Each row says how many colors there are.
with color as (
    select
        product_color_id,
        product_color_name,
        product_color_hex,
        row_number() over (order by product_color_id) as place,
        count(*) over () as color_count,
        (select nullif(count(*), 0) from product_size) as size_count
    from product_color
)

select
    color.product_color_id,
    color.product_color_name,
    color.product_color_hex,
    product_size.product_size_id,
    product_size.product_size_name,
    coalesce(variant.sku_count, 0) as sku_count,
    color.color_count
from color
cross join product_size
left join product_variant_count as variant
    on
        color.product_color_id = variant.product_color_id
        and product_size.product_size_id = variant.product_size_id
        and variant.product_id = :product_id
where
    color.place <= :most_cells / color.size_count
    or exists (
        select from product_variant_count as used
        where used.product_id = :product_id and used.product_color_id = color.product_color_id
    )
order by color.product_color_id, product_size.product_size_id;

-- name: variants_of_brand
-- A brand's SKU counts by color and size, zeros included, by the primary key of brand_variant_count. Of
-- more colors than :most_cells have room for, the first ones and those that the brand has: 393,000 cells
-- took a page 2.7 s. Each row says how many colors there are.
with color as (
    select
        product_color_id,
        product_color_name,
        product_color_hex,
        row_number() over (order by product_color_id) as place,
        count(*) over () as color_count,
        (select nullif(count(*), 0) from product_size) as size_count
    from product_color
)

select
    color.product_color_id,
    color.product_color_name,
    color.product_color_hex,
    product_size.product_size_id,
    product_size.product_size_name,
    coalesce(variant.sku_count, 0) as sku_count,
    color.color_count
from color
cross join product_size
left join brand_variant_count as variant
    on
        color.product_color_id = variant.product_color_id
        and product_size.product_size_id = variant.product_size_id
        and variant.brand_id = :brand_id
where
    color.place <= :most_cells / color.size_count
    or exists (
        select from brand_variant_count as used
        where used.brand_id = :brand_id and used.product_color_id = color.product_color_id
    )
order by color.product_color_id, product_size.product_size_id;

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
