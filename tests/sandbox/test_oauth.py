"""Zendesk's OAuth: client credentials, code with PKCE, rotation, scopes, ends; API tokens."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

BACK = "http://127.0.0.1:9/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


@pytest.fixture
def account(sandbox):
    return sandbox.told["zendesk"]["acme"]


def consent(account, **more):
    """The query of the redirect after consent."""
    hashed = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "response_type": "code", "client_id": account["client_id"], "redirect_uri": BACK,
        "scope": "read", "state": "s1", "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
    }  # fmt: skip
    answer = httpx.get(f"{account['base_url']}/oauth/authorizations/new", params=query | more)
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(BACK)
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(account, **told):
    client = {name: account[name] for name in ("client_id", "client_secret")}
    return httpx.post(f"{account['base_url']}/oauth/tokens", json=client | told)


def redeem(account, code, **more):
    told = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER} | more
    return exchange(account, grant_type="authorization_code", **told)


def me(account, token):
    headers = {"authorization": f"Bearer {token}"}
    return httpx.get(f"{account['base_url']}/api/v2/tickets/count", headers=headers)


def test_client_credentials_yield_a_short_token_without_refresh(sandbox, account):
    """The default lifetime is 30 minutes and there is no refresh token."""
    told = sandbox.token()
    assert told["expires_in"] == 1800
    assert "refresh_token" not in told
    assert me(account, told["access_token"]).status_code == 200


def test_code_with_pkce_yields_a_pair(account):
    """Consent redirects with code and state; the code and the verifier buy a pair, once."""
    back = consent(account)
    assert back["state"] == "s1"
    told = redeem(account, back["code"]).json()
    assert told["refresh_token_expires_in"] == 2_592_000
    assert me(account, told["access_token"]).status_code == 200
    assert redeem(account, back["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("more", [{"code_verifier": "other"}, {"redirect_uri": f"{BACK}/other"}])
def test_code_is_bound_to_verifier_and_redirect(account, more):
    """A stolen code is worth nothing."""
    assert redeem(account, consent(account)["code"], **more).status_code == 400


def test_refresh_rotates_and_deletes_both_old_tokens(account):
    """After a refresh neither the old access token nor the old refresh token works."""
    old = redeem(account, consent(account)["code"]).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    new = exchange(account, **refresh).json()
    assert new["refresh_token"] != old["refresh_token"]
    assert me(account, new["access_token"]).status_code == 200
    assert me(account, old["access_token"]).status_code == 401
    assert exchange(account, **refresh).json()["error"] == "invalid_grant"


def test_revoked_token_is_refused(account):
    """DELETE of the current token ends it."""
    token = redeem(account, consent(account)["code"]).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    gone = httpx.delete(f"{account['base_url']}/api/v2/oauth/tokens/current.json", headers=headers)
    assert gone.status_code == 204
    assert me(account, token).status_code == 401


def test_a_token_that_a_fault_revokes_takes_its_refresh_token_with_it(account, control):
    """Neither is good for anything afterwards."""
    told = redeem(account, consent(account)["code"]).json()
    control.post("/faults", json={"path": "/tickets/count", "kind": "revoke_token"})
    assert [me(account, told["access_token"]).status_code for _ in range(2)] == [401, 401]
    again = exchange(account, grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_scope_is_checked_at_the_endpoint(sandbox, account):
    """A token for articles reads no ticket; an unknown scope still yields a token."""
    for scope in ("hc:read", "nonsense"):
        told = sandbox.token(scope=scope)
        assert told["scope"] == scope
        refused = me(account, told["access_token"])
        assert refused.status_code == 403
        assert "tickets:read" in refused.json()["description"]


@pytest.mark.parametrize(
    ("told", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "expires_in": 10}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ],
)
def test_wrong_token_requests_are_refused(account, told, status, error):
    """Wrong client, dead grant types, lifetimes out of bounds, unknown refresh tokens."""
    answer = exchange(account, **told)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_token_of_one_account_opens_no_other(sandbox):
    """Accounts do not share tokens."""
    token = sandbox.token("acme")["access_token"]
    assert me(sandbox.told["zendesk"]["globex"], token).status_code == 401


def test_me_answers_without_a_token(account):
    """``users/me`` is 200 for everybody, nobody in particular without a token."""
    answer = httpx.get(f"{account['base_url']}/api/v2/users/me.json")
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] is None


def test_missing_token_is_refused(account):
    """Without a token, 401 in the old envelope."""
    answer = httpx.get(f"{account['base_url']}/api/v2/tickets.json")
    assert answer.status_code == 401
    assert answer.json() == {"error": "Couldn't authenticate you"}


def public_redeem(account, code, **more):
    told = {"grant_type": "authorization_code", "client_id": account["public_client_id"]}
    told |= {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return httpx.post(f"{account['base_url']}/oauth/tokens", json=told | more)


def test_public_client_needs_no_secret(account):
    """Consent, code, pair and refresh, all without; a secret that it cannot have is refused."""
    client = account["public_client_id"]
    code = consent(account, client_id=client)["code"]
    told = public_redeem(account, code).json()
    assert me(account, told["access_token"]).status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert exchange(account, **refresh).json()["error"] == "invalid_grant"
    wrong = public_redeem(account, "", **refresh, client_secret="x")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    new = public_redeem(account, "", **refresh).json()
    assert me(account, new["access_token"]).status_code == 200
    assert me(account, told["access_token"]).status_code == 401


def test_public_client_must_use_pkce(account):
    """Without a challenge there is no code, and without its verifier no token."""
    query = {"response_type": "code", "client_id": account["public_client_id"]}
    query |= {"redirect_uri": BACK, "scope": "read"}
    answer = httpx.get(f"{account['base_url']}/oauth/authorizations/new", params=query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    code = consent(account, client_id=account["public_client_id"])["code"]
    assert public_redeem(account, code, code_verifier="").json()["error"] == "invalid_grant"


def test_public_client_gets_no_client_credentials(account):
    """Who has no secret cannot prove to be the client."""
    refused = public_redeem(account, "", grant_type="client_credentials")
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")


def test_code_of_one_client_is_worth_nothing_to_another(account):
    """A code is bound to the client that asked for it."""
    code = consent(account)["code"]
    assert public_redeem(account, code).json()["error"] == "invalid_grant"
    assert redeem(account, code).status_code == 200


@pytest.mark.parametrize(
    ("user", "token", "status"),
    [
        ("{api_email}/token", "{api_token}", 200),
        ("{api_email}/token", "wrong", 401),
        ("{api_email}", "{api_token}", 401),
        ("other@acme.example/token", "{api_token}", 401),
    ],
)
def test_legacy_api_token_opens_by_basic_authentication(account, user, token, status):
    """As ``email/token`` with the token; anything else is 401."""
    auth = httpx.BasicAuth(user.format(**account), token.format(**account))
    answer = httpx.get(f"{account['base_url']}/api/v2/tickets/count", auth=auth)
    assert answer.status_code == status


@pytest.mark.parametrize("given", ["Basic", "Basic %%%", "Basic \u00e9".encode()])
def test_malformed_basic_authentication_is_refused(account, given):
    """Not Base64, or nothing at all."""
    headers = {"authorization": given}
    answer = httpx.get(f"{account['base_url']}/api/v2/tickets/count", headers=headers)
    assert answer.status_code == 401


def test_consent_can_be_denied(sandbox, account, control):
    """The browser comes back with the error and the state, without a code."""
    refuse = {"account": "acme", "what": ["consent"]}
    assert control.post("/refusals", json=refuse).status_code == 204
    back = consent(account)
    assert (back["error"], back["state"]) == ("access_denied", "s1")
    assert "code" not in back
    assert sandbox.token()["access_token"], "who needs no consent is not concerned"
    control.post("/refusals", json=refuse | {"what": []})
    assert consent(account)["code"]
