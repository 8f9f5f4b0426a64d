"""Durable Object classes: which there are after all `migrations`, and by `exports`; and what wrangler refuses there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from progy.worker.checks import Entry, exported_workflow_name, workflow_settings
from progy.worker.javascript import Json, stringify
from progy.worker.report import english, string_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.worker.report import Report

FIELDS = ("migrations", "exports")
"""The two ways to tell of classes."""

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STORAGES = ("sqlite", "legacy-kv")
_LIVE = ("created", "expecting-transfer")
_MAY_HAVE = {
    "created": ("type", "state", "storage", "container"),
    "deleted": ("type", "state"),
    "renamed": ("type", "state", "renamed_to"),
    "transferred": ("type", "state", "transferred_to"),
    "expecting-transfer": ("type", "state", "storage", "transfer_from", "container"),
}
"""The fields of a Durable Object in `exports`, by its state."""


def classes(migrations: Sequence[Json], exports: Mapping[str, Json]) -> tuple[tuple[str, ...], str | None]:
    """The classes that exist, in the order in which they came to be.

    Returns:
        The classes; and what wrangler says when a migration can't be applied to what those before it leave.
    """
    found: dict[str, None] = {}
    for migration in migrations:
        problem = _migrate(found, migration) if isinstance(migration, dict) else None
        if problem:
            return tuple(found), problem
    for name, entry in durable_objects(exports).items():
        if is_live(entry):
            found[name] = None
    return tuple(found), None


def durable_objects(exports: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """Those of the exports that are Durable Objects."""
    return {
        name: entry
        for name, entry in exports.items()
        if isinstance(entry, dict) and entry.get("type") == "durable-object"
    }


def is_live(entry: Entry) -> bool:
    """Whether there are objects of the class, or will be."""
    return (entry.get("state") or "created") in _LIVE


def _migrate(found: dict[str, None], migration: Entry) -> str | None:
    for name in _texts(migration.get("deleted_classes")):
        if name not in found:
            return f"Cannot apply deleted_classes migration to non-existent class {name}"
        del found[name]
    renamed = migration.get("renamed_classes")
    for pair in renamed if isinstance(renamed, list) else ():
        old, new = (str(pair.get("from")), str(pair.get("to"))) if isinstance(pair, dict) else ("", "")
        if old not in found:
            return f"Cannot apply renamed_classes migration to non-existent class {old}"
        del found[old]
        found[new] = None
    for key in ("new_classes", "new_sqlite_classes"):
        for name in _texts(migration.get(key)):
            if name in found:
                return f"Cannot apply {key} migration to existing class {name}"
            found[name] = None
    return None


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def check(report: Report, key: str, section: Entry) -> None:
    """Say what is wrong with `migrations` or `exports`.

    Args:
        report: Where it is said.
        key: Which of the two.
        section: The level that has it.
    """
    value = section[key]
    if value is not None:
        (_migrations if key == "migrations" else _exports)(report, value)


def check_together(report: Report, section: Entry, root: Entry) -> None:
    """Say what is wrong with `migrations` and `exports` taken together, which an environment has from the top level.

    Args:
        report: Where it is said.
        section: The top level, or an environment.
        root: The top level.
    """
    active, exported = (root.get(key) if section.get(key) is None else section[key] for key in FIELDS)
    if active and isinstance(exported, dict) and durable_objects(exported):
        report.errors.append(
            "`migrations` and `exports` are mutually exclusive. Choose one or the other to declare your Durable Object"
            " lifecycle, but not both."
        )
    if isinstance(exported, dict):
        _workflows(report, exported)


def _migrations(report: Report, migrations: Json) -> None:
    if not isinstance(migrations, list):
        report.errors.append(f'The optional "migrations" field should be an array, but got {stringify(migrations)}')
        return
    for index, migration in enumerate(migrations):
        fields = migration if isinstance(migration, dict) else {}
        place = f"migrations[{index}]"
        if "tag" not in fields:
            report.errors.append(f'"{place}.tag" is a required field.')
        elif not isinstance(fields["tag"], str):
            report.errors.append(f'Expected "{place}.tag" to be of type string but got {stringify(fields["tag"])}.')
        for key in ("new_classes", "new_sqlite_classes"):
            _listed(report, place, fields, key)
        _renamed(report, place, fields)
        _listed(report, place, fields, "deleted_classes")


def _listed(report: Report, place: str, fields: Entry, key: str) -> None:
    if key in fields:
        string_list(report, place, fields, key)


def _renamed(report: Report, place: str, fields: Entry) -> None:
    renamed = fields.get("renamed_classes")
    if "renamed_classes" not in fields:
        return
    pairs = renamed if isinstance(renamed, list) else [None]
    if not all(
        isinstance(pair, dict) and isinstance(pair.get("from"), str) and isinstance(pair.get("to"), str)
        for pair in pairs
    ):
        report.errors.append(
            f'Expected "{place}.renamed_classes" to be an array of "{{from: string, to: string}}" objects but got'
            f" {stringify(renamed)}."
        )


def _exports(report: Report, exports: Json) -> None:
    if not isinstance(exports, dict):
        report.errors.append(
            f'The optional "exports" field should be an object keyed by class name, but got {stringify(exports)}'
        )
        return
    for name, entry in exports.items():
        if not isinstance(entry, dict):
            report.errors.append(f'"exports.{name}" should be an object but got {stringify(entry)}.')
        elif entry.get("type") == "durable-object":
            report.errors += _durable_object(name, entry)
        elif entry.get("type") == "workflow":
            report.errors += _workflow(f"exports.{name}", entry)
        elif entry.get("type") != "worker":
            got = stringify(entry["type"]) if "type" in entry else "undefined"
            report.errors.append(
                f'"exports.{name}.type" must be "durable-object", "worker", or "workflow", but got {got}.'
            )


def _workflow(place: str, entry: Entry) -> Iterator[str]:
    if "name" not in entry:
        yield f'"{place}.name" is a required field.'
    elif not isinstance(entry["name"], str):
        yield f'Expected "{place}.name" to be of type string but got {stringify(entry["name"])}.'
    yield from exported_workflow_name(place, dict(entry))
    yield from workflow_settings(place, dict(entry), "export")


def _durable_object(name: str, entry: Entry) -> Iterator[str]:
    if name == "":
        yield '"export" keys cannot be the empty string.'
    state, place = entry.get("state", "created"), f"exports.{name}"
    if not isinstance(state, str) or state not in _MAY_HAVE:
        yield (
            f'"{place}.state" must be one of "created", "deleted", "renamed", "transferred", or "expecting-transfer"'
            f" but got {stringify(state)}."
        )
        return
    if state in _LIVE and entry.get("storage") not in _STORAGES:
        got = stringify(entry["storage"]) if "storage" in entry else "undefined"
        yield (
            f'"{place}.storage" is required for state "{state}" and must be one of sqlite and legacy-kv, but got {got}'
        )
    needed = {"renamed": "renamed_to", "transferred": "transferred_to", "expecting-transfer": "transfer_from"}
    if state in needed and not (isinstance(entry.get(needed[state]), str) and entry[needed[state]]):
        yield f'"{place}.{needed[state]}" is required for state "{state}" and must be a non-empty string.'
    elif state == "renamed":
        yield from _renamed_to(name, str(entry["renamed_to"]))
    if state in _LIVE:
        yield from _container(place, entry)
    allowed = _MAY_HAVE[state]
    forbidden = [key for key in entry if key not in allowed]
    yield from (f'"{place}.{key}" is forbidden on state "{state}".' for key in forbidden)
    if forbidden:
        yield f"Allowed properties are: {english(allowed)}."


def _renamed_to(name: str, new: str) -> Iterator[str]:
    if not _IDENTIFIER.fullmatch(new):
        yield f'"exports.{name}.renamed_to" must be a valid JavaScript identifier (got "{new}").'
    if new == name:
        yield f'"exports.{name}.renamed_to" cannot equal the source class name "{name}".'


def _container(place: str, entry: Entry) -> Iterator[str]:
    if "container" not in entry:
        return
    container = entry["container"]
    if not isinstance(container, str) or not container:
        yield (
            f'"{place}.container" must be a non-empty string naming a container in the "containers" array, but got'
            f" {stringify(container)}."
        )
    elif entry.get("storage") == "legacy-kv":
        yield (
            f'"{place}.container" requires "storage" to be "sqlite". Containers are not supported on Durable Objects'
            ' using the "legacy-kv" storage backend.'
        )


def _workflows(report: Report, exports: Entry) -> None:
    first: dict[str, str] = {}
    for name, entry in exports.items():
        workflow = entry.get("name") if isinstance(entry, dict) and entry.get("type") == "workflow" else None
        if not isinstance(workflow, str):
            continue
        if workflow in first:
            report.errors.append(
                f'"exports.{first[workflow]}" and "exports.{name}" both declare the Workflow "{workflow}". Workflow'
                " names must be unique."
            )
        first.setdefault(workflow, name)
