-- migrate:up

-- Who made a change set, from where, and which change set it undoes.
alter table change_set add column person text not null default 'local desk';
alter table change_set alter column person drop default;
alter table change_set add column address text;
alter table change_set add column undoes bigint references change_set;
create index change_set_changed on change_set (changed_at, change_set_id);
create index change_set_person on change_set (person, changed_at, change_set_id);
create index change_set_undoes on change_set (undoes)
where undoes is not null;

-- The nouns that a change set changed, so that a list of changes can be narrowed to one.
create table change_set_noun (
    noun text not null,
    change_set_id bigint not null references change_set,
    primary key (noun, change_set_id)
);
create index change_set_noun_change_set on change_set_noun (change_set_id);
insert into change_set_noun (noun, change_set_id)
select distinct
    noun,
    change_set_id
from history;

-- The brand and the product that an entry belongs to: a product is one of its brand's.
alter table history add column brand_id bigint;
alter table history add column product_id bigint;
update history set brand_id = row_id, after = after - 'brand_name_folded'
where noun = 'brand';
create index history_brand on history (brand_id, change_set_id)
where brand_id is not null;
create index history_product on history (product_id, change_set_id)
where product_id is not null;
create index history_row on history (noun, row_id)
where noun <> 'sku';

-- What an undo could not take back, and why: the row was edited since, is used by others
-- since, its name is taken since, what it belongs to is gone, or it is gone itself.
create table undo_left_alone (
    change_set_id bigint not null references change_set,
    noun text not null,
    row_id bigint not null,
    reason text not null
    constraint undo_left_alone_reason check (reason in ('edited', 'used', 'taken', 'orphaned', 'gone')),
    primary key (change_set_id, noun, row_id)
);

-- The settings are the transaction's own: `web/database/transactions.py` makes them.
-- Who changes the catalog without it, in psql for example, is known by the role.
create or replace function current_change_set() returns bigint
language plpgsql as $$
declare
    current bigint := nullif(current_setting('hangtag.change_set', true), '');
begin
    if current is null then
        insert into change_set (request_id, person, address, undoes)
        values (
            nullif(current_setting('hangtag.request_id', true), ''),
            coalesce(nullif(current_setting('hangtag.person', true), ''), session_user::text),
            nullif(current_setting('hangtag.address', true), ''),
            nullif(current_setting('hangtag.undoes', true), '')::bigint
        )
        returning change_set_id into current;
        perform set_config('hangtag.change_set', current::text, true);
        perform count_change();
    end if;
    return current;
end
$$;

drop trigger brand_inserted_history on brand;
drop trigger brand_updated_version on brand;
drop trigger brand_deleted_version on brand;
drop trigger product_inserted_version on product;
drop trigger product_updated_version on product;
drop trigger product_deleted_version on product;
drop trigger color_inserted_version on product_color;
drop trigger color_updated_version on product_color;
drop trigger color_deleted_version on product_color;
drop trigger size_inserted_version on product_size;
drop trigger size_updated_version on product_size;
drop trigger size_deleted_version on product_size;
drop trigger sku_inserted_version on sku;
drop trigger sku_deleted_version on sku;
drop function record_inserted();
drop function open_change_set();

-- A row as the history keeps it: without what can be made from the rest of it.
create function row_image(changed_row jsonb) returns jsonb
language sql immutable strict parallel safe
return changed_row - array['brand_name_folded', 'product_name_folded'];

-- One entry for each row, or one for all when a statement inserts more than a person would.
-- Its arguments are the noun and the name of its id.
create function record_inserted() returns trigger
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

create function record_deleted() returns trigger
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

create function record_updated() returns trigger
language plpgsql as $$
declare
    noun constant text := tg_argv[0];
    id_name constant text := tg_argv[1];
    change bigint;
begin
    if not exists (select row_image(to_jsonb(before)) from before except select row_image(to_jsonb(after)) from after) then
        return null;
    end if;
    change := current_change_set();
    insert into history (change_set_id, noun, row_id, brand_id, product_id, before, after)
    select
        change,
        noun,
        (is_now.image ->> id_name)::bigint,
        (is_now.image ->> 'brand_id')::bigint,
        (is_now.image ->> 'product_id')::bigint,
        was.image,
        is_now.image
    from (select row_image(to_jsonb(before)) as image from before) as was
    join (select row_image(to_jsonb(after)) as image from after) as is_now
        on was.image -> id_name = is_now.image -> id_name
    where was.image <> is_now.image
    order by 3;
    insert into change_set_noun values (noun, change) on conflict do nothing;
    return null;
end
$$;

create trigger brand_inserted_history after insert on brand
referencing new table as changed
for each statement execute function record_inserted('brand', 'brand_id');
create trigger brand_updated_history after update on brand
referencing old table as before new table as after
for each statement execute function record_updated('brand', 'brand_id');
create trigger brand_deleted_history after delete on brand
referencing old table as changed
for each statement execute function record_deleted('brand', 'brand_id');

create trigger product_inserted_history after insert on product
referencing new table as changed
for each statement execute function record_inserted('product', 'product_id');
create trigger product_updated_history after update on product
referencing old table as before new table as after
for each statement execute function record_updated('product', 'product_id');
create trigger product_deleted_history after delete on product
referencing old table as changed
for each statement execute function record_deleted('product', 'product_id');

create trigger color_inserted_history after insert on product_color
referencing new table as changed
for each statement execute function record_inserted('color', 'product_color_id');
create trigger color_updated_history after update on product_color
referencing old table as before new table as after
for each statement execute function record_updated('color', 'product_color_id');
create trigger color_deleted_history after delete on product_color
referencing old table as changed
for each statement execute function record_deleted('color', 'product_color_id');

