"""Files that progy generates: what they should hold, and writing them so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from progy.errors import ProgyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEFT_BEHIND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Output:
    """A generated file: its path, its text, whose lines end with LF, and how every file of its kind begins."""

    path: Path
    text: str
    marks: tuple[str, ...]
    """A file that begins with none of these isn't a generated one, and is never overwritten."""

    def is_current(self) -> bool:
        """Whether the file on disk holds this text; its lines may end with CRLF, as git may check them out."""
        try:
            found = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return False
        expected = self.text.encode()
        return expected in (found, found.replace(b"\r\n", b"\n"))

    def difference(self) -> list[str]:
        """What writing it changes in the file that is there, as `diff -u` shows it, without the names of the file.

        Nothing for a file that isn't there.
        """
        from difflib import unified_diff

        try:
            old = self.path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
        except (FileNotFoundError, NotADirectoryError):
            return []
        return list(unified_diff(old.split("\n"), self.text.split("\n"), n=1, lineterm=""))[2:]

    def refuse_to_overwrite(self) -> None:
        """Look whether what is there may be replaced.

        Raises:
            ProgyError: It is somebody's own file, or no file.
        """
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                beginning = file.read(1000)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ProgyError(f"can't be written: {error.strerror}", where=str(self.path)) from None
        if beginning and not beginning.startswith(self.marks):
            raise ProgyError(
                "this file isn't a generated one, so it isn't overwritten",
                where=str(self.path),
                hint="move it away, or have progy write elsewhere: [tool.progy] in pyproject.toml",
            )

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: The disk is full, or the directory can't be written; the old file is as it was.
        """
        write_atomically(self.path, self.text)


def write_atomically(path: Path, text: str | Iterable[str]) -> None:
    """Put `text` into `path` by way of a temporary file beside it.

    A crash at any moment leaves the old file or the new one. The mode of an existing file is kept.

    Args:
        path: The file.
        text: The text, or its parts, each written as soon as it is there.

    Raises:
        OSError: The disk is full, or the directory can't be written; the old file is as it was.
    """
    target = Path(os.path.realpath(path))
    with _temporary(target, text) as temporary:
        temporary.replace(target)


def write_new(path: Path, text: str) -> None:
    """Put `text` into a file that must not be there yet, by way of a temporary file beside it.

    Raises:
        FileExistsError: It is there; it is left as it is.
        OSError: The disk is full, or the directory can't be written; nothing was written.
    """
    with _temporary(path, text) as temporary:
        path.hardlink_to(temporary)
        temporary.unlink()


@contextlib.contextmanager
def _temporary(target: Path, text: str | Iterable[str]) -> Iterator[Path]:
    """A file beside the target that holds the text, safely on disk; it is gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.writelines([text] if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))
        yield temporary
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _sweep(target: Path) -> None:
    """Remove what a run that was killed has left beside the target."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                left.unlink()


def _mode(target: Path) -> int:
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
