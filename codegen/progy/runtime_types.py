"""The types of Cloudflare's runtime, which only wrangler can make: the one that is installed is asked for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from progy.emit.typescript import RUNTIME_HEADER, RUNTIME_MARKER
from progy.errors import ProgyError

if TYPE_CHECKING:
    from progy.emit.typescript import TypegenOptions

_SECONDS = 120
_INSTALL = "npm install --save-dev wrangler@4.164.0"


@dataclass(frozen=True, slots=True)
class RuntimeTypes:
    """The runtime's part of a declaration file."""

    header: str
    """The line that names workerd's version, the compatibility date and the flags."""
    text: str
    """The types, with the line that begins them."""


def wrangler(directory: Path) -> Path | None:
    """The wrangler that the project has installed, else the one on PATH, else None.

    Args:
        directory: Where to begin; folders above it are looked at, too.
    """
    name = "wrangler.cmd" if os.name == "nt" else "wrangler"
    folder = directory.resolve()
    for above in (folder, *folder.parents):
        installed = above / "node_modules" / ".bin" / name
        if installed.is_file():
            return installed
    found = shutil.which("wrangler")
    return Path(found) if found else None


def generate(options: TypegenOptions) -> RuntimeTypes:
    """Ask wrangler for the runtime's types.

    Raises:
        ProgyError: There is no wrangler, or it fails; its own words are in the message.
    """
    program = wrangler(options.directory)
    if program is None:
        raise ProgyError("the types of the runtime come from wrangler, which isn't installed", hint=_INSTALL)
    with tempfile.TemporaryDirectory(prefix="progy-types-") as folder:
        file = Path(folder) / "runtime.d.ts"
        chosen = [*(f"--config={name}" for name in options.configs[:1])]
        if options.env:
            chosen.append(f"--env={options.env}")
        words = [str(program), "types", str(file), "--include-env=false", *chosen]
        try:
            done = subprocess.run(  # noqa: S603 - the project's own wrangler, with the options that were given
                words, cwd=options.directory, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except OSError as error:
            raise ProgyError(f"wrangler can't be run: {error.strerror}", where=str(program), hint=_INSTALL) from None
        except subprocess.TimeoutExpired:
            raise ProgyError(f"wrangler took more than {_SECONDS} seconds for the types of the runtime") from None
        if done.returncode != 0 or not file.is_file():
            raise ProgyError(f"wrangler makes no types of the runtime:\n{(done.stderr or done.stdout).strip()}")
        text = file.read_text(encoding="utf-8")
    line = next((line for line in text.split("\n") if line.startswith(RUNTIME_HEADER)), "")
    return RuntimeTypes(line, text[text.index(RUNTIME_MARKER) :])
