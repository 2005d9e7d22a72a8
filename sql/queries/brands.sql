-- name: list_brands
-- Brands with their counts; the index on the sort's column serves the keyset page,
-- brand_name_trigrams the search.
select
    brand.brand_id,
    brand.brand_name,
    brand.brand_name_folded,
    brand.created_at,
    brand.changed_at,
    brand.version,
    brand_count.product_count,
    brand_count.sku_count
from brand
join brand_count on brand.brand_id = brand_count.brand_id
where
    true
    and brand.brand_name_folded like contains_pattern(:q) -- if q
;

-- name: get_brand
-- One brand with its counts, by both primary keys.
select
    brand.brand_id,
    brand.brand_name,
    brand.brand_name_folded,
    brand.created_at,
    brand.changed_at,
    brand.version,
    brand_count.product_count,
    brand_count.sku_count
from brand
join brand_count on brand.brand_id = brand_count.brand_id
where brand.brand_id = :brand_id;

-- name: count_brands
-- How many brands there are: a row of brand_count for each.
select count(*) from brand_count;

-- name: count_found_brands
-- How many brands a search finds, exact up to :most, by brand_name_trigrams.
select count(*)
from (
    select true
    from brand
    where brand_name_folded like contains_pattern(:q)
    limit :most
) as found;

-- name: insert_brands
-- New brands with ids in the order given; brand_name_key decides whether they are new. They go in by
-- folded name, so that two requests with the same names wait for each other and never deadlock.
with numbered as materialized (
    select
        nextval(pg_get_serial_sequence('brand', 'brand_id')) as brand_id,
        ordered.brand_name
    from (
        select line.brand_name
        from unnest(:brand_names::text[]) with ordinality as line (brand_name, number)
        order by line.number
    ) as ordered
)

insert into brand (brand_id, brand_name)
select
    brand_id,
    brand_name
from numbered
order by fold_name(brand_name), brand_id
returning brand_id;

-- name: compare_brand_lines
-- For each line: the first line of the same folded name, and the brand that has it already,
-- by brand_name_key. In the order in which insert_brands puts them in.
select
    line.number,
    min(line.number) over (partition by line.folded) as first_number,
    brand.brand_id,
    brand.brand_name
from (
    select
        number,
        fold_name(brand_name) as folded
    from unnest(:numbers::bigint[], :brand_names::text[]) as typed (number, brand_name)
) as line
left join brand on line.folded = brand.brand_name_folded
order by
    line.folded,
    line.number;

-- name: csv_blocks
-- The list of brands as lines of CSV, a block for each brand, in order of brand_id.
select
    convert_to(
        brand.brand_id::text
        || ',' || csv_field(brand.brand_name, :excel)
        || ',' || brand_count.product_count::text
        || ',' || brand_count.sku_count::text
        || e'\r\n',
        'UTF8'
    ) as block,
    1 as row_count
from brand
join brand_count on brand.brand_id = brand_count.brand_id
where
    true
    and brand.brand_name_folded like contains_pattern(:q) -- if q
order by brand.brand_id;
