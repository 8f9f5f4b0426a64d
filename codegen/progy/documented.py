"""Of which database documentation tells: the models', or one without models that is named by its source."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from progy.errors import DatabaseError
from progy.sources import WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from progy.docs.catalogue import Catalogue
    from progy.docs.settings import Settings
    from progy.schema.objects import Schema
    from progy.sources import Sources


@dataclass(frozen=True, slots=True)
class Documented:
    """A database as its documentation is made from."""

    schema: Schema
    """All of it, what isn't documented among it."""
    catalogue: Catalogue
    settings: Settings | None
    """What `[tool.progy.docs]` says; None for nothing."""
    folder: Path
    """Where the documentation is written."""
    source: str
    """What it was read from: a word, or a file's path from the project's root. The same on every machine."""
    viewpoints: bool = False
    """Whether somebody has declared viewpoints, and so would have every table in one."""
    check_ignore: dict[str, str] = field(default_factory=dict)
    """What `[tool.progy.check]` silences: some rules are the same."""

    @property
    def file(self) -> str | None:
        """The file that it was read from, if it was."""
        return None if self.source in WORDS else self.source


def documented(sources: Sources, source: str | None = None) -> Documented:
    """Read the database.

    Args:
        sources: Where schemas are read from.
        source: As `Sources.schema` takes it; None for the models, which alone say what things mean.

    Raises:
        UsageError: There is no such source.
        ConfigError: It needs a project, and there is none, or its configuration can't be used.
        DatabaseError: The local database isn't there yet, or can't be read.
        ProgyError: The schema can't be read.
    """
    from progy import config, generate

    project = sources.project
    settings = project.config if project else config.Config()
    said = settings.documentation
    root = project.root if project else sources.folder
    name = "models" if source is None else source
    if name == "local" and not (target := sources.target("local")).path.exists():
        raise DatabaseError(f"{target.label} isn't there yet", hint=target.command("progy apply"))
    schema = sources.schema(name)
    models = sources.models if name == "models" else None
    catalogue = generate.catalogue(settings, schema, models, title=settings.title or _title(sources, name))
    on_models = any(model.viewpoints for model in models.models) if models else False
    shown = name if name in WORDS else _from_root(sources.folder, root, name)
    return Documented(
        schema,
        catalogue,
        said,
        root / settings.docs,
        shown,
        on_models or bool(said and said.viewpoints),
        settings.check_ignore,
    )


def _title(sources: Sources, name: str) -> str:
    """What a database is called that nobody gave a title: like itself, or like its file."""
    from progy import generate

    # Models are of no database in particular, where there are several.
    if name == "models" or name not in WORDS or sources.project is None:
        return PurePath(name).stem
    return generate.title_of(sources.project.database(sources.database))


def _from_root(folder: Path, root: Path, name: str) -> str:
    """A file's path from the root, with forward slashes; of one elsewhere that was given absolutely, its name alone."""
    path = os.path.normpath(folder / name)
    if PurePath(name).is_absolute() and not PurePath(path).is_relative_to(root):
        return PurePath(name).name
    found = PurePath(os.path.relpath(path, root)).as_posix()
    return f"./{found}" if found in WORDS else found
