"""A project: its root, its settings, its Worker and the databases that the Worker binds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from progy import config
from progy.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from progy.config import Config
    from progy.d1.ledger import Ledger
    from progy.migrations.directory import MigrationDirectory
    from progy.schema.models import Models
    from progy.worker.model import D1Binding, Worker


@dataclass(frozen=True)
class Database:
    """A D1 database that the Worker binds, with what belongs to it."""

    binding: D1Binding
    root: Path

    @property
    def local_name(self) -> str:
        """What its local file is named after."""
        return self.binding.preview_database_id or self.binding.database_id or self.binding.binding

    @property
    def migrations(self) -> MigrationDirectory:
        """Its migrations.

        Raises:
            ConfigError: `migrations_pattern` doesn't begin with `migrations_dir`.
        """
        from progy.migrations.directory import MigrationDirectory, relative_pattern

        pattern = relative_pattern(self.binding.migrations_dir, self.binding.migrations_pattern)
        return MigrationDirectory(self.root / self.binding.migrations_dir, pattern)

    @property
    def ledger(self) -> Ledger:
        """Its ledger."""
        from progy.d1.ledger import Ledger

        return Ledger(self.binding.migrations_table)

    def local_path(self, persist_to: Path | None = None) -> Path:
        """Its local file, which needn't exist.

        Args:
            persist_to: Where wrangler's state lies; by default `.wrangler/state` beside the wrangler config.
        """
        from progy.d1.files import DEFAULT_STATE, local_path

        return local_path(persist_to or self.root / DEFAULT_STATE, self.local_name)


@dataclass(frozen=True)
class Project:
    """A progy project.

    Args:
        root: Its folder.
        environment: The Worker's environment that is meant; None for the top level.
    """

    root: Path
    environment: str | None = None

    @classmethod
    def here(cls, environment: str | None = None, *, committed: bool = False) -> Project:
        """The project around the working directory.

        `CLOUDFLARE_ENV` names the environment of a database where nothing else does, as for wrangler.

        Args:
            environment: The Worker's environment that was named.
            committed: It is about files that are committed, which don't depend on whose shell writes them.

        Raises:
            ConfigError: There is none.
        """
        meant = environment or (None if committed else os.environ.get("CLOUDFLARE_ENV")) or None
        return cls(config.find_root(Path.cwd()), meant)

    @cached_property
    def config(self) -> Config:
        """The settings.

        Raises:
            ConfigError: They can't be used.
        """
        return config.load(self.root)

    @cached_property
    def worker(self) -> Worker | None:
        """The Worker, or None when there is no wrangler config.

        Raises:
            ConfigError: The config can't be used.
        """
        from progy.worker import config as worker_config

        path = worker_config.find(self.root)
        return worker_config.load(path, self.environment) if path else None

    def required_worker(self) -> Worker:
        """The Worker.

        Raises:
            ConfigError: There is none, or its config can't be used.
        """
        if self.worker is None:
            raise ConfigError(
                f"no wrangler config in {self.root}",
                hint="add a wrangler.jsonc with a d1_databases entry, or change to the project's folder",
            )
        return self.worker

    def database(self, name: str | None = None) -> Database:
        """The database of that binding or name; with a single one nothing need be said.

        Without a wrangler config it is one with wrangler's defaults, which is all that writing migrations needs.

        Raises:
            ConfigError: The Worker binds none.
            UsageError: It binds several and none was named, or none of that name.
        """
        from progy.worker.model import D1Binding

        if self.worker is None:
            return Database(D1Binding("DB"), self.root)
        bindings = self.worker.d1
        wanted = name or self.config.database
        if not bindings:
            raise ConfigError(
                "the Worker binds no D1 database",
                where=str(self.worker.path),
                hint="add a d1_databases entry",
            )
        found = [one for one in bindings if wanted in {one.binding, one.database_name, one.database_id}]
        names = ", ".join(one.binding for one in bindings)
        if wanted and not found:
            raise UsageError(f"the Worker binds no D1 database {wanted!r}", hint=f"it binds {names}")
        if not wanted and len(bindings) > 1:
            raise UsageError(
                f"the Worker binds several D1 databases: {names}",
                hint="name one with --database, or set database in [tool.progy]",
            )
        return Database((found or list(bindings))[0], self.root)

    def models(self) -> Models:
        """What the models declare: kept from the last time while nothing they are made from has changed.

        Raises:
            ModelError: They can't be loaded, or declare what D1 can't hold.
        """
        from progy import cache
        from progy.schema.models import Models

        name = f"models-{self.config.models}"
        kept = cache.load(self.root, name)
        if kept is not None:
            result, trace = kept
            cache.observe(trace)
            return Models.from_json(result)
        with cache.Recorder() as recorder:
            from progy.schema.load import load  # in here, since it brings SQLModel, which the result depends on

            models = load(self.root, self.config.models)
        cache.keep(self.root, name, recorder, models.to_json())
        return models

    def models_if_any(self) -> Models | None:
        """What the models declare, or None where a project has none and names none: a Worker needs no database.

        Raises:
            ModelError: They can't be loaded, or declare what D1 can't hold.
        """
        named = "models" in self.config.origins
        places = [folder / self.config.models for folder in (self.root, self.root / "src")]
        there = any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)
        return self.models() if named or there else None

    def relative(self, path: Path) -> str:
        """A path as the user knows it: relative to the root when it lies below, with forward slashes."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
