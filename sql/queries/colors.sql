-- name: list_counted_colors
-- All colors with their SKU counts: sums over variant_count, a row a color, size and part.
select
    product_color.product_color_id,
    product_color.product_color_name,
    product_color.product_color_hex,
    product_color.version,
    coalesce(counted.sku_count, 0)::bigint as sku_count
from product_color
left join (
    select
        product_color_id,
        sum(sku_count) as sku_count
    from variant_count
    group by product_color_id
) as counted on product_color.product_color_id = counted.product_color_id
order by product_color.product_color_id;

-- name: insert_color
-- A new color; product_color_name_key decides whether it is new. A name that is there already is
-- passed over beforehand, so that it uses up none of the few ids.
insert into product_color (product_color_name, product_color_hex)
select
    typed.product_color_name,
    typed.product_color_hex
from (values (:product_color_name::text, nullif(:product_color_hex::text, '')))
    as typed (product_color_name, product_color_hex)
where not exists (
    select from product_color
    where fold_name(product_color.product_color_name) = fold_name(typed.product_color_name)
)
returning product_color_id;

-- name: get_color_named
-- The color that has a name, by product_color_name_key.
select
    product_color_id,
    product_color_name,
    product_color_hex
from product_color
where fold_name(product_color_name) = fold_name(:product_color_name::text);
