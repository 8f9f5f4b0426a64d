"""The check: every group of rules on a project, and what is silenced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.apply.state import holes
from progy.check import history as histories
from progy.check.cost import cost_findings
from progy.check.final import schema_findings
from progy.check.history import history_findings
from progy.check.losing import loss_findings
from progy.check.outputs import output_findings
from progy.check.replaying import replay
from progy.check.rows import row_findings
from progy.check.silencing import in_configuration, in_file, silence
from progy.check.sources import Source
from progy.check.text import text_findings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from progy.check.findings import Finding
    from progy.check.history import History
    from progy.check.replaying import Replayed
    from progy.check.silencing import Silenced
    from progy.d1.ledger import Ledger
    from progy.project import Database, Project


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found."""

    findings: tuple[Finding, ...]
    """By file and line."""
    silenced: tuple[Silenced, ...]
    migrations: int
    """How many there are."""
    new: tuple[str, ...]
    """The files that were looked at as new migrations."""

    def failed(self, *, strict: bool = False) -> bool:
        """Whether an error was found, or with `strict` anything."""
        return any(strict or finding.severity == "error" for finding in self.findings)


def check(project: Project, database: Database, *, since: str | None = None, persist_to: Path | None = None) -> Result:
    """Look for everything a CI job should fail on. Nothing is written, and nobody is asked over a network.

    Args:
        project: The project.
        database: The database whose migrations are meant.
        since: The branch, tag or commit that new migrations are new to; by default the local database says.
        persist_to: Where the local database's state lies, if elsewhere than beside the wrangler config.

    Raises:
        ConfigError: pyproject.toml or the wrangler config can't be used.
        UsageError: `since` is nothing that git knows.
        ProgyError: The directory of migrations can't be read.
    """
    ignore = project.config.check_ignore
    history = histories.read(database.migrations, project.root, since)
    applied = applied_names(database, persist_to)
    new = new_names(history, applied)
    found, sources, replayed = migration_findings(history, database.ledger, new, holes(history.names, applied or ()))
    works = replayed.schema is not None
    files = tuple(walked.source.file for walked in replayed.walked)
    found += output_findings(project, database, history_works=works)
    silences = [one for source in sources for one in in_file(source)] + in_configuration(ignore)
    counting, silenced = silence(found, silences, files, works=works)
    return Result(tuple(counting), tuple(silenced), len(sources), files)


def migration_findings(
    history: History, ledger: Ledger, new: frozenset[str], lacking: Sequence[str] = ()
) -> tuple[list[Finding], list[Source], Replayed]:
    """What the rules about migrations find, silenced or not.

    Args:
        history: The history.
        ledger: Its ledger.
        new: The names of the migrations that are new.
        lacking: What the history seems to lack, which may be why a migration fails.

    Returns:
        The findings; the files; and what running them gave.
    """
    sources = [Source(migration, history.file(migration.name)) for migration in history.migrations]
    found = [finding for source in sources for finding in text_findings(source)]
    replayed = replay(sources, new, ledger)
    if replayed.failure is not None:
        hint = "; ".join([*([replayed.failure.hint] if replayed.failure.hint else []), *lacking])
        found = _with_failure(found, replace(replayed.failure, hint=hint or None), replayed.unrun)
    for walked in replayed.walked:
        found += [*loss_findings(walked), *cost_findings(walked), *row_findings(walked)]
    if replayed.schema is not None:
        found += schema_findings(replayed.schema, sources)
    found += history_findings(history)
    return found, sources, replayed


def _with_failure(found: list[Finding], failure: Finding, unrun: int) -> list[Finding]:
    """The findings with what the engine refused, unless a rule says better why; and how far the history was run."""
    place = (failure.file, failure.line)
    same = [one for one in found if (one.file, one.line) == place and one.code in {"PD202", "PD203", "PD205", "PD213"}]
    last = same[0] if same else failure
    rest = "the one behind it wasn't" if unrun == 1 else f"the {unrun} behind it weren't"
    told = replace(last, message=f"{last.message}; {rest} run") if unrun else last
    return [*(one for one in found if one is not last), told]


def applied_names(database: Database, persist_to: Path | None = None) -> frozenset[str] | None:
    """The migrations that the local database has, or None when there is none.

    Raises:
        DatabaseError: The file can't be read, or is no database.
    """
    from progy.d1.look import read_ledger

    path = database.local_path(persist_to)
    return frozenset(row.name for row in read_ledger(path, database.ledger)) if path.exists() else None


def new_names(history: History, applied: frozenset[str] | None) -> frozenset[str]:
    """The migrations to be looked at as new.

    Those that the other branch hasn't; without one those that the local database hasn't; without that the last.
    """
    if history.since is not None:
        return frozenset(history.added())
    if applied is not None:
        return frozenset(history.names) - applied
    return frozenset(history.names[-1:])
