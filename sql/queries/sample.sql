-- name: lock_catalog
-- Nobody else adds to the catalog until the load ends; reading goes on.
lock table brand, product, sku in share row exclusive mode;

-- name: get_extent
-- The highest ids in use, 0 where there is none, by the indexes on them, and the number of rows.
select
    coalesce((select max(brand_id) from brand), 0) as brand_id,
    coalesce((select max(product_id) from product), 0) as product_id,
    coalesce((select max(sku_id) from sku), 0) as sku_id,
    (select coalesce(sum(1 + product_count + sku_count), 0)::bigint from brand_count) as row_count;

-- name: list_taken_names
-- The folded names of all brands.
select brand_name_folded from brand;

-- name: list_variant_ids
-- The colors and sizes that the SKUs of a sample are drawn from.
select
    (select array_agg(product_color_id) from product_color) as color_ids,
    (select array_agg(product_size_id) from product_size) as size_ids;

-- name: give_counting_memory
-- The groups of the counts fit into this; spilled to disk they took a third longer.
select set_config('work_mem', '64MB', true)
where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB');

-- name: count_variants_of_products
-- The counts of the products behind `product_id`, all at once, as the triggers would have kept
-- them one statement at a time; the other counts rest on these.
insert into product_variant_count (product_id, product_color_id, product_size_id, sku_count)
select
    product_id,
    product_color_id,
    product_size_id,
    count(*)
from sku
where product_id > :product_id
group by product_id, product_color_id, product_size_id
order by product_id, product_color_id, product_size_id;

-- name: count_products
-- The SKUs of each new product, by the counts of its colors and sizes; 0 where it has none.
insert into product_count (product_id, sku_count)
select
    product.product_id,
    coalesce(sum(variant.sku_count), 0)
from product
left join product_variant_count as variant on product.product_id = variant.product_id
where product.product_id > :product_id
group by product.product_id
order by product.product_id;

-- name: count_variants_of_brands
-- The SKUs of each new brand by color and size, by the counts of its products.
insert into brand_variant_count (brand_id, product_color_id, product_size_id, sku_count)
select
    product.brand_id,
    variant.product_color_id,
    variant.product_size_id,
    sum(variant.sku_count)
from product_variant_count as variant
join product on variant.product_id = product.product_id
where variant.product_id > :product_id
group by product.brand_id, variant.product_color_id, variant.product_size_id
order by product.brand_id, variant.product_color_id, variant.product_size_id;

-- name: count_variants
-- The new SKUs by color and size, by the counts of the new brands, added to the part that is the load's own.
insert into variant_count as kept (counter_id, product_color_id, product_size_id, sku_count)
select
    current_counter(),
    product_color_id,
    product_size_id,
    sum(sku_count)
from brand_variant_count
where brand_id > :brand_id
group by product_color_id, product_size_id
order by product_color_id, product_size_id
on conflict (counter_id, product_color_id, product_size_id)
do update set sku_count = kept.sku_count + excluded.sku_count;

-- name: count_brands
-- The products and SKUs of each new brand, by the counts of its products; 0 where it has none.
insert into brand_count (brand_id, product_count, sku_count)
select
    brand.brand_id,
    count(product.product_id),
    coalesce(sum(product_count.sku_count), 0)
from brand
left join product on brand.brand_id = product.brand_id
left join product_count on product.product_id = product_count.product_id
where brand.brand_id > :brand_id
group by brand.brand_id
order by brand.brand_id;

-- name: set_sequences
-- The sequences behind the rows, never back: ids given out from here on are new, and were no row's.
select
    setval(pg_get_serial_sequence('brand', 'brand_id'), next.brand_id, false),
    setval(pg_get_serial_sequence('product', 'product_id'), next.product_id, false),
    setval(pg_get_serial_sequence('sku', 'sku_id'), next.sku_id, false)
from (
    select
        (
            select greatest((select coalesce(max(brand_id), 0) + 1 from brand), last_value + is_called::integer)
            from brand_brand_id_seq
        ) as brand_id,
        (
            select greatest((select coalesce(max(product_id), 0) + 1 from product), last_value + is_called::integer)
            from product_product_id_seq
        ) as product_id,
        (
            select greatest((select coalesce(max(sku_id), 0) + 1 from sku), last_value + is_called::integer)
            from sku_sku_id_seq
        ) as sku_id
) as next;

-- name: vacuum_catalog
-- Statistics for the planner, and the marks by which an index alone answers; both otherwise come
-- a minute later.
vacuum (analyze)
brand, product, product_color, product_size, sku,
brand_count, brand_variant_count, product_count, product_variant_count, variant_count;
