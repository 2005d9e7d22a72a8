-- migrate:up

-- How many transactions have changed the catalog, as a sum over rows: each writer
-- adds to a row that no other writer holds, so that none waits for another. Two
-- snapshots with the same sum show the same catalog. It starts at random, so that
-- another database is not taken for this one.
create table catalog_version (
    counter_id integer generated always as identity primary key,
    changes bigint not null
);
insert into catalog_version (changes) select floor(random() * 1e12)::bigint;

create function count_change() returns void
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

-- The change set of the transaction under way, opened by its first change, which is
-- when the catalog gets a new version.
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

create function open_change_set() returns trigger
language plpgsql as $$
begin
    if exists (select from changed) then
        perform current_change_set();
    end if;
    return null;
end
$$;

-- An insert into brand opens its change set where it is recorded.
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

-- migrate:down
drop trigger sku_deleted_version on sku;
drop trigger sku_inserted_version on sku;
drop trigger size_deleted_version on product_size;
drop trigger size_updated_version on product_size;
drop trigger size_inserted_version on product_size;
drop trigger color_deleted_version on product_color;
drop trigger color_updated_version on product_color;
drop trigger color_inserted_version on product_color;
drop trigger product_deleted_version on product;
drop trigger product_updated_version on product;
drop trigger product_inserted_version on product;
drop trigger brand_deleted_version on brand;
drop trigger brand_updated_version on brand;
drop function open_change_set();
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
    end if;
    return current;
end
$$;
drop function count_change();
drop table catalog_version;
