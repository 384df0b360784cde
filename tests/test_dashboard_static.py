"""The pages and their assets, as they are served."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette

from runbase.dashboard.server.guard import Guard, middleware
from runbase.dashboard.server.static import accepts, pages
from tests.web import Web

SCRIPT = b"console.log('a script')\n" * 100
INDEX = """<!doctype html><html><head><base href="/dashboard/" />
<script type="module" src="./assets/index-1a2b.js"></script></head></html>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    script = folder / "assets" / "index-1a2b.js"
    script.write_bytes(SCRIPT)
    Path(f"{script}.gz").write_bytes(gzip.compress(SCRIPT, mtime=0))
    Path(f"{script}.br").write_bytes(b"in another way")
    (folder / "assets" / "only.css").write_text("p {}")
    (folder / "robots.txt").write_text("none")
    (tmp_path / "secret.txt").write_text("secret")
    os.symlink(tmp_path / "secret.txt", folder / "assets" / "link.txt")
    return folder


def served(folder: Path, base_path: str = "") -> Web:
    guard = Guard(host="127.0.0.1", base_path=base_path)
    return Web(Starlette(routes=pages(guard, folder), middleware=middleware(guard)))


@pytest.fixture
def web(folder: Path) -> Web:
    return served(folder)


@pytest.mark.parametrize("path", ["/", "/dashboard"])
def test_the_root_leads_to_the_pages(web: Web, path: str):
    answer = web.get(path)
    assert (answer.status_code, answer.headers["location"]) == (302, "/dashboard/")


@pytest.mark.parametrize(
    "path", ["/dashboard/", "/dashboard/studies/1", "/dashboard/a/b/c", "/dashboard/index.html"]
)
def test_every_page_is_the_same_file(web: Web, path: str):
    answer = web.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == INDEX


def test_below_a_base_path_all_addresses_begin_with_it(folder: Path):
    web = served(folder, "/team/runs")
    assert web.get("/team/runs/").headers["location"] == "/team/runs/dashboard/"
    assert web.get("/team/runs").headers["location"] == "/team/runs/dashboard/"
    assert '<base href="/team/runs/dashboard/" />' in web.get("/team/runs/dashboard/x").text
    assert web.get("/team/runs/dashboard/assets/only.css").text == "p {}"


def test_a_proxy_may_take_the_base_path_away(folder: Path):
    web = served(folder, "/runs")
    assert '<base href="/runs/dashboard/" />' in web.get("/dashboard/").text
    assert web.get("/").headers["location"] == "/runs/dashboard/"


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("brotli", None),
    ],
)
def test_assets_are_sent_as_small_as_the_browser_takes_them(
    web: Web, folder: Path, header: str | None, encoding: str | None
):
    # httpx would decode what is no Brotli here, so the bytes are read as they come.
    headers = {"host": "127.0.0.1"} | ({} if header is None else {"accept-encoding": header})
    status, sent, body = raw(web, "/dashboard/assets/index-1a2b.js", headers)
    assert status == 200
    assert sent.get("content-encoding") == encoding
    assert sent["content-type"].startswith("text/javascript")
    assert sent["cache-control"] == "public, max-age=31536000, immutable"
    assert "accept-encoding" in sent["vary"].lower()
    suffix = {"gzip": ".gz", "br": ".br", None: ""}[encoding]
    assert body == (folder / f"assets/index-1a2b.js{suffix}").read_bytes()


def test_an_asset_without_a_smaller_form_is_sent_as_it_is(web: Web):
    answer = web.get("/dashboard/assets/only.css", headers={"accept-encoding": "gzip, br"})
    assert answer.text == "p {}"
    assert "content-encoding" not in answer.headers


def test_a_file_without_a_hash_in_its_name_is_asked_for_again(web: Web):
    assert web.get("/dashboard/robots.txt").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["assets/old-9f9f.js", "assets/", "x.js"])
def test_a_missing_asset_is_missing_and_no_page(web: Web, path: str):
    assert web.get(f"/dashboard/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/../secret.txt",
        "/dashboard/%2e%2e/secret.txt",
        "/dashboard/..%2fsecret.txt",
        "/dashboard/assets/..%2f..%2fsecret.txt",
        "/dashboard/assets/%2e%2e/%2e%2e/secret.txt",
        "/dashboard/..%5csecret.txt",
        "/dashboard/%2fetc%2fpasswd",
        "/dashboard//etc/passwd",
        "/dashboard/a%00b",
        "/dashboard/assets/link.txt",
    ],
)
def test_nothing_outside_of_the_folder_is_served(web: Web, path: str):
    status, _, body = raw(web, path, {"host": "127.0.0.1"})
    assert status in (200, 404)
    assert b"secret" not in body
    assert b"root:" not in body


def test_pages_that_are_not_built_say_how_to_build_them(tmp_path: Path):
    answer = served(tmp_path / "nothing").get("/dashboard/")
    assert answer.status_code == 503
    assert "make web" in answer.text


def test_there_is_an_icon(web: Web):
    answer = web.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/svg+xml"


def test_a_quality_of_zero_is_a_refusal():
    assert accepts("gzip;q=0.1", "gzip")
    assert not accepts("gzip; q=0", "gzip")
    assert not accepts("gzip;q=0.000", "gzip")
    assert not accepts("deflate", "gzip")


def raw(web: Web, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the bytes of an answer, whatever the path looks like."""
    import asyncio
    from urllib.parse import unquote

    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()  # the browser goes on waiting for the answer
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(web.app(scope, receive, send))
    start: dict[str, object] = sent[0]
    pairs: list[tuple[bytes, bytes]] = start["headers"]  # type: ignore[assignment]
    found = {key.decode(): value.decode() for key, value in pairs}
    body = b"".join(m["body"] for m in sent[1:] if "body" in m)  # type: ignore[misc]
    return start["status"], found, body  # type: ignore[return-value]
