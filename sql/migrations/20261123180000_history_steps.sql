-- migrate:up

-- The change sets of a brand, its products' and their SKUs' among them. Each is one step in history_brand, however
-- many SKUs are in it; by both columns, since to look for the next one of a single brand the planner may take the
-- index of all change sets. The planner puts these functions into the query that asks for them, as if they were
-- written there: one select each, stable, and not strict.
create function change_sets_of_brand(wanted bigint) returns setof bigint
language sql stable parallel safe as $$
with recursive of_brand (brand_id, change_set_id) as (
    values (wanted, 0::bigint)
    union all
    select following.*
    from of_brand
    cross join lateral (
        select
            history.brand_id,
            history.change_set_id
        from history
        where
            history.brand_id is not null
            and (history.brand_id, history.change_set_id) > (of_brand.brand_id, of_brand.change_set_id)
        order by history.brand_id, history.change_set_id
        limit 1
    ) as following
    where of_brand.brand_id = wanted
)

select change_set_id
from of_brand
where brand_id = wanted
$$;

-- The same of a product, by history_product.
create function change_sets_of_product(wanted bigint) returns setof bigint
language sql stable parallel safe as $$
with recursive of_product (product_id, change_set_id) as (
    values (wanted, 0::bigint)
    union all
    select following.*
    from of_product
    cross join lateral (
        select
            history.product_id,
            history.change_set_id
        from history
        where
            history.product_id is not null
            and (history.product_id, history.change_set_id) > (of_product.product_id, of_product.change_set_id)
        order by history.product_id, history.change_set_id
        limit 1
    ) as following
    where of_product.product_id = wanted
)

select change_set_id
from of_product
where product_id = wanted
$$;

-- migrate:down
drop function change_sets_of_product(bigint);
drop function change_sets_of_brand(bigint);
