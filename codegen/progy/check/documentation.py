"""PD7: what `progy docs lint` finds, silenced or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from progy.check.final import table_findings
from progy.check.findings import RULES, Finding
from progy.check.silencing import Silenced
from progy.docs.lint import remarks
from progy.docs.lint_settings import LintSettings
from progy.docs.patterns import matches, names_of
from progy.docs.remarks import Remark, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from progy.docs.catalogue import Catalogue, Viewpoint
    from progy.documented import Documented
    from progy.schema.objects import Schema


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found in a database's documentation."""

    findings: tuple[Finding, ...]
    """By file and line."""
    silenced: tuple[Silenced, ...]
    tables: int
    """How many tables, views and virtual tables were looked at."""

    def failed(self, *, strict: bool = False) -> bool:
        """Whether an error was found, or with `strict` anything."""
        return any(strict or finding.severity == "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Silence:
    """A code, some tables or both that don't count."""

    written: str
    """As the configuration has it."""
    reason: str
    code: str | None = None
    pattern: str | None = None
    sure: bool = True
    """Whether it is meant for this command alone, and so should have something to silence."""

    def covers(self, remark: Remark) -> bool:
        """Whether it silences that remark."""
        if not self.reason or self.code not in {None, remark.code}:
            return False
        if self.pattern is None:
            return True
        place = f"{remark.table}.{remark.column}"
        named = remark.table is not None and matches(remark.table, [self.pattern])
        return named or (remark.column is not None and matches(place, [self.pattern]))


def lint(found: Documented) -> Linted:
    """Look for what the documentation lacks, and for what a reader would stumble over."""
    catalogue, settings, file = found.catalogue, found.settings, found.file
    own = settings.lint if settings else LintSettings()
    silences = [*_ignores(own.ignore), *_excludes(own), *_ignores(found.check_ignore, sure=False)]
    seen = remarks(catalogue, own, viewpoints=found.viewpoints)
    seen += _schema_remarks(found.schema, catalogue)
    counting, silenced, used = [], list[tuple[Remark, str]](), set[_Silence]()
    for remark in seen:
        by = [one for one in silences if one.covers(remark)]
        used.update(by)
        if by:
            silenced.append((remark, by[0].reason))
        else:
            counting.append(remark)
    findings = [_finding(remark, catalogue, file) for remark in _grouped(counting, catalogue)]
    # A database that has no models has no descriptions either, and the configuration speaks of both.
    declared = any(entity.model for entity in catalogue.entities)
    for one in silences:
        findings += _doubts(one, is_used=one in used or not declared) if one.sure else ()
    findings += _unknown_names(found, catalogue.viewpoints if declared else None)
    findings.sort(key=lambda finding: finding.order)
    quiet = sorted(
        (Silenced(_finding(remark, catalogue, file), reason) for remark, reason in silenced),
        key=lambda one: one.finding.order,
    )
    return Linted(tuple(findings), tuple(quiet), len(catalogue.entities))


def _unknown_names(found: Documented, viewpoints: Sequence[Viewpoint] | None) -> Iterator[Finding]:
    for words in found.settings.unmatched(names_of(found.schema), viewpoints) if found.settings else ():
        yield Finding("PD741", words, "pyproject.toml", hint="mend the name, or take it out")


def _ignores(ignore: Mapping[str, str], *, sure: bool = True) -> Iterator[_Silence]:
    for written, reason in ignore.items():
        code, _, pattern = written.partition(" ")
        yield _Silence(written, reason.strip(), code, pattern.strip() or None, sure)


def _excludes(own: LintSettings) -> Iterator[_Silence]:
    for pattern, reason in own.exclude.items():
        yield _Silence(pattern, reason.strip(), pattern=pattern)


def _schema_remarks(schema: Schema, catalogue: Catalogue) -> Iterator[Remark]:
    """What `progy check` says of the same schema, where there are migrations."""
    for entity in catalogue.entities:
        table = schema.table(entity.name)
        if table is None:
            continue
        # Key by key, so that the column is known by which a remark may be silenced.
        for keys in ((), *((key,) for key in table.foreign_keys)):
            for found in table_findings(schema, replace(table, foreign_keys=keys), {}):
                if not keys or found.code != "PD502":
                    column = keys[0].columns[0] if keys else None
                    yield Remark(found.code, found.message, entity.name, column, found.hint)


def _grouped(found: Sequence[Remark], catalogue: Catalogue) -> Iterator[Remark]:
    """The remarks, those on the undescribed columns of a table in one."""
    columns: dict[str, list[str]] = {}
    for remark in found:
        if remark.code == "PD702" and remark.table and remark.column:
            columns.setdefault(remark.table, []).append(remark.column)
    for remark in found:
        several = columns.get(remark.table or "", []) if remark.code == "PD702" else []
        if len(several) > 1 and remark.column != several[0]:
            continue
        if len(several) > 1 and (entity := catalogue.entity(remark.table or "")):
            what = f"{len(several)} of the {len(entity.columns)} columns of {entity.name} have no description"
            yield replace(remark, column=None, message=f"{what}: {listed(several)}")
        else:
            yield remark


def _finding(remark: Remark, catalogue: Catalogue, file: str | None) -> Finding:
    if remark.place:
        return Finding(remark.code, remark.message, *remark.place, remark.hint)
    entity = catalogue.entity(remark.table) if remark.table else None
    if entity is None or entity.file is None:
        return Finding(remark.code, remark.message, file, hint=remark.hint)
    column = entity.column(remark.column) if remark.column else None
    line = column.line if column and column.line else entity.line
    return Finding(remark.code, remark.message, entity.file, line, remark.hint)


def _doubts(one: _Silence, *, is_used: bool) -> Iterator[Finding]:
    if one.code is not None and (one.code not in RULES or one.code.startswith("PD9")):
        hint = "all codes: progy check --explain all"
        yield Finding("PD903", f"there is no code {one.code} to be silenced", "pyproject.toml", hint=hint)
    elif not one.reason:
        what = f"{one.written} is silenced, and nothing says why"
        yield Finding("PD901", what, "pyproject.toml", hint="write the reason behind it")
    elif not is_used:
        yield Finding("PD902", f"nothing here is {one.written}", "pyproject.toml", hint="take it out")
