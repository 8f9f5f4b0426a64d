"""What is wrong with a configuration, as wrangler says it: a title, a list, and lists below it.

Users search for these sentences, so they are wrangler's to the letter.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.errors import ConfigError
from progy.worker.javascript import stringify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from progy.worker.javascript import Json

_BLANK = re.compile(r"^\s*$")


@dataclass(slots=True)
class Report:
    """What is wrong with one part of a configuration."""

    title: str
    errors: list[str] = field(default_factory=list)
    children: list[Report] = field(default_factory=list)

    def child(self, title: str) -> Report:
        """A list below this one."""
        below = Report(title)
        self.children.append(below)
        return below

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.errors) or any(self.children)

    def render(self) -> str:
        """The text, two blanks further in at each level."""
        lines = "\n".join(f"- {_indented(error)}" for error in self.errors)
        below = "\n".join(f"\n- {child.render()}" for child in self.children if child)
        return _indented(f"{self.title}\n{lines}{below}")


def processing(path: Path) -> str:
    """The title of everything that is said of a configuration."""
    return f"Processing {shown(path)} configuration:"


def refuse(report: Report) -> None:
    """Raise what is in the report, if there is anything.

    Raises:
        ConfigError: The configuration is one that wrangler refuses.
    """
    if report:
        raise ConfigError(report.render())


def shown(path: Path) -> str:
    """A path from the working directory, as wrangler shows it."""
    return os.path.relpath(path).replace(os.sep, "/")


def path_of(key: str, env: str | None) -> str:
    """A key as wrangler names it: with its environment."""
    return key if env is None else f"env.{env}.{key}"


def english(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B, and C`."""
    if len(words) <= 2:  # noqa: PLR2004 - the comma before "and" comes with the third
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"


def string_list(report: Report, place: str, fields: Mapping[str, Json], key: str) -> None:
    """Say that a field is no list, or which of its items are no text."""
    value = fields.get(key)
    if not isinstance(value, list):
        got = stringify(value) if key in fields else "undefined"
        report.errors.append(f'Expected "{place}.{key}" to be an array of strings but got {got}')
        return
    report.errors += [
        f'Expected "{place}.{key}.[{index}]" to be of type string but got {stringify(item)}.'
        for index, item in enumerate(value)
        if not isinstance(item, str)
    ]


def _indented(text: str) -> str:
    first, *others = text.split("\n")
    return "\n".join([_BLANK.sub("", first), *("" if _BLANK.match(line) else f"  {line}" for line in others)])
