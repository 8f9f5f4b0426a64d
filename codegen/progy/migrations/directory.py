"""The files of a migrations directory, in the order in which wrangler applies them.

wrangler's rules (4.164, `d1 migrations`): a migration's name is its path below the directory, with forward slashes;
each segment of it is compared by its leading number, numbered before unnumbered, then by its text. Links and hidden
files don't count.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from progy.errors import ConfigError, ProgyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEADING_NUMBER = re.compile(r"\s*([+-]?\d+)")
_GLOB = re.compile(r"(\*+|\?|\[[!^]?[^\]]+\])")
_WILDCARDS = {"*": "[^/]*", "**": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Migration:
    """One migration file."""

    name: str
    """Its path below the directory, as the ledger has it."""
    path: Path

    @cached_property
    def text(self) -> str:
        """What the file holds.

        Raises:
            ProgyError: It can't be read, or isn't UTF-8.
        """
        try:
            return self.path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise ProgyError(f"not UTF-8 at byte {error.start}", where=str(self.path)) from None
        except OSError as error:
            raise ProgyError(f"can't be read: {error.strerror}", where=str(self.path)) from None

    @property
    def checksum(self) -> str:
        """What the file holds, in short: SHA-256, hexadecimal. Line ends, which git may change, make no difference.

        Raises:
            ProgyError: It can't be read, or isn't UTF-8.
        """
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()


@dataclass(frozen=True)
class MigrationDirectory:
    """A directory of migrations, and which of its files count.

    Args:
        path: The directory; it needn't exist.
        pattern: Which files, as a glob relative to the directory.
    """

    path: Path
    pattern: str = "*.sql"

    def migrations(self) -> list[Migration]:
        """The migrations, in wrangler's order.

        Raises:
            ProgyError: The directory can't be read.
        """
        try:
            names = [name for name in _files(self.path, "") if self.matches(name)]
        except OSError as error:
            raise ProgyError(f"can't be read: {error.strerror}", where=str(self.path)) from None
        for name in names:
            if not name.isprintable() and any("\ud800" <= character <= "\udfff" for character in name):
                shown = name.encode("utf-8", "backslashreplace").decode()
                raise ProgyError(f"the name of {shown} isn't UTF-8", where=str(self.path), hint="rename the file")
        return [Migration(name, self.path / name) for name in sorted(names, key=order)]

    def matches(self, name: str) -> bool:
        """Whether the pattern matches a file of that name, relative to the directory."""
        return self._pattern.fullmatch(name) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_translate(self.pattern))

    def next_number(self) -> int:
        """The number of the next migration: one more than the highest there is."""
        numbers = [leading_number(migration.name) for migration in self.migrations()]
        return max((number for number in numbers if number is not None), default=0) + 1

    def new(self, text_name: str, *, behind: int = 0) -> Migration:
        """The next migration, named `NNNN_text_name.sql`; nothing is written.

        Args:
            text_name: Its name in words.
            behind: How many others, not written either, come before it.

        Raises:
            ConfigError: The directory's pattern wouldn't match it, so that nobody would ever apply it.
        """
        name = f"{self.next_number() + behind:04d}_{text_name}.sql"
        if not self.matches(name):
            raise ConfigError(
                f"a new migration would be called {name}, "
                f"which migrations_pattern ({self.pattern} below {self.path.name}) doesn't match",
                hint="set migrations_pattern so that it matches files directly in migrations_dir",
            )
        return Migration(name, self.path / name)


def relative_pattern(directory: str, pattern: str | None) -> str:
    """Wrangler's `migrations_pattern`, which begins with `migrations_dir`, as a glob relative to that directory.

    Raises:
        ConfigError: It doesn't begin so.
    """
    if pattern is None:
        return "*.sql"
    base = posixpath.normpath(directory.replace("\\", "/"))
    whole = posixpath.normpath(pattern.replace("\\", "/"))
    if base == ".":
        return whole
    if not whole.startswith(f"{base}/"):
        raise ConfigError(f"migrations_pattern {pattern!r} doesn't begin with migrations_dir, {base + '/'!r}")
    return whole.removeprefix(f"{base}/")


def order(name: str) -> list[tuple[bool, int, bytes]]:
    """A sort key that puts names in the order in which wrangler applies them."""
    return [_segment_order(segment) for segment in name.split("/")]


def _segment_order(segment: str) -> tuple[bool, int, bytes]:
    number = leading_number(segment)
    # JavaScript compares strings by their UTF-16 code units.
    return (number is None, number or 0, segment.encode("utf-16-be", "surrogatepass"))


def leading_number(name: str) -> int | None:
    """The number a name begins with, or None: JavaScript's `parseInt` of what stands before the first `_`."""
    match = _LEADING_NUMBER.match(name.split("/", maxsplit=1)[0].split("_", maxsplit=1)[0])
    return int(match[1]) if match else None


def _files(directory: Path, below: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _files(directory / entry.name, f"{name}/")
        elif entry.is_file(follow_symlinks=False):
            yield name


def _translate(pattern: str) -> str:
    """A glob with `*`, `?`, `[…]`, `{a,b}` and `**` as a regular expression. Hidden files are left out before."""
    alternatives = []
    for plain in _expand_braces(pattern):
        *directories, last = plain.split("/")
        parts = ["(?:[^/]+/)*" if segment == "**" else _segment(segment) + "/" for segment in directories]
        parts.append("(?:[^/]+/)*[^/]+" if last == "**" else _segment(last))
        alternatives.append("".join(parts))
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


def _segment(glob: str) -> str:
    return "".join(map(_piece, _GLOB.split(glob)))


def _piece(piece: str) -> str:
    if piece in _WILDCARDS:
        return _WILDCARDS[piece]
    if not _GLOB.fullmatch(piece):
        return re.escape(piece)
    negated = piece[1] in "!^"
    inside = piece[2 if negated else 1 : -1].replace("\\", r"\\")
    return f"[{'^' * negated}{inside}]"


def _expand_braces(pattern: str) -> list[str]:
    match = re.search(r"\{([^{}]*,[^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    before, after = pattern[: match.start()], pattern[match.end() :]
    return [found for part in match[1].split(",") for found in _expand_braces(before + part + after)]
