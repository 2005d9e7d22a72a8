-- name: lock_catalog
-- Nobody else adds to the catalog until the load ends; reading goes on.
lock table brand, product, sku in share row exclusive mode;

-- name: get_last_ids
-- The highest ids in use, 0 where there is none, by the indexes on them.
select
    coalesce((select max(brand_id) from brand), 0) as brand_id,
    coalesce((select max(product_id) from product), 0) as product_id,
    coalesce((select max(sku_id) from sku), 0) as sku_id;

-- name: list_taken_names
-- The folded names of all brands.
select brand_name_folded from brand;

-- name: list_variant_ids
-- The colors and sizes that the SKUs of a sample are drawn from.
select
    (select array_agg(product_color_id) from product_color) as color_ids,
    (select array_agg(product_size_id) from product_size) as size_ids;

-- name: set_sequences
-- The sequences behind the rows: ids given out from here on are new.
select
    setval(pg_get_serial_sequence('brand', 'brand_id'), next.brand_id, false),
    setval(pg_get_serial_sequence('product', 'product_id'), next.product_id, false),
    setval(pg_get_serial_sequence('sku', 'sku_id'), next.sku_id, false)
from (
    select
        (select coalesce(max(brand_id), 0) + 1 from brand) as brand_id,
        (select coalesce(max(product_id), 0) + 1 from product) as product_id,
        (select coalesce(max(sku_id), 0) + 1 from sku) as sku_id
) as next;

-- name: vacuum_catalog
-- Statistics for the planner, and the marks by which an index alone answers; both otherwise come
-- a minute later.
vacuum (analyze)
brand, product, product_color, product_size, sku,
brand_count, brand_variant_count, product_count, product_variant_count;
