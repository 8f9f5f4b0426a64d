"""`Env` in Python: what the Worker's `env` holds, in every environment and in each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.emit.json_vars import OWN, JsonTypes, attribute_name, union
from progy.emit.python_modules import UNSAFE
from progy.emit.python_text import WIDTH, apart, docstring, laid_out, names_in, quoted
from progy.errors import ConfigError
from progy.worker.kinds import BY_KEY, DOCS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from progy.worker.javascript import Json
    from progy.worker.model import Binding, Worker

BINDINGS = ""
VARS = f"Variables. {DOCS}workers/configuration/environment-variables/"
SECRETS = f"Secrets. {DOCS}workers/configuration/secrets/"
_INDENT = " " * 4
_LONGEST_LITERAL = 1000
"""Characters; a longer text, as of a certificate, is no value that anybody compares with."""
_BOUND_TO = (
    *("database_name", "bucket_name", "queue", "index_name", "service", "class_name", "dataset"),
    *("instance_name", "namespace", "stream", "pipeline"),
)
"""The fields that say what a name is bound to, in the configuration's words."""


@dataclass(frozen=True, slots=True)
class Member:
    """A name in `env`, as the configuration has it."""

    name: str
    type: str
    section: str
    """The heading that it stands under: `VARS`, `SECRETS`, or none for a binding."""
    label: str = ""
    """What kind of binding it is."""
    bound_to: tuple[str, ...] = ()
    """What it is bound to: in several environments perhaps to several things."""
    page: str = ""
    """The documentation's address; in several environments perhaps several."""
    varies: bool = False
    """It hasn't the same type in every environment."""

    @property
    def doc(self) -> str:
        """Its docstring's text; none for a variable or a secret."""
        names = ", ".join(f"`{name}`" for name in self.bound_to)
        return f"{self.label}{' ' if names else ''}{names}. {self.page}" if self.label else ""


@dataclass(frozen=True, slots=True)
class Class:
    """One of the Protocols for `env`.

    Args:
        name: Its name.
        bases: What it inherits from.
        doc: Its docstring's text.
        members: What it has of its own.
        above: The names of what it inherits.
    """

    name: str
    bases: str
    doc: str
    members: tuple[Member, ...]
    above: frozenset[str] = frozenset()

    @property
    def docstring(self) -> str:
        """The docstring, indented."""
        return docstring(self.doc)

    @property
    def sections(self) -> Iterator[tuple[str, str]]:
        """What it has: a heading, which bindings don't have, and the lines."""
        for section in (BINDINGS, VARS, SECRETS):
            found = [(name, member) for name, member in self._visible() if member.section == section]
            if found:
                declared = ((self._declared(name, member), member) for name, member in found)
                yield section, "".join(_apart_from_others(declared)).strip("\n")

    @property
    def hidden(self) -> list[str]:
        """The members that Python can't write as attributes, with their types."""
        hidden = [member for member in self.members if attribute_name(member.name) is None and member.name not in OWN]
        return [f"{quoted(member.name)}: {member.type}" for member in hidden]

    @property
    def unreachable(self) -> list[str]:
        """The names that Pyodide has for itself."""
        return [member.name for member in self.members if member.name in OWN]

    @property
    def types(self) -> set[str]:
        """The names that the types of the visible members are made of."""
        return {name for _, member in self._visible() for name in names_in(member.type)}

    def _visible(self) -> Iterator[tuple[str, Member]]:
        for member in self.members:
            name = attribute_name(member.name)
            if name is not None:
                yield name, member

    def _declared(self, name: str, member: Member) -> str:
        names = self.above | {name for name, _ in self._visible()}
        type_ = apart(member.type, names)
        if not member.varies:
            doc = f"\n{docstring(member.doc)}" if member.doc else ""
            return f"    {name}: {laid_out(type_, _INDENT, len(name) + 6)}{doc}"
        # Read-only, so that an environment's narrower type is one of these.
        head = f"    @{apart('property', names)}\n    def {name}("
        body = f":\n{docstring(member.doc, indent=' ' * 8)}\n        ..." if member.doc else ": ..."
        if len(f"    def {name}(self) -> {type_}: ...") <= WIDTH:
            return f"{head}self) -> {type_}{body}"
        return f"{head}\n        self,\n    ) -> {laid_out(type_, _INDENT, len('    ) -> : ...'))}{body}"


