"""What can go wrong between a client and Cloudflare.

A fault gets what would run the request, runs it or doesn't, and gives the answer; None closes the connection.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from tests.real.cloudflare.answers import Answer, ApiError

Run = Callable[[], Answer]
Fault = Callable[[Run], Answer | None]


def dropped(_: Run) -> None:
    """The connection is closed before the request is run."""


def dropped_afterwards(run: Run) -> None:
    """The request is run, and the connection closed without an answer."""
    run()


def truncated(run: Run) -> Answer:
    """The request is run, and its answer breaks off."""
    answer = run()
    half = len(answer.body) // 2
    return dataclasses.replace(answer, body=answer.body[:half], missing=len(answer.body) - half)


def token_refused(_: Run) -> Answer:
    """As a token that isn't known is answered."""
    return ApiError(403, 10000, "Authentication error").answer()


def over_quota(_: Run) -> Answer:
    """As is said where the account has all the databases it may have."""
    return ApiError(400, 7406, "You have reached the maximum number of D1 databases for your account").answer()


def slow(seconds: float, *, after: bool = False) -> Fault:
    """The answer takes time: before the request is run, or after."""

    def fault(run: Run) -> Answer:
        if not after:
            time.sleep(seconds)
        answer = run()
        if after:
            time.sleep(seconds)
        return answer

    return fault


def limited(retry_after: float | str | None = None) -> Fault:
    """429, the request not run; with a Retry-After, in seconds or as a date, or without."""
    refusal = ApiError(429, 971, "Please wait and consider throttling your request speed").answer()
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return lambda _: dataclasses.replace(refusal, headers={**refusal.headers, **headers})


def status(code: int, body: str = "", *, headers: dict[str, str] | None = None, run: bool = False) -> Fault:
    """Any answer at all, with the request run before it or not. Without a body, a gateway's page in HTML."""
    page = body or f"<!DOCTYPE html>\n<html><head><title>{code}</title></head><body><h1>Error {code}</h1></body></html>"
    answer = Answer(code, page.encode(), {"Content-Type": "text/html" if not body else "text/plain", **(headers or {})})

    def fault(first: Run) -> Answer:
        if run:
            first()
        return answer

    return fault


def error(http_status: int, code: int, message: str, *, run: bool = False) -> Fault:
    """Any error in Cloudflare's envelope, with the request run before it or not."""
    answer = ApiError(http_status, code, message).answer()
    return status(http_status, answer.body.decode(), headers=dict(answer.headers), run=run)


@dataclasses.dataclass
class Waiting:
    """A fault that waits for the requests it is for."""

    fault: Fault
    matches: Callable[[str, str, Any], bool]
    times: int
