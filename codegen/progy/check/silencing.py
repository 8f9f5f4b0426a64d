"""PD9: findings that somebody has said no to, with a reason, in the file or in the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.check.findings import RULES, Finding
from progy.check.sources import end_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from progy.check.sources import Source

_IGNORE = re.compile(r"--[ \t]*progy:[ \t]*ignore\b[ \t]*([A-Za-z]+\d+(?:[ \t]*,[ \t]*[A-Za-z]+\d+)*)?[ \t]*(.*)")
NEEDS_NEW = frozenset({"PD1", "PD3", "PD6"})
"""The groups that look at new migrations only."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One code silenced in one place."""

    code: str
    reason: str
    file: str | None = None
    """The file that says it; None for the configuration, which speaks of every file."""
    line: int | None = None
    last: int | None = None
    """The last line it covers, from `line` on; None for the whole file."""

    def covers(self, finding: Finding) -> bool:
        """Whether it silences that finding."""
        if finding.code != self.code or not self.reason or (self.file is not None and self.file != finding.file):
            return False
        if self.file is None or self.last is None:
            return True
        return finding.line is not None and (self.line or 0) <= finding.line <= self.last


@dataclass(frozen=True, slots=True)
class Silenced:
    """A finding that doesn't count, and why."""

    finding: Finding
    reason: str
    in_source: bool = False
    """Whether a comment says so, rather than the configuration."""


def in_file(source: Source) -> list[Silence]:
    """What a file silences.

    A comment before the first statement speaks of the whole file, one inside a statement or at its end of that, and any
    other of the next statement.
    """
    found = []
    for comment in source.comments:
        match = _IGNORE.match(comment.text)
        if match is None:
            continue
        line, last = _lines(source, source.line(comment.start))
        codes = re.split(r"[ \t]*,[ \t]*", match[1]) if match[1] else [""]
        found += [Silence(code.upper(), match[2].lstrip(" \t:").rstrip(), source.file, line, last) for code in codes]
    return found


def _lines(source: Source, line: int) -> tuple[int, int | None]:
    """The lines that a comment on this one speaks of, the last of them None for the whole file."""
    around = [one for one in source.statements if one.line <= line <= end_line(one)]
    if around:
        return around[-1].line, end_line(around[-1])
    behind = [one for one in source.statements if one.line > line]
    if behind and behind[0] is source.statements[0]:
        return line, None
    return line, end_line(behind[0]) if behind else line


def in_configuration(ignore: Mapping[str, str]) -> list[Silence]:
    """What `[tool.progy.check]` silences."""
    return [Silence(code, reason.strip()) for code, reason in sorted(ignore.items())]


def silence(
    findings: Iterable[Finding], silences: Sequence[Silence], new: Collection[str], *, works: bool
) -> tuple[list[Finding], list[Silenced]]:
    """Tell the findings that count from the silenced ones.

    Args:
        findings: All findings.
        silences: All silences.
        new: The files that were looked at as new migrations; in others a silence may have nothing to do.
        works: Whether the history runs; if not, many rules had nothing to look at.

    Returns:
        The findings that count, those about the silences themselves among them, in order; and the others.
    """
    counting: list[Finding] = []
    silenced: list[Silenced] = []
    used: set[Silence] = set()
    for finding in sorted(findings, key=lambda finding: finding.order):
        by = [one for one in silences if one.covers(finding)]
        used.update(by)
        if by:
            silenced.append(Silenced(finding, by[0].reason, in_source=bool(by[0].file)))
        else:
            counting.append(finding)
    for one in silences:
        counting += _doubts(one, is_used=one in used, was_tried=works and _was_tried(one, new))
    return sorted(counting, key=lambda finding: finding.order), silenced


def _was_tried(one: Silence, new: Collection[str]) -> bool:
    if one.file is None:
        return one.code[:3] not in {*NEEDS_NEW, "PD4"}
    return one.code[:3] != "PD4" and (one.code[:3] not in NEEDS_NEW or one.file in new)


def _doubts(one: Silence, *, is_used: bool, was_tried: bool) -> Iterator[Finding]:
    place = one.file or "pyproject.toml"
    if one.code not in RULES or one.code.startswith("PD9"):
        what = f"there is no code {one.code} to be silenced" if one.code else "no code is named to be silenced"
        yield Finding("PD903", what, place, one.line, hint="all codes: progy check --explain all")
    elif not one.reason:
        yield Finding("PD901", f"{one.code} is silenced, and nothing says why", place, one.line, hint=_REASON)
    elif not is_used and was_tried:
        yield Finding("PD902", f"nothing here is {one.code}", place, one.line, hint="take it out")


_REASON = "write the reason behind the code"
