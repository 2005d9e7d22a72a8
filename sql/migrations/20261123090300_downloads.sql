-- migrate:up

-- A field of RFC 4180 CSV, quoted where COPY would quote it. For a spreadsheet, a
-- text that it would take for a formula gets a leading apostrophe.
create function csv_field(value text, for_spreadsheet boolean) returns text
language sql immutable parallel safe
return case
    when for_spreadsheet and value ~ e'^[=+@\t\r-]' then
        case
            when value ~ e'[",\r\n]' then '"''' || replace(value, '"', '""') || '"'
            else '''' || value
        end
    when value ~ e'[",\r\n]' or value = '' then '"' || replace(value, '"', '""') || '"'
    else value
end;

-- migrate:down
drop function csv_field(text, boolean);
