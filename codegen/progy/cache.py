"""Results kept between runs, valid exactly as long as everything they were made from is as it was.

What a result was made from isn't listed by hand, it is observed: while a `Recorder` is active, every file that Python
opens, every folder it lists and every environment variable it reads is put into a `Trace`. A result counts only while
its whole trace holds. Work that starts a program, or opens a connection or a database, is never kept. What leaves no
trace can't be seen: the time of day, chance, and whether a file is there that is asked about and never opened.

The files of Python's own libraries are compared by size and time of change, all others by their content.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from progy._version import __version__

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

Digest = str | None
"""What something was, in short; None when it wasn't there."""

_SEARCH_PATH = list(sys.path)  # before the models' folder is put on it

FOLDER = ".progy"
"""progy's own folder in a project's root; it ignores itself in git."""

_OWN = {"__pycache__", FOLDER, ".wrangler"}
"""What Python, progy and wrangler put into a folder themselves: that it is there says nothing."""


@dataclass
class Trace:
    """What a piece of work looked at, and what it found there."""

    files: dict[str, Digest] = field(default_factory=dict)
    folders: dict[str, Digest] = field(default_factory=dict)
    environment: dict[str, Digest] = field(default_factory=dict)

    def holds(self) -> bool:
        """Whether all of it is still as it was."""
        return (
            all(_environment_digest(name) == digest for name, digest in self.environment.items())
            and all(_file_digest(path) == digest for path, digest in self.files.items())
            and all(_folder_digest(path) == digest for path, digest in self.folders.items())
        )

    def include(self, other: Trace) -> None:
        """Add what another piece of work looked at."""
        self.files.update(other.files)
        self.folders.update(other.folders)
        self.environment.update(other.environment)


class Recorder:
    """Observes the work done inside it: `with Recorder() as recorder: …`, then `recorder.trace`. They may be nested."""

    def __init__(self) -> None:
        """Begin with progy's own modules, which are loaded already."""
        self.trace = Trace()
        self.keepable = True
        for name, module in sorted(sys.modules.items()):
            if name.partition(".")[0] == "progy" and (path := getattr(module, "__file__", None)):
                self.file(path)
        for folder in _SEARCH_PATH:
            self.folder(folder or ".")

    def __enter__(self) -> Self:
        """Start to observe."""
        _hook()
        if not _active:
            os.environ = _Environment(os.environ)  # type: ignore[assignment]  # noqa: B003 - it is read through, not replaced
        _active.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to observe; what was seen counts for the recorder around this one, too."""
        _active.remove(self)
        observe(self.trace)
        if _active and not self.keepable:
            _active[-1].keepable = False
        if not _active and isinstance(os.environ, _Environment):
            os.environ = os.environ.inner  # type: ignore[assignment]  # noqa: B003

    def file(self, path: str) -> None:
        """Note a file, as it is the first time."""
        path = _source(os.path.abspath(path))
        if path not in self.trace.files and not _is_standard_library(path):
            self.trace.files[path] = _file_digest(path)

    def folder(self, path: str) -> None:
        """Note a folder's names, as they are the first time."""
        path = os.path.abspath(path)
        if path not in self.trace.folders and not _is_standard_library(path):
            self.trace.folders[path] = _folder_digest(path)

    def variable(self, name: str) -> None:
        """Note an environment variable, as it is the first time; `*` stands for all of them."""
        self.trace.environment.setdefault(name, _environment_digest(name))


_active: list[Recorder] = []
"""The recorders at work, the innermost last. The audit hook, which can't be taken back, reads it."""


@cache
def _hook() -> None:
    sys.addaudithook(_audit)


def load(root: Path, name: str) -> tuple[Any, Trace] | None:
    """A kept result and its trace, when it is there and its trace holds. Looking for it is no part of any work."""
    with _blind():
        try:
            entry = json.loads(_path(root, name).read_text(encoding="utf-8"))
            trace = Trace(**entry["trace"])
            if entry["made_by"] == _maker(root) and trace.holds():
                return entry["result"], trace
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # a cache that can't be read is a cache that isn't there
        return None


def observe(trace: Trace) -> None:
    """Count what a kept result was made from as seen by the recorder that is active, if one is."""
    if _active:
        _active[-1].trace.include(trace)


def keep(root: Path, name: str, recorder: Recorder, result: object) -> None:
    """Keep a result for as long as the recorder's trace holds. Where it can't be written, nothing is kept."""
    if not recorder.keepable:
        return
    from progy.emit.outputs import write_atomically

    entry = {"made_by": _maker(root), "trace": asdict(recorder.trace), "result": result}
    with _blind(), contextlib.suppress(OSError):
        _ignored(root)
        write_atomically(_path(root, name), json.dumps(entry, ensure_ascii=False))


