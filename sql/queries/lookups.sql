-- name: draw_product_ids
-- The ids of up to :most products drawn from all of them, by product_pkey; the same :seed draws the same.
select product_id
from product
order by hashint8extended(product_id, :seed), product_id
limit :most;

-- name: look_up_product
-- A product with its brand and its SKUs, a row a SKU and one without if there is none, by primary keys.
select
    product.product_id,
    product.product_name,
    product.brand_id,
    brand.brand_name,
    sku.sku_id,
    product_color.product_color_name,
    product_size.product_size_name
from product
join brand on product.brand_id = brand.brand_id
left join sku on product.product_id = sku.product_id
left join product_color on sku.product_color_id = product_color.product_color_id
left join product_size on sku.product_size_id = product_size.product_size_id
where product.product_id = :product_id
order by sku.sku_id;
