"""The pages that explain what a check finds. A wheel holds them beside this module, a checkout in docs/checks."""

from __future__ import annotations

from pathlib import Path

from progy.check.findings import RULES
from progy.errors import UsageError

_INDEX = "all"


def explain(code: str) -> str:
    """The page about a code, as Markdown; of `all` the list of codes.

    Raises:
        UsageError: There is no such code.
    """
    name = "README" if code.lower() == _INDEX else code.upper()
    if name != "README" and name not in RULES:
        raise UsageError(f"there is no code {code}", hint=f"all codes: progy check --explain {_INDEX}")
    return (_folder() / f"{name}.md").read_text(encoding="utf-8")


def _folder() -> Path:
    beside = Path(__file__).parent / "pages"
    return beside if beside.is_dir() else Path(__file__).parents[3] / "docs" / "checks"
