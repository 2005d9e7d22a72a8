-- name: brands_meant
-- The brands that have exactly this name, by brand_name_key, or this number, by brand_pkey: at most two.
select
    brand_id,
    brand_name
from brand
where
    brand_name_folded = fold_name(:typed::text)
    or brand_id = :brand_id::bigint -- if brand_id
order by brand_name_folded, brand_id;

-- name: brands_like
-- Brands whose name begins with what was typed, by brand_name_key, then those whose name contains it
-- elsewhere, by brand_name_trigrams.
(
    select
        brand_id,
        brand_name
    from brand
    where
        brand_name_folded >= fold_name(:typed::text)
        -- Behind the last text that begins so: nothing can hold a character after this one.
        and brand_name_folded < fold_name(:typed::text) || U&'\+10FFFF'
    order by brand_name_folded
    limit :most
)
union all
(
    select
        brand_id,
        brand_name
    from brand
    where
        brand_name_folded like contains_pattern(:typed::text)
        and not starts_with(brand_name_folded, fold_name(:typed::text))
    order by brand_name_folded
    limit :most
)
limit :most;
