"""Wrangler's login: tokens that end, and the endpoint that gives new ones."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.real.cloudflare.answers import Answer, plain_json

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR = 3600
SCOPES = ["account:read", "user:read", "d1:write", "offline_access"]


@dataclass(frozen=True)
class Grant:
    """An access token, the refresh token that replaces both once, and how many seconds the first one has."""

    access_token: str
    refresh_token: str
    seconds: int

    def toml(self) -> str:
        """What wrangler keeps in its `config/default.toml`."""
        end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.seconds)
        return (
            f'oauth_token = "{self.access_token}"\n'
            f'expiration_time = "{end.isoformat(timespec="milliseconds").replace("+00:00", "Z")}"\n'
            f'refresh_token = "{self.refresh_token}"\n'
            f"scopes = {json.dumps(SCOPES)}\n"
        )


@dataclass
class Logins:
    """The tokens that are taken.

    Args:
        tokens: All of them: API tokens, and access tokens of logins. Tests may add and remove.
    """

    tokens: set[str]
    _refresh_tokens: set[str] = field(default_factory=set)

    def grant(self, seconds: int = HOUR) -> Grant:
        """A new login. With no seconds left, its access token is refused already."""
        made = Grant(f"sentinel-access-{uuid.uuid4().hex}", f"sentinel-refresh-{uuid.uuid4().hex}", seconds)
        if seconds > 0:
            self.tokens.add(made.access_token)
        self._refresh_tokens.add(made.refresh_token)
        return made

    def refresh(self, form: Mapping[str, str]) -> Answer:
        """Answer `POST /oauth2/token`: a refresh token counts once."""
        given = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token" or given not in self._refresh_tokens:
            return plain_json(
                {"error": "invalid_grant", "error_description": "The refresh token is invalid"}, status=400
            )
        self._refresh_tokens.discard(given)
        made = self.grant()
        answer = {"access_token": made.access_token, "refresh_token": made.refresh_token, "expires_in": made.seconds}
        return plain_json({**answer, "scope": " ".join(SCOPES), "token_type": "bearer"})