def noted(root: Path, name: str) -> str | None:
    """A note from an earlier run. What it is true of has to be part of it, as a digest is."""
    try:
        return _note(root, name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def note(root: Path, name: str, text: str) -> None:
    """Keep a note. Where it can't be written, nothing is kept."""
    from progy.emit.outputs import write_atomically

    with contextlib.suppress(OSError):
        _ignored(root)
        write_atomically(_note(root, name), text)


def _ignored(root: Path) -> None:
    from progy.emit.outputs import write_atomically

    ignore = root / FOLDER / ".gitignore"
    if not ignore.exists():
        write_atomically(ignore, "*\n")


def _note(root: Path, name: str) -> Path:
    return root / FOLDER / "cache" / f"{name}.txt"


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / "cache" / f"{name}.json"


def _maker(root: Path) -> list[object]:
    """What else decides a result: this progy, this Python, where it looks for modules, and where the project lies.

    A project that is copied brings its cache along, with the paths of the original in its traces.
    """
    return [__version__, sys.version, sys.prefix, _SEARCH_PATH, os.path.realpath(root), os.getcwd()]


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """See what Python does (docs.python.org, Audit events table) on behalf of the innermost recorder."""
    if _active and event in _EVENTS:
        with _blind() as recorder:
            _EVENTS[event](recorder, arguments)


def _opened(recorder: Recorder, arguments: tuple[Any, ...]) -> None:
    path, _, flags = arguments
    writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
    if isinstance(path, str | bytes | os.PathLike) and not writes:
        recorder.file(os.fsdecode(path))


def _listed(recorder: Recorder, arguments: tuple[Any, ...]) -> None:
    path = arguments[0]
    if path is None or isinstance(path, str | bytes | os.PathLike):
        recorder.folder(os.fsdecode(path or "."))


def _left_the_process(recorder: Recorder, _: tuple[Any, ...]) -> None:
    recorder.keepable = False


_EVENTS: dict[str, Callable[[Recorder, tuple[Any, ...]], None]] = {
    "open": _opened,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "subprocess.Popen": _left_the_process,
    "os.system": _left_the_process,
    "os.posix_spawn": _left_the_process,
    "os.fork": _left_the_process,
    "socket.connect": _left_the_process,
    "sqlite3.connect": _left_the_process,
}


class _Blind(Recorder):
    """Sees nothing."""

    def __init__(self) -> None:
        self.trace, self.keepable = Trace(), True

    def file(self, path: str) -> None:
        pass

    def folder(self, path: str) -> None:
        pass

    def variable(self, name: str) -> None:
        pass


_BLIND = _Blind()


@contextlib.contextmanager
def _blind() -> Iterator[Recorder]:
    """The innermost recorder, to note something with: what noting opens and reads isn't the work's own."""
    recorder = _active[-1] if _active else _BLIND
    _active.append(_BLIND)
    try:
        yield recorder
    finally:
        _active.pop()


class _Environment(MutableMapping[str, str]):
    """`os.environ`, noting what is read."""

    def __init__(self, inner: MutableMapping[str, str]) -> None:
        self.inner = inner

    def __getitem__(self, name: str) -> str:
        self._note(name)
        return self.inner[name]

    def __setitem__(self, name: str, value: str) -> None:
        self.inner[name] = value

    def __delitem__(self, name: str) -> None:
        del self.inner[name]

    def __iter__(self) -> Iterator[str]:
        self._note("*")
        return iter(self.inner)

    def __len__(self) -> int:
        return len(self.inner)

    def copy(self) -> dict[str, str]:
        """As `os.environ.copy()`."""
        return dict(self)

    def __or__(self, other: Mapping[str, str]) -> dict[str, str]:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, str]) -> dict[str, str]:
        return {**other, **self}

    def __ior__(self, other: Mapping[str, str]) -> Self:
        self.update(other)
        return self

    def _note(self, name: str) -> None:
        with _blind() as recorder:
            recorder.variable(name)


def _file_digest(path: str) -> Digest:
    try:
        found = os.lstat(path)
        # A link in the place of a migration is none, whatever it leads to.
        link = os.readlink(path) if stat.S_ISLNK(found.st_mode) else ""
        found = os.stat(path) if link else found
        if _is_library(path) or not stat.S_ISREG(found.st_mode):
            return f"{link}{found.st_size}:{found.st_mtime_ns}"
        with open(path, "rb") as file:
            return link + hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def _folder_digest(path: str) -> Digest:
    try:
        names = sorted(name for name in os.listdir(path) if name not in _OWN)
    except OSError:
        return None
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _environment_digest(name: str) -> Digest:
    value = "\0".join(map("=".join, sorted(os.environ.items()))) if name == "*" else os.environ.get(name)
    # Only a digest is kept: a variable may be a secret.
    return None if value is None else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


def _source(path: str) -> str:
    """The source of a compiled module, which is what a change would be made to."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) != "__pycache__" or not name.endswith(".pyc"):
        return path
    return os.path.join(os.path.dirname(folder), name.partition(".")[0] + ".py")


_SITE = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


def _is_library(path: str) -> bool:
    return any(part in path for part in _SITE)


def _is_standard_library(path: str) -> bool:
    """Python's own modules change with `sys.version`, which counts anyway."""
    return path.startswith(_STANDARD) and not _is_library(path + os.sep)
