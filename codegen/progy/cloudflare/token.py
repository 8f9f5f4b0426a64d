"""Where the token comes from: the environment, or wrangler's own login."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from progy.cloudflare.answers import SIGN_IN_HINT
from progy.cloudflare.secret import Secret
from progy.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


class TokenSource(Protocol):
    """What knows the token."""

    def token(self, http: httpx.Client) -> Secret:
        """The token to be sent. It may have to be fetched.

        Raises:
            AuthenticationError: There is none.
            CloudflareError: The server that gives one can't be reached.
        """
        ...

    def renewed(self, http: httpx.Client, refused: Secret) -> Secret | None:
        """Another token in place of one that wasn't taken, or None where there can be none.

        Raises:
            AuthenticationError: The login is no longer good.
            CloudflareError: The server that gives one can't be reached.
        """
        ...

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must never be shown."""
        ...


class GivenToken:
    """A token that is what it is."""

    def __init__(self, token: Secret) -> None:
        """Keep it."""
        self._token = token

    def token(self, http: httpx.Client) -> Secret:
        """The token."""
        del http
        return self._token

    def renewed(self, http: httpx.Client, refused: Secret) -> Secret | None:
        """None: there is no other."""
        del http, refused
        return None

    def secrets(self) -> tuple[Secret, ...]:
        """The token."""
        return (self._token,)


def find(tell: Callable[[str], None]) -> TokenSource:
    """Where the token comes from here. No request is made.

    `CLOUDFLARE_API_TOKEN` comes first, then wrangler's login. The global API key, which wrangler would even prefer to a
    token, isn't taken: it may do everything in every account, and a migration needs one permission.

    Args:
        tell: Is told what the user should know.

    Raises:
        AuthenticationError: There is neither, or it can't be used.
    """
    token = Secret(environment("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN") or "")
    if token:
        if not token.usable():
            raise AuthenticationError(
                "CLOUDFLARE_API_TOKEN is no token: it has blanks or characters in it that a header can't hold",
                hint=SIGN_IN_HINT,
            )
        return GivenToken(token)
    if environment("CLOUDFLARE_API_KEY", "CF_API_KEY"):
        raise AuthenticationError(
            "CLOUDFLARE_API_KEY is set, and progy takes no global API key: it may do everything in the account",
            hint=SIGN_IN_HINT,
        )
    from progy.cloudflare.login import WranglerLogin

    login = WranglerLogin.find(tell)
    if login is not None:
        return login
    empty = (
        "CLOUDFLARE_API_TOKEN is empty" if "CLOUDFLARE_API_TOKEN" in os.environ else "CLOUDFLARE_API_TOKEN isn't set"
    )
    raise AuthenticationError(f"there is no token: {empty}, and wrangler isn't logged in", hint=SIGN_IN_HINT)


def environment(name: str, older: str) -> str | None:
    """A variable, or the name it once had, which wrangler still takes; None when it is empty."""
    value = os.environ.get(name, os.environ.get(older, ""))
    return value.strip() or None
