"""Where the token comes from: the environment, or wrangler's login, whose file, requests and rules are wrangler's."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx
import pytest

from progy.cloudflare import token
from progy.cloudflare.client import Client
from progy.cloudflare.login import WranglerLogin, config_folder
from progy.cloudflare.secret import Secret
from progy.errors import AuthenticationError, CloudflareError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = "2026-11-23T12:00:01.000Z"
OVER = "2026-11-23T12:00:00.000Z"
NEW = {"access_token": "access-2", "expires_in": 3600, "refresh_token": "refresh-2", "scope": "d1:write"}


def file(expires: str | None, access: str = "access-1", refresh: str = "refresh-1") -> str:
    """As wrangler writes it."""
    time = f'expiration_time = "{expires}"\n' if expires else ""
    return f'oauth_token = "{access}"\n{time}refresh_token = "{refresh}"\nscopes = [ "account:read", "d1:write" ]\n'


class Login:
    """A login file, the server that renews it, and the client's way to the token."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "default.toml"
        self.path.write_text(text)
        self.path.chmod(0o600)
        self.answers: list[httpx.Response | Exception | Callable[[], httpx.Response]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.told: list[str] = []
        self.waits: list[float] = []
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.login = WranglerLogin(self.path, tell=self.told.append, now=lambda: NOW, sleep=self.waits.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Authorization" not in request.headers
        self.asked.append((str(request.url), dict(parse_qsl(request.content.decode()))))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer()

    def token(self) -> str:
        return self.login.token(self.http).reveal()

    def values(self) -> dict[str, Any]:
        return tomllib.loads(self.path.read_text())


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's."""
    for name in list(os.environ):
        if name.startswith(("CLOUDFLARE_", "CF_", "WRANGLER_", "XDG_")):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


def test_a_token_that_is_good_is_taken_as_it_is(tmp_path: Path) -> None:
    found = Login(tmp_path, file(GOOD))
    assert (found.token(), found.token(), found.asked) == ("access-1", "access-1", [])


@pytest.mark.parametrize("expires", [OVER, "2026-11-23T11:00:00Z", "2026-11-23 11:00:00+00:00", "2026-11-23T11:59:59"])
def test_one_that_has_expired_is_renewed_once_and_kept(tmp_path: Path, expires: str) -> None:
    found = Login(tmp_path, file(expires))
    found.answers = [httpx.Response(200, json=NEW)]
    assert (found.token(), found.token()) == ("access-2", "access-2")
    form = {"grant_type": "refresh_token", "refresh_token": "refresh-1", "client_id": "54d11594-84e4-41aa-b438-e81b8fa78ee7"}  # fmt: skip
    assert found.asked == [("https://dash.cloudflare.com/oauth2/token", form)]
    assert found.path.read_text() == file("2026-11-23T13:00:00.000Z", "access-2", "refresh-2")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["default.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    found = Login(tmp_path, file(OVER))
    found.path.chmod(0o644)
    found.answers = [httpx.Response(200, json=NEW)]
    found.token()
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600


def test_what_else_is_in_the_file_stays(tmp_path: Path) -> None:
    kept = 'scopes = [\n  "a",\n]\n# mine\nrefresh_token="refresh-1"\nother = 1\n  oauth_token = "access-1" # why\n\n[table]\noauth_token = "another"\n'
    found = Login(tmp_path, f"expiration_time = 2026-11-23T11:00:00Z\n{kept}")
    found.answers = [httpx.Response(200, json=NEW)]
    found.token()
    assert found.values() == {
        "oauth_token": "access-2",
        "expiration_time": "2026-11-23T13:00:00.000Z",
        "refresh_token": "refresh-2",
        "scopes": ["a"],
        "other": 1,
        "table": {"oauth_token": "another"},
    }
    assert "# mine\n" in found.path.read_text()


def test_without_a_new_refresh_token_the_old_one_stays(tmp_path: Path) -> None:
    found = Login(tmp_path, file(OVER))
    found.answers = [httpx.Response(200, json={"access_token": "access-2", "expires_in": 60})]
    assert found.token() == "access-2"
    assert (found.values()["refresh_token"], found.values()["expiration_time"]) == ("refresh-1", "2026-11-23T12:01:00.000Z")  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    found = Login(tmp_path, file(OVER))
    (tmp_path / "elsewhere").mkdir()
    found.path.rename(tmp_path / "elsewhere" / "kept.toml")
    found.path.symlink_to(tmp_path / "elsewhere" / "kept.toml")
    found.answers = [httpx.Response(200, json=NEW)]
    found.token()
    assert found.path.is_symlink()
    assert "access-2" in found.path.read_text()


@pytest.mark.parametrize(
    ("variables", "url", "client"),
    [
        ({"WRANGLER_AUTH_DOMAIN": "dash.test"}, "https://dash.test/oauth2/token", "54d11594-84e4-41aa-b438-e81b8fa78ee7"),
        ({"WRANGLER_AUTH_DOMAIN": "dash.test", "WRANGLER_TOKEN_URL": "http://127.0.0.1:1/t", "WRANGLER_CLIENT_ID": "me"}, "http://127.0.0.1:1/t", "me"),
    ],
)  # fmt: skip
def test_wranglers_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], url: str, client: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Login(tmp_path, file(OVER))
    found.answers = [httpx.Response(200, json=NEW)]
    found.token()
    ((asked, form),) = found.asked
    assert (asked, form["client_id"]) == (url, client)


def test_of_two_at_once_the_second_takes_what_the_first_was_given(tmp_path: Path) -> None:
    found = Login(tmp_path, file(OVER))

    def refused() -> httpx.Response:
        found.path.write_text(file(GOOD, "access-of-another", "refresh-of-another"))
        return httpx.Response(400, json={"error": "invalid_grant"})

    found.answers = [refused]
    assert found.token() == "access-of-another"
    assert "refresh-of-another" in found.path.read_text()


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "refresh-1 is bad"}), AuthenticationError, "isn't renewed: invalid_grant"),
        (httpx.Response(401, json={"error": "refresh-1"}), AuthenticationError, "isn't renewed: HTTP 401"),
        (httpx.Response(200, json={"error": "invalid_client"}), AuthenticationError, "isn't renewed: invalid_client"),
        (httpx.Response(502, html="<title>refresh-1</title>"), CloudflareError, "without JSON"),
        (httpx.Response(503, json={}), CloudflareError, "HTTP 503"),
        (httpx.Response(200, text='{"access_token": "access-2'), CloudflareError, "without JSON"),
        (httpx.Response(200, json={"token": "x"}), CloudflareError, "the answer has no token"),
        (httpx.Response(200, json=[1]), CloudflareError, "HTTP 200"),
        (httpx.ConnectError("refresh-1"), CloudflareError, r"can't be reached \(ConnectError\)"),
        (httpx.ReadTimeout("slow"), CloudflareError, r"can't be reached \(ReadTimeout\)"),
    ],
)  # fmt: skip
def test_a_login_that_isnt_renewed(
    tmp_path: Path, answer: httpx.Response | Exception, kind: type[CloudflareError], said: str
) -> None:
    found = Login(tmp_path, file(OVER))
    found.answers = [answer]
    with pytest.raises(CloudflareError, match=said) as caught:
        found.token()
    assert type(caught.value) is kind
    assert "refresh-1" not in str(caught.value)
    assert "wrangler login" in str(caught.value.hint) or kind is CloudflareError
    assert found.path.read_text() == file(OVER)


