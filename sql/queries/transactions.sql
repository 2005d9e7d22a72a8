-- name: set_request
-- Tells the triggers which request is writing, until the transaction ends.
select set_config('hangtag.request_id', :request_id, true);

-- name: prove_sound
-- Nothing; but in a transaction in which an error was swallowed even that is refused, where COMMIT
-- would roll back without a word.
select true;
