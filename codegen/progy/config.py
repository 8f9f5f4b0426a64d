"""Where the project is, and its settings: `[tool.progy]` in pyproject.toml.

Each has a default, and knows where it came from.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from progy.errors import ConfigError
from progy.worker import CONFIG_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from progy.docs.settings import Settings


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. Paths are relative to the project's root, with forward slashes."""

    models: str = "models"
    """The dotted name of the package or module that holds the models."""
    bindings: str = "bindings"
    """The folder that the Python bindings are written to."""
    docs: str = "docs/schema"
    """The folder that the documentation is written to: `docs`, or `folder` in `[tool.progy.docs]`."""
    typescript: str = "worker-configuration.d.ts"
    """The TypeScript declaration file; empty for none."""
    interface: str = "Env"
    """The name of the environment's type, as wrangler's `--env-interface`."""
    database: str = ""
    """The D1 binding that is meant when a Worker has several; empty when it has one."""
    title: str = ""
    """The heading of the documentation, `title` in `[tool.progy.docs]`; empty for the database's name."""
    documentation: Settings | None = None
    """What else `[tool.progy.docs]` says; None for nothing."""
    check_ignore: dict[str, str] = field(default_factory=dict)
    """What `progy check` doesn't count, each code with the reason: `ignore` in `[tool.progy.check]`."""
    origins: dict[str, str] = field(default_factory=dict, compare=False)
    """Where each value that isn't the default came from."""


_KEYS = tuple(found.name for found in fields(Config) if found.name not in {"check_ignore", "documentation", "origins"})


def find_root(start: Path) -> Path:
    """The project's root: the nearest folder, upwards, with a pyproject.toml or a wrangler config.

    Raises:
        ConfigError: There is none.
    """
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in ("pyproject.toml", *CONFIG_NAMES)):
            return folder
    raise ConfigError(
        f"no project here: neither {start} nor a folder above it has a pyproject.toml or a wrangler config",
        hint="change to the project's folder, or put a wrangler.jsonc with a d1_databases entry here",
    )


def load(root: Path) -> Config:
    """The project's settings: a `PROGY_…` environment variable over `[tool.progy]` over the default.

    Raises:
        ConfigError: pyproject.toml isn't TOML, or `[tool.progy]` has an unknown key or a value of the wrong type.
    """
    file = root / "pyproject.toml"
    table = dict(_tool_table(file))
    check_ignore = _check_ignore(table.pop("check", {}), file)
    documentation, values = _docs(table, file)
    origins = dict.fromkeys(values, f"{file.name} [tool.progy.docs]")
    if documentation is not None:
        origins["documentation"] = f"{file.name} [tool.progy.docs]"
    for key, value in table.items():
        if key not in _KEYS or key == "title":
            raise ConfigError(f"[tool.progy] has no key {key!r}", where=str(file), hint=_nearest(key))
        if not isinstance(value, str):
            raise ConfigError(f"[tool.progy] {key} must be a string, not {value!r}", where=str(file))
        values[key], origins[key] = value, f"{file.name} [tool.progy]"
    if check_ignore:
        origins["check_ignore"] = f"{file.name} [tool.progy.check]"
    for key in _KEYS:
        variable = f"PROGY_{key.upper()}"
        value = os.environ.get(variable)
        if value is not None:
            values[key], origins[key] = value, variable
    for key, value in values.items():
        if "\0" in value:
            raise ConfigError(f"{key} in {origins[key]} holds a null character", where=str(file))
    return Config(**values, documentation=documentation, check_ignore=check_ignore, origins=origins)


def _docs(table: dict[str, Any], file: Path) -> tuple[Settings | None, dict[str, str]]:
    """Take `[tool.progy.docs]` out of the table: what only documentation needs, and the folder and the title."""
    said = table.get("docs")
    if not isinstance(said, dict):
        return None, {}
    del table["docs"]
    values: dict[str, str] = {}
    for key, name in (("folder", "docs"), ("title", "title")):
        if key in said:
            values[name] = said[key]
            if not isinstance(said[key], str):
                raise ConfigError(f"[tool.progy.docs] {key} must be a string, not {said[key]!r}", where=str(file))
    rest = {key: value for key, value in said.items() if key not in {"folder", "title"}}
    if not rest:
        return None, values
    from progy.docs.settings import read  # the catalogue's classes, which most commands don't need

    return read(rest, str(file)), values


def _check_ignore(table: object, file: Path) -> dict[str, str]:
    """`ignore` of `[tool.progy.check]`: codes and reasons."""
    if not isinstance(table, dict) or table.keys() - {"ignore"}:
        raise ConfigError("[tool.progy.check] has one key, ignore", where=str(file), hint=_IGNORE_HINT)
    ignore = table.get("ignore", {})
    if not isinstance(ignore, dict) or not all(isinstance(reason, str) for reason in ignore.values()):
        raise ConfigError(
            "[tool.progy.check] ignore must be a table of codes and reasons", where=str(file), hint=_IGNORE_HINT
        )
    return dict(ignore)


_IGNORE_HINT = 'ignore = {PD302 = "our tables are small"}'


def _tool_table(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(file)) from None
    except OSError as error:
        raise ConfigError(f"can't be read: {error.strerror}", where=str(file)) from None
    tool = document.get("tool", {})
    table = tool.get("progy", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError("[tool.progy] must be a table", where=str(file))
    return table


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    if key == "title":
        return "it stands in [tool.progy.docs]"
    close = get_close_matches(key, _KEYS, n=1)
    return f"did you mean {close[0]!r}?" if close else f"the keys are {', '.join(_KEYS)}"
