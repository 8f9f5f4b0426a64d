"""Importing a project's modules from their source, never from bytecode.

Python takes a `.pyc` for current when the source has the same size and the same whole second of change. An editor, a
formatter or a script that changes `str` into `int` within a second gets past that, and the models would be those of
before: for a tool that writes migrations, that is a wrong result.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.abc import PathEntryFinder
    from types import CodeType


class _SourceLoader(SourceFileLoader):
    """Compiles a module each time it is imported."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


_finder = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_SourceLoader, SOURCE_SUFFIXES))


@contextlib.contextmanager
def ignored(folders: Sequence[Path]) -> Iterator[None]:
    """While the context lasts, modules below these folders, but for installed ones, are compiled from their source."""

    def hook(path: str) -> PathEntryFinder:
        if not _is_own(path, folders):
            raise ImportError(path)  # what a path hook says of a path that isn't its own
        return _finder(path)

    def forget() -> None:
        for path in [path for path in sys.path_importer_cache if _is_own(path, folders)]:
            del sys.path_importer_cache[path]

    sys.path_hooks.insert(0, hook)
    forget()
    try:
        yield
    finally:
        sys.path_hooks.remove(hook)
        forget()


def _is_own(path: str, folders: Sequence[Path]) -> bool:
    inside = any(path == str(folder) or path.startswith(f"{folder}{os.sep}") for folder in folders)
    return inside and not any(part in {"site-packages", "dist-packages"} for part in Path(path).parts)
