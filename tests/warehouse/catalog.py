"""What the catalog says of every relation and function: one line for each that is open.

Nothing is looked for by name. A new table, view, partition, function, schema or grant is in here
from the day that somebody adds it; what may be otherwise than the rest is listed with its reason.
"""

import psycopg

# Whose objects are asked after, in whatever schema they lie.
OWNERS = (
    "vensor_owner",
    "vensor_transformer",
    "vensor_migrator",
    "vensor_loader",
    "vensor_grantor",
)
SCHEMAS = (
    "app",
    "keys",
    "zendesk",
    "knowledge",
    "ai",
    "audit",
    "staging",
    "intermediate",
    "metrics",
    "candidate",
    "bi",
    "search",
)
SERVICES = ("vensor_loader", "vensor_transformer")
# Of no organization: which migrations were made, and what Zendesk's accounts allow (by hash).
NO_TENANT = ("app.alembic_version", "app.account_budgets")
# What the functions that look a tenant up read as their owner, who is under RLS like anyone.
OWNER_POLICIES = ("app.organizations", "app.logins", "app.members", "app.account_budgets")
# Keys by which a tenant is found.
LOOKED_UP_BY = (
    "app.alembic_version_pkc",
    "app.pk_account_budgets",
    "app.uq_logins_login",
    "app.ix_members_user_id",
    "app.uq_organizations_slug",
)
# Functions that act as their owner and that others than services may execute: what names the
# tenant, and what finds passages by vectors that its callers must not read.
OWNERS_FOR_ALL = (
    "app.org_id()",
    "search.tickets(halfvec,text,integer,timestamp with time zone,timestamp with time zone,"
    "bigint[],text[],bigint[],double precision,double precision)",
    "search.knowledge(halfvec,text,text,integer,text,timestamp with time zone,"
    "timestamp with time zone)",
)

