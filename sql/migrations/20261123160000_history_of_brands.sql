-- migrate:up

-- A SKU's entry belongs to a brand, too: that which its product has at that moment, by the primary key of
-- product. A subquery rather than a join or a function: each row costs the same, however many products there are.
create or replace function record_inserted() returns trigger
language plpgsql as $$
declare
    noun constant text := tg_argv[0];
    id_name constant text := tg_argv[1];
    most constant integer := 50000;
    change bigint;
begin
    if not exists (select from changed) then
        return null;
    end if;
    change := current_change_set();
    if current_setting('hangtag.bulk', true) = 'on' then
        return null;
    end if;
    if (select count(*) from (select from changed limit most + 1) as counted) > most then
        insert into history (change_set_id, noun, after)
        values (change, 'catalog', jsonb_build_object(noun || 's', (select count(*) from changed)));
        insert into change_set_noun values ('catalog', change) on conflict do nothing;
        return null;
    end if;
    insert into history (change_set_id, noun, row_id, brand_id, product_id, after)
    select
        change,
        noun,
        (inserted.image ->> id_name)::bigint,
        coalesce(
            (inserted.image ->> 'brand_id')::bigint,
            (
                select product.brand_id
                from product
                where product.product_id = (inserted.image ->> 'product_id')::bigint
            )
        ),
        (inserted.image ->> 'product_id')::bigint,
        inserted.image
    from (select row_image(to_jsonb(changed)) as image from changed) as inserted
    order by 3;
    insert into change_set_noun values (noun, change) on conflict do nothing;
    return null;
end
$$;

create or replace function record_deleted() returns trigger
language plpgsql as $$
declare
    noun constant text := tg_argv[0];
    id_name constant text := tg_argv[1];
    change bigint;
begin
    if not exists (select from changed) then
        return null;
    end if;
    change := current_change_set();
    insert into history (change_set_id, noun, row_id, brand_id, product_id, before)
    select
        change,
        noun,
        (deleted.image ->> id_name)::bigint,
        coalesce(
            (deleted.image ->> 'brand_id')::bigint,
            (
                select product.brand_id
                from product
                where product.product_id = (deleted.image ->> 'product_id')::bigint
            )
        ),
        (deleted.image ->> 'product_id')::bigint,
        deleted.image
    from (select row_image(to_jsonb(changed)) as image from changed) as deleted
    order by 3;
    insert into change_set_noun values (noun, change) on conflict do nothing;
    return null;
end
$$;

-- migrate:down
alter table history disable trigger history_is_only_added_to;
update history set brand_id = null
where noun = 'sku';
alter table history enable trigger history_is_only_added_to;

create or replace function record_inserted() returns trigger
language plpgsql as $$
declare
    noun constant text := tg_argv[0];
    id_name constant text := tg_argv[1];
    most constant integer := 50000;
    change bigint;
begin
    if not exists (select from changed) then
        return null;
    end if;
    change := current_change_set();
    if current_setting('hangtag.bulk', true) = 'on' then
        return null;
    end if;
    if (select count(*) from (select from changed limit most + 1) as counted) > most then
        insert into history (change_set_id, noun, after)
        values (change, 'catalog', jsonb_build_object(noun || 's', (select count(*) from changed)));
        insert into change_set_noun values ('catalog', change) on conflict do nothing;
        return null;
    end if;
    insert into history (change_set_id, noun, row_id, brand_id, product_id, after)
    select
        change,
        noun,
        (inserted.image ->> id_name)::bigint,
        (inserted.image ->> 'brand_id')::bigint,
        (inserted.image ->> 'product_id')::bigint,
        inserted.image
    from (select row_image(to_jsonb(changed)) as image from changed) as inserted
    order by 3;
    insert into change_set_noun values (noun, change) on conflict do nothing;
    return null;
end
$$;

create or replace function record_deleted() returns trigger
language plpgsql as $$
declare
    noun constant text := tg_argv[0];
    id_name constant text := tg_argv[1];
    change bigint;
begin
    if not exists (select from changed) then
        return null;
    end if;
    change := current_change_set();
    insert into history (change_set_id, noun, row_id, brand_id, product_id, before)
    select
        change,
        noun,
        (deleted.image ->> id_name)::bigint,
        (deleted.image ->> 'brand_id')::bigint,
        (deleted.image ->> 'product_id')::bigint,
        deleted.image
    from (select row_image(to_jsonb(changed)) as image from changed) as deleted
    order by 3;
    insert into change_set_noun values (noun, change) on conflict do nothing;
    return null;
end
$$;
