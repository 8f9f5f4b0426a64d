"""A Worker's entry file, as its types refer to it: what it exports, and under which name others call the Worker."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from progy.errors import ConfigError, EntryError
from progy.worker import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from progy.worker.model import Binding, Worker

_MODULES = "https://developers.cloudflare.com/workers/learning/migrating-to-module-workers/"
_NO_MIGRATIONS = (
    "Durable Object migrations require ES Module format Workers, but yours is being built as service-worker format."
    " Migrations cannot be applied to service-worker format Workers.\n"
    'To use Durable Object migrations, deploy in ES Module format by adding a default export handler (e.g. "export'
    ' default { fetch() {} }"), or remove "migrations" from your config if you don\'t need them. See:\n'
    f"{_MODULES}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry file."""

    file: Path
    worker: str
    """The Worker's name, by which services and scripts refer to it."""
    format: Literal["modules", "service-worker"] = "modules"
    exports: frozenset[str] = frozenset()
    """The names it exports, `default` among them. wrangler knows none of a Python file."""


def entry_of(worker: Worker, warn: Callable[[str], None] = lambda _: None) -> Entry | None:
    """The Worker's entry, or None where wrangler would write types as though there were none.

    That is so when there is no such file, when it can't be parsed, and when a service worker has Durable Objects.

    Args:
        worker: The Worker.
        warn: Is told of a file that can't be parsed: wrangler's parser may know better.
    """
    try:
        return _entry(worker)
    except EntryError as error:
        warn(f"{error.where}: {error.message}; the types are as if there were none")
        return None
    except ConfigError:
        return None


def _entry(worker: Worker) -> Entry:
    if worker.entry is None:
        raise ConfigError(_missing(worker))
    from progy.worker.exports import exports_of  # it brings a parser

    found = exports_of(worker.entry)
    if found.format == "service-worker":
        if own := list(_own_objects(worker)):
            raise ConfigError(_no_objects(worker.path.name, own))
        if worker.migrates:
            raise ConfigError(_NO_MIGRATIONS)
    return Entry(worker.entry, worker.name or "worker", found.format, frozenset(found.names))


def _own_objects(worker: Worker) -> Iterator[Binding]:
    """The Durable Objects that the Worker's own script has to export."""
    for binding in worker.bindings:
        if binding.kind == "durable_objects.bindings":
            script = binding.fields.get("script_name")
            if script is None or script == worker.name:
                yield binding


def _no_objects(file: str, objects: Sequence[Binding]) -> str:
    examples = []
    for binding in objects:
        fields = f"name = {binding.name}, class_name = {binding.text('class_name')}"
        script = f"{binding.name.lower().replace('_', '-')}-worker"
        examples.append(f"{{ {fields} }} ==> {{ {fields}, script_name = {script} }}\n")
    return (
        "You seem to be trying to use Durable Objects in a Worker written as a service-worker.\n"
        f"You can use Durable Objects defined in other Workers by specifying a `script_name` in your {file} file, where"
        " `script_name` is the name of the Worker that implements that Durable Object. For example:\n"
        f"{''.join(examples)}"
        "Alternatively, migrate your worker to ES Module syntax to implement a Durable Object in this Worker:\n"
        f"{_MODULES}"
    )


def others(paths: Sequence[Path]) -> dict[str, Entry]:
    """The entries of further Workers, by each name they are deployed under: their own, and one per environment.

    Args:
        paths: The Workers' configurations.

    Raises:
        ConfigError: A configuration can't be used, or has no entry file.
    """
    found: dict[str, Entry] = {}
    for path in paths:
        top, *environments = config.load_all(path)
        entry = _entry(top)
        found[entry.worker] = entry
        for worker in environments:
            if worker.name:
                found.setdefault(worker.name, entry)
    return found


def _missing(worker: Worker) -> str:
    if worker.main is None:
        return "Missing entry-point to Worker script or to assets directory"
    return (
        f'The entry-point file at "{os.path.normpath(worker.main)}" was not found.\n'
        "This might mean that your entry-point file needs to be generated (which is the general case when a framework"
        " is being used).\n"
        "If that's the case please run your project's build command and try again."
    )
