"""The names of a Worker's secrets. Values are never kept, returned or shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from progy.errors import ConfigError
from progy.worker.javascript import ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from progy.worker.model import Worker

_BLANK = r"[\s\ufeff]"
"""JavaScript's `\\s`, to which a byte order mark is blank wherever it stands."""
_ASSIGNMENT = rf"""
    ^ {_BLANK}* (?:export{_BLANK}+)?
    (?P<name> [A-Za-z0-9_.-]+ )
    (?: {_BLANK}*={_BLANK}*? | :{_BLANK}+? )
    (?: {_BLANK}* '(?:\\'|[^'])*'     # a value, which may span lines when it is quoted
      | {_BLANK}* "(?:\\"|[^"])*"
      | {_BLANK}* `(?:\\`|[^`])*`
      | [^#\n]+
    )?
    {_BLANK}* (?:\#.*)? $
    """
"""An assignment, by the grammar of the npm package `dotenv`, with which wrangler reads these files."""


def names(worker: Worker, env_files: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the secrets, in the order in which `wrangler types` writes them.

    They are those of `secrets.required` when any level of the configuration has `secrets`; else those in
    `--env-file`, else those in `.dev.vars.<env>` or `.dev.vars`, else those in `.env` and its variants.

    Args:
        worker: The configuration.
        env_files: What `--env-file` named, relative to the configuration's directory.

    Raises:
        ConfigError: A file is there and can't be read, or was named and isn't there.
    """
    if worker.secrets is not None:
        return worker.secrets
    directory = worker.path.parent
    if not env_files:
        for name in _dev_vars(worker):
            found = _names_in(directory / name)
            if found is not None:
                return tuple(ordered(dict.fromkeys(found)))
    together: dict[str, None] = {}
    for name in env_files or _dot_env(worker):
        found = _names_in(directory / name)
        # Node looks for it in the working directory before wrangler reads it beside the configuration, or doesn't.
        if found is None and env_files and not Path(name).is_file():
            raise ConfigError("no such file, which --env-file names", where=str(directory / name))
        together |= dict.fromkeys(found or ())
    return tuple(ordered(together))


def names_of(workers: Sequence[Worker], env_files: Sequence[str] = ()) -> dict[str | None, tuple[str, ...]]:
    """The names of the secrets of several environments, by environment; None is the top level.

    Those in files are the same for all, since wrangler reads an environment's own files only when it is the one
    that was chosen.

    Args:
        workers: The configuration: one environment of it, or all with the top level first.
        env_files: What `--env-file` named, relative to the configuration's directory.

    Raises:
        ConfigError: A file is there and can't be read.
    """
    from_files = names(workers[0], env_files)
    return {worker.environment: from_files if worker.secrets is None else worker.secrets for worker in workers}


def names_of_each(workers: Sequence[Worker], env_files: Sequence[str] = ()) -> dict[str | None, tuple[str, ...]]:
    """The names of each environment's own secrets, by environment: what wrangler reads when that one is chosen.

    Args:
        workers: The configuration: one environment of it, or several.
        env_files: What `--env-file` named, relative to the configuration's directory.

    Raises:
        ConfigError: A file is there and can't be read, or was named and isn't there.
    """
    return {worker.environment: names(worker, env_files) for worker in workers}


def _dev_vars(worker: Worker) -> tuple[str, ...]:
    if worker.environment is None:
        return (".dev.vars",)
    return (f".dev.vars.{worker.environment}", ".dev.vars")


def _dot_env(worker: Worker) -> tuple[str, ...]:
    if worker.environment is None:
        return (".env", ".env.local")
    return (".env", ".env.local", f".env.{worker.environment}", f".env.{worker.environment}.local")


def _names_in(path: Path) -> list[str] | None:
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"the file can't be read: {error.strerror}", where=str(path)) from None
    return [match["name"] for match in re.finditer(_ASSIGNMENT, text, re.MULTILINE | re.VERBOSE)]
