"""Requests to Cloudflare's API that survive a bad network.

It brings httpx, and is imported only when something remote is asked for.

A request that changes nothing is sent again after a failure. One that does change something is sent again only when it
certainly wasn't carried out: the connection was never there, or the rate limit or the token refused it. What remains
is said to be unknown (`OutcomeUnknownError`); the caller looks.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from progy._version import __version__
from progy.cloudflare import answers
from progy.cloudflare.secret import forget, redact
from progy.errors import CloudflareError, OutcomeUnknownError, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from progy.cloudflare.answers import Answer, Commands, Refusal
    from progy.cloudflare.secret import Secret
    from progy.cloudflare.token import TokenSource

ATTEMPTS = 5
FIRST_PAUSE = 0.5
"""Seconds; twice as long before each further attempt, and any shorter time, by chance."""
LONGEST_PAUSE = 20.0
LONGEST_WAIT = 330.0
"""Seconds that `Retry-After` may ask for, in all: a rate limit lasts five minutes
(developers.cloudflare.com/fundamentals/api/reference/limits)."""

CONNECT_SECONDS = 10.0
METADATA_SECONDS = 30.0
QUERY_SECONDS = 40.0
"""D1 itself gives up after 30."""
UPLOAD_SECONDS = 60.0
UPLOAD_BYTES_PER_SECOND = 100_000

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LATER = "nothing was changed; try again later (www.cloudflarestatus.com)"


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an attempt gave no answer that can be used, though another may."""

    what: str
    sent: bool = True
    """Whether the request may have been carried out."""
    wait: float | None = None
    """Seconds that the server asks to wait."""
    final: bool = False
    """Whether another attempt must end the same way."""