def test_an_address_for_the_login_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRANGLER_TOKEN_URL", "https://dash.test:port")
    with pytest.raises(CloudflareError, match="can't be reached"):
        Login(tmp_path, file(OVER)).token()


@pytest.mark.parametrize("text", ["", "oauth_token = 1\n", "oauth_token = \n", "\x00", 'oauth_token = "a\\nb"\n'])
def test_a_file_that_holds_no_login(tmp_path: Path, text: str) -> None:
    with pytest.raises(AuthenticationError, match="wrangler") as caught:
        Login(tmp_path, text).token()
    assert caught.value.where == str(tmp_path / "default.toml")


def test_a_login_without_a_refresh_token_ends(tmp_path: Path) -> None:
    found = Login(tmp_path, f'oauth_token = "access-1"\nexpiration_time = "{OVER}"\n')
    with pytest.raises(AuthenticationError, match="has expired"):
        found.token()


def test_a_file_without_an_expiry_and_one_of_wranglers_first_version_are_tried_as_they_are(tmp_path: Path) -> None:
    assert Login(tmp_path, file(None)).token() == "access-1"
    assert Login(tmp_path, 'api_token = "old"\n').token() == "old"


def test_a_login_that_cant_be_kept_is_used_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Login(tmp_path, file(OVER))
    found.answers = [httpx.Response(200, json=NEW)]

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("progy.cloudflare.login.tempfile.mkstemp", full)
    assert found.token() == "access-2"
    assert found.told == [f"wrangler's new login can't be kept in {found.path} (No space left on device): next time, wrangler login is needed"]  # fmt: skip
    assert found.path.read_text() == file(OVER)


