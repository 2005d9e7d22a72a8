-- migrate:up

-- A statement whose SKUs the function before this one has counted would miss in the sums: it is waited for, and
-- the next ones wait. The locks come one by one, and who deletes takes them in another order: where both would
-- wait for each other, those taken here go back with their savepoint.
do $$
begin
    loop
        begin
            lock table catalog_version, brand, product, product_color, product_size, sku
            in share row exclusive mode;
            exit;
        exception
            when deadlock_detected then null;
        end;
    end loop;
end
$$;

-- How many SKUs there are of each color and size, whatever their brands: a sum over the parts of it that
-- writers keep. Each adds to the part of the row of catalog_version that it holds until it ends, so that none
-- waits for another; a part for itself may be below 0. There are as many parts as there ever were writers at
-- once, however many brands: sums over these took 0.2 ms at 100 of them and 0.7 ms at 1,000, and now 0.1 ms.
create table variant_count (
    counter_id integer not null references catalog_version,
    product_color_id smallint not null references product_color on delete cascade,
    product_size_id smallint not null references product_size on delete cascade,
    sku_count bigint not null,
    primary key (counter_id, product_color_id, product_size_id)
);
create index variant_count_color on variant_count (product_color_id);
create index variant_count_size on variant_count (product_size_id);

insert into variant_count (counter_id, product_color_id, product_size_id, sku_count)
select
    (select min(counter_id) from catalog_version),
    product_color_id,
    product_size_id,
    sum(sku_count)
from brand_variant_count
group by product_color_id, product_size_id
order by product_color_id, product_size_id;

-- The row that was taken is this transaction's until it ends. When the savepoint is taken back in which that
-- happened, the row is free for others, and the setting is taken back with it.
create or replace function count_change() returns void
language plpgsql as $$
declare
    taken integer;
begin
    update catalog_version set changes = changes + 1
    where counter_id = (
        select counter_id from catalog_version for update skip locked limit 1
    )
    returning counter_id into taken;
    if not found then
        insert into catalog_version (changes) values (1) returning counter_id into taken;
    end if;
    perform set_config('hangtag.counter', taken::text, true);
end
$$;

-- The row of catalog_version that is the transaction's own, taken by its first change; taken now in one that
-- has opened its change set before there was this setting.
create function current_counter() returns integer
language plpgsql as $$
begin
    perform current_change_set();
    if coalesce(current_setting('hangtag.counter', true), '') = '' then
        perform count_change();
    end if;
    return current_setting('hangtag.counter')::integer;
end
$$;

create or replace function count_skus() returns trigger
language plpgsql as $$
declare
    sign constant integer := case tg_op when 'DELETE' then -1 else 1 end;
    own_part integer;
begin
    if not exists (select from changed) then
        return null;
    end if;
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

    own_part := current_counter();
    insert into variant_count as kept (counter_id, product_color_id, product_size_id, sku_count)
    select own_part, product_color_id, product_size_id, count(*) * sign
    from changed
    group by product_color_id, product_size_id
    order by product_color_id, product_size_id
    on conflict (counter_id, product_color_id, product_size_id)
    do update set sku_count = kept.sku_count + excluded.sku_count;
    return null;
end
$$;

-- migrate:down
create or replace function count_skus() returns trigger
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

create or replace function count_change() returns void
language plpgsql as $$
begin
    update catalog_version set changes = changes + 1
    where counter_id = (
        select counter_id from catalog_version for update skip locked limit 1
    );
    if not found then
        insert into catalog_version (changes) values (1);
    end if;
end
$$;
drop function current_counter();
drop table variant_count;
