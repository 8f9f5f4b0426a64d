"""The token is shown nowhere: not in errors, logs, tracebacks (with local variables, too), output or files."""

from __future__ import annotations

import json
import logging
import pickle
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from progy.cli import main
from progy.cli.console import console
from progy.cloudflare import token
from progy.cloudflare.client import Client
from progy.cloudflare.connect import connect
from progy.cloudflare.login import WranglerLogin
from progy.cloudflare.secret import Secret
from progy.errors import ProgyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SENTINELS = {name: f"sentinel-{name}-7f3a9c" for name in ("token", "access", "refresh", "fresh", "newer")}
UUID = "11111111-2222-3333-4444-555555555555"
NEW = {"access_token": SENTINELS["fresh"], "refresh_token": SENTINELS["newer"], "expires_in": 3600}


def leaks(text: str) -> list[str]:
    return [name for name, sentinel in SENTINELS.items() if sentinel in text or sentinel[9:] in text]


def everything(error: BaseException) -> str:
    """All that can be printed of an exception raised below the caller: itself, its causes, and every frame's locals."""
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    found = traceback.TracebackException(type(error), error, inner, capture_locals=True)
    parts = [*found.format(), repr(error), repr(error.args), repr(vars(error))]
    waiting, seen = [error.__cause__, error.__context__], set()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            parts += [repr(one), *traceback.TracebackException.from_exception(one, capture_locals=True).format()]
            waiting += [one.__cause__, one.__context__]
    return "\n".join(parts)


def echo(status: int, kind: str) -> Callable[[httpx.Request], httpx.Response]:
    """An answer that repeats every header that was sent."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = " ".join(request.headers.values())
        if kind == "envelope":
            return httpx.Response(status, json={"success": False, "errors": [{"code": 7500, "message": said}]})
        if kind == "page":
            return httpx.Response(status, html=f"<title>{'x' * 990} {said}</title>")
        if kind == "headers":
            return httpx.Response(status, headers={"Retry-After": said, "Location": said, "Content-Type": said})
        return httpx.Response(status, text=said)

    return answer


def fail(kind: type[BaseException]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        header = request.headers["Authorization"]  # a local variable, as the libraries have it
        raise kind(f"could not send {header}" if issubclass(kind, httpx.HTTPError) else "")

    return answer


ANSWERS = {
    **{f"{status} {kind}": echo(status, kind) for status in (200, 302, 400, 401, 403, 404, 408, 429, 500, 504) for kind in ("envelope", "page", "text", "headers")},
    **{kind.__name__: fail(kind) for kind in (httpx.ConnectError, httpx.ReadTimeout, httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError, KeyboardInterrupt, MemoryError)},
}  # fmt: skip


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_failure_shows_the_token(
    answer: Callable[[httpx.Request], httpx.Response], caplog: pytest.LogCaptureFixture, *, changes: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    source = token.GivenToken(Secret(SENTINELS["token"]))
    client = Client(lambda: source, "https://api.test", tell=said.append, transport=httpx.MockTransport(answer), sleep=lambda _: None)  # fmt: skip
    with pytest.raises((ProgyError, KeyboardInterrupt, MemoryError)) as caught:
        client.request("POST", "/x", json={"sql": "SELECT 1"}, changes=changes)
    assert leaks(everything(caught.value)) == []
    assert leaks("\n".join(said) + caplog.text + repr(vars(client)) + repr(vars(source))) == []
    client.close()


RENEWALS = {
    "works": lambda _: httpx.Response(200, json=NEW),
    "truncated": lambda _: httpx.Response(200, text=json.dumps(NEW)[:-1]),
    "no object": lambda _: httpx.Response(200, json=[NEW]),
    "refused, repeating": lambda request: httpx.Response(400, json={"error": request.content.decode()}),
    "refused, describing": lambda request: httpx.Response(400, json={"error": "invalid_grant", "error_description": request.content.decode()}),
    "page, repeating": lambda request: httpx.Response(502, text=request.content.decode()),
    "dropped": lambda request: _raise(httpx.ReadError(request.content.decode())),
    "interrupted": lambda _: _raise(KeyboardInterrupt()),
    "without expiry": lambda _: httpx.Response(200, json={**NEW, "expires_in": "soon"}),
}  # fmt: skip


def _raise(error: BaseException) -> httpx.Response:
    raise error


def login_file(folder: Path, expires: str) -> Path:
    path = folder / "default.toml"
    path.write_text(
        f'oauth_token = "{SENTINELS["access"]}"\nexpiration_time = "{expires}"\nrefresh_token = "{SENTINELS["refresh"]}"\n'
    )
    return path


@pytest.mark.parametrize("expires", ["2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
@pytest.mark.parametrize("renewal", RENEWALS.values(), ids=RENEWALS)
def test_no_failure_shows_wranglers_login(
    renewal: Callable[[httpx.Request], httpx.Response], expires: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The API refuses every token, repeating it."""
    caplog.set_level(logging.DEBUG)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "dash.cloudflare.com":
            return renewal(request)
        errors = [{"code": 10000, "message": f"{request.headers['Authorization']} isn't good"}]
        return httpx.Response(403, json={"success": False, "errors": errors})

    said: list[str] = []
    login = WranglerLogin(login_file(tmp_path, expires), tell=said.append, sleep=lambda _: None)
    client = Client(lambda: login, "https://api.test", tell=said.append, transport=httpx.MockTransport(answer))
    with pytest.raises((ProgyError, KeyboardInterrupt)) as caught:
        client.request("GET", "/x")
    assert leaks(everything(caught.value)) == []
    assert leaks("\n".join(said) + caplog.text + repr(vars(client)) + repr(vars(login))) == []


