"""Who acts, and what their role allows. Plain code: no warehouse, no Prefect.

A user signs in at Supabase; the token that it gives says who they are (`tokens`). What they may do
is their role's matter, organization by organization (`roles`).
"""

from tasks.identity.actor import Actor, acting, acting_as, serving, stated_purpose
from tasks.identity.client import KeySet, SupabaseAuth
from tasks.identity.roles import OPERATIONS, OWNER, ROLES, Role, allows, roles_for
from tasks.identity.store import Session, TokenStore
from tasks.identity.tokens import Identity, Verifier

__all__ = [
    "OPERATIONS",
    "OWNER",
    "ROLES",
    "Actor",
    "Identity",
    "KeySet",
    "Role",
    "Session",
    "SupabaseAuth",
    "TokenStore",
    "Verifier",
    "acting",
    "acting_as",
    "allows",
    "roles_for",
    "serving",
    "stated_purpose",
]
