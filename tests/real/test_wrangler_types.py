"""`worker-configuration.d.ts`, judged by the real wrangler."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from progy.emit.typescript import TypegenOptions, declaration
from progy.worker import config, secrets

if TYPE_CHECKING:
    from tests.real.engine import Wrangler

ROOT = Path(__file__).parents[2]

PYTHON_WORKER = """
name = "w"
main = "src/entry.py"
compatibility_date = "2026-08-04"
compatibility_flags = ["python_workers"]
[vars]
10 = "ten"
2 = 2.50
name = "x"
big = 1e21
[[durable_objects.bindings]]
name = "ROOM"
class_name = "Room"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Hall", "Lobby"]
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Hall", to = "Room" }]
deleted_classes = ["Lobby"]
[env.staging]
vars = { S = "staging" }
"""


def write(directory: Path, options: TypegenOptions) -> None:
    path = config.find(directory)
    assert path is not None
    worker = config.load(path, options.env)
    text = declaration(worker, secrets.names(worker, options.env_files), options)
    (directory / options.path).write_bytes(text.encode())


def test_wrangler_accepts_progys_own_file(wrangler: Wrangler, tmp_path: Path) -> None:
    shutil.copy(ROOT / "wrangler.jsonc", tmp_path)
    write(tmp_path, TypegenOptions(interface="CloudflareBindings", directory=tmp_path))
    # Without the name, wrangler 4.164 calls even its own file out of date.
    run = wrangler.run("types", "--check", "--env-interface", "CloudflareBindings", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        pytest.param(("--env", "staging"), {"env": "staging"}, id="environment"),
        pytest.param(("--strict-vars=false", "--env", "staging"), {"env": "staging", "strict_vars": False}, id="loose"),
        pytest.param(
            ("--env=staging", "--env-file", "a.env", "--env-interface", "Mine", "mine.d.ts"),
            {"env": "staging", "env_files": ("a.env",), "interface": "Mine", "path": "mine.d.ts"},
            id="everything",
        ),
    ],
)
def test_the_same_bytes_for_a_python_worker(
    wrangler: Wrangler, tmp_path: Path, arguments: tuple[str, ...], options: dict[str, object]
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").touch()
    (tmp_path / "a.env").write_text("10=x\nTOKEN=y\n2=z\n")
    (tmp_path / "wrangler.toml").write_text(PYTHON_WORKER)
    chosen = TypegenOptions(**options, directory=tmp_path)  # type: ignore[arg-type]
    wrangler_ran = wrangler.run("types", "--include-runtime=false", *arguments, cwd=tmp_path)
    assert wrangler_ran.returncode == 0, wrangler_ran.stdout + wrangler_ran.stderr
    theirs = (tmp_path / chosen.path).read_bytes()
    write(tmp_path, chosen)
    assert (tmp_path / chosen.path).read_bytes().decode() == theirs.decode()


def test_the_same_bytes_at_the_top_level(wrangler: Wrangler, tmp_path: Path) -> None:
    top = PYTHON_WORKER.partition("[env.staging]")[0]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").touch()
    (tmp_path / "wrangler.toml").write_text(top)
    (tmp_path / ".dev.vars").write_text("10=x\nTOKEN=y\nexport 2='z'\n# no=1\n")
    assert wrangler.run("types", "--include-runtime=false", cwd=tmp_path).returncode == 0
    theirs = (tmp_path / "worker-configuration.d.ts").read_bytes()
    write(tmp_path, TypegenOptions(directory=tmp_path))
    assert (tmp_path / "worker-configuration.d.ts").read_bytes().decode() == theirs.decode()


def test_wrangler_takes_the_same_file_of_several(wrangler: Wrangler, tmp_path: Path) -> None:
    for suffix in ("json", "jsonc"):
        (tmp_path / f"wrangler.{suffix}").write_text(f'{{"name": "w", "vars": {{"FROM": "{suffix}"}}}}')
    (tmp_path / "wrangler.toml").write_text('name = "w"\n[vars]\nFROM = "toml"\n')
    for suffix in ("json", "jsonc", "toml"):
        found = config.find(tmp_path)
        assert found == tmp_path / f"wrangler.{suffix}"
        assert wrangler.run("types", "--include-runtime=false", cwd=tmp_path).returncode == 0
        assert f'FROM: "{suffix}"' in (tmp_path / "worker-configuration.d.ts").read_text()
        found.unlink()