def test_a_file_that_cant_be_read_or_kept_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = login_file(tmp_path, "2000-01-01T00:00:00Z")
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=NEW)))
    for broken in (KeyboardInterrupt, MemoryError):
        with monkeypatch.context() as patched:
            patched.setattr("progy.cloudflare.login.os.fsync", lambda _, broken=broken: _raise(broken()))
            with pytest.raises(broken) as interrupted:
                WranglerLogin(path, tell=pytest.fail).token(http)
        assert leaks(everything(interrupted.value)) == []
    path.write_text(path.read_text() + "\n= no TOML")
    with pytest.raises(ProgyError) as caught:
        WranglerLogin(path, tell=pytest.fail).token(http)
    assert leaks(everything(caught.value)) == []


@pytest.mark.parametrize(
    "given", [f"{SENTINELS['token']}\nX-Other: 1", f"Bearer {SENTINELS['token']}", f"{SENTINELS['token']}é"]
)
def test_a_token_that_fits_no_header_isnt_shown_either(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", given)
    with connect(tell=pytest.fail, account="acc") as cloudflare, pytest.raises(ProgyError) as caught:
        cloudflare.databases()
    assert leaks(everything(caught.value)) == []


def test_no_object_shows_it() -> None:
    secret = Secret(SENTINELS["token"])
    source = token.GivenToken(secret)
    assert leaks(f"{secret} {secret!r} {secret!s:>5} {[secret]} {source} {vars(source)}") == []
    with pytest.raises(TypeError):
        pickle.dumps(secret)


class Server:
    """A server on loopback that repeats the request's headers in a page, and closes every other connection early."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = str(self.headers).encode()
                self.send_response(403)
                self.send_header("Content-Length", str(len(said) + int("cut" in self.path) * 99))
                self.end_headers()
                self.wfile.write(said)
                self.close_connection = True

            do_GET = do_POST  # noqa: N815 - the name is BaseHTTPRequestHandler's

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.mark.parametrize("path", ["", "/cut"])
def test_not_through_a_socket_with_all_logging_on(server: Server, caplog: pytest.LogCaptureFixture, path: str) -> None:
    caplog.set_level(logging.DEBUG)
    source = token.GivenToken(Secret(SENTINELS["token"]))
    client = Client(lambda: source, server.url + path, sleep=lambda _: None)
    with pytest.raises(ProgyError) as caught:
        client.request("POST", "/x", json={"sql": "DELETE FROM a"}, changes=True)
    client.close()
    assert "httpcore" in caplog.text
    assert leaks(everything(caught.value) + caplog.text) == []


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, MemoryError])
def test_not_where_a_request_is_interrupted_in_a_socket(
    server: Server, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    """The frames of httpcore and h11 hold the header as bytes just then."""

    def write(_: object, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        assert SENTINELS["token"].encode() in buffer
        raise interrupt

    monkeypatch.setattr("httpcore._backends.sync.SyncStream.write", write)
    client = Client(lambda: token.GivenToken(Secret(SENTINELS["token"])), server.url)
    with pytest.raises(interrupt) as caught:
        client.request("GET", "/x")
    assert leaks(everything(caught.value)) == []


@pytest.mark.parametrize("arguments", [["db", "list"], ["db", "info", UUID], ["db", "create", "shop", "--json"]])
def test_not_by_the_command_nor_its_traceback_nor_in_its_files(
    arguments: list[str],
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", SENTINELS["token"])
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", server.url)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "acc")
    (tmp_path / "wrangler.jsonc").write_text('{"name": "shop"}')
    monkeypatch.setattr(console, "debug", False)
    assert main.run(arguments) == 1
    with pytest.raises(ProgyError) as caught:
        main.run(["--debug", *arguments])
    captured = capfd.readouterr()
    assert "HTTP 403" in captured.out + captured.err
    assert leaks(captured.out + captured.err + everything(caught.value)) == []
    assert leaks("".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())) == []
