"""What a Worker's configuration says, as plain values. `progy.worker.config` reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from progy.worker.javascript import Json


MIGRATIONS_DIR = "migrations"
MIGRATIONS_TABLE = "d1_migrations"


@dataclass(frozen=True, slots=True)
class D1Binding:
    """One entry of `d1_databases`, with wrangler's defaults filled in."""

    binding: str
    database_name: str | None = None
    database_id: str | None = None
    preview_database_id: str | None = None
    migrations_dir: str = MIGRATIONS_DIR
    migrations_table: str = MIGRATIONS_TABLE
    migrations_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A name in the Worker's `env`, and the entry of the configuration that puts it there."""

    kind: str
    """The configuration's key: `kv_namespaces`, `queues.producers`. `progy.worker.kinds` knows them all."""
    name: str
    fields: Mapping[str, Json]
    """The entry as written."""
    inherited: bool = False
    """It comes from the top level although an environment was named, as only `assets` does."""

    def text(self, key: str) -> str | None:
        """The entry's field, when it is a string that isn't empty."""
        value = self.fields.get(key)
        return value if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True)
class Rule:
    """Which files may be imported as modules, and as what: an entry of `rules`."""

    type: str
    """`Text`, `Data` and `CompiledWasm` give values; `ESModule`, `CommonJS` and `PythonModule` are code."""
    globs: tuple[str, ...]
    falls_through: bool = False
    """Whether a later rule of that type counts, too."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A Worker as one environment of its configuration describes it."""

    path: Path
    """The configuration file."""
    environment: str | None = None
    """The environment that was asked for; None for the top level."""
    environments: tuple[str, ...] = ()
    """The names of all environments, as written."""
    name: str | None = None
    account_id: str | None = None
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    main: str | None = None
    """The entry file as written, relative to the configuration file."""
    entry: Path | None = None
    """The entry file, when there is one; an absolute `main`, or `site`'s entry point, too."""
    vars: Mapping[str, Json] = field(default_factory=dict)
    """In the order in which JavaScript lists them."""
    secrets: tuple[str, ...] | None = None
    """The names in `secrets.required`; None when no level has a `secrets`, so that files are looked at."""
    bindings: tuple[Binding, ...] = ()
    """In the order in which `wrangler types` writes them."""
    d1: tuple[D1Binding, ...] = ()
    durable_classes: tuple[str, ...] = ()
    """The Durable Object classes that `migrations` or `exports` leave in existence."""
    durable_problem: str | None = None
    """Why the `migrations` can't be applied one after the other; wrangler only looks when it writes types."""
    migrates: bool = False
    """Whether there are `migrations`."""
    rules: tuple[Rule, ...] = ()
    finds_modules: bool = False
    """Whether wrangler looks for modules that aren't imported: `find_additional_modules`, or `no_bundle`."""
    warnings: tuple[str, ...] = ()
    """What wrangler, too, would only warn about."""

    def database(self, binding: str) -> D1Binding | None:
        """The D1 database of that binding, or None."""
        return next((database for database in self.d1 if database.binding == binding), None)
