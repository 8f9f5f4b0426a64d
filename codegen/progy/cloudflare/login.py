"""Wrangler's own login: the file it keeps it in, and a new token when that one has expired.

The file, its place, the request and the names of the variables are those of wrangler 4.164. The token is refreshed as
OAuth 2 has it (RFC 6749, section 6). Cloudflare's server gives a new refresh token each time and takes the old one
once, so what it gives is written back before it is used.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from progy.cloudflare.secret import Secret, forget
from progy.errors import AuthenticationError, CloudflareError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

_CLIENT_ID = "54d11594-84e4-41aa-b438-e81b8fa78ee7"
"""Wrangler's own, which its login was made with."""
_DOMAIN = "dash.cloudflare.com"
_SECONDS = 30.0
_LOOKS, _PAUSE = 5, 0.3
"""How often, and after how many seconds, to look whether another process has refreshed the token meanwhile."""
_AGAIN = "log in again with: wrangler login; or put a token into CLOUDFLARE_API_TOKEN"


@dataclass(frozen=True, slots=True)
class Login:
    """What the file holds."""

    access: Secret
    refresh: Secret
    expires: datetime | None
    """When the access token expires; None when the file doesn't say."""


class WranglerLogin:
    """A token from wrangler's login, refreshed when it has expired or isn't taken."""

    def __init__(
        self,
        path: Path,
        *,
        tell: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Name the file.

        Args:
            path: The file.
            tell: Is told when a new token can't be kept.
            now: The time.
            sleep: Waits some seconds.
        """
        self.path = path
        self._tell, self._now, self._sleep = tell, now, sleep
        self._login: Login | None = None
        self._secrets: list[Secret] = []

    @classmethod
    def find(cls, tell: Callable[[str], None]) -> WranglerLogin | None:
        """Wrangler's login on this machine, or None when there is none.

        Raises:
            AuthenticationError: It is kept in the system's keyring, which only wrangler can read.
        """
        folder = config_folder() / "config"
        name = _profile()
        path = folder / f"{name}.toml"
        if path.is_file():
            return cls(path, tell=tell)
        if (folder / f"{name}.enc").is_file():
            raise AuthenticationError(
                "wrangler keeps its login in the system's keyring, where progy can't read it",
                hint='CLOUDFLARE_API_TOKEN="$(npx wrangler auth token)" progy …',
            )
        return None

    def secrets(self) -> tuple[Secret, ...]:
        """Every token that was read or given."""
        return tuple(self._secrets)

    def token(self, http: httpx.Client) -> Secret:
        """The access token; a new one when that has expired.

        Raises:
            AuthenticationError: There is none, or no new one is given.
            CloudflareError: The server that gives one can't be reached.
        """
        login = self._login or self._read()
        if login.expires is not None and self._now() >= login.expires:
            login = self._refreshed(http, login)
        self._login = login
        return login.access

    def renewed(self, http: httpx.Client, refused: Secret) -> Secret | None:
        """Another access token, since that one isn't taken though it hasn't expired: this machine's clock may be wrong.

        Raises:
            AuthenticationError: No new one is given.
            CloudflareError: The server that gives one can't be reached.
        """
        login = self._read()
        if login.access == refused:
            login = self._refreshed(http, login)
        self._login = login
        return login.access

    def _read(self) -> Login:
        values = _values(self.path)
        if values is None:
            raise AuthenticationError("wrangler's login can't be read", where=str(self.path), hint=_AGAIN)
        login = _login(values)
        del values
        if not login.access:
            raise AuthenticationError("wrangler isn't logged in", where=str(self.path), hint=_AGAIN)
        self._secrets += [login.access, login.refresh]
        return login

    def _refreshed(self, http: httpx.Client, old: Login) -> Login:
        """A new login from the server, kept in the file; or the one that another process has got meanwhile."""
        if not old.refresh:
            raise AuthenticationError("wrangler's login has expired", where=str(self.path), hint=_AGAIN)
        answer = _exchange(http, old.refresh, self._now())
        if isinstance(answer, Login):
            login = Login(answer.access, answer.refresh or old.refresh, answer.expires)
            self._secrets += [login.access, login.refresh]
            self._keep(login)
            return login
        if answer.definite and (found := self._of_another_process(old)) is not None:
            return found
        raise _failure(answer, self.path)

    def _of_another_process(self, old: Login) -> Login | None:
        """A refresh token is taken once: who comes second is refused, and finds the first one's token in the file."""
        for attempt in range(_LOOKS):
            if attempt:
                self._sleep(_PAUSE)
            with contextlib.suppress(AuthenticationError):
                login = self._read()
                if login.access != old.access:
                    return login
        return None

    def _keep(self, login: Login) -> None:
        fault = _write(self.path, login)
        if fault is not None:
            self._tell(
                f"wrangler's new login can't be kept in {self.path} ({fault}): next time, wrangler login is needed"
            )


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why there is no new token."""

    reason: str
    definite: bool
    """Whether the server said no, rather than nothing that can be understood."""


def _failure(refused: _Refused, path: Path) -> CloudflareError:
    if refused.definite:
        return AuthenticationError(
            f"wrangler's login has expired and isn't renewed: {refused.reason}", where=str(path), hint=_AGAIN
        )
    return CloudflareError(
        f"wrangler's login has expired, and a new token can't be had: {refused.reason}",
        where=str(path),
        hint="try again; or put a token into CLOUDFLARE_API_TOKEN",
    )


def _exchange(http: httpx.Client, refresh: Secret, now: datetime) -> Login | _Refused:
    """Ask for a new access token. It never raises: what is in its local variables must not be in a traceback."""
    import httpx

    try:
        response = http.post(
            _token_url(),
            data={
                "grant_type": "refresh_token",
                "refresh_token": refresh.reveal(),
                "client_id": os.environ.get("WRANGLER_CLIENT_ID") or _CLIENT_ID,
            },
            timeout=_SECONDS,
        )
        values = response.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        forget(error)
        return _Refused(f"Cloudflare's login server can't be reached ({type(error).__name__})", definite=False)
    except ValueError as error:
        forget(error)
        return _Refused(f"Cloudflare's login server answers HTTP {response.status_code} without JSON", definite=False)
    except BaseException as error:  # Ctrl-C, say
        forget(error)
        raise
    if response.status_code >= _SERVER or not isinstance(values, dict):
        return _Refused(f"HTTP {response.status_code}", definite=False)
    if response.status_code >= _REFUSED or "error" in values:
        # The words of the server could repeat the token; the code is one of RFC 6749's.
        code = values.get("error")
        known = isinstance(code, str) and re.fullmatch(r"invalid_\w{1,20}|unauthorized_client", code)
        return _Refused(code if known and isinstance(code, str) else f"HTTP {response.status_code}", definite=True)
    login = _login({**values, "oauth_token": values.get("access_token"), "expiration_time": None})
    if not login.access:
        return _Refused("the answer has no token", definite=False)
    seconds = values.get("expires_in")
    lasts = timedelta(seconds=seconds if isinstance(seconds, int | float) else 0)
    return Login(login.access, login.refresh, now + lasts)


_SERVER, _REFUSED = 500, 400


def _token_url() -> str:
    domain = os.environ.get("WRANGLER_AUTH_DOMAIN") or _DOMAIN
    return os.environ.get("WRANGLER_TOKEN_URL") or f"https://{domain}/oauth2/token"


def config_folder() -> Path:
    """Wrangler's global configuration folder, which needn't exist: `~/.wrangler` if there is one, else the system's."""
    home = Path.home()
    legacy = home / ".wrangler"
    return legacy if legacy.is_dir() else _system_folder(home) / ".wrangler"


def _system_folder(home: Path) -> Path:
    if given := os.environ.get("XDG_CONFIG_HOME"):
        return Path(given)
    if sys.platform == "darwin":
        return home / "Library" / "Preferences"
    if sys.platform == "win32":
        roaming = os.environ.get("APPDATA")
        return (Path(roaming) if roaming else home / "AppData" / "Roaming") / "xdg.config"
    return home / ".config"


def _profile() -> str:
    """Which of wrangler's logins is meant: the one of the environment, of the folder (`wrangler auth`), or the usual.

    Raises:
        AuthenticationError: What the environment names can't be one.
    """
    given = os.environ.get("CLOUDFLARE_AUTH_PROFILE")
    name = given or _profile_of_folder(Path.cwd()) or "default"
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) is None:
        raise AuthenticationError(
            "the name of wrangler's profile may only have letters, digits, hyphens and underscores",
            where="CLOUDFLARE_AUTH_PROFILE",
        )
    return name


