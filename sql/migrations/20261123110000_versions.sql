-- migrate:up

-- An edit says which version of a row it began from. A row that comes back after a
-- delete gets a version that it never had.
alter table brand add column version bigint not null default 1;
alter table product add column version bigint not null default 1;
alter table product_color add column version bigint not null default 1;
alter table product_size add column version bigint not null default 1;

-- The color of the swatch, as "#0b5c56".
alter table product_color add column product_color_hex text
constraint product_color_hex_form check (product_color_hex ~ '^#[0-9a-f]{6}$');
alter table product_color add constraint product_color_name_length
check (char_length(fold_name(product_color_name)) between 1 and 600);
alter table product_size add constraint product_size_name_length
check (char_length(fold_name(product_size_name)) between 1 and 600);

create function count_version() returns trigger
language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end
$$;
create function count_version_and_moment() returns trigger
language plpgsql as $$
begin
    new.version := old.version + 1;
    new.changed_at := now();
    return new;
end
$$;
-- Only what a person can edit makes a version: an update that changes nothing makes none.
create trigger brand_version before update on brand
for each row when (old.brand_name is distinct from new.brand_name)
execute function count_version_and_moment();
create trigger product_version before update on product
for each row when (
    (old.product_name, old.brand_id) is distinct from (new.product_name, new.brand_id)
)
execute function count_version_and_moment();
create trigger color_version before update on product_color
for each row when (
    (old.product_color_name, old.product_color_hex)
    is distinct from (new.product_color_name, new.product_color_hex)
)
execute function count_version();
create trigger size_version before update on product_size
for each row when (old.product_size_name is distinct from new.product_size_name)
execute function count_version();

-- An id is what the history knows a row by.
create function refuse_new_id() returns trigger
language plpgsql as $$
begin
    raise exception 'the id of a % never changes', tg_argv[0]
    using errcode = 'integrity_constraint_violation';
end
$$;
create trigger brand_keeps_its_id before update of brand_id on brand
for each row when (old.brand_id <> new.brand_id) execute function refuse_new_id('brand');
create trigger product_keeps_its_id before update of product_id on product
for each row when (old.product_id <> new.product_id) execute function refuse_new_id('product');
create trigger color_keeps_its_id before update of product_color_id on product_color
for each row when (old.product_color_id <> new.product_color_id) execute function refuse_new_id('color');
create trigger size_keeps_its_id before update of product_size_id on product_size
for each row when (old.product_size_id <> new.product_size_id) execute function refuse_new_id('size');

-- migrate:down
drop trigger size_keeps_its_id on product_size;
drop trigger color_keeps_its_id on product_color;
drop trigger product_keeps_its_id on product;
drop trigger brand_keeps_its_id on brand;
drop function refuse_new_id();
drop trigger size_version on product_size;
drop trigger color_version on product_color;
drop trigger product_version on product;
drop trigger brand_version on brand;
drop function count_version_and_moment();
drop function count_version();
alter table product_size drop constraint product_size_name_length;
alter table product_color drop constraint product_color_name_length;
alter table product_color drop column product_color_hex;
alter table product_size drop column version;
alter table product_color drop column version;
alter table product drop column version;
alter table brand drop column version;
