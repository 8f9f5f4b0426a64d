"""`worker-configuration.d.ts`, judged by the real wrangler."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from progy.cli import main
from progy.worker import config
from tests.real.engine import NODE_FOLDER, node_executable
from tests.real.typegen_cases import ENTRY, REFUSED, RUN, WRITTEN

if TYPE_CHECKING:
    from tests.real.engine import Wrangler

ROOT = Path(__file__).parents[2]
FILE = "worker-configuration.d.ts"


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def as_options(arguments: str) -> dict[str, Any]:
    """wrangler's arguments as its API has them."""
    names = {"env-interface": "envInterface", "env": "env", "config": "config", "env-file": "envFile"}
    found: dict[str, Any] = {}
    for word in shlex.split(arguments):
        name, _, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            found["path"] = word
        elif name in {"config", "env-file"}:
            found.setdefault(names[name], []).append(value)
        elif name in names:
            found[names[name]] = value
        else:
            first, *others = name.split("-")
            found[first + "".join(other.capitalize() for other in others)] = value == "true"
    return found


def ask(wrangler: Wrangler, folders: list[tuple[Path, str]], answer: Path) -> list[list[str] | str]:
    """What wrangler's API gives for each: its text in a list, or its refusal. One process for all."""
    done = subprocess.run(
        [str(node_executable()), "types.mjs", str(answer)],
        cwd=NODE_FOLDER,
        env=wrangler.environment(),
        input=json.dumps([[str(folder), as_options(arguments)] for folder, arguments in folders]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str] | str] = json.loads(answer.read_text(encoding="utf-8"))
    return found


Case = tuple[str, str, dict[str, str]]


@pytest.fixture(scope="module")
def answers(wrangler: Wrangler, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str] | str]:
    base = tmp_path_factory.mktemp("cases")
    cases = [*WRITTEN, *REFUSED]
    folders = [(lay(base / str(number), files), arguments) for number, (_, arguments, files) in enumerate(cases)]
    return dict(zip((name for name, _, _ in cases), ask(wrangler, folders, base / "answers.json"), strict=True))


def typegen(folder: Path, arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    return main.run(["typegen", "--language", "typescript", *shlex.split(arguments)])


@pytest.mark.parametrize("case", WRITTEN, ids=[name for name, _, _ in WRITTEN])
def test_the_same_bytes(
    answers: dict[str, list[str] | str], case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, arguments, files = case
    assert typegen(lay(tmp_path, files), arguments, monkeypatch) == 0
    path = as_options(arguments).get("path", FILE)
    assert [(tmp_path / path).read_bytes().decode()] == answers[name]


@pytest.mark.parametrize("case", REFUSED, ids=[name for name, _, _ in REFUSED])
def test_the_same_refusal(
    answers: dict[str, list[str] | str],
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, arguments, files = case
    assert typegen(lay(tmp_path, files), arguments, monkeypatch) == 1
    theirs = answers[name]
    assert isinstance(theirs, str)
    assert capsys.readouterr().err.rstrip() == f"error: {theirs.rstrip()}"


CHECKED = [
    "several environments",
    "one of several environments",
    "every kind without literals",
    "further Workers",
    "secrets in named files",
    "no main module",
    "a service worker",
    "a path of its own",
]


@pytest.mark.parametrize("case", [case for case in WRITTEN if case[0] in CHECKED], ids=lambda case: case[0])
def test_wranglers_check_accepts_progys_file(
    wrangler: Wrangler, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, arguments, files = case
    assert typegen(lay(tmp_path, files), arguments, monkeypatch) == 0
    path = [word for word in shlex.split(arguments) if word.endswith(".d.ts")]
    first = [word for word in shlex.split(arguments) if word.startswith("--config=")][:1]
    run = wrangler.run("types", "--check", *first, *path, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert typegen(tmp_path, f"--check {' '.join(path)}", monkeypatch) == 0
    config_path = tmp_path / "wrangler.jsonc"
    config_path.write_text(
        config_path.read_text().replace('"name"', '"rules": [{"type": "Data", "globs": ["**/*.new"]}], "name"', 1)
    )
    run = wrangler.run("types", "--check", *first, *path, cwd=tmp_path)
    assert (run.returncode, typegen(tmp_path, f"--check {' '.join(path)}", monkeypatch)) == (1, 1)


def test_wrangler_accepts_progys_own_file(wrangler: Wrangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "wrangler.jsonc", tmp_path)
    assert typegen(tmp_path, "--env-interface CloudflareBindings", monkeypatch) == 0
    # Without the name, wrangler 4.164 calls even its own file out of date.
    run = wrangler.run("types", "--check", "--env-interface", "CloudflareBindings", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_runtimes_types_come_from_wrangler(
    wrangler: Wrangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"wrangler.jsonc": '{"name": "w", "main": "i.ts", "compatibility_date": "2026-01-01"}', "i.ts": ENTRY}
    lay(tmp_path, files)
    assert wrangler.run("types", cwd=tmp_path).returncode == 0
    theirs = (tmp_path / FILE).read_text()
    monkeypatch.setenv("PATH", wrangler.environment()["PATH"])
    (tmp_path / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    assert typegen(tmp_path, "--check", monkeypatch) == 0
    (tmp_path / FILE).unlink()
    assert typegen(tmp_path, "--include-runtime", monkeypatch) == 0
    assert (tmp_path / FILE).read_text() == theirs
    assert wrangler.run("types", "--check", cwd=tmp_path).returncode == 0


def test_the_command_takes_wranglers_arguments(
    wrangler: Wrangler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"app/wrangler.jsonc": '{"name": "w", "main": "i.ts", "vars": {"A": 1}}', "app/i.ts": ENTRY}
    arguments = "-c app/wrangler.jsonc --strict-vars false --envInterface My --no-include-main-module --path x.d.ts"
    theirs, ours = (lay(tmp_path / name, files) for name in ("theirs", "ours"))
    run = wrangler.run("types", "--include-runtime", "false", *arguments.split(), cwd=theirs)
    assert run.returncode == 0, run.stdout + run.stderr
    assert typegen(ours, f"--include-runtime false {arguments}", monkeypatch) == 0
    assert (ours / "x.d.ts").read_bytes() == (theirs / "x.d.ts").read_bytes()


def test_wrangler_takes_the_same_file_of_several(wrangler: Wrangler, tmp_path: Path) -> None:
    for suffix in ("json", "jsonc"):
        (tmp_path / f"wrangler.{suffix}").write_text(f'{{"name": "w", "vars": {{"FROM": "{suffix}"}}}}')
    (tmp_path / "wrangler.toml").write_text('name = "w"\n[vars]\nFROM = "toml"\n')
    for suffix in ("json", "jsonc", "toml"):
        found = config.find(tmp_path)
        assert found == tmp_path / f"wrangler.{suffix}"
        assert wrangler.run("types", RUN, cwd=tmp_path).returncode == 0
        assert f'FROM: "{suffix}"' in (tmp_path / FILE).read_text()
        found.unlink()
