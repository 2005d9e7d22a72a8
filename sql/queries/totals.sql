-- name: get_totals
-- The totals of the catalog: sums over brand_count, a row a brand.
select
    count(*) as brand_count,
    coalesce(sum(product_count), 0)::bigint as product_count,
    coalesce(sum(sku_count), 0)::bigint as sku_count
from brand_count;

-- name: list_growth
-- How many more rows there were at the end of each day than at its start, by catalog_growth_day: a few rows
-- for each day.
select
    day,
    sum(brand_count)::bigint as brand_count,
    sum(product_count)::bigint as product_count,
    sum(sku_count)::bigint as sku_count
from catalog_growth
where day >= :since
group by day
order by day;
