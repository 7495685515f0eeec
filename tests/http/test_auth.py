"""API keys: where they are kept, how they are sent, what a wrong one gets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import RunningServer, StartServer
from twinsight.errors import InvalidConfig
from twinsight.http.auth import Keys


def test_secrets_are_not_stored(tmp_path: Path) -> None:
    key, secret = Keys(tmp_path).add("ann")
    kept = (tmp_path / "keys.json").read_text()
    assert secret not in kept
    assert key.id in kept
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_revoking_by_id_or_name(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    (ann, _), (bob, _), (_, _) = keys.add("ann"), keys.add("bob"), keys.add("bob")
    assert keys.revoke(ann.id) == [ann]
    assert len(keys.revoke("bob")) == 2
    assert keys.revoke("bob") == []
    assert keys.all() == []
    assert bob not in Keys(tmp_path).all()


def test_a_torn_key_file_is_not_taken_for_no_keys(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("[{")
    with pytest.raises(InvalidConfig, match=r"keys\.json"):
        Keys(tmp_path).all()


@pytest.fixture
def keyed(start_server: StartServer, tmp_path: Path) -> tuple[RunningServer, str]:
    _, secret = Keys(tmp_path / "keyed").add("tests")
    return start_server(data_dir=tmp_path / "keyed"), secret


WAYS: dict[str, Any] = {
    "header": lambda key: {"headers": {"x-goog-api-key": key}},
    "query": lambda key: {"params": {"key": key}},
    "bearer": lambda key: {"headers": {"authorization": f"Bearer {key}"}},
    "spaces around": lambda key: {"params": {"key": f" {key} "}},
    "empty header, key in query": lambda key: {
        "headers": {"x-goog-api-key": ""},
        "params": {"key": key},
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_send_a_key(keyed: tuple[RunningServer, str], way: str) -> None:
    server, secret = keyed
    assert httpx.get(f"{server.url}/v1beta/models", **WAYS[way](secret)).status_code == 200


def test_no_key_is_403_and_a_wrong_one_400(keyed: tuple[RunningServer, str]) -> None:
    server, secret = keyed
    url = f"{server.url}/v1beta/models"
    for absent in ({}, {"x-goog-api-key": ""}):
        reply = httpx.get(url, headers=absent)
        assert (reply.status_code, reply.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    reply = httpx.get(url, headers={"x-goog-api-key": secret[:-1]})
    assert reply.status_code == 400
    assert reply.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    reply = httpx.get(url, headers={"authorization": "Bearer nonsense"})
    assert (reply.status_code, reply.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    reply = httpx.get(url, headers={b"x-goog-api-key": "clé\u20ac".encode()})
    assert reply.status_code == 400


def test_a_key_made_or_revoked_while_serving_counts_at_once(
    keyed: tuple[RunningServer, str],
) -> None:
    server, _ = keyed
    url = f"{server.url}/v1beta/models"
    key, secret = Keys(server.data_dir).add("late")
    assert httpx.get(url, params={"key": secret}).status_code == 200
    Keys(server.data_dir).revoke(key.id)
    assert httpx.get(url, params={"key": secret}).status_code == 400


def test_without_keys_any_key_is_taken_but_none_is_not(server: RunningServer) -> None:
    url = f"{server.url}/v1beta/models"
    assert httpx.get(url, params={"key": "whatever"}).status_code == 200
    assert httpx.get(url).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:5173", 200),
        ("https://127.0.0.1", 200),
        ("http://[::1]:3000", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_without_keys_pages_of_other_sites_are_refused(
    start_server: StartServer, origin: str, status: int
) -> None:
    with start_server().client() as client:
        reply = client.get("/v1beta/files", headers={"Origin": origin})
    assert reply.status_code == status
    assert status == 200 or "twinsight keys add" in reply.json()["error"]["message"]


def test_pages_of_any_site_may_ask_with_a_key_or_where_it_is_allowed(
    keyed: tuple[RunningServer, str], start_server: StartServer
) -> None:
    page = {"Origin": "https://shop.example"}
    server, secret = keyed
    with server.client() as client:
        guarded = client.get("/v1beta/files", headers=page | {"x-goog-api-key": secret})
    with start_server(allow_open=True).client() as client:
        opened = client.get("/v1beta/files", headers=page)
    assert (guarded.status_code, opened.status_code) == (200, 200)
    assert guarded.headers["access-control-allow-origin"] == "*"
