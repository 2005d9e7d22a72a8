"""What a schema is beside its columns, to compare before and after."""

from web.database.pool import Connection

# Names say which table. Indexes with their place among those of the table: the planner takes the
# first of two that serve equally well. Foreign keys with the triggers that keep them.
_PARTS = """
select
    indexrelid::regclass::text as part,
    pg_get_indexdef(indexrelid) as definition,
    concat_ws(' ', indisvalid, indisready, indisprimary, indisreplident, indisclustered) as state,
    row_number() over (partition by indrelid order by indexrelid)::text as place,
    obj_description(indexrelid, 'pg_class') as comment
from pg_index
where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
union all
select
    format('%s %s', conrelid::regclass, conname),
    pg_get_constraintdef(oid),
    convalidated::text,
    (select string_agg(format('%s %s %s %s', tgrelid::regclass, tgfoid::regproc, tgtype, tgenabled),
        ', ' order by tgrelid, tgfoid::regproc::text)
    from pg_trigger where tgconstraint = pg_constraint.oid),
    obj_description(oid, 'pg_constraint')
from pg_constraint
where connamespace = 'public'::regnamespace
union all
select
    format('%s %s', tgrelid::regclass, tgname),
    pg_get_triggerdef(oid),
    tgenabled::text,
    null,
    obj_description(oid, 'pg_trigger')
from pg_trigger
where not tgisinternal
union all
select format('%s %s', attrelid::regclass, attname), attnotnull::text, attidentity::text, null, null
from pg_attribute
where
    attnum > 0
    and attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
"""

Part = tuple[str | None, ...]


async def schema_parts(connection: Connection) -> list[Part]:
    """Return the indexes, constraints, triggers and columns with their state, sorted."""
    rows = await connection.fetch(_PARTS)
    return sorted((tuple(row) for row in rows), key=repr)
