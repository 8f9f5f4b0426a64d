"""Files that progy generates: what they should hold, and writing them so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Output:
    """A generated file: its path and its text, whose lines end with LF."""

    path: Path
    text: str

    def is_current(self) -> bool:
        """Whether the file on disk holds exactly this text."""
        try:
            return self.path.read_bytes() == self.text.encode()
        except (FileNotFoundError, NotADirectoryError):
            return False

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: The disk is full, or the directory can't be written; the old file is as it was.
        """
        write_atomically(self.path, self.text)


def write_atomically(path: Path, text: str) -> None:
    """Put `text` into `path` by way of a temporary file beside it.

    A crash at any moment leaves the old file or the new one. The mode of an existing file is kept.

    Raises:
        OSError: The disk is full, or the directory can't be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _mode(target: Path) -> int:
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
