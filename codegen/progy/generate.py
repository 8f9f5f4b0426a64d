"""What a project generates: bindings, documentation, and what lies there from an earlier time and no longer belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from progy.emit.outputs import Output

if TYPE_CHECKING:
    from pathlib import Path

    from progy.project import Project
    from progy.schema.models import Models

MARK = "enerated by progy"
"""Every generated file says so in its first lines: so one that is no longer wanted is told from the user's own."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The files that a generator gives, and those it once gave and gives no more."""

    outputs: tuple[Output, ...]
    obsolete: tuple[Path, ...] = ()

    def __add__(self, other: Generated) -> Generated:
        """Both together."""
        return Generated(self.outputs + other.outputs, self.obsolete + other.obsolete)

    def stale(self) -> list[Path]:
        """The files that have to be written or removed for everything to be current, by path."""
        return sorted([output.path for output in self.outputs if not output.is_current()] + list(self.obsolete))

    def write(self) -> list[Path]:
        """Write what isn't current and remove what is obsolete; each file is whole at any moment.

        Returns:
            The files that were written or removed, by path.

        Raises:
            OSError: A file can't be written. Those before it are.
        """
        stale = self.stale()
        for output in self.outputs:
            if output.path in stale:
                output.write()
        for path in self.obsolete:
            path.unlink()
        return stale


def bindings(project: Project, models: Models | None) -> Generated:
    """The Python package and the TypeScript declarations of the Worker's bindings; without models without rows.

    Raises:
        ConfigError: The wrangler config is missing or can't be used.
        ProgyError: It holds what progy can't generate.
    """
    from progy.emit import python, typescript
    from progy.worker import secrets

    worker = project.required_worker()
    settings = project.config
    names = secrets.names(worker)
    folder = project.root / settings.bindings
    files = python.bindings(worker, names, models, interface=settings.interface)
    outputs = [Output(folder / name, text) for name, text in sorted(files.items())]
    generated = Generated(tuple(outputs), _obsolete(folder, "*.py", {output.path for output in outputs}))
    if settings.typescript:
        options = typescript.TypegenOptions(
            interface=settings.interface,
            path=settings.typescript,
            env=project.environment,
            directory=project.root,
        )
        text = typescript.declaration(worker, names, options)
        generated += Generated((Output(project.root / settings.typescript, text),))
    return generated


def docs(project: Project, models: Models) -> Generated:
    """The documentation of the database that the models declare.

    Raises:
        ModelError: D1 would refuse what the models declare.
    """
    from progy.emit import docs as emitter
    from progy.migrations.generate import schema_of_models

    folder = project.root / project.config.docs
    # Not the folder's name: a clone may have any.
    binding = project.database().binding
    title = project.config.title or binding.database_name or binding.binding
    pages = emitter.pages(schema_of_models(models), models, title=title)
    outputs = [Output(folder / name, text) for name, text in sorted(pages.items())]
    return Generated(tuple(outputs), _obsolete(folder, "*.md", {output.path for output in outputs}))


def _obsolete(folder: Path, pattern: str, wanted: set[Path]) -> tuple[Path, ...]:
    """Files of ours in the folder that nobody generates any more."""
    found = sorted(path for path in folder.glob(pattern) if path.is_file() and path not in wanted)
    return tuple(path for path in found if MARK in path.read_text(encoding="utf-8", errors="replace")[:300])