create trigger size_inserted_history after insert on product_size
referencing new table as changed
for each statement execute function record_inserted('size', 'product_size_id');
create trigger size_updated_history after update on product_size
referencing old table as before new table as after
for each statement execute function record_updated('size', 'product_size_id');
create trigger size_deleted_history after delete on product_size
referencing old table as changed
for each statement execute function record_deleted('size', 'product_size_id');

create trigger sku_inserted_history after insert on sku
referencing new table as changed
for each statement execute function record_inserted('sku', 'sku_id');
create trigger sku_deleted_history after delete on sku
referencing old table as changed
for each statement execute function record_deleted('sku', 'sku_id');

-- Rows that a TRUNCATE takes are seen by no trigger above.
create trigger brand_is_never_truncated before truncate on brand
for each statement execute function refuse_truncate();
create trigger color_is_never_truncated before truncate on product_color
for each statement execute function refuse_truncate();
create trigger size_is_never_truncated before truncate on product_size
for each statement execute function refuse_truncate();

create function refuse_rewriting() returns trigger
language plpgsql as $$
begin
    raise exception '% is only added to', tg_table_name
    using errcode = 'integrity_constraint_violation';
end
$$;
create trigger history_is_only_added_to before update or delete or truncate on history
for each statement execute function refuse_rewriting();
create trigger change_set_is_only_added_to before update or delete or truncate on change_set
for each statement execute function refuse_rewriting();
create trigger undo_left_alone_is_only_added_to before update or delete or truncate on undo_left_alone
for each statement execute function refuse_rewriting();

-- migrate:down
drop trigger undo_left_alone_is_only_added_to on undo_left_alone;
drop trigger change_set_is_only_added_to on change_set;
drop trigger history_is_only_added_to on history;
drop function refuse_rewriting();
drop trigger size_is_never_truncated on product_size;
drop trigger color_is_never_truncated on product_color;
drop trigger brand_is_never_truncated on brand;
drop trigger sku_deleted_history on sku;
drop trigger sku_inserted_history on sku;
drop trigger size_deleted_history on product_size;
drop trigger size_updated_history on product_size;
drop trigger size_inserted_history on product_size;
drop trigger color_deleted_history on product_color;
drop trigger color_updated_history on product_color;
drop trigger color_inserted_history on product_color;
drop trigger product_deleted_history on product;
drop trigger product_updated_history on product;
drop trigger product_inserted_history on product;
drop trigger brand_deleted_history on brand;
drop trigger brand_updated_history on brand;
drop trigger brand_inserted_history on brand;
drop function record_updated();
drop function record_deleted();
drop function record_inserted();
drop function row_image(jsonb);

create function open_change_set() returns trigger
language plpgsql as $$
begin
    if exists (select from changed) then
        perform current_change_set();
    end if;
    return null;
end
$$;
create function record_inserted() returns trigger
language plpgsql as $$
begin
    if current_setting('hangtag.bulk', true) = 'on' then
        return null;
    end if;
    insert into history (change_set_id, noun, row_id, after)
    select current_change_set(), tg_table_name, (inserted.row ->> tg_argv[0])::bigint, inserted.row
    from (select to_jsonb(changed) as row from changed) as inserted
    order by 3;
    return null;
end
$$;
create trigger brand_inserted_history after insert on brand
referencing new table as changed for each statement execute function record_inserted('brand_id');
create trigger brand_updated_version after update on brand
referencing new table as changed for each statement execute function open_change_set();
create trigger brand_deleted_version after delete on brand
referencing old table as changed for each statement execute function open_change_set();
create trigger product_inserted_version after insert on product
referencing new table as changed for each statement execute function open_change_set();
create trigger product_updated_version after update on product
referencing new table as changed for each statement execute function open_change_set();
create trigger product_deleted_version after delete on product
referencing old table as changed for each statement execute function open_change_set();
create trigger color_inserted_version after insert on product_color
referencing new table as changed for each statement execute function open_change_set();
create trigger color_updated_version after update on product_color
referencing new table as changed for each statement execute function open_change_set();
create trigger color_deleted_version after delete on product_color
referencing old table as changed for each statement execute function open_change_set();
create trigger size_inserted_version after insert on product_size
referencing new table as changed for each statement execute function open_change_set();
create trigger size_updated_version after update on product_size
referencing new table as changed for each statement execute function open_change_set();
create trigger size_deleted_version after delete on product_size
referencing old table as changed for each statement execute function open_change_set();
create trigger sku_inserted_version after insert on sku
referencing new table as changed for each statement execute function open_change_set();
create trigger sku_deleted_version after delete on sku
referencing old table as changed for each statement execute function open_change_set();

create or replace function current_change_set() returns bigint
language plpgsql as $$
declare
    current bigint := nullif(current_setting('hangtag.change_set', true), '');
begin
    if current is null then
        insert into change_set (request_id)
        values (nullif(current_setting('hangtag.request_id', true), ''))
        returning change_set_id into current;
        perform set_config('hangtag.change_set', current::text, true);
        perform count_change();
    end if;
    return current;
end
$$;
drop table undo_left_alone;
drop index history_row;
drop index history_product;
drop index history_brand;
alter table history drop column product_id;
alter table history drop column brand_id;
drop table change_set_noun;
drop index change_set_undoes;
drop index change_set_person;
drop index change_set_changed;
alter table change_set drop column undoes;
alter table change_set drop column address;
alter table change_set drop column person;