def test_a_disk_that_fills_up_meanwhile_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Login(tmp_path, file(OVER))
    found.answers = [httpx.Response(200, json=NEW)]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("progy.cloudflare.login.os.fsync", full)
    found.token()
    assert found.path.read_text() == file(OVER)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["default.toml"]


class Api(Login):
    """An API that takes one token of a login."""

    def __init__(self, folder: Path, text: str, takes: str) -> None:
        super().__init__(folder, text)
        self.requests = 0

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.host == "dash.cloudflare.com":
                return self._answer(request)
            self.requests += 1
            good = request.headers["Authorization"] == f"Bearer {takes}"
            errors = [] if good else [{"code": 10000, "message": "Authentication error"}]
            return httpx.Response(200 if good else 403, json={"success": good, "result": 1, "errors": errors})

        self.client = Client(lambda: self.login, "https://api.test", transport=httpx.MockTransport(answer), sleep=self.waits.append)  # fmt: skip


def test_a_token_that_isnt_taken_though_it_hasnt_expired_is_renewed_once(tmp_path: Path) -> None:
    """The clock was set back, say. What was refused wasn't carried out, so it may be sent again."""
    api = Api(tmp_path, file("2030-01-01T00:00:00.000Z"), takes="access-2")
    api.answers = [httpx.Response(200, json=NEW)]
    assert api.client.request("POST", "/x", changes=True).result == 1
    assert (api.requests, len(api.asked)) == (2, 1)
    assert api.client.request("POST", "/x", changes=True).result == 1
    assert (api.requests, len(api.asked)) == (3, 1)


def test_a_login_that_another_process_has_renewed_isnt_renewed_again(tmp_path: Path) -> None:
    api = Api(tmp_path, file(GOOD), takes="access-9")
    assert api.token() == "access-1"
    api.path.write_text(file(GOOD, "access-9", "refresh-9"))
    assert api.client.request("GET", "/x").result == 1
    assert api.asked == []


def test_a_token_that_isnt_taken_either_is_the_end(tmp_path: Path) -> None:
    api = Api(tmp_path, file(GOOD), takes="none")
    api.answers = [httpx.Response(200, json=NEW)]
    with pytest.raises(AuthenticationError, match="10000"):
        api.client.request("GET", "/x")
    assert (api.requests, len(api.asked)) == (2, 1)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"CLOUDFLARE_API_TOKEN": "t1"}, "t1"),
        ({"CLOUDFLARE_API_TOKEN": "\tt1\n"}, "t1"),
        ({"CF_API_TOKEN": "t2"}, "t2"),
        ({"CLOUDFLARE_API_TOKEN": "t1", "CF_API_TOKEN": "t2", "CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_EMAIL": "e"}, "t1"),
        ({"CLOUDFLARE_API_TOKEN": ""}, "access-1"),
        ({}, "access-1"),
    ],
)  # fmt: skip
def test_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], found: str
) -> None:
    put_login(tmp_path / "config" / ".wrangler", "default", "2999-01-01T00:00:00.000Z")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert token.find(pytest.fail).token(httpx.Client()).reveal() == found


