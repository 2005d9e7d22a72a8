-- name: list_parts
-- What a load takes off some tables to be faster, with the statements for it: their indexes and
-- keys, their foreign keys, and their triggers that run some functions. In the order of putting
-- back: indexes as they first came, so that the planner meets them in that order again, then what
-- rests on them. An index stays when its definition does not say all of it, or when a foreign key
-- of another table rests on it.
with loaded as (
    select
        oid,
        oid::regclass as name
    from pg_class
    where oid = any(cast(:tables as text[])::regclass[])
),

part as (
    select
        1 as step,
        pg_index.indexrelid as id,
        case
            when key.oid is null then format('drop index %s', pg_index.indexrelid::regclass)
            else format('alter table %s drop constraint %I', loaded.name, key.conname)
        end as take_off,
        case
            when key.oid is null then pg_get_indexdef(pg_index.indexrelid)
            else
                format(
                    'alter table %s add constraint %I %s',
                    loaded.name, key.conname, pg_get_constraintdef(key.oid)
                )
        end as put_back
    from loaded
    join pg_index on loaded.oid = pg_index.indrelid
    left join pg_constraint as key
        on pg_index.indexrelid = key.conindid and key.contype in ('p', 'u', 'x')
    where
        pg_index.indisvalid
        and not pg_index.indisreplident
        and not pg_index.indisclustered
        and not exists (
            select from pg_constraint as foreign_key
            where
                foreign_key.contype = 'f'
                and foreign_key.conindid = pg_index.indexrelid
                and foreign_key.conrelid not in (select oid from loaded)
        )

    union all

    select
        2,
        foreign_key.oid,
        format('alter table %s drop constraint %I', loaded.name, foreign_key.conname),
        format(
            'alter table %s add constraint %I %s',
            loaded.name, foreign_key.conname, pg_get_constraintdef(foreign_key.oid)
        )
    from loaded
    join pg_constraint as foreign_key on loaded.oid = foreign_key.conrelid
    where foreign_key.contype = 'f'

    union all

    select
        3,
        pg_trigger.oid,
        format('alter table %s disable trigger %I', loaded.name, pg_trigger.tgname),
        format('alter table %s enable trigger %I', loaded.name, pg_trigger.tgname)
    from loaded
    join pg_trigger on loaded.oid = pg_trigger.tgrelid
    join pg_proc on pg_trigger.tgfoid = pg_proc.oid
    where
        not pg_trigger.tgisinternal
        and pg_trigger.tgenabled = 'O'
        and pg_proc.proname = any(cast(:trigger_functions as text[]))
)

select
    take_off,
    put_back
from part
order by step, id;
