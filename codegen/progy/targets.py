"""Which database a command works on: the local one, or one of Cloudflare's."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from progy.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from progy.cloudflare.database import RemoteDatabase
    from progy.d1.ledger import Ledger
    from progy.d1.local import LocalDatabase
    from progy.d1.look import Look
    from progy.migrations.directory import Migration
    from progy.project import Database, Project
    from progy.undo.points import Undo

Place = Literal["local", "remote", "preview"]


@dataclass(frozen=True)
class Target:
    """A database of the project, at one of its places.

    Args:
        project: The project.
        database: Which of its databases.
        place: The local file; the production database; or the one that `preview_database_id` names.
        persist_to: Where wrangler's local state lies, as `Database.local_path` takes it.
        named: What the database was called on the command line; None where it needn't be named.
    """

    project: Project
    database: Database
    place: Place = "local"
    persist_to: Path | None = None
    named: str | None = None

    @property
    def label(self) -> str:
        """What messages call it: `DB (remote)`, `DB (remote, staging)`."""
        environment = f", {self.project.environment}" if self.project.environment else ""
        return f"{self.database.binding.binding} ({self.place}{environment})"

    @property
    def title(self) -> str:
        """What questions call it, with the name it has on Cloudflare: `DB (remote), shop`."""
        name = self.database.binding.database_name if self.place == "remote" else None
        return f"{self.label}, {name}" if name else self.label

    def command(self, name: str, *, place: bool = True) -> str:
        """A command that works on this database: `progy apply --remote --env staging`.

        Args:
            name: The command, with what else it is given.
            place: Whether the place is said by an option.
        """
        given = {"--env": self.project.environment, "--database": self.named, "--persist-to": self.persist_to}
        options = [f"{option} {shlex.quote(str(value))}" for option, value in given.items() if value is not None]
        at = [f"--{self.place}"] if place and self.place != "local" else []
        return " ".join([name, *at, *options])

    def on_account(self, name: str) -> str:
        """A command that works on this database's account: `progy db list --env staging`.

        Args:
            name: The command, with what else it is given.
        """
        environment = self.project.environment
        return f"{name} --env {shlex.quote(environment)}" if environment else name

    @property
    def ledger(self) -> Ledger:
        """Its ledgers."""
        return self.database.ledger

    @property
    def path(self) -> Path:
        """The local file, which needn't exist."""
        return self.database.local_path(self.persist_to)

    @contextlib.contextmanager
    def open(self, tell: Callable[[str], None] = lambda _: None) -> Iterator[LocalDatabase | RemoteDatabase]:
        """The database, while the block lasts. No request is made and no file opened before it is asked something.

        Args:
            tell: Is told what takes time: a wait, another attempt.

        Raises:
            ConfigError: The wrangler config doesn't say which remote database it is.
            AuthenticationError: There is no token.
            CloudflareError: The account or the database can't be found.
        """
        if self.place == "local":
            from progy.d1.local import LocalDatabase

            with LocalDatabase(self.path, self.label) as local:
                yield local
            return
        from progy.cloudflare.answers import Commands
        from progy.cloudflare.connect import connect

        worker = self.project.required_worker()
        commands = Commands(
            self.on_account("progy db list"), self.command("progy status"), self.command("progy execute 'SELECT …'")
        )
        with connect(tell=tell, account=worker.account_id, commands=commands) as cloudflare:
            yield cloudflare.database(self.remote_name, label=self.label)

    def drift(self, history: Sequence[Migration], found: Look) -> list[str] | None:
        """How the database differs from what its migrations give, as `progy.apply.drift.drift` says it.

        That the two are the same is kept for the next time, with a digest of both.

        Raises:
            ProgyError: A migration's file can't be read.
        """
        from progy import cache
        from progy.apply.drift import digest, drift

        name = f"same-{self.database.binding.binding}-{self.place}"
        now = digest(history, found)
        if cache.noted(self.project.root, name) == now:
            return []
        differences = drift(history, found)
        if differences == []:
            cache.note(self.project.root, name, now)
        return differences

    def undo(self, database: LocalDatabase | RemoteDatabase, warn: Callable[[str], None] = lambda _: None) -> Undo:
        """The points that the database, which `open` gave, can be taken back to. Nothing is read yet.

        Args:
            database: The database.
            warn: Is told what keeps a point from being made or noted down, where that is no error.
        """
        from progy.cache import FOLDER
        from progy.d1.local import LocalDatabase

        home = self.project.root / FOLDER
        if isinstance(database, LocalDatabase):
            from progy.undo.snapshots import Snapshots

            return Snapshots(database, home / "snapshots" / self._file_id, self.ledger, warn=warn)
        from progy.undo.bookmarks import Bookmarks

        return Bookmarks(database, home / "bookmarks.jsonl", self.ledger, warn=warn)

    @property
    def _file_id(self) -> str:
        """The local file's name among the project's: a state folder of one's own has a file of the same name."""
        path = self.path.resolve()
        if path == self.database.local_path().resolve():
            return path.stem
        return f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"

    @property
    def remote_name(self) -> str:
        """The id of the remote database, or else its name.

        Raises:
            ConfigError: The wrangler config has neither.
        """
        binding = self.database.binding
        if self.place == "preview":
            if binding.preview_database_id:
                return binding.preview_database_id
            raise self._missing("preview_database_id")
        name = binding.database_id or binding.database_name
        if name:
            return name
        raise self._missing("database_id")

    def _missing(self, key: str) -> ConfigError:
        return ConfigError(
            f"{self.database.binding.binding} has no {key}, so there is no {self.place} database",
            where=str(self.project.required_worker().path),
            hint=f"put its id there; see the account's databases with: {self.on_account('progy db list')}, "
            f"make one with: {self.on_account('progy db create NAME')}",
        )
