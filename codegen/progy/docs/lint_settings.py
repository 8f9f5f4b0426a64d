"""What a project says to `progy docs lint`: `[tool.progy.docs.lint]` in pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from progy.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LintSettings:
    """The settings."""

    ignore: dict[str, str] = field(default_factory=dict)
    """What doesn't count, with the reason: `PD714`, `PD714 audit_log` or `PD702 users.legacy_*`."""
    exclude: dict[str, str] = field(default_factory=dict)
    """Names and patterns of tables that aren't looked at, with the reason."""
    max_columns: int = 40
    """More columns than this are too many; D1 takes 100 (developers.cloudflare.com/d1/platform/limits)."""
    require_columns: tuple[str, ...] = ()
    """The columns that every table has to have."""


def read(table: object, where: str) -> LintSettings:
    """The settings from what TOML has.

    Args:
        table: `[tool.progy.docs.lint]`.
        where: The file, for errors.

    Raises:
        ConfigError: A key isn't known, or a value is of the wrong type.
    """
    if not isinstance(table, dict):
        raise ConfigError("[tool.progy.docs.lint] must be a table", where=where)
    for key in table:
        if key not in _KEYS:
            hint = f"the keys are {', '.join(_KEYS)}"
            raise ConfigError(f"[tool.progy.docs.lint] has no key {key!r}", where=where, hint=hint)
    most = table.get("max_columns", LintSettings().max_columns)
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ConfigError(f"[tool.progy.docs.lint] max_columns must be a number, not {most!r}", where=where)
    required = table.get("require_columns", [])
    if not isinstance(required, list) or not all(isinstance(one, str) and one for one in required):
        raise ConfigError("[tool.progy.docs.lint] require_columns must be an array of names", where=where)
    columns = tuple(dict.fromkeys(required))
    return LintSettings(_reasons(table, "ignore", where), _reasons(table, "exclude", where), most, columns)


_KEYS = ("ignore", "exclude", "max_columns", "require_columns")
_EXAMPLES = {
    "ignore": 'ignore = {PD714 = "our tables stand alone", "PD702 users.legacy_*" = "they go in May"}',
    "exclude": 'exclude = {"legacy_*" = "they go in May"}',
}


def _reasons(table: Mapping[str, object], key: str, where: str) -> dict[str, str]:
    value = table.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(reason, str) for reason in value.values()):
        raise ConfigError(
            f"[tool.progy.docs.lint] {key} must be a table of names and reasons", where=where, hint=_EXAMPLES[key]
        )
    return dict(value)