def _apart_from_others(declared: Iterable[tuple[str, Member]]) -> Iterator[str]:
    """Declarations, with an empty line before and after those that take several."""
    alone = True
    for text, member in declared:
        before, alone = alone, member.varies or bool(member.doc)
        yield f"{chr(10) * (before or alone)}{text}\n"


def levels(
    workers: Sequence[Worker], secrets: Mapping[str | None, Sequence[str]], types: JsonTypes
) -> list[tuple[Member, ...]]:
    """The members of `env` at each level.

    Args:
        workers: The top level and the environments, or the one that was chosen.
        secrets: The names of the secrets, by environment.
        types: Collects the types of variables that hold JSON.

    Raises:
        ConfigError: A variable or a secret has the name of a binding.
    """
    json_types = dict(_json_types(workers, secrets, types))
    found: list[tuple[Member, ...]] = []
    for worker in workers:
        names = secrets.get(worker.environment, ())
        members = (*_bindings(worker), *_values(worker, names, json_types))
        _refuse_clashes(members, worker)
        found.append(members)
    return found


def _json_types(
    workers: Sequence[Worker], secrets: Mapping[str | None, Sequence[str]], types: JsonTypes
) -> Iterator[tuple[str, str]]:
    """The type of each variable that holds an object or an array somewhere."""
    found: dict[str, list[Json]] = {}
    for worker in workers:
        for name, value in worker.vars.items():
            if isinstance(value, dict | list) and name not in secrets.get(worker.environment, ()):
                found.setdefault(name, []).append(value)
    for name, values in found.items():
        yield name, types.of(name, values).attribute


def _bindings(worker: Worker) -> Iterator[Member]:
    for binding in worker.bindings:
        kind = BY_KEY[binding.kind]
        known = UNSAFE.get(binding.text("type") or "") if binding.kind == "unsafe.bindings" else kind.python
        type_ = (known or "Any").rpartition(".")[2]
        label = kind.label[0].upper() + kind.label[1:]
        yield Member(binding.name, type_, BINDINGS, label, _bound_to(binding), f"{DOCS}{kind.docs}")


def _bound_to(binding: Binding) -> tuple[str, ...]:
    keys = ("name",) if binding.kind == "workflows" else _BOUND_TO
    return next(((text,) for key in keys if (text := binding.text(key))), ())


def _values(worker: Worker, secrets: Sequence[str], json_types: Mapping[str, str]) -> Iterator[Member]:
    for name, value in worker.vars.items():
        if name not in secrets:
            yield Member(name, json_types[name] if isinstance(value, dict | list) else _scalar(value), VARS)
    for name in secrets:
        yield Member(name, "str", SECRETS)


def _scalar(value: Json) -> str:
    match value:
        case str():
            return f"Literal[{quoted(value)}]" if len(value) <= _LONGEST_LITERAL else "str"
        case bool() | int():
            return f"Literal[{value}]"
        case None:
            return "JsNull"
        case _:
            return "float"


def _refuse_clashes(members: Iterable[Member], worker: Worker) -> None:
    seen: set[str] = set()
    for member in members:
        if member.name in seen:
            raise ConfigError(
                f'the name "{member.name}" is given twice, to a binding and to a variable or secret',
                where=str(worker.path),
                hint="rename one of them: the Worker's env has room for one",
            )
        seen.add(member.name)


def class_names(workers: Sequence[Worker]) -> frozenset[str]:
    """The names that `classes` gives to Protocols, and perhaps some that it doesn't."""
    return frozenset({"Env", *_names([worker.environment for worker in workers])})


