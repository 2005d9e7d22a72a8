-- name: set_author
-- Tells the triggers who is writing, from where, and by which request, until the transaction ends.
select
    set_config('hangtag.person', :person, true),
    set_config('hangtag.address', :address, true),
    set_config('hangtag.request_id', :request_id, true);

-- name: prove_sound
-- Nothing; but in a transaction in which an error was swallowed even that is refused, where COMMIT
-- would roll back without a word.
select true;
