-- migrate:up

-- The entries of a change set noun by noun: its page counts and shows them so, and undoing goes so.
drop index history_change_set;
create index history_change_set on history (change_set_id, noun, history_id);

-- The moment of the change set again, which is that of the transaction: so one index holds the change sets of a
-- noun in the order in which they are listed.
alter table change_set_noun add column changed_at timestamptz not null default now();
update change_set_noun set changed_at = change_set.changed_at
from change_set
where change_set_noun.change_set_id = change_set.change_set_id;
create index change_set_noun_changed on change_set_noun (noun, changed_at, change_set_id);

-- The name in a row as the history keeps it; a SKU has none.
create function image_name(image jsonb) returns text
language sql immutable parallel safe
return coalesce(
    image ->> 'brand_name',
    image ->> 'product_name',
    image ->> 'product_color_name',
    image ->> 'product_size_name'
);

-- A row's version as the history keeps it; rows that were recorded before versions were counted have their first.
create function image_version(image jsonb) returns bigint
language sql immutable parallel safe
return coalesce((image ->> 'version')::bigint, 1);

-- What a change set made of each row, from its first entry to its last, as far as no undo of it has
-- touched the row. One pass over the entries: what an undo itself has just done is known to no statistics
-- yet, and a join with it would be planned for a single row.
create function yet_to_undo(undone bigint, of_noun text)
returns table (row_id bigint, product_id bigint, before jsonb, after jsonb)
language sql stable parallel safe as $$
select
    row_id,
    product_id,
    before,
    after
from (
    select
        history.row_id,
        history.product_id,
        (array_agg(history.before order by history.history_id)
            filter (where history.change_set_id = undone))[1] as before,
        (array_agg(history.after order by history.history_id desc)
            filter (where history.change_set_id = undone))[1] as after,
        bool_or(history.change_set_id <> undone) as is_undone
    from history
    where
        history.noun = of_noun
        and history.row_id is not null
        and history.change_set_id = any(
            array(
                select undone
                union all
                select change_set.change_set_id from change_set where change_set.undoes = undone
            )
        )
    group by history.row_id, history.product_id
) as effect
where
    not is_undone
    and before - array['version', 'created_at', 'changed_at']
    is distinct from after - array['version', 'created_at', 'changed_at']
$$;

-- migrate:down
drop function yet_to_undo(bigint, text);
drop function image_version(jsonb);
drop function image_name(jsonb);
drop index change_set_noun_changed;
alter table change_set_noun drop column changed_at;
drop index history_change_set;
create index history_change_set on history (change_set_id, history_id);
