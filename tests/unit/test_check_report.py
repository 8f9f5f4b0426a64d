"""Silencing, and a result as text, JSON, workflow commands and SARIF."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy import config
from progy.check import report
from progy.check.findings import GROUPS, RULES, Finding
from progy.check.run import Result
from progy.check.silencing import Silence, Silenced, in_configuration, in_file, silence
from progy.check.sources import Source
from progy.errors import ConfigError
from tests.conftest import CHECKOUT
from tests.unit.test_check import FakeMigration

if TYPE_CHECKING:
    from pathlib import Path


def silences(text: str) -> list[Silence]:
    return in_file(Source(FakeMigration(text), "f.sql"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1;", []),
        ("-- progy: ignore PD101 why not\nSELECT 1;", [Silence("PD101", "why not", "f.sql", 1)]),
        ("SELECT 1;\n\n--progy:ignore pd101, PD302  a reason \nSELECT\n2;", [Silence("PD101", "a reason", "f.sql", 3, 5), Silence("PD302", "a reason", "f.sql", 3, 5)]),
        ("SELECT 1; -- progy: ignore PD101 here\n", [Silence("PD101", "here", "f.sql", 1, 1)]),
        ("SELECT 1;\nSELECT 2, -- progy: ignore PD101 inside\n3;\nSELECT 4;", [Silence("PD101", "inside", "f.sql", 2, 3)]),
        ("-- progy: ignore PD101\nSELECT 1;", [Silence("PD101", "", "f.sql", 1)]),
        ("-- progy: ignore PD101: with a colon\nSELECT 1;", [Silence("PD101", "with a colon", "f.sql", 1)]),
        ("-- progy: ignore because\nSELECT 1;", [Silence("", "because", "f.sql", 1)]),
        ("-- progy: ignored PD101 x\nSELECT '-- progy: ignore PD101 x';", []),
        ("/* progy: ignore PD101 x */ SELECT 1;", []),
    ],
)  # fmt: skip
def test_what_a_file_silences(text: str, expected: list[Silence]) -> None:
    assert silences(text) == expected


def test_a_silence_covers_its_statement_or_its_file() -> None:
    found = [Finding("PD101", "x", "f.sql", line) for line in (2, 4, 6)] + [Finding("PD101", "x", "g.sql", 4)]
    text = "SELECT 1;\nSELECT 2;\n-- progy: ignore PD101 meant\nSELECT\n5;\nSELECT 6;"
    counting, silenced = silence(found, silences(text), ["f.sql"], works=True)
    assert [(one.file, one.line) for one in counting] == [("f.sql", 2), ("f.sql", 6), ("g.sql", 4)]
    assert silenced == [Silenced(found[1], "meant", in_source=True)]
    counting, _ = silence(found, silences("-- progy: ignore PD101 all\nSELECT 1;"), ["f.sql"], works=True)
    assert [one.file for one in counting] == ["g.sql"]
    assert silence(found, in_configuration({"PD101": "all"}), [], works=True)[0] == []


def doubts(one: Silence, *new: str, works: bool = True) -> list[str]:
    return [f"{found.code} {found.message}" for found in silence([], [one], new, works=works)[0]]


def test_silences_that_do_nothing() -> None:
    assert doubts(Silence("PD206", "x", "f", 1)) == ["PD902 nothing here is PD206"]
    assert doubts(Silence("PD206", "x", "f", 1), works=False) == []
    # Only what was looked at can be found to be nothing.
    assert doubts(Silence("PD101", "x", "f", 1)) == []
    assert doubts(Silence("PD101", "x", "f", 1), "f") == ["PD902 nothing here is PD101"]
    assert doubts(Silence("PD401", "x", "f", 1), "f") == []
    assert doubts(Silence("PD302", "x")) == []
    assert doubts(Silence("PD501", "x")) == ["PD902 nothing here is PD501"]
    assert doubts(Silence("PD206", "", "f", 1)) == ["PD901 PD206 is silenced, and nothing says why"]
    assert doubts(Silence("PD999", "x", "f", 1)) == ["PD903 there is no code PD999 to be silenced"]
    assert doubts(Silence("PD902", "x", "f", 1)) == ["PD903 there is no code PD902 to be silenced"]
    assert doubts(Silence("", "x", "f", 1)) == ["PD903 no code is named to be silenced"]


def test_without_a_reason_nothing_is_silenced() -> None:
    found = Finding("PD206", "x", "f.sql", 1)
    counting, silenced = silence([found], silences("-- progy: ignore PD206\nSELECT 1"), [], works=True)
    assert ([one.code for one in counting], silenced) == (["PD206", "PD901"], [])


def test_the_configuration(tmp_path: Path) -> None:
    def load(text: str) -> config.Config:
        (tmp_path / "pyproject.toml").write_text(text)
        return config.load(tmp_path)

    read = load('[tool.progy]\nmodels = "m"\n[tool.progy.check]\nignore = {PD302 = "small"}\n')
    assert (read.models, read.check_ignore) == ("m", {"PD302": "small"})
    assert read.origins["check_ignore"] == "pyproject.toml [tool.progy.check]"
    assert load("").check_ignore == {}
    for wrong in (
        "check = 1",
        "[tool.progy.check]\nignored = {}",
        "check.ignore = ['PD302']",
        "check.ignore.PD302 = 1",
    ):
        with pytest.raises(ConfigError, match=r"\[tool\.progy\.check\]"):
            load(f"[tool.progy]\n{wrong}\n")


FINDINGS = (
    Finding("PD001", "50% stale", "docs/schema/a:b,c.md", hint="progy gen all"),
    Finding("PD002", "no migration does this yet: create table a", hint="progy gen migration"),
    Finding("PD101", "drops the table a\nand its rows", "migrations/0002 ä.sql", 3, "say why", "DROP TABLE a"),
)
RESULT = Result(
    FINDINGS,
    (
        Silenced(Finding("PD206", "x", "migrations/0001.sql", 9), "wrangler isn't used", in_source=True),
        Silenced(Finding("PD206", "y", "migrations/0001.sql", 12), "nowhere"),
    ),
    2,
    ("migrations/0002 ä.sql",),
)


def test_text() -> None:
    assert list(report.text(RESULT)) == [
        "docs/schema/a:b,c.md: error PD001 50% stale",
        "    progy gen all",
        "models and migrations: error PD002 no migration does this yet: create table a",
        "    progy gen migration",
        "migrations/0002 ä.sql:3: warning PD101 drops the table a\nand its rows",
        "    say why",
    ]


def test_stale_files_are_one_block_of_text() -> None:
    stale = "isn't what the models and the configuration give"
    findings = (
        Finding("PD001", stale, "bindings/db.ts", hint="progy gen all"),
        Finding("PD001", "nothing gives it any more", "docs/schema/gone.md", hint="progy gen all"),
        Finding("PD001", stale, "docs/schema/users.md", hint="progy gen all"),
        Finding("PD502", "log has no primary key", "migrations/0001_a.sql", 1),
        Finding("PD502", "log has no primary key", "migrations/0002_b.sql", 1),
    )
    assert list(report.text(Result(findings, (), 2, ()))) == [
        "each of 2 generated files: error PD001 isn't what the models and the configuration give",
        "    progy gen all",
        "      bindings/db.ts",
        "      docs/schema/users.md",
        "docs/schema/gone.md: error PD001 nothing gives it any more",
        "    progy gen all",
        "migrations/0001_a.sql:1: warning PD502 log has no primary key",
        "migrations/0002_b.sql:1: warning PD502 log has no primary key",
    ]


def test_workflow_commands() -> None:
    assert list(report.github(RESULT)) == [
        "::error file=docs/schema/a%3Ab%2Cc.md,title=PD001 a generated file is stale::50%25 stale%0Aprogy gen all%0Awhat a code means: progy check --explain PD001",
        "::error title=PD002 the models have what the migrations haven't::no migration does this yet: create table a%0Aprogy gen migration%0Awhat a code means: progy check --explain PD002",
        "::warning file=migrations/0002 ä.sql,line=3,title=PD101 drops a table::drops the table a%0Aand its rows%0Asay why%0Awhat a code means: progy check --explain PD101",
    ]


def unescaped(command: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it."""
    match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", command)
    assert match, command

    def plain(text: str) -> str:
        for sign, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(sign, meant)
        return text

    properties = dict(pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {name: plain(held) for name, held in properties.items()}, plain(match[3])


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_whatever_is_said_stays_one_command(message: str, file: str) -> None:
    finding = Finding("PD206", message, file, 7)
    (command,) = report.github(Result((finding,), (), 1, ()))
    if re.search(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|%(0D|0A|3A|2C|25)", message + file):
        return
    kind, properties, told = unescaped(command)
    explained = "what a code means: progy check --explain PD206"
    assert kind == "error"
    assert properties == {"file": file, "line": "7", "title": "PD206 no semicolon at the end"}
    assert told == (f"{message}\n{explained}" if message else explained)


def test_json() -> None:
    value = report.value(RESULT)
    assert json.loads(json.dumps(value)) == value
    assert value["findings"][2] == {
        "code": "PD101",
        "message": "drops the table a\nand its rows",
        "file": "migrations/0002 ä.sql",
        "line": 3,
        "hint": "say why",
        "statement": "DROP TABLE a",
        "severity": "warning",
        "title": "drops a table",
        "page": "PD101.md",
    }
    assert value["silenced"][0]["reason"] == "wrangler isn't used"
    assert (value["errors"], value["warnings"], value["migrations"], value["new"]) == (
        2,
        1,
        2,
        ["migrations/0002 ä.sql"],
    )


def test_sarif_has_the_structure_that_the_standard_asks_for() -> None:
    log: dict[str, Any] = json.loads(report.sarif(RESULT))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "progy check"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PD001", "PD002", "PD101", "PD206"]
    for rule in rules:
        assert set(rule) == {"id", "shortDescription", "help", "defaultConfiguration", "properties"}
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            assert re.fullmatch(r"[!-~]+", place["artifactLocation"]["uri"])
            assert place.get("region", {"startLine": 1})["startLine"] >= 1
    assert [len(result.get("locations", [])) for result in run["results"]] == [1, 0, 1, 1, 1]
    suppressed = [result["suppressions"] for result in run["results"] if "suppressions" in result]
    assert suppressed == [
        [{"kind": "inSource", "justification": "wrangler isn't used"}],
        [{"kind": "external", "justification": "nowhere"}],
    ]


def test_what_fails() -> None:
    assert RESULT.failed()
    mild = Result(FINDINGS[2:], (), 1, ())
    assert not mild.failed()
    assert mild.failed(strict=True)
    assert not Result((), RESULT.silenced, 1, ()).failed(strict=True)


def test_the_catalogue_is_in_order_and_every_code_is_found_somewhere() -> None:
    assert list(RULES) == sorted(RULES)
    assert {code[:3] for code in RULES} == set(GROUPS)
    package = CHECKOUT / "codegen" / "progy"
    source = "".join(path.read_text() for part in ("check", "docs") for path in (package / part).glob("*.py"))
    assert [code for code in RULES if source.count(f'"{code}"') < 2] == []
