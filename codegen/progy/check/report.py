"""A check's result as text, JSON, GitHub's workflow commands, or SARIF."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from progy._version import __version__
from progy.check.findings import GROUPS, RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from progy.check.findings import Finding
    from progy.check.run import Result
    from progy.check.silencing import Silenced


class Reported(Protocol):
    """What a command has found."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What counts, by file and line."""

    @property
    def silenced(self) -> Sequence[Silenced]:
        """What doesn't count."""


def text(result: Reported, elsewhere: str = "models and migrations") -> Iterator[str]:
    """Lines for people: by file, each finding with what mends it.

    Args:
        result: The result.
        elsewhere: What stands in a file's place where a finding is about none.
    """
    blocks: dict[tuple[object, ...], list[Finding]] = {}
    for at, finding in enumerate(result.findings):
        # What one command mends in many files is said once.
        key = (finding.code, finding.message) if finding.code == "PD001" else (at,)
        blocks.setdefault(key, []).append(finding)
    for block in blocks.values():
        first = block[0]
        where = place(first, elsewhere) if len(block) == 1 else f"each of {len(block)} generated files"
        yield f"{where}: {first.severity} {first.code} {first.message}"
        if first.hint:
            yield f"    {first.hint}"
        if len(block) > 1:
            yield from (f"      {place(one, elsewhere)}" for one in block)


def explained(code: str) -> str:
    """How to read what a code means."""
    return f"what a code means: progy check --explain {code}"


def place(finding: Finding, elsewhere: str) -> str:
    """`migrations/0001_initial.sql:12`."""
    if finding.file is None:
        return elsewhere
    return finding.file if finding.line is None else f"{finding.file}:{finding.line}"


def value(result: Result) -> dict[str, Any]:
    """What `--json` gives."""
    return {**findings(result), "migrations": result.migrations, "new": list(result.new)}


def findings(result: Reported) -> dict[str, Any]:
    """What was found, and how much of it, as JSON has it."""
    return {
        "findings": [_finding(finding) for finding in result.findings],
        "silenced": [{**_finding(one.finding), "reason": one.reason} for one in result.silenced],
        "errors": count(result, "error"),
        "warnings": count(result, "warning"),
    }


def count(result: Reported, severity: str) -> int:
    """How many findings of that severity there are."""
    return sum(finding.severity == severity for finding in result.findings)


def _finding(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    own = {name: held for name, held in asdict(finding).items() if held is not None}
    return {**own, "severity": rule.severity, "title": rule.title, "page": rule.page}


def github(result: Reported, folder: str = "") -> Iterator[str]:
    """Workflow commands, which GitHub Actions shows beside the lines of a pull request.

    The escapes are those of actions/toolkit (`packages/core/src/command.ts`).

    Args:
        result: The result.
        folder: The project's folder in the repository, ending with a slash; empty for the repository's own.
    """
    for finding in result.findings:
        file = folder + finding.file if finding.file is not None else None
        properties = [("file", file), ("line", finding.line), ("title", f"{finding.code} {finding.rule.title}")]
        told = ",".join(f"{name}={_property(str(held))}" for name, held in properties if held is not None)
        message = "\n".join(filter(None, (finding.message, finding.hint, explained(finding.code))))
        yield f"::{finding.severity} {told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(result: Reported, folder: str = "", tool: str = "progy check") -> str:
    """A SARIF 2.1.0 log (OASIS), which code scanning services read.

    Args:
        result: The result.
        folder: The project's folder in the repository, ending with a slash; empty for the repository's own.
        tool: The command.
    """
    codes = sorted({finding.code for finding in result.findings} | {one.finding.code for one in result.silenced})
    results = [_sarif_result(finding, codes, folder) for finding in result.findings]
    results += [
        {
            **_sarif_result(one.finding, codes, folder),
            "suppressions": [{"kind": "inSource" if one.in_source else "external", "justification": one.reason}],
        }
        for one in result.silenced
    ]
    driver = {
        "name": tool,
        "semanticVersion": __version__,
        "rules": [_sarif_rule(code) for code in codes],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _sarif_rule(code: str) -> dict[str, Any]:
    rule = RULES[code]
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "help": {"text": explained(code)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [GROUPS[code[:3]]]},
    }


def _sarif_result(finding: Finding, codes: list[str], folder: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.severity,
        "message": {"text": f"{finding.message}. {finding.hint}" if finding.hint else finding.message},
    }
    if finding.file is not None:
        location: dict[str, Any] = {"artifactLocation": {"uri": quote(folder + finding.file), "uriBaseId": "%SRCROOT%"}}
        if finding.line is not None:
            location["region"] = {"startLine": finding.line}
        found["locations"] = [{"physicalLocation": location}]
    return found
