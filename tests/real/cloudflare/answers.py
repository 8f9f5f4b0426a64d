"""What goes over the wire, in both directions, and Cloudflare's ways to say no."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Call(NamedTuple):
    """One request: `path` begins after the API's base, and has its query; `body` is what its JSON says."""

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True)
class Answer:
    """One answer. With `missing`, its length is said to be that many bytes more than are sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0


class ApiError(Exception):
    """Cloudflare's refusal, in its envelope."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """The refusal as it is sent."""
        return envelope(None, status=self.status, errors=[{"code": self.code, "message": self.message}])


def envelope(
    result: object,
    *,
    status: int = 200,
    errors: list[dict[str, Any]] | None = None,
    info: Mapping[str, int] | None = None,
) -> Answer:
    """A result, or errors, as every answer of the API has them."""
    whole = {"result": result, "success": not errors, "errors": errors or [], "messages": []}
    return plain_json({**whole, "result_info": info} if info else whole, status=status)


def plain_json(value: object, *, status: int = 200) -> Answer:
    """An answer that is JSON, without the envelope."""
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def malformed(why: str) -> ApiError:
    """A request that makes no sense."""
    return ApiError(400, 7400, f"The request is malformed: {why}")
