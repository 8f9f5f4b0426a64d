"""wrangler's own answers to 151 configurations: equal byte for byte, or refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from progy.emit.typescript import TypegenOptions, declaration
from progy.errors import ProgyError
from progy.worker import config, secrets

FILE = Path(__file__).parents[2].parent / "shared" / "conformance" / "wrangler_types.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text())["cases"] if FILE.exists() else []

pytestmark = pytest.mark.skipif(not CASES, reason="the conformance cases aren't at hand")

SUPPORTED = 78
"""How many of the cases wrangler takes are written, not refused; it only ever grows."""


def options(case: dict[str, Any], directory: Path) -> TypegenOptions:
    arguments = iter(case["args"].split()[1:])
    values: dict[str, Any] = {"directory": directory}
    lists: dict[str, Any] = {"configs": (), "env_files": ()}
    for argument in arguments:
        flag, _, value = argument.partition("=")
        if not flag.startswith("-"):
            values["path"] = argument
        elif flag == "--strict-vars":
            values["strict_vars"] = value != "false"
        elif flag != "--include-runtime":
            value = value or next(arguments)
            match flag:
                case "-c" | "--config":
                    lists["configs"] += (value,)
                case "--env-file":
                    lists["env_files"] += (value,)
                case "--env":
                    values["env"] = value
                case "--env-interface":
                    values["interface"] = value
                case "--path":
                    values["path"] = value
    return TypegenOptions(**values, **lists)


def is_beyond(case: dict[str, Any], chosen: TypegenOptions) -> bool:
    """What is refused for now: several environments or configurations, exports, `rules`."""
    name = next(iter(chosen.configs), None) or next(n for n in case["files"] if n.startswith("wrangler.json"))
    text = case["files"][name.removeprefix("./")]
    several = re.search(r'"env"\s*:\s*{\s*"', text) and chosen.env is None
    entry = re.search(r'"main"\s*:\s*"(?:\./)?([^"]+\.ts)"', text)
    exported = entry is not None and any(file.endswith(entry[1]) for file in case["files"])
    return bool(several or exported or len(chosen.configs) > 1 or re.search(r'"(rules|exports)"\s*:', text))


def run(case: dict[str, Any], directory: Path) -> str:
    for name, text in case["files"].items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    chosen = options(case, directory)
    path = directory / chosen.configs[0] if chosen.configs else config.find(directory)
    assert path is not None
    worker = config.load(path, chosen.env)
    return declaration(worker, secrets.names(worker, chosen.env_files), chosen)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_same_bytes_as_wrangler_or_a_refusal(case: dict[str, Any], tmp_path: Path) -> None:
    chosen = options(case, tmp_path)
    if is_beyond(case, chosen) or (case["exit"] != 0 and not chosen.path.startswith("types/")):
        with pytest.raises(ProgyError):
            run(case, tmp_path)
    elif case["exit"] == 0:
        text = run(case, tmp_path)
        first, header, rest = text.split("\n", 2)
        expected = case["text"].split("// Begin runtime types\n")[0]
        assert rest == expected
        assert first == "/* eslint-disable */"
        if case["header"]:
            assert header == case["header"]


def test_most_of_what_has_one_environment_is_written() -> None:
    written = [case for case in CASES if case["exit"] == 0 and not is_beyond(case, options(case, Path()))]
    assert len(written) == SUPPORTED
