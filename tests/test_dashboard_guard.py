"""Who may ask the dashboard, from where, and how much."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runbase import Client, Experiment
from runbase.dashboard.server.guard import Guard
from tests.web import Web, reason, web_of

TOKEN = "a token with ünïcode"
WRITES = ["POST", "PUT", "PATCH", "DELETE"]
HTML = {"accept": "text/html,*/*"}
JSON = {"content-type": "application/json"}
NEW = {"name": "new", "kind": "tracking"}
NEW_TEXT = json.dumps(NEW).encode()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with closing(Client(str(tmp_path / "runs.db"))) as client:
        Experiment(client, name="an experiment").get_run().start().stop()
        yield client


@pytest.fixture
def web(client: Client) -> Iterator[Web]:
    with web_of(client) as web:
        yield web


@pytest.fixture
def locked(client: Client) -> Iterator[Web]:
    with web_of(client, Guard(host="127.0.0.1", token=TOKEN)) as web:
        yield web


def bearer(token: str) -> dict[str, bytes]:
    return {"authorization": f"Bearer {token}".encode()}


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"])
def test_names_of_this_machine_are_answered(web: Web, host: str):
    assert web.get("/api/meta", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["attacker.example", "localhost.attacker.example", "127.0.0.1.nip.io", "192.168.1.5", "", "[x"],
)
@pytest.mark.parametrize("path", ["/api/meta", "/dashboard/", "/", "/api/events"])
def test_other_names_are_refused_everywhere(web: Web, host: str, path: str):
    answer = web.get(path, headers={"host": host})
    assert answer.status_code == 403
    assert "--allowed-host" in reason(answer)


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("board.example", "board.example:80", 200),
        ("Board.Example", "board.example", 200),
        ("board.example", "x.board.example", 403),
        (".board.example", "x.board.example", 200),
        (".board.example", "xboard.example", 403),
        ("*", "whatever.example", 200),
    ],
)
def test_allowed_names_are_answered(client: Client, allowed: str, host: str, status: int):
    with web_of(client, Guard(host="127.0.0.1", allowed_hosts=(allowed,))) as web:
        assert web.get("/api/meta", headers={"host": host}).status_code == status


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", ""])
def test_a_server_on_all_addresses_answers_to_each_address_but_not_to_strange_names(
    client: Client, bound: str
):
    with web_of(client, Guard(host=bound)) as web:
        for host, status in {
            "192.168.1.5:8080": 200,
            "[fe80::1]": 200,
            "evil.example": 403,
        }.items():
            assert web.get("/api/meta", headers={"host": host}).status_code == status


# -- the token ------------------------------------------------------------------------------------

ROUTES = ["/", "/dashboard/", "/dashboard/assets/x.js", "/api/meta", "/api/events", "/csv/1",
          "/artifacts/1/x", "/api/openapi.json", "/favicon.ico", "/nothing"]  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("shown", [None, "wrong", "", TOKEN[:-1], TOKEN + "x"])
def test_every_route_asks_for_the_token(locked: Web, path: str, shown: str | None):
    headers = {} if shown is None else bearer(shown)
    answer = locked.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "token" in reason(answer)


@pytest.mark.parametrize("method", WRITES)
def test_writes_ask_for_the_token(locked: Web, method: str):
    assert locked.ask(method, "/api/experiments/1").status_code == 401


def test_a_program_shows_the_token_in_a_header(locked: Web):
    assert locked.get("/api/meta", headers=bearer(TOKEN)).status_code == 200


@pytest.mark.parametrize("header", [TOKEN, f"Basic {TOKEN}", f"Bearer{TOKEN}"])
def test_only_bearer_counts(locked: Web, header: str):
    answer = locked.get("/api/meta", headers={"authorization": header.encode()})
    assert answer.status_code == 401


def test_a_link_with_the_token_becomes_a_cookie_and_the_address_without_it(locked: Web):
    answer = locked.get("/dashboard/e/1", params={"q": "a b", "token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/dashboard/e/1?q=a+b"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    name, value = cookie.partition(";")[0].split("=")
    assert locked.get("/api/meta", headers={"cookie": f"{name}={value}"}).status_code == 200
    assert locked.get("/api/meta", headers={"cookie": f"{name}={value[:-1]}"}).status_code == 401


def test_a_wrong_token_in_a_link_is_refused(locked: Web):
    answer = locked.get("/dashboard/?token=wrong", headers=HTML)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/"])
def test_a_link_with_the_token_leads_to_no_other_site(locked: Web, path: str):
    answer = locked.get(f"http://127.0.0.1:8080{path}", params={"token": TOKEN})
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith(("//", "/\\"))


def test_people_get_a_form_that_opens_the_page_that_they_wanted(locked: Web):
    form = locked.get('/dashboard/e/1?q="<b>', headers=HTML)
    assert form.status_code == 401
    assert '<form method="post" action="/login">' in form.text
    assert "<b>" not in form.text
    answer = locked.ask("POST", "/login", data={"token": TOKEN, "next": "/dashboard/e/1"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/dashboard/e/1"
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert locked.get("/api/meta", headers={"cookie": cookie}).status_code == 200


def test_the_form_refuses_a_wrong_token(locked: Web):
    answer = locked.ask("POST", "/login", data={"token": "wrong", "next": "/"})
    assert answer.status_code == 401
    assert "not right" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("after", ["//evil.example", "\\\\evil.example", "https://evil.example"])
def test_the_form_leads_to_no_other_site(locked: Web, after: str):
    answer = locked.ask("POST", "/login", data={"token": TOKEN, "next": after})
    assert answer.headers["location"][0] == "/"
    assert answer.headers["location"][1:2] not in ("/", "\\")


def test_the_form_takes_no_large_body(locked: Web):
    assert locked.ask("POST", "/login", data={"token": "x" * 5000}).status_code == 413


def test_the_cookie_is_for_the_base_path_and_for_https_if_that_is_used(client: Client):
    guard = Guard(host="127.0.0.1", token=TOKEN, base_path="/runs")
    with web_of(client, guard) as web:
        answer = web.get("https://127.0.0.1/runs/dashboard/", params={"token": TOKEN})
    assert answer.headers["location"] == "/runs/dashboard/"
    assert "Path=/runs" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]


def test_the_cookies_of_two_dashboards_on_one_host_have_different_names(client: Client):
    names = set()
    for token in ("one", "two"):
        with web_of(client, Guard(host="127.0.0.1", token=token)) as web:
            header = web.get("/", params={"token": token}).headers["set-cookie"]
            names.add(header.partition("=")[0])
    assert len(names) == 2


# -- writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8080"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
@pytest.mark.parametrize("method", WRITES)
def test_writes_from_other_sites_are_refused(web: Web, method: str, headers: dict[str, str]):
    answer = web.ask(method, "/api/experiments", headers=headers | JSON, content=b"{}")
    assert answer.status_code == 403
    assert "another site" in reason(answer)
    assert web.get("/api/experiments/1", headers=headers).status_code != 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "http://127.0.0.1:8080"},
    ],
)
def test_writes_from_the_pages_and_from_programs_are_taken(web: Web, headers: dict[str, str]):
    answer = web.ask("POST", "/api/experiments", headers=headers, json=NEW)
    assert answer.status_code == 201, answer.text


def test_a_token_is_no_cookie_that_a_browser_adds_so_it_may_write_from_anywhere(locked: Web):
    headers = bearer(TOKEN) | {"origin": b"http://evil.example"}
    assert locked.ask("POST", "/api/experiments", headers=headers, json=NEW).status_code == 201


def test_without_a_token_to_check_a_header_proves_nothing(web: Web):
    headers = bearer("whatever") | {"origin": b"http://evil.example"}
    assert web.ask("POST", "/api/experiments", headers=headers, json=NEW).status_code == 403


def test_a_cookie_does_not_write_from_another_site(locked: Web):
    cookie = locked.get("/", params={"token": TOKEN}).headers["set-cookie"].partition(";")[0]
    headers = {"cookie": cookie, "sec-fetch-site": "cross-site"}
    assert locked.ask("POST", "/api/experiments", headers=headers, json=NEW).status_code == 403


def test_a_proxy_that_renames_the_host_needs_an_allowed_name(client: Client):
    headers = {"origin": "https://board.example"}
    for allowed, status in [((), 403), (("board.example",), 201), (("*",), 403)]:
        with web_of(client, Guard(host="127.0.0.1", allowed_hosts=allowed)) as web:
            answer = web.ask("POST", "/api/experiments", headers=headers, json=NEW)
            assert answer.status_code == status


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_is_json_so_that_no_form_of_another_site_can_send_one(web: Web, kind: str | None):
    headers = {} if kind is None else {"content-type": kind}
    answer = web.ask("POST", "/api/experiments", headers=headers, content=b'{"name": "x"}')
    assert answer.status_code == 415
    assert "application/json" in reason(answer)


def test_a_chunked_body_is_json_too(web: Web):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"{}"

    assert web.ask("POST", "/api/experiments", content=chunks()).status_code == 415


def test_json_may_say_its_charset(web: Web):
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    answer = web.ask("POST", "/api/experiments", headers=headers, content=NEW_TEXT)
    assert answer.status_code == 201


@pytest.mark.parametrize("method", WRITES)
def test_a_read_only_dashboard_refuses_every_write_and_answers_questions(
    client: Client, method: str
):
    with web_of(client, Guard(host="127.0.0.1", read_only=True), read_only=True) as web:
        for path in ("/api/experiments", "/api/experiments/1", "/nothing"):
            answer = web.ask(method, path, json={})
            assert answer.status_code == 403
            assert "read-only" in reason(answer)
        assert web.get("/api/meta").json()["read_only"] is True


# -- sizes ----------------------------------------------------------------------------------------


@pytest.fixture
def small(client: Client) -> Iterator[Web]:
    with web_of(client, Guard(host="127.0.0.1", max_body=1000)) as web:
        yield web


def test_a_body_that_is_too_large_is_refused(small: Web):
    answer = small.ask("POST", "/api/experiments", headers=JSON, content=b" " * 1001)
    assert answer.status_code == 413
    assert "1,000 bytes" in reason(answer)


def test_a_body_that_does_not_say_its_size_is_refused_while_it_comes(small: Web):
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 100
            yield b" " * 100

    answer = small.ask("POST", "/api/experiments", headers=JSON, content=chunks())
    assert answer.status_code == 413
    assert sent <= 1200


def test_a_body_of_the_largest_size_is_taken(small: Web):
    content = NEW_TEXT.ljust(1000)
    assert small.ask("POST", "/api/experiments", headers=JSON, content=content).status_code == 201


# -- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/dashboard/", "/api/meta", "/nothing", "/api/changes?since=x"])
def test_every_answer_protects_the_browser(web: Web, path: str):
    headers = web.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "script-src 'self'", "object-src 'none'"} <= {*policy}
    assert {"frame-ancestors 'none'", "form-action 'self'", "base-uri 'self'"} <= {*policy}
    assert not any(name.startswith("access-control-") for name in headers)


def test_a_refusal_protects_the_browser_too(web: Web):
    headers = web.get("/", headers={"host": "evil.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in headers


def test_answers_of_the_api_are_not_kept_by_browsers(web: Web):
    assert web.get("/api/meta").headers["cache-control"] == "no-store"


def test_no_other_site_gets_leave_to_read(web: Web):
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = web.ask("OPTIONS", "/api/experiments", headers=headers)
    assert answer.status_code == 405
    assert not any(name.startswith("access-control-") for name in answer.headers)


# -- problems, compression, tags ------------------------------------------------------------------


@pytest.mark.item("H10")
def test_what_is_not_there_and_what_is_not_taken_is_said_in_a_sentence(web: Web):
    missing = web.get("/api/nothing")
    assert missing.status_code == 404
    assert "nothing at this address" in reason(missing)
    refused = web.ask("DELETE", "/api/meta")
    assert refused.status_code == 405
    assert "method" in reason(refused)
    assert {*refused.headers["allow"].split(", ")} == {"GET", "HEAD"}
    both = web.ask("DELETE", "/api/experiments").headers["allow"]
    assert {*both.split(", ")} == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize(
    "path",
    ["/api/changes?since=x", "/api/changes?since=1.5", f"/api/changes?since={10**30}",
     "/api/experiments/99999999999999999999999", "/api/experiments/1/figures/a%00b"],
)  # fmt: skip
def test_a_bad_parameter_is_a_sentence_and_no_crash(web: Web, path: str):
    answer = web.get(path)
    assert answer.status_code == 400
    assert "the parameter" in reason(answer)


@pytest.mark.item("H10")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"name": 1}', b'{"kind": "x"}'])
def test_a_bad_body_is_a_sentence_and_no_crash(web: Web, body: bytes):
    answer = web.ask("POST", "/api/experiments", headers=JSON, content=body)
    assert answer.status_code == 400
    assert "the body of the request" in reason(answer)


def test_a_slash_more_at_the_end_means_the_same(web: Web):
    assert web.get("/api/meta/").json() == web.get("/api/meta").json()


def test_large_answers_are_compressed_for_who_takes_that(web: Web):
    plain = web.get("/api/openapi.json", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    small = web.get("/api/openapi.json", headers={"accept-encoding": "br, gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 4
    assert small.content == plain.content
    refused = web.get("/api/openapi.json", headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers
    assert "accept-encoding" in small.headers["vary"].lower()


def test_who_knows_the_answer_is_told_that_it_is_the_same(web: Web):
    first = web.get("/api/openapi.json")
    again = web.get("/api/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
