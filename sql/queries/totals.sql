-- name: get_totals
-- The totals of the catalog: sums over brand_count, a row a brand.
select
    count(*) as brand_count,
    coalesce(sum(product_count), 0)::bigint as product_count,
    coalesce(sum(sku_count), 0)::bigint as sku_count
from brand_count;
