-- name: plan_in_order
-- For the rest of the transaction: plans that read indexes in order and begin at once. Without this
-- the planner gathers and sorts all products first when many have the color asked for, or keeps a
-- plan that was good for another color.
select
    set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('enable_sort', 'off', true),
    set_config('enable_hashagg', 'off', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('jit', 'off', true);
