"""What wrangler refuses in a configuration, refused in its words.

Bindings are checked by the table of kinds; `progy.worker.settings` has the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.worker import containers, durable, settings
from progy.worker.checks import Entry, fields_of, is_truthy, type_of
from progy.worker.javascript import Json, ordered, stringify
from progy.worker.kinds import BY_KEY, INHERITED, KINDS, TOP_LEVEL_ONLY, Kind
from progy.worker.orders import CHECKED, CHECKED_AFTER, NAMED
from progy.worker.report import english, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from progy.worker.report import Report


def check(report: Report, root: Entry, env: str | None = None, *, folder: Path) -> None:
    """Say what is wrong with the top level or an environment.

    Args:
        report: Where it is said.
        root: The whole configuration.
        env: The environment; None for the top level.
        folder: The configuration's folder.
    """
    section = root if env is None else _environment(root, env)
    top = env is None
    for key in (*(("legacy_env",) if top else ()), *CHECKED):
        if key.partition(".")[0] not in section:
            continue
        if key in settings.KEYS:
            settings.check(report, key, section, env)
        elif key in durable.FIELDS:
            durable.check(report, key, section)
        elif key == "containers":
            containers.check(report, section, root, folder)
        else:
            _kind(report, BY_KEY[key], section, env)
    durable.check_together(report, section, root)
    containers.check_links(report, section, root, env)
    for key in CHECKED_AFTER if top else ():
        if key in section:
            settings.check(report, key, section, env)


def check_names(report: Report, root: Entry, env: str | None) -> None:
    """Say which names several bindings, variables or secrets have.

    Args:
        report: Where it is said.
        root: The whole configuration.
        env: The environment; None for the top level.
    """
    section = root if env is None else _environment(root, env)
    holders: dict[str, list[str]] = {}
    for key, called in NAMED.items():
        for name in _names(key, section, root):
            holders.setdefault(name, []).append(called)
    secrets = section.get("secrets")
    for name in _texts(secrets.get("required")) if isinstance(secrets, dict) else ():
        holders.setdefault(name, []).append("Secret")
    if "pages_build_output_dir" in root:
        report.errors += [
            f"The name 'ASSETS' is reserved in Pages projects. Please use a different name for your {called} binding."
            for called in holders.get("ASSETS", ())
        ]
    clashes = {name: held for name, held in ordered(holders).items() if len(held) > 1}
    for name, held in clashes.items():
        different = list(dict.fromkeys(held))
        if len(different) > 1:
            report.errors.append(f"{name} assigned to {english(different)} bindings.")
        report.errors += [
            f"{name} assigned to multiple {called} bindings." for called in different if held.count(called) > 1
        ]
    if clashes:
        report.errors.append(
            "Bindings must have unique names, so that they can all be referenced in the worker.\n"
            "Please change your bindings to have unique names."
        )


def nameless(root: Entry, environments: Sequence[str | None]) -> str | None:
    """What wrangler says of the first entry that has no name; it looks for them before all else.

    Args:
        root: The whole configuration.
        environments: The levels to look at; None for the top level.
    """
    core = [kind for kind in KINDS if not kind.key.endswith("_blobs") and kind.key != "assets"]
    for group in _collected(core):
        for env in environments:
            section = root if env is None else _environment(root, env)
            for kind in group:
                for place, entry in _entries(kind, section):
                    found = _nameless(kind, place, entry, env)
                    if found:
                        return found
    return None


def _collected(kinds: Sequence[Kind]) -> Iterator[list[Kind]]:
    """The kinds in wrangler's rounds: the plain ones together, then each of the others."""
    late = ("durable_objects.bindings", "services", "workflows", "unsafe.bindings", "pipelines")
    yield [kind for kind in kinds if kind.key not in late]
    yield from ([BY_KEY[key]] for key in late)


def _nameless(kind: Kind, place: str, entry: Json, env: str | None) -> str | None:
    fields = entry if isinstance(entry, dict) else {}
    missing = kind.name
    if is_truthy(fields.get(kind.name)):
        if kind.key != "pipelines" or is_truthy(fields.get("stream")) or is_truthy(fields.get("pipeline")):
            return None
        missing = "stream"
    path = f"env.{env}.{place}" if env is not None else place
    said = f'- "{path}" bindings should have a string "{missing}" field but got {stringify(entry)}.'
    return f"  {said}" if env is None else f'  - "env.{env}" environment configuration\n    {said}'


def _entries(kind: Kind, section: Entry) -> Iterator[tuple[str, Json]]:
    """The kind's entries, each with its place; a thing that can't hold entries has none."""
    value = get(section, kind.key)
    if kind.shape == "object":
        if is_truthy(value):
            yield kind.key, value
    elif kind.shape in {"list", "bindings"} and isinstance(value, list):
        yield from ((f"{kind.key}[{index}]", entry) for index, entry in enumerate(value))


