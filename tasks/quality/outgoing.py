"""The suite `before_posting`: no message that is to leave holds what looks like a person's data.

What an organization has written itself (its procedures, its groups' names, its own) is no
customer's: an address that stands there may be quoted.
"""

from tasks.quality.expected import Expected, no_row

# POSIX patterns. Few false alarms matter more than the last unusual form: models and rules
# have redacted what they read, and this is the last look at what was made of it.
PERSONAL = {
    "e-mail address": "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}",
    "phone number": "[+][0-9][0-9 ().-]{7,18}[0-9]|[(]?[0-9]{3}[)]?[ .-][0-9]{3}[ .-][0-9]{4}",
    "card number": "([0-9][ -]?){12,18}[0-9]",
}
# Links lead to tickets by their number, which has as many digits as it likes; an alert's id, which
# buttons carry, may hold a card's number by chance; and a day behind a name that ends in digits is
# no card.
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NO_ONE_S = f"{UUID}|/agent/tickets/[0-9]+|#[0-9]+|20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
UNSAID = "(o.state in ('pending', 'sending') or o.state = 'posted' and o.edits_said < o.edits)"


def _none(what: str, pattern: str) -> Expected:
    escaped, no_one_s = (one.replace("{", "{{").replace("}", "}}") for one in (pattern, NO_ONE_S))
    query = f"""
        with said as (
            select t.leaf #>> '{{{{}}}}' as words
            from {{batch}} as o
            cross join lateral jsonb_path_query(o.blocks, 'strict $.**') as t (leaf)
            where {UNSAID} and jsonb_typeof(t.leaf) = 'string'
            union all
            select t.leaf #>> '{{{{}}}}'
            from {{batch}} as o
            cross join lateral jsonb_path_query(o.trend, 'strict $.**') as t (leaf)
            where o.state in ('pending', 'sending') and jsonb_typeof(t.leaf) = 'string'
            union all
            select o.fallback from {{batch}} as o where {UNSAID}
        ),
        found as (
            select (regexp_matches(
                regexp_replace(s.words, '{no_one_s}', '', 'g'), '({escaped})', 'g'
            ))[1] as part
            from said as s
        ),
        own as (
            select body || ' ' || title as words from knowledge.documents
            union all
            select name from zendesk.groups
            union all
            select name from app.organizations
        )
        select 1 from found as f
        where not exists (select from own as o where position(f.part in o.words) > 0)
    """
    return no_row(f"no {what}", "blocks", query)


SUITE: dict[str, list[Expected]] = {
    "app.outbox": [_none(what, pattern) for what, pattern in PERSONAL.items()],
}