class _Bearer(httpx.Auth):
    """Puts the token into a request's header, as late as can be."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


class Client:
    """A connection to the API. Nothing is sent, and no token looked for, before the first request."""

    def __init__(  # noqa: PLR0913 - what a test puts others in place of
        self,
        source: Callable[[], TokenSource],
        base_url: str,
        *,
        tell: Callable[[str], None] = lambda _: None,
        commands: Commands = answers.PLAIN,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Name the API.

        Args:
            source: Finds where the token comes from.
            base_url: `https://api.cloudflare.com/client/v4`.
            tell: Is told what takes time.
            commands: Those that hints name.
            transport: What carries the requests, in tests.
            sleep: What waits, likewise.
            chance: A number from 0 to 1.
        """
        self._find_source = source
        self._base = base_url.rstrip("/")
        self._tell, self.sleep, self._chance = tell, sleep, chance
        self.commands = commands
        self._transport = transport

    def close(self) -> None:
        """Close the connection, if there was one."""
        if "_http" in self.__dict__:
            self._http.close()

    @cached_property
    def _source(self) -> TokenSource:
        return self._find_source()

    @cached_property
    def _http(self) -> httpx.Client:
        try:
            return httpx.Client(
                transport=self._transport,
                timeout=_timeout(METADATA_SECONDS),
                headers={"User-Agent": f"progy/{__version__}"},
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
            reason = f"{type(error).__name__}: {error}"
        raise CloudflareError(
            f"the proxy or the certificates that the environment names can't be used ({reason})",
            hint="see HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE",
        )

    def request(  # noqa: PLR0913 - what a request has
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        changes: bool = False,
        seconds: float = METADATA_SECONDS,
    ) -> Answer:
        """Send a request, and again where that is safe.

        Args:
            method: HTTP's.
            path: Behind the API's address, with a slash first.
            json: The body.
            params: The query.
            changes: Whether it may change something, and so must not be carried out twice.
            seconds: How long an answer may take.

        Raises:
            SqlError: D1 refuses a statement; nothing of the request has an effect.
            AuthenticationError: There is no token, or it isn't taken.
            NotFoundError: There is no such thing.
            OutcomeUnknownError: It changes something, and no answer says whether it was carried out.
            CloudflareError: The API can't be reached, or refuses.
        """
        where = f"{method} {path}"
        request = self._request(method, path, json=json, params=params, seconds=seconds)
        waited, what = 0.0, ""
        for attempt in range(1, ATTEMPTS + 1):
            found = self._attempt(request, where)
            if isinstance(found, answers.Answer):
                return found
            if not isinstance(found, _Failure):
                raise found
            if changes and found.sent:
                raise OutcomeUnknownError(
                    f"nobody says whether it was carried out: {found.what}", where=where, hint=self.commands.look
                )
            waited, what = waited + (found.wait or 0.0), found.what
            if found.final or attempt == ATTEMPTS or waited > LONGEST_WAIT:
                break
            self._pause(attempt, found)
        raise CloudflareError(f"Cloudflare's API gives no answer: {what}", where=where, hint=_LATER)

    def upload(self, address: str, data: bytes) -> str:
        """Put data to an address that was given for that. It may be sent again, and goes without the token.

        Returns:
            The ETag of the answer, without quotes.

        Raises:
            CloudflareError: It isn't taken.
        """
        seconds = UPLOAD_SECONDS + len(data) / UPLOAD_BYTES_PER_SECOND
        request = self._http.build_request("PUT", address, content=data, timeout=_timeout(seconds))
        for attempt in range(1, ATTEMPTS + 1):
            response = self._send(request)
            if isinstance(response, httpx.Response):
                if response.is_success:
                    return str(response.headers.get("ETag", "")).removeprefix("W/").strip('"')
                failure = _Failure(f"HTTP {response.status_code}", final=response.status_code < _SERVER)
            else:
                failure = response
            if failure.final or attempt == ATTEMPTS:
                break
            self._pause(attempt, failure)
        # The address itself is a permission to write there, and isn't shown.
        raise CloudflareError(f"the file can't be uploaded: {failure.what}", hint=_LATER)

    def _request(
        self, method: str, path: str, *, json: object, params: Mapping[str, str] | None, seconds: float
    ) -> httpx.Request:
        try:
            return self._http.build_request(
                method, self._base + path, json=json, params=params, timeout=_timeout(seconds)
            )
        except httpx.InvalidURL as error:
            reason = str(error)
        except UnicodeEncodeError:
            raise SqlError("a character that isn't Unicode text", statement="") from None
        raise CloudflareError(f"the API's address can't be used: {reason}", hint="see CLOUDFLARE_API_BASE_URL")

    def _attempt(self, request: httpx.Request, where: str) -> Answer | _Failure | CloudflareError | SqlError:
        """One attempt; after a token that was refused, another with a fresh one."""
        token = self._source.token(self._http)
        found = self._exchange(request, token)
        if isinstance(found, answers.Refusal) and found.is_of_token:
            fresh = self._source.renewed(self._http, token)
            if fresh is not None:
                found = self._exchange(request, fresh)
        if not isinstance(found, answers.Refusal):
            return found
        if found.is_unclear:
            return _Failure(found.message, final=not found.is_transient)
        return found.error(where, self.commands)

    def _exchange(self, request: httpx.Request, token: Secret) -> Answer | Refusal | _Failure:
        response = self._send(request, _Bearer(token))
        if isinstance(response, _Failure):
            return response
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            wait = _retry_after(response)
            what = "too many requests (HTTP 429)" + ("" if wait is None else f", none before {wait:.0f} seconds")
            return _Failure(what, sent=False, wait=wait)
        found = answers.read(response.status_code, response.text)
        if isinstance(found, answers.Refusal):
            # What is said of it is said of a text in which a token that was repeated isn't left. Rows stay as they are.
            return answers.read(response.status_code, redact(response.text, self._source.secrets()))
        return found

    def _send(self, request: httpx.Request, auth: httpx.Auth | None = None) -> httpx.Response | _Failure:
        """Send it once. What fails on the way is described and dropped, since it knows the request's headers."""
        try:
            return self._http.send(request, auth=auth)
        except _NOT_SENT as error:
            forget(error)
            return _Failure(self._words(error), sent=False, final="CERTIFICATE_VERIFY" in str(error))
        except httpx.UnsupportedProtocol as error:
            forget(error)
            return _Failure("CLOUDFLARE_API_BASE_URL is no address of the web", sent=False, final=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            forget(error)
            return _Failure(self._words(error))
        except BaseException as error:  # Ctrl-C, say
            forget(error)
            raise

    def _words(self, error: Exception) -> str:
        kind = "no answer in time" if isinstance(error, httpx.TimeoutException) else "the connection failed"
        text = answers.shown(redact(str(error), self._source.secrets()))
        return f"{kind} ({text})" if text else kind

    def _pause(self, attempt: int, failure: _Failure) -> None:
        if failure.wait is not None:
            seconds = failure.wait
            self._tell(f"waiting {seconds:.0f} seconds, as Cloudflare asks: {failure.what}")
        else:
            # Full jitter: two that failed together don't come back together.
            seconds = self._chance() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
            self._tell(f"trying again: {failure.what}")
        self.sleep(seconds)


_SERVER = 500


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server asks to wait, given as a number or as a date (RFC 9110, section 10.2.3)."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return float(given)
    until = _date(given)
    if until is None:
        return None
    # By the server's clock, since ours may be set wrong.
    now = _date(response.headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
