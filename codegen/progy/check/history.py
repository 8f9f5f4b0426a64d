"""PD4: the files of a history beside those of another branch: edited, gone, out of order, numbered twice."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from progy.check import git
from progy.check.findings import Finding
from progy.migrations.directory import MigrationDirectory, leading_number, order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.check.git import Since
    from progy.migrations.directory import Migration


@dataclass(frozen=True, slots=True)
class History:
    """A history, and what is known of it elsewhere."""

    migrations: Sequence[Migration]
    directory: MigrationDirectory
    folder: str
    """The directory relative to the project's root, with forward slashes."""
    since: Since | None = None
    """The branch to compare with."""
    elsewhere: tuple[str, ...] = ()
    """The migrations' names on that branch, in order."""

    @property
    def names(self) -> list[str]:
        """The migrations' names, in order."""
        return [migration.name for migration in self.migrations]

    @property
    def renumber(self) -> str:
        """How to give the new ones other numbers."""
        return (
            f"progy check --since {self.since.name if self.since else 'origin/main'} --fix "
            "gives the new one the next free number"
        )

    def file(self, name: str) -> str:
        """A migration's path relative to the project's root."""
        return name if self.folder == "." else f"{self.folder}/{name}"

    def added(self) -> list[str]:
        """The migrations that the other branch hasn't, in order."""
        return [name for name in self.names if name not in set(self.elsewhere)]


def read(directory: MigrationDirectory, root: Path, reference: str | None) -> History:
    """A history, and with a reference what that branch has of it.

    Raises:
        ProgyError: The directory can't be read.
        UsageError: git can't be asked, or knows no such branch.
    """
    migrations = directory.migrations()
    folder = Path(os.path.relpath(directory.path, root)).as_posix()
    if reference is None:
        return History(migrations, directory, folder)
    since = git.since(reference, root, folder)
    there = [name for name in since.tip.blobs if directory.matches(name) and "/." not in f"/{name}"]
    elsewhere = sorted(there, key=order)
    return History(migrations, directory, folder, since, tuple(elsewhere))


def history_findings(history: History) -> Iterator[Finding]:
    """What the rules of this module find."""
    if history.since is not None:
        yield from _edited(history, history.since)
        yield from _gone(history, history.since)
        yield from _out_of_order(history)
    yield from _numbered_twice(history)
    yield from _unmatched(history)


def _edited(history: History, since: Since) -> Iterator[Finding]:
    both = [name for name in history.names if name in since.tip.blobs]
    now = git.hashes(both, history.directory.path)
    for name in both:
        # What the other branch has edited meanwhile isn't this one's doing.
        if now.get(name) not in {since.tip.blobs[name], since.base.blobs.get(name)}:
            yield Finding(
                "PD401",
                f"it isn't what {since.name} has: where it is applied already, the edit never arrives",
                history.file(name),
                hint=f"put it back, git checkout {since.name} -- {history.file(name)}, and write a new migration",
            )


def _gone(history: History, since: Since) -> Iterator[Finding]:
    for name in history.elsewhere:
        if name not in set(history.names) and name in since.base.blobs:
            yield Finding(
                "PD402",
                f"{since.name} has it, and it isn't here: databases that have it no longer agree with the files",
                history.file(name),
                hint=f"git checkout {since.name} -- {history.file(name)}",
            )


def _out_of_order(history: History) -> Iterator[Finding]:
    for name in history.added():
        later = [one for one in history.elsewhere if order(one) > order(name)]
        same = [one for one in history.elsewhere if leading_number(one) == leading_number(name) is not None]
        if later and not same:
            yield Finding(
                "PD403",
                f"new, and before {later[-1]}, which is there already: a database that has that one "
                "applies this one behind it, a new database before it",
                history.file(name),
                hint=history.renumber,
            )


def _numbered_twice(history: History) -> Iterator[Finding]:
    names = sorted({*history.names, *history.elsewhere}, key=order)
    for number, group in twice(names).items():
        here = [name for name in group if name in set(history.names)]
        new = [name for name in here if name not in set(history.elsewhere)]
        for name in new if history.since and new else here[1:]:
            others = ", ".join(one for one in group if top(one) != top(name))
            said = f"the number {number} is also that of {others}"
            yield Finding("PD404", said, history.file(name), hint=history.renumber)


def twice(names: Sequence[str]) -> Mapping[int, list[str]]:
    """The migrations, in order, of each number that several files or folders begin with."""
    numbered = [name for name in names if leading_number(name) is not None]
    groups = {number: list(group) for number, group in groupby(numbered, leading_number) if number is not None}
    return {number: group for number, group in groups.items() if len({top(name) for name in group}) > 1}


def top(name: str) -> str:
    """The first part of a migration's name, which its number stands in: a folder's or the file's."""
    return name.split("/", maxsplit=1)[0]


def _unmatched(history: History) -> Iterator[Finding]:
    everything = MigrationDirectory(history.directory.path, "**/*").migrations()
    matched = set(history.names)
    for one in everything:
        if one.name not in matched and one.name.endswith(".sql"):
            yield Finding(
                "PD405",
                f"migrations_pattern, {history.directory.pattern}, doesn't match it, so nobody applies it",
                history.file(one.name),
                hint="move it, or set migrations_pattern in the wrangler config",
            )
