"""Importing a project's models as a fresh interpreter would, without a trace left in this one.

This module loads SQLModel; only `progy.schema.load` imports it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapper, registry
from sqlmodel import SQLModel

from progy.errors import ModelError
from progy.schema import bytecode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from progy.schema.source import Sources


def search_path(root: Path, dotted: str) -> tuple[Path, ...]:
    """The folders in which imports look first: the project's root and, if the package lies there, `src` in it."""
    top, source = dotted.partition(".")[0], root / "src"
    names: set[str] = set()
    with contextlib.suppress(OSError):
        # Listed, not asked for: `progy.cache` sees what is listed, and so when the package comes or goes.
        names = {entry.name for entry in source.iterdir()}
    return (root, source) if names & {top, f"{top}.py"} else (root,)


@contextlib.contextmanager
def isolated(folders: Sequence[Path], dotted: str) -> Iterator[registry]:
    """While the context lasts, the project's folders come first on `sys.path`, and SQLModel has no tables yet.

    Modules of the project, and modules that have declared tables, are imported anew; afterwards those that
    were there before are back, and SQLModel's own metadata with them. What the models print goes to stderr:
    stdout is for progy's results.

    Args:
        folders: What `search_path` gave, absolute.
        dotted: The name of the package that will be imported.

    Yields:
        The registry in which SQLModel enters the classes that are made meanwhile.
    """
    path, metadata, classes = sys.path[:], SQLModel.metadata, _registry()
    set_aside = _modules(folders, {dotted, *_declaring(classes)})
    fresh = registry(metadata=MetaData(naming_convention=metadata.naming_convention))
    try:
        for name in set_aside:
            del sys.modules[name]
        sys.path[:0] = map(str, folders)
        importlib.invalidate_caches()
        _use(fresh.metadata, fresh)
        with contextlib.redirect_stdout(sys.stderr), bytecode.ignored(folders):
            yield fresh
    finally:
        for name in _modules(folders, {dotted, *_declaring(fresh)}):
            del sys.modules[name]
        sys.modules.update(set_aside)
        sys.path[:] = path
        _use(metadata, classes)
        fresh.dispose(cascade=True)


def import_all(folders: Sequence[Path], dotted: str, sources: Sources) -> list[ModuleType]:
    """Import a module and, if it is a package, every module in it: a forgotten import must not drop a table.

    Returns:
        The modules, the package first, then by name.

    Raises:
        ModelError: The name means a package elsewhere, or a module is a link that leads nowhere.
        Exception: Whatever the modules raise.
    """
    package = importlib.import_module(dotted)
    first = next((folder for folder in folders if folder.joinpath(*dotted.split(".")).is_dir()), None)
    if first is not None and not _comes_from([first], dotted, package):
        # Of a directory without that file, Python takes note, and goes on looking along its path.
        here = sources.relative(str(first.joinpath(*dotted.split("."))))
        raise ModelError(
            f"Python finds another package {dotted}, because this one has no __init__.py",
            where=here,
            hint=f"add an empty {here}/__init__.py",
        )
    directories = [Path(directory) for directory in getattr(package, "__path__", ())]
    found = {name for directory in directories for name in _submodules(directory, dotted, sources)}
    return [package, *map(importlib.import_module, sorted(found))]


def file_of(model: type) -> str:
    """The file of the module that defines a class, also when the import of that module has failed."""
    spec = importlib.util.find_spec(model.__module__)
    return (spec.origin if spec else None) or model.__module__


def mappers(classes: registry) -> list[Mapper[Any]]:
    """The mappers that a registry of SQLModel's holds, also when the making of a class has failed.

    Such a class would make `registry.mappers` fail too.
    """
    found = (vars(model).get("__mapper__") for model in _descendants(SQLModel))
    return [mapper for mapper in found if mapper is not None and mapper.registry is classes]


def _submodules(directory: Path, package: str, sources: Sources) -> Iterator[str]:
    """The dotted names of a directory's modules. A subdirectory needs no `__init__.py`, as in Python."""
    if not directory.is_dir():
        return
    for entry in directory.iterdir():
        name = entry.stem if entry.suffix == ".py" else entry.name
        if not name.isidentifier() or name in {"__init__", "__main__", "__pycache__"}:
            continue
        if entry.is_symlink() and not entry.exists():
            raise ModelError(f"a link to {entry.readlink()}, which isn't there", where=sources.relative(str(entry)))
        if entry.suffix == ".py" and entry.is_file():
            yield f"{package}.{name}"
        elif not entry.suffix and entry.is_dir() and any(entry.rglob("*.py")):
            yield f"{package}.{name}"
            yield from _submodules(entry, f"{package}.{name}", sources)


def _modules(folders: Sequence[Path], packages: set[str]) -> dict[str, ModuleType]:
    """The imported modules that belong to one of the packages, or were found through the project's folders."""
    tops = {name.partition(".")[0] for name in packages} - {"__main__"}
    return {
        name: module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in tops or _comes_from(folders, name, module)
    }


def _comes_from(folders: Sequence[Path], name: str, module: ModuleType) -> bool:
    """Whether an import from one of the folders gives this module. To lie below, in a `.venv` say, isn't enough."""
    if name == "__main__":
        return False
    # As text: a thousand modules are looked at, and a Path for each would take as long as the import of a dozen tables.
    expected = [os.path.join(folder, *name.split(".")) for folder in folders]  # noqa: PTH118
    places = {getattr(module, "__file__", None), *getattr(module, "__path__", ())}
    return any(not places.isdisjoint({one, f"{one}.py", f"{one}{os.sep}__init__.py"}) for one in expected)


def _declaring(classes: registry) -> set[str]:
    return {mapper.class_.__module__ for mapper in mappers(classes)}


def _descendants(model: type[SQLModel]) -> Iterator[type[SQLModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _descendants(child)


def _registry() -> registry:
    found: registry = vars(SQLModel)["_sa_registry"]
    return found


def _use(metadata: MetaData, classes: registry) -> None:
    """Let SQLModel enter new tables and classes there."""
    SQLModel.metadata = metadata
    setattr(SQLModel, "_sa_registry", classes)  # noqa: B010 - the attribute is SQLAlchemy's, and has no type here