def classes(workers: Sequence[Worker], members: Sequence[tuple[Member, ...]]) -> list[Class]:
    """`Env`, and with several environments a Protocol for each.

    Args:
        workers: The top level and the environments, or the one that was chosen.
        members: What `levels` gave for them.
    """
    about = "`self.env`: bindings, variables and secrets, as the Workers SDK for Python hands them over."
    if len(workers) == 1:
        return [Class("Env", "Protocol", about, members[0])]
    top = "the top level too"
    if not members[0]:
        # It binds nothing, so nobody deploys it: what all the others have would be nothing with it.
        workers, members, top = workers[1:], members[1:], "the top level aside, which has nothing"
    names = _names([worker.environment for worker in workers])
    common = _common(members)
    above = frozenset(filter(None, (attribute_name(member.name) for member in common)))
    own = [_own(level, common) for level in members]
    each = f"This is what all environments have, {top}. Each by itself: `{'`, `'.join(names)}`."
    rare = _rare(names, own, common)
    only = "\n".join(("These are only in some:", "", *rare)) if rare else ""
    found = [Class("Env", "Protocol", "\n\n".join(filter(None, (about, each, only))), tuple(common))]
    for worker, name, level in zip(workers, names, own, strict=True):
        where = "at the top level" if worker.environment is None else f"in the environment `{worker.environment}`"
        found.append(Class(name, "Env, Protocol", f"`self.env` {where}.", level, above))
    return found


def _names(environments: Sequence[str | None]) -> list[str]:
    """The name of each environment's Protocol: the one that TypeScript has, where Python takes it."""
    found: list[str] = []
    for environment in environments:
        words = re.split("[-_]", environment) if environment is not None else ["Top", "Level"]
        name = re.sub(r"\W", "", "".join(word[:1].upper() + word[1:].lower() for word in words), flags=re.ASCII)
        name = name if name.endswith("Env") else f"{name}Env"
        name = name if name.isidentifier() else f"Env{name}"
        while name == "Env" or name in found:
            name += "_"
        found.append(name)
    return found


def _common(members: Sequence[tuple[Member, ...]]) -> list[Member]:
    """What every level has, with a type that holds for all."""
    by_name: dict[str, list[Member]] = {}
    for level in members:
        for member in level:
            by_name.setdefault(member.name, []).append(member)
    return [_together(found) for found in by_name.values() if len(found) == len(members)]


def _together(members: Sequence[Member]) -> Member:
    first = members[0]
    types = list(dict.fromkeys(member.type for member in members))
    literals = [type_[8:-1] for type_ in types if type_.startswith("Literal[")]
    others = [type_ for type_ in types if not type_.startswith("Literal[")]
    joined = union([*([f"Literal[{', '.join(literals)}]"] if literals else ()), *others])
    labels = dict.fromkeys(member.label for member in members if member.label)
    pages = dict.fromkeys(member.page for member in members if member.page)
    return replace(
        first,
        type=joined,
        label=" or ".join(labels),
        bound_to=tuple(dict.fromkeys(name for member in members for name in member.bound_to)),
        page=" ".join(pages),
        varies=len(types) > 1,
    )


def _own(level: Iterable[Member], common: Iterable[Member]) -> tuple[Member, ...]:
    """What a level has beyond what all have, and what it has more exactly."""
    shared = {member.name: member for member in common}
    return tuple(
        replace(member, varies=member.name in shared)
        for member in level
        if member.name not in shared or shared[member.name].varies
    )


def _rare(names: Sequence[str], own: Sequence[Iterable[Member]], common: Iterable[Member]) -> list[str]:
    """What only some environments have: a line for each, with the Protocols that have it."""
    shared = {member.name for member in common}
    found: dict[str, list[str]] = {}
    for name, level in zip(names, own, strict=True):
        for member in level:
            if member.name not in shared:
                found.setdefault(member.name, []).append(name)
    return [f"- `{member}`: `{'`, `'.join(where)}`" for member, where in found.items()]
