"""What a check finds, and the catalogue of codes.

A code never changes its meaning, since projects silence by it. Each has a page in docs/checks, which its tests run.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    code: str
    title: str
    severity: Severity

    @property
    def page(self) -> str:
        """The name of its page, which `progy check --explain` prints."""
        return f"{self.code}.md"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found."""

    code: str
    message: str
    file: str | None = None
    """Relative to the project's root, with forward slashes; None when it is about no file."""
    line: int | None = None
    hint: str | None = None
    """The command or edit that mends it."""
    statement: str | None = None
    """The SQL it is about, as written."""

    @property
    def rule(self) -> Rule:
        """Its rule."""
        return RULES[self.code]

    @property
    def severity(self) -> Severity:
        """Its rule's severity."""
        return self.rule.severity

    @property
    def order(self) -> tuple[str, int, str, str]:
        """A sort key: by file and line."""
        return (self.file or "", self.line or 0, self.code, self.message)


GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PD0": "generated files",
        "PD1": "data loss",
        "PD2": "what D1 or wrangler refuse",
        "PD3": "cost",
        "PD4": "history",
        "PD5": "schema",
        "PD6": "rows and running Workers",
        "PD7": "documentation",
        "PD9": "silencing",
    }
)
"""What a code's first digit means."""

_RULES: Final = (
    Rule("PD001", "a generated file is stale", "error"),
    Rule("PD002", "the models have what the migrations haven't", "error"),
    Rule("PD003", "the models can't be compared with the migrations", "error"),
    Rule("PD101", "drops a table", "warning"),
    Rule("PD102", "drops a column", "warning"),
    Rule("PD103", "deletes rows", "warning"),
    Rule("PD104", "loses data by its own account", "warning"),
    Rule("PD105", "dropping a table silently deletes or empties other tables' rows", "error"),
    Rule("PD106", "drops a table that others refer to", "error"),
    Rule("PD107", "REPLACE deletes the rows that refer to the replaced one", "error"),
    Rule("PD108", "narrows a column's type", "warning"),
    Rule("PD201", "D1 refuses a statement", "error"),
    Rule("PD202", "BEGIN, COMMIT, ROLLBACK or SAVEPOINT", "error"),
    Rule("PD203", "a TEMP object", "error"),
    Rule("PD204", "more than 100 statements", "error"),
    Rule("PD205", "a statement over 100,000 bytes", "error"),
    Rule("PD206", "no semicolon at the end", "error"),
    Rule("PD207", "lines end with CRLF", "warning"),
    Rule("PD208", "CRLF inside a trigger", "error"),
    Rule("PD209", "a semicolon in a comment", "error"),
    Rule("PD210", "a comment stands alone", "warning"),
    Rule("PD211", "a comment is never closed", "error"),
    Rule("PD212", "wrangler takes BEGIN TRANSACTION out of texts", "error"),
    Rule("PD213", "a byte order mark, a NUL, or no UTF-8", "error"),
    Rule("PD214", "PRAGMA foreign_keys does nothing", "warning"),
    Rule("PD215", "a PRAGMA that outlives the migration", "error"),
    Rule("PD216", "a migration without a statement", "warning"),
    Rule("PD217", "a migration that is still a placeholder", "warning"),
    Rule("PD301", "copies a whole table", "warning"),
    Rule("PD302", "indexes a table that has rows", "warning"),
    Rule("PD303", "writes every row of a table", "warning"),
    Rule("PD401", "a migration was edited", "error"),
    Rule("PD402", "a migration is gone", "error"),
    Rule("PD403", "a migration comes before one that is there already", "error"),
    Rule("PD404", "two migrations with the same number", "error"),
    Rule("PD405", "a file that nobody applies", "warning"),
    Rule("PD501", "a foreign key without an index", "warning"),
    Rule("PD502", "a table without a primary key", "warning"),
    Rule("PD503", "a foreign key that refers to nothing", "error"),
    Rule("PD601", "a unique index that rows may violate", "warning"),
    Rule("PD602", "a column becomes required", "warning"),
    Rule("PD603", "a new constraint that rows may violate", "warning"),
    Rule("PD604", "renames a table", "warning"),
    Rule("PD605", "renames a column", "warning"),
    Rule("PD606", "a column that a table with rows can't take", "error"),
    Rule("PD701", "a table without a description", "warning"),
    Rule("PD702", "a column without a description", "warning"),
    Rule("PD703", "a view or virtual table without a description", "warning"),
    Rule("PD704", "a trigger without a description", "warning"),
    Rule("PD711", "a reference that isn't declared", "warning"),
    Rule("PD712", "the same reference twice", "warning"),
    Rule("PD713", "a reference between different types", "warning"),
    Rule("PD714", "a table that is related to no other", "warning"),
    Rule("PD721", "a table with a single column", "warning"),
    Rule("PD722", "numbered columns", "warning"),
    Rule("PD723", "too many columns", "warning"),
    Rule("PD724", "a column is missing that every table should have", "warning"),
    Rule("PD725", "one name with several types", "warning"),
    Rule("PD726", "a default that is the word NULL", "error"),
    Rule("PD727", "a primary key that takes NULL", "warning"),
    Rule("PD728", "a type that SQLite takes for a number", "warning"),
    Rule("PD731", "a unique key that doesn't hold for NULL", "warning"),
    Rule("PD732", "an index of no use beside another", "warning"),
    Rule("PD741", "a name or pattern that means no table", "error"),
    Rule("PD742", "a table in no viewpoint", "warning"),
    Rule("PD901", "silenced without a reason", "error"),
    Rule("PD902", "silences nothing", "warning"),
    Rule("PD903", "silences a code that doesn't exist", "error"),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in _RULES})
"""The catalogue, by code."""