def put_login(folder: Path, name: str, expires: str, access: str = "access-1") -> None:
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / f"{name}.toml").write_text(file(expires, access))


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "CLOUDFLARE_API_TOKEN isn't set, and wrangler isn't logged in"),
        ({"CLOUDFLARE_API_TOKEN": " "}, "CLOUDFLARE_API_TOKEN is empty, and wrangler isn't logged in"),
        ({"CLOUDFLARE_API_TOKEN": "sentinel token"}, "CLOUDFLARE_API_TOKEN is no token"),
        ({"CLOUDFLARE_API_TOKEN": "sentinel\u2026"}, "CLOUDFLARE_API_TOKEN is no token"),
        ({"CLOUDFLARE_API_KEY": "sentinel", "CLOUDFLARE_EMAIL": "e"}, "takes no global API key"),
    ],
)
def test_no_token(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], said: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AuthenticationError, match=said) as caught:
        token.find(pytest.fail)
    assert "Account · D1 · Edit" in str(caught.value.hint)
    assert "wrangler login" in str(caught.value.hint)
    assert "sentinel" not in str(caught.value)


def test_a_login_in_the_keyring_cant_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / ".wrangler" / "config").mkdir(parents=True)
    (tmp_path / ".wrangler" / "config" / "default.enc").write_text("{}")
    with pytest.raises(AuthenticationError, match="keyring") as caught:
        token.find(pytest.fail)
    assert "wrangler auth token" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "home/.config/.wrangler"),
        ("linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/.wrangler"),
        ("darwin", {}, "home/Library/Preferences/.wrangler"),
        ("darwin", {"XDG_CONFIG_HOME": "xdg"}, "xdg/.wrangler"),
        ("win32", {}, "home/AppData/Roaming/xdg.config/.wrangler"),
        ("win32", {"APPDATA": "roaming"}, "roaming/xdg.config/.wrangler"),
    ],
)
def test_wranglers_folder_on_each_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, variables: Mapping[str, str], folder: str
) -> None:
    monkeypatch.setattr("progy.cloudflare.login.sys.platform", platform)
    monkeypatch.delenv("APPDATA", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    assert config_folder() == tmp_path / folder
    (tmp_path / "home" / ".wrangler").mkdir()
    assert config_folder() == tmp_path / "home" / ".wrangler"


def test_the_profile_of_the_environment_or_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".wrangler"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("default", "work", "home"):
        put_login(folder, name, "2999-01-01T00:00:00.000Z", f"access-{name}")
    (folder / "profiles").mkdir()
    shop = tmp_path / "shop"
    (shop / "deep").mkdir(parents=True)
    bound = folder / "profiles" / "directory-bindings.json"

    def found() -> str:
        return token.find(pytest.fail).token(httpx.Client()).reveal()

    with contextlib.chdir(shop / "deep"):
        assert found() == "access-default"
        bound.write_text("no JSON")
        assert found() == "access-default"
        bound.write_text(
            f'{{"{shop.as_posix()}": "work", "{tmp_path.as_posix()}": "home", "{shop.as_posix()}x": "no"}}'
        )
        assert found() == "access-work"
        monkeypatch.setenv("CLOUDFLARE_AUTH_PROFILE", "home")
        assert found() == "access-home"
        monkeypatch.setenv("CLOUDFLARE_AUTH_PROFILE", "../default")
        with pytest.raises(AuthenticationError, match="profile"):
            found()


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")
