-- migrate:up

-- How many rows of each noun a change set created, changed and deleted: lists of changes say so, and read these few
-- rows instead of the entries.
create table change_set_count (
    change_set_id bigint not null references change_set,
    noun text not null,
    kind text not null
    constraint change_set_count_kind check (kind in ('created', 'changed', 'deleted')),
    entry_count bigint not null,
    first_history_id bigint not null, -- of the first of these entries
    product_id bigint, -- that all of them belong to
    primary key (change_set_id, noun, kind)
);

-- By history_change_set. An entry is never changed, and goes only with a savepoint, which takes its count along: so
-- counting again finds as much or more.
create function count_entries(change bigint) returns void
language plpgsql as $$
begin
    insert into change_set_count (change_set_id, noun, kind, entry_count, first_history_id, product_id)
    select
        change,
        entry.noun,
        entry.kind,
        count(*),
        min(entry.history_id),
        case when min(entry.product_id) = max(entry.product_id) then min(entry.product_id) end
    from (
        select
            history.noun,
            case
                when history.before is null then 'created'
                when history.after is null then 'deleted'
                else 'changed'
            end as kind,
            history.history_id,
            history.product_id
        from history
        where history.change_set_id = change
    ) as entry
    group by entry.noun, entry.kind
    on conflict (change_set_id, noun, kind) do update set
        entry_count = excluded.entry_count,
        product_id = excluded.product_id;
end
$$;

-- At the end of the transaction, once: a row that its 10,000 savepoints change would cost each of them more. Triggers
-- of one event run in the order of their names, this one before change_set_growth, which rests on it.
create function count_change_set() returns trigger
language plpgsql as $$
begin
    perform count_entries(new.change_set_id);
    perform set_config('hangtag.counted_change_set', new.change_set_id::text, true);
    return null;
end
$$;
create constraint trigger change_set_counts after insert on change_set
deferrable initially deferred
for each row execute function count_change_set();

-- Where the end came early, by SET CONSTRAINTS, what follows is counted as it comes.
create function count_late_entries() returns trigger
language plpgsql as $$
begin
    perform count_entries(current_setting('hangtag.counted_change_set')::bigint);
    return null;
end
$$;
create trigger history_is_counted_late after insert on history
for each statement when (current_setting('hangtag.counted_change_set', true) <> '')
execute function count_late_entries();

-- The entries are read once for both.
create or replace function growth_of_noun(change bigint, of_noun text) returns bigint
language sql stable parallel safe as $$
select (
    coalesce((
        select sum(case kind when 'created' then entry_count when 'deleted' then - entry_count else 0 end)
        from change_set_count
        where change_set_id = change and noun = of_noun
    ), 0)
    + coalesce((
        select sum((after ->> (of_noun || 's'))::bigint)
        from history
        where change_set_id = change and noun = 'catalog'
    ), 0)
)::bigint
$$;

-- migrate:down
create or replace function growth_of_noun(change bigint, of_noun text) returns bigint
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
drop trigger history_is_counted_late on history;
drop function count_late_entries();
drop trigger change_set_counts on change_set;
drop function count_change_set();
drop function count_entries(bigint);
drop table change_set_count;
