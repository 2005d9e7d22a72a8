-- migrate:up

-- Exact counts that cost the same at ten million SKUs as at a hundred. They are
-- kept per parent, never in one row for the whole catalog, which every write
-- would have to wait for. Totals are sums over brands.
create table brand_count (
    brand_id bigint primary key references brand on delete cascade,
    product_count bigint not null default 0,
    sku_count bigint not null default 0
);
create index brand_count_skus on brand_count (sku_count, brand_id);

create table brand_variant_count (
    brand_id bigint not null references brand on delete cascade,
    product_color_id smallint not null references product_color on delete cascade,
    product_size_id smallint not null references product_size on delete cascade,
    sku_count bigint not null,
    primary key (brand_id, product_color_id, product_size_id)
);
create index brand_variant_count_color on brand_variant_count (product_color_id);
create index brand_variant_count_size on brand_variant_count (product_size_id);

create table product_count (
    product_id bigint primary key references product on delete cascade,
    sku_count bigint not null default 0
);
create index product_count_skus on product_count (sku_count, product_id);

create table product_variant_count (
    product_id bigint not null references product on delete cascade,
    product_color_id smallint not null references product_color on delete cascade,
    product_size_id smallint not null references product_size on delete cascade,
    sku_count bigint not null,
    primary key (product_id, product_color_id, product_size_id)
);
create index product_variant_count_color on product_variant_count (product_color_id, product_id);
create index product_variant_count_size on product_variant_count (product_size_id, product_id);

-- Every statement below takes its rows in key order, so that two writers that
-- count for the same parents wait for each other and never deadlock.
create function count_brands() returns trigger
language plpgsql as $$
begin
    insert into brand_count (brand_id) select brand_id from changed order by brand_id
    on conflict do nothing; -- a product of the same statement was counted first
    return null;
end
$$;
create trigger brand_inserted_count after insert on brand
referencing new table as changed
for each statement execute function count_brands();

create function count_products() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into product_count (product_id) select product_id from changed order by product_id
        on conflict do nothing;
    end if;
    insert into brand_count as kept (brand_id, product_count)
    select brand_id, count(*) * case tg_op when 'DELETE' then -1 else 1 end
    from changed
    group by brand_id
    order by brand_id
    on conflict (brand_id) do update set product_count = kept.product_count + excluded.product_count;
    return null;
end
$$;
create trigger product_inserted_count after insert on product
referencing new table as changed
for each statement execute function count_products();
create trigger product_deleted_count after delete on product
referencing old table as changed
for each statement execute function count_products();

-- A product that moves to another brand takes its counts along.
create function count_moved_products() returns trigger
language plpgsql as $$
begin
    insert into brand_variant_count as kept (brand_id, product_color_id, product_size_id, sku_count)
    select
        side.brand_id,
        variant.product_color_id,
        variant.product_size_id,
        sum(variant.sku_count * side.sign)
    from before
    join after using (product_id)
    cross join lateral (values (before.brand_id, -1), (after.brand_id, 1)) as side (brand_id, sign)
    join product_variant_count as variant using (product_id)
    where before.brand_id <> after.brand_id
    group by side.brand_id, variant.product_color_id, variant.product_size_id
    order by side.brand_id, variant.product_color_id, variant.product_size_id
    on conflict (brand_id, product_color_id, product_size_id)
    do update set sku_count = kept.sku_count + excluded.sku_count;

    insert into brand_count as kept (brand_id, product_count, sku_count)
    select side.brand_id, sum(side.sign), sum(product_count.sku_count * side.sign)
    from before
    join after using (product_id)
    cross join lateral (values (before.brand_id, -1), (after.brand_id, 1)) as side (brand_id, sign)
    join product_count using (product_id)
    where before.brand_id <> after.brand_id
    group by side.brand_id
    order by side.brand_id
    on conflict (brand_id) do update set
        product_count = kept.product_count + excluded.product_count,
        sku_count = kept.sku_count + excluded.sku_count;
    return null;
end
$$;
create trigger product_moved_count after update on product
referencing old table as before new table as after
for each statement execute function count_moved_products();

create function count_skus() returns trigger
language plpgsql as $$
declare
    sign constant integer := case tg_op when 'DELETE' then -1 else 1 end;
begin
    -- A product that is moving to another brand is waited for, and none moves until these SKUs are
    -- counted: they would count for a brand that their product has left.
    perform true
    from product
    where product_id in (select product_id from changed)
    order by product_id
    for share;
    -- A statement that removes products together with their SKUs leaves no brand to count for.
    if exists (
        select true from changed
        where not exists (select true from product where product.product_id = changed.product_id)
    ) then
        raise exception 'remove SKUs in a statement before that of their product'
        using errcode = 'integrity_constraint_violation';
    end if;

    insert into product_variant_count as kept (product_id, product_color_id, product_size_id, sku_count)
    select product_id, product_color_id, product_size_id, count(*) * sign
    from changed
    group by product_id, product_color_id, product_size_id
    order by product_id, product_color_id, product_size_id
    on conflict (product_id, product_color_id, product_size_id)
    do update set sku_count = kept.sku_count + excluded.sku_count;

    insert into product_count as kept (product_id, sku_count)
    select product_id, count(*) * sign
    from changed
    group by product_id
    order by product_id
    on conflict (product_id) do update set sku_count = kept.sku_count + excluded.sku_count;

    insert into brand_variant_count as kept (brand_id, product_color_id, product_size_id, sku_count)
    select product.brand_id, changed.product_color_id, changed.product_size_id, count(*) * sign
    from changed
    join product using (product_id)
    group by product.brand_id, changed.product_color_id, changed.product_size_id
    order by product.brand_id, changed.product_color_id, changed.product_size_id
    on conflict (brand_id, product_color_id, product_size_id)
    do update set sku_count = kept.sku_count + excluded.sku_count;

    insert into brand_count as kept (brand_id, sku_count)
    select product.brand_id, count(*) * sign
    from changed
    join product using (product_id)
    group by product.brand_id
    order by product.brand_id
    on conflict (brand_id) do update set sku_count = kept.sku_count + excluded.sku_count;
    return null;
end
$$;
create trigger sku_inserted_count after insert on sku
referencing new table as changed
for each statement execute function count_skus();
create trigger sku_deleted_count after delete on sku
referencing old table as changed
for each statement execute function count_skus();

create function refuse_truncate() returns trigger
language plpgsql as $$
begin
    raise exception 'TRUNCATE would leave the counts of % behind; use DELETE', tg_table_name
    using errcode = 'feature_not_supported';
end
$$;
create trigger sku_is_never_truncated before truncate on sku
for each statement execute function refuse_truncate();
create trigger product_is_never_truncated before truncate on product
for each statement execute function refuse_truncate();

-- migrate:down
drop trigger product_is_never_truncated on product;
drop trigger sku_is_never_truncated on sku;
drop function refuse_truncate();
drop trigger sku_deleted_count on sku;
drop trigger sku_inserted_count on sku;
drop function count_skus();
drop trigger product_moved_count on product;
drop function count_moved_products();
drop trigger product_deleted_count on product;
drop trigger product_inserted_count on product;
drop function count_products();
drop trigger brand_inserted_count on brand;
drop function count_brands();
drop table product_variant_count;
drop table product_count;
drop table brand_variant_count;
drop table brand_count;
