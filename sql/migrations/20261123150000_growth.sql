-- migrate:up

-- How many more brands, products and SKUs there are at the end of a day (UTC) than at its start, as sums over
-- rows: each transaction adds to a row that no other one holds, so that none waits for another. SKUs do not know
-- when they came, and counting the history of a month takes as long as much was changed in it.
create table catalog_growth (
    growth_id bigint generated always as identity primary key,
    day date not null,
    brand_count bigint not null,
    product_count bigint not null,
    sku_count bigint not null
);
create index catalog_growth_day on catalog_growth (day);

-- Entries of what came count for it, those of what went against it; a bulk load brings its numbers itself.
create function growth_of_noun(change bigint, of_noun text) returns bigint
language sql stable parallel safe as $$
select (
    coalesce((
        select sum((before is null)::integer - (after is null)::integer)
        from history
        where change_set_id = change and noun = of_noun
    ), 0)
    + coalesce((
        select sum((after ->> (of_noun || 's'))::bigint)
        from history
        where change_set_id = change and noun = 'catalog'
    ), 0)
)::bigint
$$;

create function count_growth() returns trigger
language plpgsql as $$
declare
    today constant date := (new.changed_at at time zone 'UTC')::date;
    brands constant bigint := growth_of_noun(new.change_set_id, 'brand');
    products constant bigint := growth_of_noun(new.change_set_id, 'product');
    skus constant bigint := growth_of_noun(new.change_set_id, 'sku');
begin
    if brands = 0 and products = 0 and skus = 0 then
        return null;
    end if;
    update catalog_growth set
        brand_count = brand_count + brands,
        product_count = product_count + products,
        sku_count = sku_count + skus
    where growth_id = (
        select growth_id from catalog_growth where day = today for update skip locked limit 1
    );
    if not found then
        insert into catalog_growth (day, brand_count, product_count, sku_count)
        values (today, brands, products, skus);
    end if;
    return null;
end
$$;

-- At the end of the transaction, once: a row that its 10,000 savepoints change would cost each of them more.
create constraint trigger change_set_growth after insert on change_set
deferrable initially deferred
for each row execute function count_growth();

insert into catalog_growth (day, brand_count, product_count, sku_count)
select
    change.day,
    sum(change.brand_count),
    sum(change.product_count),
    sum(change.sku_count)
from (
    select
        (changed_at at time zone 'UTC')::date as day,
        growth_of_noun(change_set_id, 'brand') as brand_count,
        growth_of_noun(change_set_id, 'product') as product_count,
        growth_of_noun(change_set_id, 'sku') as sku_count
    from change_set
) as change
group by change.day;

-- The overview shows what is running, however many downloads and batches came since.
create index download_running on download (download_id)
where ended_at is null;

-- migrate:down
drop index download_running;
drop trigger change_set_growth on change_set;
drop function count_growth();
drop function growth_of_noun(bigint, text);
drop table catalog_growth;