def get(section: Entry, path: str) -> Json:
    """A value by its path, of which one dot goes one level down; None when it isn't there."""
    key, _, rest = path.partition(".")
    value = section.get(key)
    if not rest:
        return value
    return value.get(rest) if isinstance(value, dict) else None


def _environment(root: Entry, env: str) -> Entry:
    environments = root.get("env")
    section = environments.get(env) if isinstance(environments, dict) else None
    return section if isinstance(section, dict) else {}


def _names(key: str, section: Entry, root: Entry) -> list[str]:
    """The names that a key of the configuration gives, as wrangler finds them."""
    value = section.get(key)
    # An environment has log forwarding from the top level, too, but no type of it.
    if key in TOP_LEVEL_ONLY or key == "wasm_modules" or (value is None and key in {*INHERITED, "logfwdr"}):
        value = root.get(key)
    if key == "queues":
        value = value.get("producers") if isinstance(value, dict) else None
    if isinstance(value, list):
        names = [entry.get("binding") if isinstance(entry, dict) else None for entry in value]
        return _texts(names) if len(_texts(names)) == len(names) else []
    if not isinstance(value, dict):
        return []
    entries = value.get("bindings")
    if isinstance(entries, list):
        names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
        if len(_texts(names)) == len(names):
            return _texts(names)
    if "binding" in value:
        return _texts([value["binding"]])
    return list(value)


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _kind(report: Report, kind: Kind, section: Entry, env: str | None) -> None:
    key, _, below = kind.key.partition(".")
    value, path = section[key], path_of(key, env)
    if kind.shape == "object":
        _single(report, kind, value, path)
    elif not below:
        _list(report, kind, value, path)
    elif not isinstance(value, dict):
        report.errors.append(f'The field "{path}" should be an object but got {stringify(value)}.')
    elif below in value:
        if kind.shape == "list":
            _list(report, kind, value[below], f"{path}.{below}")
        else:
            _bindings(report, kind, value[below], f"{path}.{below}")
    elif kind.shape == "flag":
        report.errors.append(f'The field "{path}" is missing the required "bindings" property.')
    if kind.key == "workflows" and isinstance(value, list):
        _unique(report, key, value)


def _single(report: Report, kind: Kind, value: Json, path: str) -> None:
    if not isinstance(value, dict):
        report.errors.append(f'The field "{path}" should be an object but got {stringify(value)}.')
    else:
        report.errors += _problems(kind, kind.key, value)


def _list(report: Report, kind: Kind, value: Json, path: str) -> None:
    if not isinstance(value, list):
        report.errors.append(f'The field "{path}" should be an array but got {stringify(value)}.')
        return
    for index, entry in enumerate(value):
        place = f"{path}[{index}]"
        if entry is None or type_of(entry) != "object" or (kind.key == "k2" and isinstance(entry, list)):
            report.errors.append(_no_object(kind, place, entry))
        else:
            report.errors += _problems(kind, place, entry)


def _no_object(kind: Kind, place: str, entry: Json) -> str:
    if kind.key == "dispatch_namespaces":
        return f'"{place}" binding should be objects, but got {stringify(entry)}'
    noun = place if kind.key == "k2" else kind.noun or kind.key
    return f'"{noun}" bindings should be objects, but got {stringify(entry)}'


def _bindings(report: Report, kind: Kind, value: Json, path: str) -> None:
    if not isinstance(value, list):
        report.errors.append(f'The field "{path}" should be an array but got {stringify(value)}.')
        return
    for index, entry in enumerate(value):
        place = f"{path}[{index}]"
        below = report.child(f'"{place}": {stringify(entry)}')
        if entry is None or type_of(entry) != "object":
            dot = "." if kind.key == "unsafe.bindings" else ""
            quoted = place if dot else f'"{place}"'
            below.errors.append(f"Expected {quoted} to be an object but got {stringify(entry)}{dot}")
        else:
            below.errors += _problems(kind, place, entry)


def _problems(kind: Kind, place: str, entry: Json) -> Iterator[str]:
    found = (check.problem(place, entry) for check in kind.checks)
    yield from (problem for problem in found if problem)
    for also in kind.also:
        yield from also(place, entry)


def _unique(report: Report, key: str, entries: list[Json]) -> None:
    names = [fields_of(entry).get("name") for entry in entries]
    printed = ["" if name is None else name if isinstance(name, str) else stringify(name) for name in names]
    twice = list(dict.fromkeys(name for name in printed if printed.count(name) > 1))
    if twice:
        listed = '", "'.join(twice)
        report.errors.append(f'"{key}" bindings must have unique "name" values; duplicate(s) found: "{listed}"')
