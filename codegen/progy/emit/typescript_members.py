"""The members of a Worker's environment in TypeScript: their names, their types and their order."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from progy.errors import ConfigError
from progy.worker.checks import type_of
from progy.worker.javascript import Json, stringify
from progy.worker.kinds import BY_KEY, TOP_LEVEL_ONLY
from progy.worker.orders import ORDER, ORDER_PER_ENVIRONMENT, SECRETS, VARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from progy.worker.entries import Entry
    from progy.worker.model import Binding, Worker

_IDENTIFIER = re.compile(r"[a-zA-Z_$][a-zA-Z0-9_$]*")
_WORDS = re.compile("[-_]")
_RESERVED = "Env"
_BEFORE_VARIABLES = ORDER[: ORDER.index("pipelines")]
"""The kinds among which wrangler looks for a name that two have: it doesn't know those of email senders before."""
_ASSETS_AFTER = "agent_memory"
"""Where the assets that an environment has from the top level stand, of several environments."""


class Member(NamedTuple):
    """A member of an interface."""

    name: str
    type: str
    optional: bool = False

    def declared(self) -> str:
        """`NAME: Type;`."""
        return f"{key(self.name)}{'?' if self.optional else ''}: {self.type};"


@dataclass(frozen=True, slots=True)
class Types:
    """What the types of members depend on besides the configuration.

    Args:
        output: The folder of the file that is written.
        entry: The Worker's own entry.
        others: The entries of the further Workers that were named, by their names.
        strict_vars: Whether variables have literal types.
    """

    output: Path
    entry: Entry | None = None
    others: Mapping[str, Entry] = field(default_factory=dict)
    strict_vars: bool = True

    def specifier(self, entry: Entry) -> str:
        """How the written file imports an entry file."""
        folder = os.path.relpath(entry.file.parent, self.output).replace("\\", "/")
        if folder == ".":
            return f"./{entry.file.stem}"
        return f"{folder}/{entry.file.stem}" if folder.startswith("..") else f"./{folder}/{entry.file.stem}"

    def of(self, binding: Binding) -> str:
        """The type of a binding."""
        known = BY_KEY[binding.kind].typescript
        if known is not None:
            return known
        match binding.kind:
            case "durable_objects.bindings":
                return self._of_class(binding, "DurableObjectNamespace", "DurableObjectNamespace<{class_}>")
            case "workflows":
                return self._of_class(binding, "Workflow", "Workflow<Parameters<{class_}['run']>[0]['payload']>")
            case "services":
                return self._of_service(binding)
            case _:
                return {"ratelimit": "RateLimit", "service": "Fetcher"}.get(binding.text("type") or "", "any")

    def _of_class(self, binding: Binding, plain: str, imported: str) -> str:
        name, script = binding.text("class_name") or "", binding.text("script_name")
        entry = self.others.get(script) if script else self.entry
        if entry is not None and name in entry.exports:
            return imported.format(class_=f'import("{self.specifier(entry)}").{name}')
        return f"{plain} /* {name}{f' from {script}' if script else ''} */"

    def _of_service(self, binding: Binding) -> str:
        service = binding.text("service") or ""
        name = binding.fields.get("entrypoint")
        own = self.entry is not None and self.entry.worker == service
        entry = self.entry if own else self.others.get(service)
        exported = "default" if name is None else str(name)
        if entry is not None and exported in entry.exports:
            return f'Service<typeof import("{self.specifier(entry)}").{exported}>'
        return f"Service /* entrypoint {name} from {service} */" if name else f"Fetcher /* {service} */"

    def of_variable(self, value: Json) -> str:
        """The type of a variable: its value, or what `typeof` says of it."""
        if self.strict_vars:
            return stringify(value)
        if not isinstance(value, list):
            return type_of(value)
        types = sorted({type_of(item) for item in value})
        if not types:
            return "unknown[]"
        return f"{types[0]}[]" if len(types) == 1 else f"({'|'.join(types)})[]"


def key(name: str) -> str:
    """A member's name, in quotes where it is no identifier."""
    return name if _IDENTIFIER.fullmatch(name) else stringify(name)


def of_one(worker: Worker, secrets: Sequence[str], types: Types) -> list[Member]:
    """The members of one environment, as wrangler writes them when there is one or one was chosen.

    Raises:
        ConfigError: Bindings of two kinds have one name.
    """
    found: list[Member] = []
    kinds: dict[str, str] = {}
    for binding, member in _listed(worker, secrets, types, ORDER):
        if binding is not None and binding.inherited:
            continue
        if binding is not None and binding.kind in _BEFORE_VARIABLES:
            if kinds.get(binding.name) == binding.kind:
                continue
            _refuse_conflict(kinds.setdefault(binding.name, binding.kind), binding, worker.environment)
        found.append(member)
    return found


