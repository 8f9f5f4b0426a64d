"""The API's routes, each a method; what they give goes into the envelope."""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.real.cloudflare.answers import Answer, ApiError, Call, envelope, malformed
from tests.real.cloudflare.hosted import MOST_STATEMENTS, Hosted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.cloudflare.hosted import Query
    from tests.real.cloudflare.transfer import Transfers
    from tests.real.engine import D1, Outcome

Asked = dict[str, str]
"""A request's query, one value for each name."""

_FEWEST_A_PAGE, _MOST_A_PAGE, _USUAL_A_PAGE = 10, 10_000, 1_000


@dataclass
class Account:
    """An account: its databases by their uuid, and how many it may have."""

    name: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    quota: int = 50_000
    databases: dict[str, Hosted] = field(default_factory=dict)


@dataclass
class Api:
    """Cloudflare's API, as far as D1 and wrangler's d1 commands go.

    Args:
        engine: Where statements run.
        transfers: The files of imports and exports.
        accounts: By their ids.
    """

    engine: D1
    transfers: Transfers
    accounts: dict[str, Account] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        """Answer a request whose token was taken."""
        parts = urlsplit(call.path)
        asked = dict(parse_qsl(parts.query))
        try:
            for method, pattern, route in _ROUTES:
                found = pattern.fullmatch(parts.path)
                if found and method == call.method:
                    return route(self, *map(unquote, found.groups()), asked=asked, body=call.body or {})
            raise _no_route(parts.path)
        except ApiError as refusal:
            return refusal.answer()

    def database(self, account: str, name: str) -> Hosted:
        """The account's database of that uuid.

        Raises:
            ApiError: There is no such account or database.
        """
        found = self._account(account).databases.get(name)
        if found is None:
            raise ApiError(404, 7404, f"The database {name} could not be found")
        return found

    def create(self, account: str, name: str) -> Hosted:
        """Make a database.

        Raises:
            ApiError: The account has one of that name, or as many as it may have; or there is no such account.
        """
        owner = self._account(account)
        if any(database.name == name for database in owner.databases.values()):
            raise ApiError(400, 7502, f"Database with name '{name}' already exists")
        if len(owner.databases) >= owner.quota:
            raise ApiError(400, 7406, "You have reached the maximum number of D1 databases for your account")
        database = Hosted(self.engine, name)
        owner.databases[database.uuid] = database
        return database

    def close(self) -> None:
        """Let all databases go."""
        for account in self.accounts.values():
            for database in account.databases.values():
                database.close()

    def _account(self, account: str) -> Account:
        if not re.fullmatch("[0-9a-f]{32}", account):
            raise _no_route(f"/accounts/{account}/d1/database")
        if account not in self.accounts:
            raise ApiError(403, 10000, "Authentication error")
        return self.accounts[account]

    def _user(self, **_: Any) -> Answer:  # noqa: ANN401 - every route takes what was asked
        return envelope({"id": "0" * 32, "email": "ada@example.com"})

    def _accounts(self, **_: Any) -> Answer:  # noqa: ANN401 - as above
        accounts = [{"id": account.id, "name": account.name} for account in self.accounts.values()]
        return envelope(accounts, info=_page_info(accounts, 1, 50, len(accounts)))

    def _memberships(self, **_: Any) -> Answer:  # noqa: ANN401 - as above
        accounts = [{"id": account.id, "name": account.name} for account in self.accounts.values()]
        memberships = [{"id": each["id"][::-1], "status": "accepted", "account": each} for each in accounts]
        return envelope(memberships, info=_page_info(memberships, 1, 50, len(accounts)))

    def _create(self, account: str, *, asked: Asked, body: dict[str, Any]) -> Answer:  # noqa: ARG002 - see _ROUTES
        if not isinstance(body.get("name"), str) or not body["name"]:
            raise malformed("name is required")
        return envelope(_described(self.create(account, body["name"])))

    def _list(self, account: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        page, size = _number(asked, "page", 1), _number(asked, "per_page", _USUAL_A_PAGE)
        if page < 1 or not _FEWEST_A_PAGE <= size <= _MOST_A_PAGE:
            raise malformed(f"page begins at 1, and per_page is between {_FEWEST_A_PAGE} and {_MOST_A_PAGE}")
        wanted = asked.get("name", "")
        # "A database name to search for": a part of it finds it.
        found = [each for each in self._account(account).databases.values() if wanted in each.name]
        shown = [_described(database) for database in found[(page - 1) * size : page * size]]
        return envelope(shown, info=_page_info(shown, page, size, len(found)))

    def _get(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        databases = self._account(account).databases
        by_name = (each.uuid for each in databases.values() if each.name == name)
        database = self.database(account, name if name in databases else next(by_name, name))
        found = {**_described(database), "file_size": database.size(), "num_tables": database.tables()}
        fields = asked.get("fields")
        return envelope({key: found[key] for key in fields.split(",") if key in found} if fields else found)

    def _delete(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        database = self.database(account, name)
        del self._account(account).databases[name]
        database.close()
        return envelope(None)

    def _query(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        return envelope([_with_objects(outcome) for outcome in self._run(account, name, body)])

    def _raw(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        return envelope([_with_columns(outcome) for outcome in self._run(account, name, body)])

    def _run(self, account: str, name: str, body: object) -> list[Outcome]:
        return self.database(account, name).run(_queries(body), most=MOST_STATEMENTS)

    def _import(self, account: str, name: str, *, asked: Asked, body: Any) -> Answer:  # noqa: ANN401, ARG002 - see _ROUTES
        return envelope(self.transfers.imports(self.database(account, name), body))

    def _export(self, account: str, name: str, *, asked: Asked, body: Any) -> Answer:  # noqa: ANN401, ARG002 - see _ROUTES
        return envelope(self.transfers.exports(self.database(account, name), body))

    def _bookmark(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        return envelope({"bookmark": self.database(account, name).bookmark(_moment(asked))})

    def _restore(self, account: str, name: str, *, asked: Asked, body: object) -> Answer:  # noqa: ARG002 - see _ROUTES
        database = self.database(account, name)
        if not {"bookmark", "timestamp"} & asked.keys():
            raise malformed("either a bookmark or a timestamp is needed")
        bookmark = asked.get("bookmark") or database.bookmark(_moment(asked))
        previous = database.restore(bookmark)
        said = f"To undo this operation, you can restore to the previous bookmark: {previous}"
        return envelope({"bookmark": bookmark, "previous_bookmark": previous, "message": said})


_DATABASES = "/accounts/([^/]+)/d1/database"
_ONE = f"{_DATABASES}/([^/]+)"
# A route takes the groups of its pattern, the query and the body, whether it needs them or not.
_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
    (method, re.compile(pattern), route)
    for method, pattern, route in (
        ("GET", "/user", Api._user),
        ("GET", "/accounts", Api._accounts),
        ("GET", "/memberships", Api._memberships),
        ("POST", _DATABASES, Api._create),
        ("GET", _DATABASES, Api._list),
        ("GET", _ONE, Api._get),
        ("DELETE", _ONE, Api._delete),
        ("POST", f"{_ONE}/query", Api._query),
        ("POST", f"{_ONE}/raw", Api._raw),
        ("POST", f"{_ONE}/import", Api._import),
        ("POST", f"{_ONE}/export", Api._export),
        ("GET", f"{_ONE}/time_travel/bookmark", Api._bookmark),
        ("POST", f"{_ONE}/time_travel/restore", Api._restore),
    )
]


def _no_route(path: str) -> ApiError:
    return ApiError(404, 7003, f"Could not route to /client/v4{path}, perhaps your object identifier is invalid?")


def _described(database: Hosted) -> dict[str, Any]:
    created = dt.datetime.fromtimestamp(database.created, dt.UTC)
    return {
        "uuid": database.uuid,
        "name": database.name,
        "version": "production",
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _page_info(shown: list[Any], page: int, size: int, total: int) -> dict[str, int]:
    pages = math.ceil(total / size)
    return {"page": page, "per_page": size, "count": len(shown), "total_count": total, "total_pages": pages}


def _number(asked: Asked, name: str, default: int) -> int:
    try:
        return int(asked.get(name, default))
    except ValueError:
        raise malformed(f"{name} is no number") from None


def _moment(asked: Asked) -> float | None:
    given = asked.get("timestamp")
    if given is None:
        return None
    try:
        return dt.datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise malformed(f"{given} is no RFC3339 timestamp") from None


def _queries(body: object) -> list[Query]:
    """What a body asks to run.

    Raises:
        ApiError: It is neither `{sql, params?}` nor `{batch: [{sql, params?}]}`.
    """
    if not isinstance(body, dict) or ("sql" in body) == ("batch" in body):
        raise malformed("either sql or batch is required")
    each = body.get("batch", [body])
    if not all(isinstance(query, dict) and isinstance(query.get("sql"), str) for query in each):
        raise malformed("sql must be a string")
    return [(query["sql"], tuple(query.get("params") or ())) for query in each]


def _with_objects(outcome: Outcome) -> dict[str, Any]:
    rows = [dict(zip(outcome.columns, row, strict=True)) for row in outcome.rows]
    return {"results": rows, "success": True, "meta": outcome.meta}


def _with_columns(outcome: Outcome) -> dict[str, Any]:
    return {"results": {"columns": outcome.columns, "rows": outcome.rows}, "success": True, "meta": outcome.meta}
