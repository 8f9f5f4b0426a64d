from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from progy.errors import ConfigError
from progy.worker import config, secrets

if TYPE_CHECKING:
    from pathlib import Path

    from progy.worker.model import Worker


def worker(directory: Path, text: str = '{"env": {"prod": {}}}', env: str | None = None) -> Worker:
    (directory / "wrangler.jsonc").write_text(text)
    return config.load(directory / "wrangler.jsonc", env)


def write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        (directory / f".{name.replace('_', '.')}").write_text(text)


def test_required_secrets_leave_the_files_alone(tmp_path: Path) -> None:
    write(tmp_path, dev_vars="FROM_FILE=1")
    text = '{"secrets": {"required": ["B", "A"]}, "env": {"prod": {}}}'
    assert secrets.names(worker(tmp_path, text)) == ("B", "A")
    assert secrets.names(worker(tmp_path, text, "prod")) == ()
    assert secrets.names(worker(tmp_path, '{"env": {"prod": {"secrets": {}}}}')) == ()


def test_dev_vars_come_before_env_files(tmp_path: Path) -> None:
    write(tmp_path, env="E=1", env_local="L=1\nE=2", env_prod="P=1", env_prod_local="Q=1")
    assert secrets.names(worker(tmp_path)) == ("E", "L")
    assert secrets.names(worker(tmp_path, env="prod")) == ("E", "L", "P", "Q")
    write(tmp_path, dev_vars="D=1")
    assert secrets.names(worker(tmp_path)) == ("D",)
    assert secrets.names(worker(tmp_path, env="prod")) == ("D",)
    write(tmp_path, dev_vars_prod="DP=1")
    assert secrets.names(worker(tmp_path, env="prod")) == ("DP",)
    assert secrets.names(worker(tmp_path, env="prod"), [".env"]) == ("E",)
    with pytest.raises(ConfigError, match="no such file"):
        secrets.names(worker(tmp_path, env="prod"), [".env", "nowhere"])


GRAMMAR = """\
# COMMENT=1
A=1
export B="two words"
C='single #not a comment'
D=unquoted # comment=2
EMPTY=
NOEQ
 SPACED = v
MULTI="first
INSIDE=second"
A=again
kebab-key=1
dot.key=2
TICK=`a
b=c`
E: colon
F:no
  \ufeffBOM\ufeff=\ufeff1
10=x
2=y
"""


def test_the_grammar_is_npm_dotenvs(tmp_path: Path) -> None:
    expected = ("2", "10", "A", "B", "C", "D", "EMPTY", "SPACED", "MULTI", "kebab-key", "dot.key", "TICK", "E", "BOM")
    for ends in ("\n", "\r\n", "\r"):
        (tmp_path / ".dev.vars").write_bytes(GRAMMAR.replace("\n", ends).encode())
        assert secrets.names(worker(tmp_path)) == expected


def test_a_file_that_cannot_be_read_is_an_error_without_values(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        secrets.names(worker(tmp_path))
