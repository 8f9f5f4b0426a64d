"""The page on what a Worker's `env` holds, in each environment: bindings, variables and secrets.

Of a secret only the name is known here, and so shown. A variable's value stands in the wrangler config, which everybody
reads who reads this page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from progy.docs import markdown
from progy.docs.page import Section, render
from progy.worker.javascript import stringify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.worker.javascript import Json
    from progy.worker.model import Worker

_LONGEST = 120
"""Characters of a variable's value; JSON, or a certificate, may be of any length."""
_IDS = (
    *("id", "database_id", "store_id", "secret_name", "namespace_id", "service_id", "tunnel_id", "network_id"),
    *("certificate_id", "app_id", "destination_address"),
)
"""The configuration's keys for what has no name of its own."""
_PARTS = ("entrypoint", "script_name")
"""The keys for which part of another Worker is bound, and which Worker."""


class Member(NamedTuple):
    """A name in `env`."""

    name: str
    kind: str
    page: str
    """The address of Cloudflare's page on the kind; empty for a variable and a secret."""
    bound_to: str
    """What it is bound to; of a variable, its value; of a secret, nothing."""
    python: str
    typescript: str


def page(workers: Sequence[Worker], secrets: Mapping[str | None, Sequence[str]]) -> str:
    """The page.

    Args:
        workers: The top level and then each environment, or the one that was chosen.
        secrets: The names of the secrets, by environment; None is the top level.

    Raises:
        ConfigError: A variable or a secret has the name of a binding.
    """
    sections = [
        Section(_heading(worker, alone=len(workers) == 1), _table(members))
        for worker, members in zip(workers, _members(workers, secrets), strict=True)
    ]
    worker = workers[0]
    lead = [f"What `env` holds in the Worker {markdown.code(worker.name)}." if worker.name else "What `env` holds."]
    if not any(section.body for section in sections):
        lead.append("Nothing yet.")
    return render("Bindings", lead, sections)


def _members(workers: Sequence[Worker], secrets: Mapping[str | None, Sequence[str]]) -> Iterator[list[Member]]:
    from progy.emit import python_env
    from progy.emit.json_vars import JsonTypes

    for worker, found in zip(workers, python_env.levels(workers, secrets, JsonTypes()), strict=True):
        types, ids, parts = dict(_typescript(worker)), dict(_texts(worker, _IDS)), dict(_texts(worker, _PARTS))
        members = []
        for one in found:
            if one.section == python_env.VARS:
                value = worker.vars[one.name]
                members.append(Member(one.name, "Variable", "", _shown(value), _python(one.type), _javascript(value)))
            elif one.section == python_env.SECRETS:
                members.append(Member(one.name, "Secret", "", "", one.type, "string"))
            else:
                bound_to = ", ".join(map(markdown.code, (*(one.bound_to or ids[one.name]), *parts[one.name])))
                members.append(Member(one.name, one.label, one.page, bound_to, one.type, types[one.name]))
        yield members


def _texts(worker: Worker, keys: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What each binding's entry says under these keys."""
    for binding in worker.bindings:
        yield binding.name, tuple(text for key in keys if (text := binding.text(key)))


def _typescript(worker: Worker) -> Iterator[tuple[str, str]]:
    """The types of bindings, without what wrangler knows of the Worker's own classes."""
    from pathlib import Path

    from progy.emit.typescript_members import Types

    types = Types(Path())
    for binding in worker.bindings:
        yield binding.name, " ".join(re.sub(r"\s*/\*.*?\*/", "", types.of(binding), flags=re.DOTALL).split())


def _python(type_: str) -> str:
    """A variable's type without its value, which stands beside it."""
    if not type_.startswith("Literal["):
        return type_
    value = type_.removeprefix("Literal[")
    return "str" if value[0] in "\"'" else "bool" if value.startswith(("True", "False")) else "int"


def _javascript(value: Json) -> str:
    from progy.worker.checks import type_of

    if value is None:
        return "null"
    return "unknown[]" if isinstance(value, list) else type_of(value)


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else stringify(value)
    return markdown.code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _heading(worker: Worker, *, alone: bool) -> str:
    if worker.environment is not None:
        return f"The environment {markdown.code(worker.environment)}"
    return "Members" if alone else "The top level"


def _table(members: Sequence[Member]) -> str:
    rows = [
        (
            markdown.code(one.name),
            f"[{markdown.line(one.kind)}]({one.page})" if one.page else one.kind,
            one.bound_to,
            markdown.code(one.python),
            markdown.code(one.typescript),
        )
        for one in members
    ]
    return markdown.table(("Name", "Kind", "Bound to, or value", "Python", "TypeScript"), rows)
