-- Keeps what a document says whenever it says something new, whoever loads it: a verdict on an
-- agent is shown with the words that the agent was judged by. Under the tenant's own policy.
create or replace function knowledge.keep_version() returns trigger
language plpgsql set search_path = ''
as $$
begin
    insert into knowledge.versions (org_id, document_id, version, title, body)
    values (new.org_id, new.document_id, new.version, new.title, new.body)
    on conflict (org_id, document_id, version) do update
    set present_since = clock_timestamp();
    return null;
end
$$;

create or replace trigger keep_first_version after insert on knowledge.documents
for each row execute function knowledge.keep_version();

create or replace trigger keep_changed_version after update on knowledge.documents
for each row when (old.version is distinct from new.version)
execute function knowledge.keep_version();
