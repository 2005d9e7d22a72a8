-- name: get_brand
-- What of a brand can be edited, by primary key; with :locked nobody else changes it meanwhile.
select
    version,
    brand_name
from brand
where brand_id = :row_id
for update -- if locked
;

-- name: get_product
-- What of a product can be edited, by primary key; with :locked nobody else changes it meanwhile.
select
    version,
    product_name,
    brand_id::text as brand_id
from product
where product_id = :row_id
for update -- if locked
;

-- name: get_color
-- What of a color can be edited, by primary key; with :locked nobody else changes it meanwhile.
select
    version,
    product_color_name,
    coalesce(product_color_hex, '') as product_color_hex
from product_color
where product_color_id = :row_id::bigint
for update -- if locked
;

-- name: get_size
-- What of a size can be edited, by primary key; with :locked nobody else changes it meanwhile.
select
    version,
    product_size_name
from product_size
where product_size_id = :row_id::bigint
for update -- if locked
;

-- name: update_brand
-- Renames a brand, by primary key; brand_name_key decides whether the name is free.
update brand set brand_name = :brand_name
where brand_id = :row_id;

-- name: update_product
-- Renames a product or moves it to another brand, by primary key.
update product set product_name = :product_name, brand_id = :brand_id::text::bigint
where product_id = :row_id;

-- name: update_color
-- Changes a color, by primary key; product_color_name_key decides whether the name is free.
update product_color set
    product_color_name = :product_color_name,
    product_color_hex = nullif(:product_color_hex, '')
where product_color_id = :row_id::bigint;

-- name: update_size
-- Renames a size, by primary key; product_size_name_key decides whether the name is free.
update product_size set product_size_name = :product_size_name
where product_size_id = :row_id::bigint;

-- name: find_brand
-- The brand that has a name, by brand_name_key.
select
    brand_id as row_id,
    brand_name as row_name
from brand
where brand_name_folded = fold_name(:name);

-- name: find_color
-- The color that has a name, by product_color_name_key.
select
    product_color_id as row_id,
    product_color_name as row_name
from product_color
where fold_name(product_color_name) = fold_name(:name);

-- name: find_size
-- The size that has a name, by product_size_name_key.
select
    product_size_id as row_id,
    product_size_name as row_name
from product_size
where fold_name(product_size_name) = fold_name(:name);

-- name: name_brands
-- The names of some brands, by primary key.
select
    brand_id as row_id,
    brand_name as row_name
from brand
where brand_id = any(:brand_ids::bigint[]);

-- name: find_deletion
-- The change set that deleted a row last, by history_row.
select change_set_id
from history
where
    noun = :noun
    and row_id = :row_id
    and after is null
order by history_id desc
limit 1;
