"""Read a Worker's configuration: `wrangler.json`, `.jsonc` or `.toml`.

What wrangler would refuse is refused, with the file and the field. `progy apply` and `status` read it at
start-up, so nothing heavy is imported here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from progy.errors import ConfigError, UsageError
from progy.worker import CONFIG_NAMES, durable, validation
from progy.worker.fields import FIELDS
from progy.worker.javascript import MAX_SAFE_INTEGER, Json, number, ordered
from progy.worker.kinds import INHERITED, KINDS, LOGFWDR, TOP_LEVEL_ONLY, Kind
from progy.worker.model import MIGRATIONS_DIR, MIGRATIONS_TABLE, Binding, D1Binding, Rule, Worker
from progy.worker.report import Report, processing, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def find(directory: Path) -> Path | None:
    """The configuration file that wrangler would take from this directory, or None."""
    return next((path for name in CONFIG_NAMES if (path := directory / name).is_file()), None)


def find_upwards(directory: Path) -> Path | None:
    """The configuration file that wrangler would take from this directory or those above it, or None.

    A `wrangler.json` far above goes before a `wrangler.toml` right here: wrangler's rule.
    """
    folders = (directory, *directory.parents)
    paths = (folder / name for name in CONFIG_NAMES for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def load(path: Path, env: str | None = None) -> Worker:
    """Read a configuration.

    An environment has its own variables, secrets and bindings. Name, account, compatibility, entry file, rules,
    migrations and assets it takes from the top level where it says nothing: wrangler's rule.

    Args:
        path: The file; its suffix tells JSON from TOML.
        env: The environment to read; None for the top level.

    Raises:
        ConfigError: It can't be read, or holds something that wrangler refuses, in wrangler's words.
        UsageError: It has no such environment.
    """
    root = _document(path)
    _check_environment(path, root, env)
    _check(path, root, env)
    _check_nameless(path, root, [env])
    return _worker(path, root, env)


def load_all(path: Path) -> tuple[Worker, ...]:
    """Read a configuration with all its environments: the top level first, then each as they are written.

    Args:
        path: The file; its suffix tells JSON from TOML.

    Raises:
        ConfigError: It can't be read, or holds something that wrangler refuses, in wrangler's words.
    """
    root = _document(path)
    _check(path, root, None)
    names = list(_object(root.get("env")))
    _check_nameless(path, root, [None, *names])
    for name in names:
        _check_environment(path, root, name)
        _check(path, root, name)
    return tuple(_worker(path, root, name) for name in (None, *names))


def _check_environment(path: Path, root: dict[str, Json], env: str | None) -> None:
    environments = _object(root.get("env"))
    if env is None:
        return
    if env not in environments:
        there = f"it has {', '.join(environments)}" if environments else "it has none"
        raise UsageError(f'there is no environment "{env}"; {there}', where=str(path))
    if not isinstance(environments[env], dict):
        raise ConfigError(f'"env.{env}" should be an object, not {_kind_of(environments[env])}', where=str(path))


def _check(path: Path, root: dict[str, Json], env: str | None) -> None:
    report = Report(processing(path))
    validation.check(report, root, folder=path.parent)
    if env is not None:
        below = report.child(f'"env.{env}" environment configuration')
        validation.check(below, root, env, folder=path.parent)
    validation.check_names(report, root, env)
    _check_python(root, env)
    refuse(report)


def _check_python(root: dict[str, Json], env: str | None) -> None:
    """Refuse a Python Worker without its flag: wrangler says that before all else."""
    either = _with_environment(root, env)
    if (_text(either.get("main")) or "").endswith(".py") and "python_workers" not in _texts(
        either.get("compatibility_flags")
    ):
        raise ConfigError("The `python_workers` compatibility flag is required to use Python.")


def _with_environment(root: dict[str, Json], env: str | None) -> dict[str, Json]:
    """The top level with what an environment says in its place."""
    chosen = _object(_object(root.get("env")).get(env)) if env is not None else {}
    return {**root, **{key: value for key, value in chosen.items() if value is not None}}


def _check_nameless(path: Path, root: dict[str, Json], environments: Sequence[str | None]) -> None:
    said = validation.nameless(root, environments)
    if said:
        raise ConfigError(f"{processing(path)}\n{said}")


def _worker(path: Path, root: dict[str, Json], env: str | None) -> Worker:
    """The Worker of one environment; all that is read here has been checked."""
    environments = _object(root.get("env"))
    chosen = _object(environments[env]) if env is not None else root
    either = _with_environment(root, env)
    name = _text(chosen.get("name"))
    if name is None and env is not None and (top := _text(root.get("name"))):
        name = f"{top}-{env}"
    main = _text(either.get("main"))
    classes, problem = durable.classes(_list(either.get("migrations")), _object(either.get("exports")))
    return Worker(
        path=path,
        environment=env,
        environments=tuple(environments),
        name=name,
        account_id=_text(either.get("account_id")),
        compatibility_date=_text(either.get("compatibility_date")),
        compatibility_flags=_texts(either.get("compatibility_flags")),
        main=main,
        entry=_entry(path, root, either),
        vars=_members(chosen.get("vars")),
        secrets=_secrets(chosen, root),
        bindings=tuple(_bindings(chosen, root)),
        d1=tuple(_databases(chosen)),
        durable_classes=classes,
        durable_problem=problem,
        migrates=bool(either.get("migrations")),
        rules=tuple(_rule(_object(rule)) for rule in _list(either.get("rules"))),
        finds_modules=_finds_modules(either),
        warnings=tuple(_misspelt(root, path)),
    )


def _document(path: Path) -> dict[str, Json]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the file isn't UTF-8 text", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"the file can't be read: {error.strerror}", where=str(path)) from None
    value = _toml(text, path) if path.suffix == ".toml" else _json(text, str(path))
    if not isinstance(value, dict):
        raise ConfigError(f"a configuration is an object, not {_kind_of(value)}", where=str(path))
    if not isinstance(value.get("env"), dict | None):
        raise ConfigError(f'"env" should be an object, not {_kind_of(value["env"])}', where=str(path))
    return value


def _json(text: str, file: str) -> Json:
    from progy.worker.jsonc import parse  # a TOML configuration needs no json

    return parse(text, file)


def _toml(text: str, path: Path) -> Json:
    import tomllib  # only for this one format

    try:
        return _from_toml(tomllib.loads(text), path)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        raise ConfigError(f"this isn't TOML: {message[:1].lower()}{message[1:]}", where=str(path)) from None


def _from_toml(value: object, file: Path, *keys: str) -> Json:
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                raise ConfigError(f"the integer {value} is more than JavaScript can hold", where=str(file))
            return value
        case float():
            return number(repr(value))
        case list():
            return [_from_toml(item, file, *keys, "") for item in value]
        case dict():
            return ordered({str(key): _from_toml(item, file, *keys, str(key)) for key, item in value.items()})
        case _:
            raise _a_date(value, file, keys)


def _a_date(value: object, file: Path, keys: tuple[str, ...]) -> ConfigError:
    *above, name = keys
    if above == ["vars"] or (above[:1] == ["env"] and above[2:] == ["vars"]):
        return ConfigError(
            f'{processing(file)}\n  - The field "{".".join(keys)}" is a TOML date, which is not supported. Please use a'
            f' string instead, e.g. {name} = "2025-12-19".'
        )
    return ConfigError(f"{value} is a date, which a configuration can't hold", where=str(file), hint="put it in quotes")


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _members(value: Json) -> dict[str, Json]:
    """What JavaScript lists of a value: an object's members, and those of lists and texts by their numbers."""
    if isinstance(value, list | str):
        return {str(index): item for index, item in enumerate(value)}
    return _object(value)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _entry(path: Path, root: dict[str, Json], either: dict[str, Json]) -> Path | None:
    main, tsconfig = _text(either.get("main")), _text(either.get("tsconfig"))
    if tsconfig is not None and not (path.parent / tsconfig).is_file():
        return None  # wrangler can't read the entry then, and goes on without
    if main is None:
        return _site_entry(path, root)
    named = Path(os.path.normpath(path.parent / main))  # to wrangler, `x/../a.ts` needs no folder `x`
    if named.suffix:
        return named if named.is_file() else None
    # wrangler wants a source file of that name with an ending; esbuild then takes the one without, if there is one.
    files = [file for ending in _ENDINGS if (file := named.with_name(f"{named.name}{ending}")).is_file()]
    return (named if named.is_file() else files[0]) if files else None