def of_several(
    workers: Sequence[Worker], secrets: Mapping[str | None, Sequence[str]], types: Types
) -> tuple[dict[str, list[Member]], list[Member]]:
    """The members of each environment, and of all together.

    Args:
        workers: The top level first, then the environments.
        secrets: The names of each one's secrets.
        types: What types depend on.

    Returns:
        The members of each environment by its interface's name; and a union of all, in which a member is optional
        that isn't everywhere.

    Raises:
        ConfigError: Two environments would have one interface, or one that wrangler keeps for itself.
    """
    top, *environments = workers
    names = _interfaces([str(worker.environment) for worker in environments])
    each = [_of_environment(worker, secrets[worker.environment], types) for worker in environments]
    above = [_as_at_the_top(*pair) for pair in _listed(top, secrets[None], types, ORDER_PER_ENVIRONMENT)]
    union: dict[str, dict[str, None]] = {}
    where: dict[str, set[int]] = {}
    for number, members in enumerate([*each, above]):
        for member in members:
            union.setdefault(member.name, {})[member.type] = None
            where.setdefault(member.name, set()).add(number)
    together = [
        Member(name, " | ".join(found), optional=len(where[name]) < len(workers)) for name, found in union.items()
    ]
    blobs = [Member(one.name, types.of(one)) for one in top.bindings if one.kind in TOP_LEVEL_ONLY]
    return dict(zip(names, each, strict=True)), together + blobs


def variables(worker: Worker, secrets: Sequence[str]) -> list[str]:
    """The names of what is text in the environment. A secret takes the place of a variable of the same name."""
    return [*(name for name in worker.vars if name not in secrets), *secrets]


def _of_environment(worker: Worker, secrets: Sequence[str], types: Types) -> list[Member]:
    return [member for _, member in _listed(worker, secrets, types, ORDER_PER_ENVIRONMENT)]


def _listed(
    worker: Worker, secrets: Sequence[str], types: Types, order: Sequence[str]
) -> Iterator[tuple[Binding | None, Member]]:
    """The members in an order of kinds, those that are bindings with the binding."""
    for kind in order:
        if kind == VARS:
            for name, value in worker.vars.items():
                if name not in secrets:
                    yield None, Member(name, types.of_variable(value))
        elif kind == SECRETS:
            yield from ((None, Member(name, "string")) for name in secrets)
        else:
            for binding in worker.bindings:
                late = _ASSETS_AFTER if binding.inherited and order is ORDER_PER_ENVIRONMENT else binding.kind
                if kind == late:
                    yield binding, Member(binding.name, types.of(binding))


def _as_at_the_top(binding: Binding | None, member: Member) -> Member:
    """Of several environments, wrangler knows an unsafe service only in those that have a name."""
    if binding is not None and binding.kind == "unsafe.bindings" and binding.text("type") == "service":
        return Member(member.name, "any")
    return member


def _refuse_conflict(first: str, binding: Binding, env: str | None) -> None:
    if first != binding.kind:
        raise ConfigError(
            f'Binding "{binding.name}" has conflicting types across environments: "{_category(first)}" vs'
            f' "{_category(binding.kind)}" (in {env or "$top-level"}). Please use unique binding names for different'
            " binding types."
        )


def _category(kind: str) -> str:
    return {"queues.producers": "queues_producers", "logfwdr.bindings": "logfwdr"}.get(kind, kind)


def _interfaces(environments: Sequence[str]) -> list[str]:
    """The interface's name for each environment: `StagingEnv` for `staging`.

    Raises:
        ConfigError: Two have the same, or one has a name that is taken.
    """
    found: dict[str, str] = {}
    for environment in environments:
        words = _WORDS.split(environment)
        pascal = "".join(word[:1].upper() + word[1:].lower() for word in words)
        name = pascal if pascal.endswith("Env") else f"{pascal}Env"
        if name == _RESERVED:
            raise ConfigError(
                f'Environment name "{environment}" converts to reserved interface name "{name}". Please rename this'
                " environment to avoid conflicts."
            )
        if name in found:
            raise ConfigError(
                f'Environment names "{found[name]}" and "{environment}" both convert to interface name "{name}".'
                " Please rename one of these environments to avoid conflicts."
            )
        found[name] = environment
    return list(found)
