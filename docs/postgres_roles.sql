-- The roles of a shared warehouse, made once by its administrator, connected to the warehouse's database (UTF-8, any
-- collation, PostgreSQL 15 or later). No passwords here: set the loader's by \password, or let it use a certificate.
--
-- warehouse_loader  runs the pipeline (WAREHOUSE_POSTGRES_URL). It owns the seven schemas and can create nothing else.
-- warehouse_reader  is what people are members of: `grant warehouse_reader to ana`. It reads the marts, and nothing else.

create role warehouse_loader login;
create role warehouse_reader nologin;

create schema raw authorization warehouse_loader;
create schema seeds authorization warehouse_loader;
create schema staging authorization warehouse_loader;
create schema intermediate authorization warehouse_loader;
create schema marts_build authorization warehouse_loader;
create schema monitoring authorization warehouse_loader;
create schema marts authorization warehouse_loader;

-- what the public may do by default: connect to any database, and make temporary tables there
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to warehouse_loader, warehouse_reader', current_database());
end
$$;
revoke all on schema public from public;

grant usage on schema marts to warehouse_reader;
alter default privileges for role warehouse_loader in schema marts grant select on tables to warehouse_reader;
