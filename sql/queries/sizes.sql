-- name: list_counted_sizes
-- All sizes with their SKU counts: sums over variant_count, a row a color, size and part.
select
    product_size.product_size_id,
    product_size.product_size_name,
    product_size.version,
    coalesce(counted.sku_count, 0)::bigint as sku_count
from product_size
left join (
    select
        product_size_id,
        sum(sku_count) as sku_count
    from variant_count
    group by product_size_id
) as counted on product_size.product_size_id = counted.product_size_id
order by product_size.product_size_id;

-- name: insert_size
-- A new size; product_size_name_key decides whether it is new. A name that is there already is
-- passed over beforehand, so that it uses up none of the few ids.
insert into product_size (product_size_name)
select typed.product_size_name
from (values (:product_size_name::text)) as typed (product_size_name)
where not exists (
    select from product_size
    where fold_name(product_size.product_size_name) = fold_name(typed.product_size_name)
)
returning product_size_id;

-- name: get_size_named
-- The size that has a name, by product_size_name_key.
select
    product_size_id,
    product_size_name
from product_size
where fold_name(product_size_name) = fold_name(:product_size_name::text);
