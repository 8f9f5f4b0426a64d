"""Read a Worker's configuration: `wrangler.json`, `.jsonc` or `.toml`.

What wrangler would refuse is refused, with the file and the field. `progy apply` and `status` read it at
start-up, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.errors import ConfigError, UsageError
from progy.worker import CONFIG_NAMES
from progy.worker.fields import FIELDS
from progy.worker.javascript import MAX_SAFE_INTEGER, Json, number, ordered
from progy.worker.kinds import INHERITED, KINDS, LOGFWDR, NAMELESS, TOP_LEVEL_ONLY, Kind
from progy.worker.model import MIGRATIONS_DIR, MIGRATIONS_TABLE, Binding, D1Binding, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def find(directory: Path) -> Path | None:
    """The configuration file that wrangler would take from this directory, or None."""
    return next((path for name in CONFIG_NAMES if (path := directory / name).is_file()), None)


def load(path: Path, env: str | None = None) -> Worker:
    """Read a configuration.

    An environment has its own variables, secrets and bindings. Name, account, compatibility, entry file and
    assets it takes from the top level where it says nothing: wrangler's rule.

    Args:
        path: The file; its suffix tells JSON from TOML.
        env: The environment to read; None for the top level.

    Raises:
        ConfigError: It can't be read, or holds something that wrangler refuses.
        UsageError: It has no such environment.
    """
    file = str(path)
    root = _Section(_document(path), file)
    environments = root.mapping("env")
    chosen = _environment(root, environments, env) if env is not None else root
    either = _Either(chosen, root)
    name = chosen.string("name")
    if name is None and env is not None and (top := root.string("name")) is not None:
        name = f"{top}-{env}"
    main = either.string("main")
    entry = path.parent / main if main else None
    bindings = tuple(_bindings(chosen, root))
    _refuse_clashes(bindings, file)
    return Worker(
        path=path,
        environment=env,
        environments=tuple(environments),
        name=name,
        account_id=either.string("account_id"),
        compatibility_date=either.string("compatibility_date"),
        compatibility_flags=either.strings("compatibility_flags"),
        main=main,
        entry=entry if entry is not None and entry.is_file() else None,
        vars=chosen.mapping("vars"),
        secrets=_secrets(chosen, root, environments),
        bindings=bindings,
        d1=tuple(_databases(chosen)),
        durable_classes=_durable_classes(either.entries("migrations")),
        keys=frozenset(key for key, value in (root.items | chosen.items).items() if value),
        warnings=tuple(_misspelt(root)),
    )


def _document(path: Path) -> dict[str, Json]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the file isn't UTF-8 text", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"the file can't be read: {error.strerror}", where=str(path)) from None
    value = _toml(text, str(path)) if path.suffix == ".toml" else _json(text, str(path))
    if not isinstance(value, dict):
        raise ConfigError(f"a configuration is an object, not {_kind_of(value)}", where=str(path))
    return value


def _json(text: str, file: str) -> Json:
    from progy.worker.jsonc import parse  # a TOML configuration needs no json

    return parse(text, file)


def _toml(text: str, file: str) -> Json:
    import tomllib  # only for this one format

    try:
        return _from_toml(tomllib.loads(text), file)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        raise ConfigError(f"this isn't TOML: {message[:1].lower()}{message[1:]}", where=file) from None


def _from_toml(value: object, where: str) -> Json:
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                raise ConfigError(f"the integer {value} is more than JavaScript can hold", where=where)
            return value
        case float():
            return number(repr(value))
        case list():
            return [_from_toml(item, where) for item in value]
        case dict():
            return ordered({str(key): _from_toml(item, where) for key, item in value.items()})
        case _:
            raise ConfigError(
                f"{value} is a date, which a configuration can't hold", where=where, hint="put it in quotes"
            )


class _Section:
    """The top level or an environment: values by key, of the type that is asked for or refused."""

    def __init__(self, items: Mapping[str, Json], file: str, prefix: str = "") -> None:
        self.items = dict(items)
        self.file = file
        self.prefix = prefix

    def wrong(self, path: str, wanted: str, found: Json) -> ConfigError:
        what = _kind_of(found)
        return ConfigError(f'"{self.prefix}{path}" should be {wanted}, not {what}', where=self.file)

    def get(self, path: str) -> Json:
        key, _, rest = path.partition(".")
        value = self.items.get(key)
        if not rest or value is None:
            return value
        if not isinstance(value, dict):
            raise self.wrong(key, "an object", value)
        return value.get(rest)

    def string(self, path: str) -> str | None:
        value = self.get(path)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong(path, "a string", value)

    def strings(self, path: str) -> tuple[str, ...]:
        value = self.get(path)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(path, "a list of strings", value)
        for index, item in enumerate(value):
            if not isinstance(item, str):
                raise self.wrong(f"{path}[{index}]", "a string", item)
        return tuple(item for item in value if isinstance(item, str))

    def mapping(self, path: str) -> dict[str, Json]:
        value = self.get(path)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(path, "an object", value)
        return value

    def entries(self, path: str) -> list[_Section]:
        """The objects of a list, each a section of its own that knows its place."""
        value = self.get(path)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(path, "a list", value)
        found: list[_Section] = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.wrong(f"{path}[{index}]", "an object", item)
            found.append(_Section(item, self.file, f"{self.prefix}{path}[{index}]."))
        return found

    def required(self, path: str) -> str:
        value = self.string(path)
        if not value:
            here = self.prefix.removesuffix(".")
            raise ConfigError(f'"{here}" should have a string "{path}"', where=self.file)
        return value


class _Either:
    """What an environment says, else what the top level says."""

    def __init__(self, chosen: _Section, root: _Section) -> None:
        self._chosen, self._root = chosen, root

    def _of(self, key: str) -> _Section:
        return self._chosen if self._chosen.get(key) is not None else self._root

    def string(self, key: str) -> str | None:
        return self._of(key).string(key)

    def strings(self, key: str) -> tuple[str, ...]:
        return self._of(key).strings(key)

    def entries(self, key: str) -> list[_Section]:
        return self._of(key).entries(key)


def _environment(root: _Section, environments: Mapping[str, Json], env: str) -> _Section:
    if env not in environments:
        there = f"it has {', '.join(environments)}" if environments else "it has none"
        raise UsageError(f'there is no environment "{env}"; {there}', where=root.file)
    section = environments[env]
    if not isinstance(section, dict):
        raise root.wrong(f"env.{env}", "an object", section)
    return _Section(section, root.file, f"env.{env}.")


def _secrets(chosen: _Section, root: _Section, environments: Mapping[str, Json]) -> tuple[str, ...] | None:
    levels = (root.items, *(level for level in environments.values() if isinstance(level, dict)))
    if not any("secrets" in level for level in levels):
        return None
    return tuple(ordered(dict.fromkeys(chosen.strings("secrets.required"))))


def _bindings(chosen: _Section, root: _Section) -> Iterator[Binding]:
    for kind in KINDS:
        if kind.key in TOP_LEVEL_ONLY:
            yield from _of_kind(kind, root)
        elif kind.key in INHERITED and chosen.get(kind.key) is None and chosen is not root:
            for binding in _of_kind(kind, root):
                yield Binding(binding.kind, binding.name, binding.fields, inherited=True)
        else:
            yield from _of_kind(kind, chosen)


def _of_kind(kind: Kind, section: _Section) -> Iterator[Binding]:
    match kind.shape:
        case "flag":
            if section.entries(kind.key):
                yield Binding(kind.key, LOGFWDR, {})
        case "names":
            for name in section.mapping(kind.key):
                yield Binding(kind.key, name, {})
        case "list":
            for entry in section.entries(kind.key):
                yield _binding(kind, entry)
        case "object":
            fields = section.mapping(kind.key)
            entry = _Section(fields, section.file, f"{section.prefix}{kind.key}.")
            if fields and (kind.key not in NAMELESS or entry.string(kind.name)):
                yield _binding(kind, entry)


def _binding(kind: Kind, entry: _Section) -> Binding:
    name = entry.required(kind.name)
    for field in kind.required:
        alternatives = field.split("|")
        if not any(entry.string(alternative) for alternative in alternatives):
            here, what = entry.prefix.removesuffix("."), '" or "'.join(alternatives)
            raise ConfigError(f'"{here}" should have a string "{what}"', where=entry.file)
    return Binding(kind.key, name, entry.items)


def _databases(section: _Section) -> Iterator[D1Binding]:
    for entry in section.entries("d1_databases"):
        yield D1Binding(
            binding=entry.required("binding"),
            database_name=entry.string("database_name"),
            database_id=entry.string("database_id"),
            preview_database_id=entry.string("preview_database_id"),
            migrations_dir=entry.string("migrations_dir") or MIGRATIONS_DIR,
            migrations_table=entry.string("migrations_table") or MIGRATIONS_TABLE,
            migrations_pattern=entry.string("migrations_pattern"),
        )


def _refuse_clashes(bindings: tuple[Binding, ...], file: str) -> None:
    seen: dict[str, str] = {}
    for binding in bindings:
        if binding.name in seen and binding.kind != "logfwdr.bindings":
            first, second = seen[binding.name], binding.kind
            raise ConfigError(
                f'two bindings are named "{binding.name}", in {first} and in {second}',
                where=file,
                hint="rename one of them: every binding needs a name of its own",
            )
        seen[binding.name] = binding.kind


def _durable_classes(migrations: list[_Section]) -> tuple[str, ...]:
    """The classes that exist after all migrations, in the order they came to be."""
    classes: dict[str, None] = {}
    for migration in migrations:
        for name in migration.strings("deleted_classes"):
            classes.pop(name, None)
        for renamed in migration.entries("renamed_classes"):
            classes.pop(renamed.required("from"), None)
            classes[renamed.required("to")] = None
        classes |= dict.fromkeys(migration.strings("new_classes"))
        classes |= dict.fromkeys(migration.strings("new_sqlite_classes"))
    return tuple(classes)


def _misspelt(root: _Section) -> Iterator[str]:
    """Warn of a key that looks like one wrangler knows. Those that don't may be newer than the list."""
    unknown = [key for key in root.items if key not in FIELDS]
    if not unknown:
        return
    import difflib  # only when there is something to say

    for key in unknown:
        close = difflib.get_close_matches(key, sorted(FIELDS), n=1, cutoff=0.8)
        if close:
            yield f'{root.file}: wrangler knows no field "{key}": did you mean "{close[0]}"?'


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
