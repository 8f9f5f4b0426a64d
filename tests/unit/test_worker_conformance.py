"""wrangler's own answers to 151 configurations: the same file byte for byte, or the same refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from progy.cli import main

FILE = Path(__file__).parents[2].parent / "shared" / "conformance" / "wrangler_types.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"] if FILE.exists() else []

pytestmark = pytest.mark.skipif(not CASES, reason="the conformance cases aren't at hand")


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_same_bytes_as_wrangler_or_the_same_words(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in case["files"].items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    command, *arguments = case["args"].split()
    assert command == "types"
    code = main.run(["typegen", "--language", "typescript", *arguments])
    said = capsys.readouterr().err
    assert code == case["exit"], said
    if code:
        assert missing_words(case["stderr"], said) == []
        assert not list(tmp_path.rglob("*.d.ts"))
        return
    written = (tmp_path / case["output"]).read_bytes().decode()
    first, header, text = written.split("\n", 2)
    assert text == case["text"].split("// Begin runtime types\n")[0]
    assert first == "/* eslint-disable */"
    if case["header"]:
        assert header == case["header"]


def missing_words(theirs: str, ours: str) -> list[str]:
    """wrangler's lines that aren't among ours; how far in they stand is no matter."""
    advice = {"This is typically caused by:", "Please check the file path and try again."}
    lines = [line.strip().removeprefix("✘ [ERROR] ") for line in theirs.partition("\n🪵")[0].splitlines()]
    wanted = [
        line
        for line in lines
        if line and line not in advice and not line.startswith("- The file") and "typo" not in line
    ]
    return [line for line in wanted if line not in ours]