_ENDINGS = (".tsx", ".ts", ".jsx", ".js")
"""In the order in which esbuild tries them."""


def _site_entry(path: Path, root: dict[str, Json]) -> Path | None:
    """The entry file of a Workers Site, which may be named in another place, or not at all."""
    if root.get("site") is None:
        return None
    named = path.parent / (_text(_object(root["site"]).get("entry-point")) or "workers-site")
    file = named if named.suffix else named / "index.js"
    return file if file.is_file() else None


def _finds_modules(either: dict[str, Json]) -> bool:
    said = either.get("find_additional_modules")
    if isinstance(said, bool):
        return said
    # Python Workers are never bundled.
    return either.get("no_bundle") is True or str(either.get("main")).endswith(".py")


def _rule(rule: dict[str, Json]) -> Rule:
    return Rule(str(rule["type"]), _texts(rule["globs"]), falls_through=rule.get("fallthrough") is True)


def _secrets(chosen: dict[str, Json], root: dict[str, Json]) -> tuple[str, ...] | None:
    levels = (root, *(_object(level) for level in _object(root.get("env")).values()))
    if not any("secrets" in level for level in levels):
        return None
    return tuple(ordered(dict.fromkeys(_texts(_object(chosen.get("secrets")).get("required")))))


def _bindings(chosen: dict[str, Json], root: dict[str, Json]) -> Iterator[Binding]:
    for kind in KINDS:
        if kind.key in TOP_LEVEL_ONLY:
            yield from _of_kind(kind, root)
        elif kind.key in INHERITED and kind.key not in chosen:
            for binding in _of_kind(kind, root):
                yield Binding(binding.kind, binding.name, binding.fields, inherited=True)
        else:
            yield from _of_kind(kind, chosen)


