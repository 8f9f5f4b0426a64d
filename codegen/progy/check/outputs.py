"""PD0: whether everything that is generated from the models is what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from progy.check.findings import Finding
from progy.errors import ProgyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from progy.generate import Generated
    from progy.project import Database, Project
    from progy.schema.models import Models


def output_findings(project: Project, database: Database, *, history_works: bool) -> Iterator[Finding]:
    """What the rules of this module find.

    Args:
        project: The project.
        database: The database whose migrations the models are compared with.
        history_works: Whether the history runs; otherwise models can't be compared with it.
    """
    try:
        models = project.models_if_any() or (project.models() if _had_models(project) else None)
    except ProgyError as error:
        yield _incomparable(project, error)
        return
    if models is not None and history_works:
        yield from _migration(project, database, models)
    try:
        yield from _stale(project, _generated(project, database, models))
    except ProgyError as error:
        yield _incomparable(project, error)


def _had_models(project: Project) -> bool:
    """Whether there is generated documentation, which only models give."""
    from progy import generate

    try:
        return (project.root / project.config.docs / "README.md").read_text("utf-8").startswith(generate.MARKDOWN)
    except (OSError, UnicodeDecodeError):
        return False


def _migration(project: Project, database: Database, models: Models) -> Iterator[Finding]:
    from progy.diff.questions import UndecidedError
    from progy.errors import ModelError, UnsupportedChangeError
    from progy.migrations.generate import propose

    try:
        proposal = propose(models, database.migrations, database.ledger)
    except (UndecidedError, UnsupportedChangeError) as error:
        yield Finding("PD002", error.message, hint="progy gen migration")
    except ModelError as error:
        yield _incomparable(project, error)
    except ProgyError as error:
        yield Finding("PD003", error.message, hint=error.hint)
    else:
        if proposal is not None:
            changes = "; ".join(proposal.summary())
            yield Finding("PD002", f"no migration does this yet: {changes}", hint="progy gen migration")


def _generated(project: Project, database: Database, models: Models | None) -> Generated:
    from progy import generate

    found = generate.Generated(())
    if project.worker is not None:
        found += generate.bindings(project, models)
    if models is not None:
        found += generate.docs(project, models, database)
    return found


def _stale(project: Project, generated: Generated) -> Iterator[Finding]:
    wanted = {output.path for output in generated.outputs}
    for path in generated.stale():
        what = "isn't what the models and the configuration give" if path in wanted else "nothing gives it any more"
        yield Finding("PD001", what, project.relative(path), hint="progy gen all")


def _incomparable(project: Project, error: ProgyError) -> Finding:
    """An error at its place, which is a path, a path and a line, or something else."""
    where, _, line = (error.where or "").rpartition(":")
    place = where if line.isdecimal() else error.where or ""
    known = (project.root / place).is_file() if place else False
    message = error.message if known or not error.where else str(error)
    return Finding(
        "PD003",
        message,
        project.relative(project.root / place) if known else None,
        int(line) if known and line.isdecimal() else None,
        hint=error.hint,
    )