RELATIONS = """
    select
        c.oid, n.nspname || '.' || c.relname as name, c.relkind,
        c.relrowsecurity, c.relforcerowsecurity,
        coalesce('security_invoker=true' = any(c.reloptions), false) as invoker,
        exists (
            select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id'
        ) as tenant
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where pg_get_userbyid(c.relowner) = any(%(owners)s) or n.nspname = any(%(schemas)s)
"""
# Views that BI logins read, who have no right to what is below them: a barrier, whose owner is
# under forced row-level security in every table that it reads, and reads metric tables only.
READ_BY_BI = """
    select v.oid from pg_class v join pg_namespace n on n.oid = v.relnamespace
    where n.nspname = 'bi' and v.relkind = 'v'
    and v.relowner = 'vensor_transformer'::regrole
    and 'security_barrier=true' = any(v.reloptions)
    and not exists (
        select from pg_rewrite w
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
        join pg_class t on t.oid = d.refobjid
        where w.ev_class = v.oid and not (
            t.relnamespace = 'metrics'::regnamespace and t.relkind = 'r'
            and t.relowner = v.relowner and t.relrowsecurity and t.relforcerowsecurity
        )
    )
"""
FINDINGS = {
    "is not under forced row-level security": f"""
        select name from ({RELATIONS}) r where relkind in ('r', 'p')
        and not (relrowsecurity and relforcerowsecurity) and name <> 'app.alembic_version'
    """,
    "has no org_id": f"""
        select name from ({RELATIONS}) r
        where relkind in ('r', 'p', 'v') and not tenant and name <> all(%(no_tenant)s)
        and name <> 'app.partitioned_tables'
    """,
    "has no tenant policy": f"""
        select name from ({RELATIONS}) r where relkind in ('r', 'p') and name <> all(%(no_tenant)s)
        and not exists (
            select from pg_policy p where p.polrelid = r.oid and p.polname = 'tenant'
            and p.polcmd = '*' and p.polroles = '{{0}}'
            and pg_get_expr(p.polqual, p.polrelid) = '(org_id = ( SELECT app.org_id() AS org_id))'
            and pg_get_expr(p.polwithcheck, p.polrelid)
                = '(org_id = ( SELECT app.org_id() AS org_id))'
        )
    """,
    "has another policy than the tenant's": f"""
        select name || ' ' || p.polname from ({RELATIONS}) r
        join pg_policy p on p.polrelid = r.oid
        where p.polname <> 'tenant' and not (
            p.polname = 'owner' and name = any(%(owner_policies)s)
            and p.polroles = array['vensor_owner'::regrole::oid]
        )
    """,
    "is a view with its owner's rights": f"""
        select name from ({RELATIONS}) r where relkind = 'v' and not invoker and not exists (
            select from ({READ_BY_BI}) b where b.oid = r.oid
        )
    """,
    "is of a kind that has no row-level security": f"""
        select name from ({RELATIONS}) r where relkind in ('m', 'f')
    """,
    "has an index that does not start with the tenant": f"""
        select i.indexrelid::regclass::text from ({RELATIONS}) r
        join pg_index i on i.indrelid = r.oid
        left join pg_attribute a on a.attrelid = r.oid and a.attnum = i.indkey[0]
        where r.relkind in ('r', 'p') and a.attname is distinct from 'org_id'
        and i.indexrelid::regclass::text <> all(%(looked_up_by)s)
        and not exists (
            select from pg_inherits h where h.inhrelid = i.indexrelid
            and h.inhparent::regclass::text = any(%(looked_up_by)s)
        )
    """,
    "lies in a schema that is none of ours": f"""
        select name from ({RELATIONS}) r
        where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and split_part(name, '.', 1) <> all(%(schemas)s)
    """,
    "may be used by everyone or by Supabase's roles directly": """
        select n.nspname || '.' || c.relname || ' ' || a.privilege_type
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        cross join aclexplode(c.relacl) a left join pg_roles o on o.oid = a.grantee
        where n.nspname = any(%(schemas)s)
        and (a.grantee = 0 or o.rolname in ('anon', 'authenticated', 'service_role'))
        union all
        select n.nspname || ' ' || a.privilege_type from pg_namespace n
        cross join aclexplode(n.nspacl) a left join pg_roles o on o.oid = a.grantee
        where n.nspname = any(%(schemas)s)
        and (a.grantee = 0 or o.rolname in ('anon', 'authenticated', 'service_role'))
    """,
    "is a function that everyone may execute": """
        select p.oid::regprocedure::text from pg_proc p join pg_namespace n
        on n.oid = p.pronamespace where n.nspname = any(%(schemas)s)
        and has_function_privilege('public', p.oid, 'execute')
    """,
    "acts as its owner without a search_path of its own": """
        select p.oid::regprocedure::text from pg_proc p join pg_namespace n
        on n.oid = p.pronamespace where n.nspname = any(%(schemas)s) and p.prosecdef
        and not coalesce('search_path=""' = any(p.proconfig), false)
    """,
    "acts as its owner for others than the services": """
        select p.oid::regprocedure::text || ' ' || o.rolname
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        cross join pg_roles o
        where n.nspname = any(%(schemas)s) and p.prosecdef
        and p.oid::regprocedure::text <> all(%(owners_for_all)s)
        and o.rolname <> all(%(services)s) and o.rolname not in ('vensor_owner', 'vensor_migrator')
        and o.oid <> p.proowner and not o.rolsuper
        and has_function_privilege(o.oid, p.oid, 'execute')
        and not pg_has_role(o.oid, 'vensor_owner', 'usage')
    """,
    "is granted by default": """
        select coalesce(n.nspname, 'everywhere') || ' ' || d.defaclobjtype::text
        from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
        cross join aclexplode(d.defaclacl) a
        where (pg_get_userbyid(d.defaclrole) = any(%(owners)s) or n.nspname = any(%(schemas)s))
        and a.grantee <> d.defaclrole
    """,
    "bypasses row-level security or is a superuser": """
        select rolname from pg_roles where rolname like 'vensor%%'
        and (rolsuper or (rolbypassrls and rolname <> 'vensor_backup')
            or (rolcreaterole and (rolname <> 'vensor_grantor' or rolcanlogin)))
    """,
    "is a partition that may be used past its parent": """
        select i.inhrelid::regclass::text || ' ' || o.rolname from pg_inherits i
        join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace
        cross join pg_roles o
        where p.relkind = 'p' and n.nspname = any(%(schemas)s) and o.rolname like 'vensor%%'
        and o.rolname not in ('vensor_owner', 'vensor_migrator')
        and has_table_privilege(
            o.oid, i.inhrelid,
            -- a dump reads each by itself, by a role that no policy binds
            case when o.rolname <> 'vensor_backup' then 'select, ' else '' end
            || 'insert, update, delete, truncate'
        )
    """,
}
ASKED = {
    "owners": list(OWNERS),
    "schemas": list(SCHEMAS),
    "services": list(SERVICES),
    "no_tenant": list(NO_TENANT),
    "owner_policies": list(OWNER_POLICIES),
    "looked_up_by": list(LOOKED_UP_BY),
    "owners_for_all": list(OWNERS_FOR_ALL),
}


def open_objects(connection: psycopg.Connection) -> list[str]:
    """Every object that is not isolated as the rest, and what is wrong with it."""
    return sorted(
        f"{name} {finding}"
        for finding, query in FINDINGS.items()
        for (name,) in connection.execute(query, ASKED)
    )


def relations(connection: psycopg.Connection, kinds: str) -> list[str]:
    """Every relation of these kinds that belongs to one of our roles or schemas."""
    found = connection.execute(
        f"select name from ({RELATIONS}) r where relkind = any(%(kinds)s) order by name",
        {**ASKED, "kinds": list(kinds)},
    )
    return [name for (name,) in found]