def _of_kind(kind: Kind, section: dict[str, Json]) -> Iterator[Binding]:
    value = validation.get(section, kind.key)
    match kind.shape:
        case "flag":
            if value:
                yield Binding(kind.key, LOGFWDR, {})
        case "names":
            for name in _members(value):
                yield Binding(kind.key, name, {})
        case "list" | "bindings":
            for entry in map(_object, _list(value)):
                yield Binding(kind.key, str(entry[kind.name]), entry)
        case "object":
            entry = _object(value)
            if entry.get(kind.name):
                yield Binding(kind.key, str(entry[kind.name]), entry)


def _databases(section: dict[str, Json]) -> Iterator[D1Binding]:
    for entry in map(_object, _list(section.get("d1_databases"))):
        yield D1Binding(
            binding=str(entry["binding"]),
            database_name=_text(entry.get("database_name")),
            database_id=_text(entry.get("database_id")),
            preview_database_id=_text(entry.get("preview_database_id")),
            migrations_dir=_text(entry.get("migrations_dir")) or MIGRATIONS_DIR,
            migrations_table=_text(entry.get("migrations_table")) or MIGRATIONS_TABLE,
            migrations_pattern=_text(entry.get("migrations_pattern")),
        )


def _misspelt(root: dict[str, Json], path: Path) -> Iterator[str]:
    """Warn of a key that looks like one wrangler knows. Those that don't may be newer than the list."""
    unknown = [key for key in root if key not in FIELDS]
    if not unknown:
        return
    import difflib  # only when there is something to say

    for key in unknown:
        close = difflib.get_close_matches(key, sorted(FIELDS), n=1, cutoff=0.8)
        if close:
            yield f'{path}: wrangler knows no field "{key}": did you mean "{close[0]}"?'


def _kind_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
