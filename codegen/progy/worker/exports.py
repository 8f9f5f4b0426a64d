"""What a Worker's entry file exports, as wrangler 4.164.0 sees it, read without Node.

wrangler asks esbuild, with `bundle: false` and the `exports` of its metafile. So one file is read and no other: what
`export * from` brings isn't there, imports needn't resolve, aliases don't matter, and neither does tsconfig.json. What
esbuild drops because it is only a type isn't there either. `tests/real/test_worker_exports.py` compares.

The parser is imported by the functions that need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from progy.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_TYPESCRIPT = frozenset({".ts", ".mts", ".cts"})
_SCRIPTS = _TYPESCRIPT | {".tsx", ".jsx", ".js", ".mjs", ".cjs", ""}
"""What esbuild reads as JavaScript or TypeScript; a name without an ending is JavaScript to it."""
_DATA = frozenset({".json", ".txt"})
"""What esbuild reads, too, and finds no exports in."""


@dataclass(frozen=True, slots=True)
class Exports:
    """The kind of Worker that an entry file makes, and its exports."""

    format: Literal["modules", "service-worker"]
    """With exports and yet `service-worker`, it has no default export and listens to events; wrangler warns then."""
    names: tuple[str, ...]
    """Sorted by code points, as esbuild's metafile has them."""


def exports_of(entry: Path) -> Exports:
    """Read what an entry file exports.

    Args:
        entry: The file. Its ending says what it is; a `.py` file is a module without exports, as to wrangler.

    Raises:
        ConfigError: It can't be read or parsed, or esbuild would refuse it. `wrangler types` goes on without an entry
            file then, and says nothing; for the Worker of a further `--config` it fails.
    """
    if entry.suffix == ".py":
        return Exports("modules", ())
    if entry.suffix in _DATA:
        return Exports("service-worker", ())
    if entry.suffix not in _SCRIPTS:
        raise ConfigError(
            f'a file that ends with "{entry.suffix}" can\'t be an entry file',
            where=str(entry),
            hint='let "main" name a JavaScript, TypeScript or Python file',
        )
    from progy.worker.exports_listener import listens
    from progy.worker.exports_names import exported
    from progy.worker.exports_syntax import parse

    source = parse(
        _text(entry), str(entry), typescript=entry.suffix in _TYPESCRIPT or entry.suffix == ".tsx", jsx=_has_jsx(entry)
    )
    names = tuple(sorted(exported(source)))
    modules = "default" in names or (names and not listens(source))
    return Exports("modules" if modules else "service-worker", names)


def _has_jsx(entry: Path) -> bool:
    return entry.suffix not in _TYPESCRIPT


def _text(entry: Path) -> str:
    """The file's text; what isn't UTF-8 in it is replaced, as esbuild does."""
    try:
        content = entry.read_bytes()
    except OSError as error:
        raise ConfigError(f"the entry file can't be read: {error.strerror}", where=str(entry)) from None
    return content.decode("utf-8", "replace").removeprefix("\ufeff")
