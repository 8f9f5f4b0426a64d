"""What is kept counts exactly as long as everything it was made from is as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from progy import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A kept result, made by reading a file, missing a file, listing a folder and asking for variables."""
    (tmp_path / "read").write_text("one")
    (tmp_path / "listed").mkdir()
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "library").write_text("one")
    with cache.Recorder() as recorder:
        (tmp_path / "read").read_text()
        (tmp_path / "site-packages" / "library").read_text()
        with pytest.raises(FileNotFoundError):
            (tmp_path / "absent").read_text()
        list((tmp_path / "listed").iterdir())
        os.environ.get("PROGY_TEST_SET")
        os.environ.get("PROGY_TEST_UNSET")
    cache.keep(tmp_path, "it", recorder, {"a": [1, None]})
    return tmp_path


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROGY_TEST_SET", "a secret value")
    monkeypatch.delenv("PROGY_TEST_UNSET", raising=False)


def kept(root: Path) -> object:
    found = cache.load(root, "it")
    return found and found[0]


def test_a_result_is_found_again(made: Path) -> None:
    assert kept(made) == {"a": [1, None]}
    (made / "unrelated").write_text("")
    assert kept(made) == {"a": [1, None]}


def touch_back(path: Path) -> None:
    """Write a file anew with the same content and another time."""
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))


def test_a_file_of_the_project_counts_by_its_content(made: Path) -> None:
    touch_back(made / "read")
    assert kept(made)


CHANGES: dict[str, Callable[[Path], object]] = {
    "another content": lambda root: (root / "read").write_text("two"),
    "a file that is gone": lambda root: (root / "read").unlink(),
    "a file that wasn't there": lambda root: (root / "absent").write_text(""),
    "a name more in a folder": lambda root: (root / "listed" / "new").write_text(""),
    "a folder that is gone": lambda root: (root / "listed").rmdir(),
    "a library's file": lambda root: touch_back(root / "site-packages" / "library"),
    "a variable's value": lambda _: os.environ.__setitem__("PROGY_TEST_SET", "another"),
    "a variable that is gone": lambda _: os.environ.__delitem__("PROGY_TEST_SET"),
    "a variable that wasn't there": lambda _: os.environ.__setitem__("PROGY_TEST_UNSET", ""),
    "a damaged cache": lambda root: (root / ".progy/cache/it.json").write_text("{"),
    "a cache of another form": lambda root: (root / ".progy/cache/it.json").write_text("[]"),
    "a trace of another form": lambda root: (root / ".progy/cache/it.json").write_text(
        (root / ".progy/cache/it.json").read_text().replace('"files": {', '"files": [], "folders_": {')
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_ends_it(made: Path, name: str) -> None:
    assert kept(made)
    CHANGES[name](made)
    assert kept(made) is None


def test_a_copied_project_does_not_take_the_originals_results(
    made: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(made, copy)
    assert kept(copy) is None


def test_a_link_in_the_place_of_a_file_counts(made: Path) -> None:
    (made / "read").rename(made / "elsewhere")
    (made / "read").symlink_to(made / "elsewhere")
    assert kept(made) is None


def test_another_working_directory_ends_it(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    assert kept(made) is None


def test_another_version_ends_it(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "__version__", "0.0.0")
    assert kept(made) is None


def test_reading_all_variables_makes_each_one_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cache.Recorder() as recorder:
        dict(os.environ)
    cache.keep(tmp_path, "it", recorder, 1)
    assert kept(tmp_path)
    monkeypatch.setenv("PROGY_TEST_UNRELATED", "x")
    assert kept(tmp_path) is None


def test_no_value_of_a_variable_is_written_down(made: Path) -> None:
    text = (made / ".progy/cache/it.json").read_text()
    assert "PROGY_TEST_SET" in text
    assert "a secret value" not in text
    assert (made / ".progy/.gitignore").read_text() == "*\n"


def test_work_that_starts_a_program_is_not_kept(tmp_path: Path) -> None:
    with cache.Recorder() as outer, cache.Recorder():
        subprocess.run([sys.executable, "-c", ""], check=True)
    cache.keep(tmp_path, "it", outer, 1)
    assert kept(tmp_path) is None


def test_work_that_opens_a_database_is_not_kept(tmp_path: Path) -> None:
    with cache.Recorder() as recorder:
        sqlite3.connect(":memory:").close()
    cache.keep(tmp_path, "it", recorder, 1)
    assert kept(tmp_path) is None


def test_what_an_inner_recorder_saw_counts_for_the_outer_one(tmp_path: Path) -> None:
    (tmp_path / "read").write_text("one")
    with cache.Recorder() as outer:
        with cache.Recorder() as inner:
            (tmp_path / "read").read_text()
        assert os.environ["PROGY_TEST_SET"]
    assert str(tmp_path / "read") in outer.trace.files
    assert "PROGY_TEST_SET" in outer.trace.environment
    assert "PROGY_TEST_SET" not in inner.trace.environment


def test_a_module_counts_by_its_source_even_when_it_was_compiled_before(tmp_path: Path) -> None:
    (tmp_path / "some_module_of_a_test.py").write_text("A = 1\n")
    code = (
        "import sys, pathlib; from progy import cache\n"
        "sys.path.insert(0, '.')\n"
        "with cache.Recorder() as recorder: import some_module_of_a_test\n"
        "cache.keep(pathlib.Path.cwd(), 'it', recorder, 1)\n"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    load = "import pathlib; from progy import cache; print(cache.load(pathlib.Path.cwd(), 'it') is not None)"

    def found() -> str:
        return subprocess.run(
            [sys.executable, "-c", load], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    assert found() == "True"
    (tmp_path / "some_module_of_a_test.py").write_text("A = 2\n")
    assert found() == "False"


def test_a_folder_that_cannot_be_written_keeps_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / ".progy").write_text("in the way")
    with cache.Recorder() as recorder:
        pass
    cache.keep(tmp_path, "it", recorder, 1)
    assert kept(tmp_path) is None


def test_the_environment_is_itself_again_afterwards() -> None:
    before = os.environ
    with cache.Recorder():
        assert os.environ is not before
        os.environ["PROGY_TEST_UNSET"] = "x"
        assert "PROGY_TEST_UNSET" in os.environ.copy()
        assert (os.environ | {"PROGY_TEST_SET": "x"})["PROGY_TEST_SET"] == "x"
        assert ({"PROGY_TEST_SET": "x"} | os.environ)["PROGY_TEST_SET"] == "a secret value"
        del os.environ["PROGY_TEST_UNSET"]
    assert os.environ is before