def _profile_of_folder(folder: Path) -> str | None:
    """The login that wrangler has for a folder, by the nearest of it and its parents."""
    path = config_folder() / "profiles" / "directory-bindings.json"
    try:
        bound = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = (bound.get(str(one)) for one in (folder, *folder.parents)) if isinstance(bound, dict) else ()
    return next((name for name in found if isinstance(name, str)), None)


def _values(path: Path) -> dict[str, Any] | None:
    """What the file says, or None. It never raises: the file's text must not be in a traceback."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        forget(error)
        return None


def _login(values: Mapping[str, Any]) -> Login:
    def text(key: str) -> str:
        value = values.get(key)
        return value if isinstance(value, str) and Secret(value).usable() else ""

    return Login(
        # Wrangler's first version kept an API token there.
        Secret(text("oauth_token") or text("api_token")),
        Secret(text("refresh_token")),
        _time(values.get("expiration_time")),
    )


def _time(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _write(path: Path, login: Login) -> str | None:
    """Put a login into the file, whole or not at all, readable by its owner only. Returns why it can't be, or None."""
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")  # mode 0600
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(_updated(target.read_text(encoding="utf-8"), login))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        forget(error)
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError):
            return error.strerror or type(error).__name__
        raise
    return None


def _updated(text: str, login: Login) -> str:
    """A TOML file with this login in it, and everything else as it was."""
    expires = login.expires.astimezone(UTC).isoformat(timespec="milliseconds") if login.expires else ""
    values = {
        "oauth_token": login.access.reveal(),
        "expiration_time": expires.replace("+00:00", "Z"),
        "refresh_token": login.refresh.reveal(),
    }
    table = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    for key, value in values.items():
        line = f"{key} = {json.dumps(value)}"
        top, found = re.subn(rf"^[ \t]*{key}[ \t]*=.*$", lambda _, line=line: line, top, count=1, flags=re.MULTILINE)  # type: ignore[misc]
        if not found:
            top = f"{line}\n{top}"
    return top + rest
