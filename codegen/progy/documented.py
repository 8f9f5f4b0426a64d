"""Of which database documentation tells: the models', or one without models that is named by its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

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
    file: str | None = None
    """The .sql file that it was read from."""
    viewpoints: bool = False
    """Whether somebody has declared viewpoints, and so would have every table in one."""
    check_ignore: dict[str, str] = field(default_factory=dict)
    """What `[tool.progy.check]` silences: some rules are the same."""


def documented(sources: Sources, source: str | None = None) -> Documented:
    """Read the database.

    Args:
        sources: Where schemas are read from.
        source: As `Sources.schema` takes it; None for the models, which alone say what things mean.

    Raises:
        UsageError: There is no such source.
        ConfigError: It needs a project, and there is none, or its configuration can't be used.
        ProgyError: The schema can't be read.
    """
    from progy import config, generate

    project = sources.project
    settings = project.config if project else config.Config()
    said = settings.documentation
    name = source or "models"
    schema = sources.schema(name)
    title = settings.title or (
        generate.title_of(project.database(sources.database)) if project and name in WORDS else ""
    )
    models = sources.models if name == "models" else None
    catalogue = generate.catalogue(settings, schema, models, title=title or PurePath(name).stem)
    on_models = any(model.viewpoints for model in models.models) if models else False
    is_ddl = name not in WORDS and PurePath(name).suffix.lower() == ".sql"
    return Documented(
        schema,
        catalogue,
        said,
        (project.root if project else sources.folder) / settings.docs,
        name if is_ddl else None,
        on_models or bool(said and said.viewpoints),
        settings.check_ignore,
    )
