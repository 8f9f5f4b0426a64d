"""What is wrong with models that can't be loaded, in a sentence with a place, from the exception they raised.

This module loads SQLModel and SQLAlchemy; only `progy.schema.load` imports it.
"""

from __future__ import annotations

import difflib
import re
import traceback
from typing import TYPE_CHECKING, Any, ForwardRef, Literal, NamedTuple, get_origin

from sqlalchemy import exc
from sqlalchemy.orm import RelationshipProperty

from progy.errors import ModelError
from progy.schema.describe import spelled, without_none
from progy.schema.imports import file_of, mappers

if TYPE_CHECKING:
    from types import FrameType

    from sqlalchemy.orm import registry

    from progy.schema.source import Sources


RESERVED = "SQLAlchemy keeps the attribute `metadata` for itself"
RESERVED_HINT = 'call it another name, with sa_column_kwargs={"name": "metadata"} for the column'


class _Field(NamedTuple):
    """The field that SQLModel was making a column for."""

    model: str
    attribute: str
    annotation: Any


def no_module(dotted: str) -> ModelError:
    """The error for models that aren't where the configuration, or the default, says."""
    return ModelError(
        f"there is no module {dotted}",
        hint="`[tool.progy] models` in pyproject.toml names the package with your SQLModel classes, as imported from "
        "the project's root; without it, that is `models`",
    )


def explain(error: BaseException, *, dotted: str, sources: Sources, classes: registry) -> ModelError:
    """The error to show for an exception that came out of the models.

    Args:
        error: What was raised, while the models were imported or their relationships resolved.
        dotted: The name of the models' package.
        sources: The project's files.
        classes: The registry in which the classes made so far are entered.
    """
    if isinstance(error, ModuleNotFoundError) and _is_part(error.name, dotted) and _place(error, sources) is None:
        return no_module(dotted)
    if isinstance(error, SyntaxError) and error.filename:
        where = sources.place(error.filename, error.lineno or 1)
        return ModelError(f"{type(error).__name__}: {error.msg}", where=where)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    relationship = _relationship(frames)
    if relationship is not None:
        return _explain_relationship(error, relationship, sources, classes)
    field = _field(frames)
    if field is not None:
        return _explain_field(error, field, sources)
    return _explain_module(error, _class_in_the_making(frames), dotted, sources, classes)


def _explain_module(error: BaseException, model: str, dotted: str, sources: Sources, classes: registry) -> ModelError:
    where, message, hint = _place(error, sources), _message(error), None
    if isinstance(error, SystemExit):
        message = "the models call sys.exit while they are imported"
    elif isinstance(error, ImportError | AttributeError) and "partially initialized module" in message:
        hint = (
            "the modules import each other: import under `if TYPE_CHECKING:` what only annotations need, and "
            'quote it, as in `list["User"]`'
        )
    elif isinstance(error, ModuleNotFoundError) and not _is_part(dotted.partition(".")[0], error.name or ""):
        hint = f"install what provides {error.name} beside progy, or mend the name"
    elif isinstance(error, exc.ArgumentError) and "could not assemble any primary key" in message:
        message = f"{model} has no primary key"
        hint = "id: int | None = Field(default=None, primary_key=True)"
    elif "Attribute name 'metadata' is reserved" in message:
        # So says SQLAlchemy before 2.1; after it, the loader finds the attribute.
        message, hint = f"{model}.metadata: {RESERVED}", RESERVED_HINT
    elif already := re.search(r"Table '(.+?)' is already defined", message):
        message = f"the table {already[1]} is declared twice{_first_declared(already[1], sources, classes)}"
        hint = "give one of them another __tablename__"
    return ModelError(message, where=where, hint=hint)


def _explain_field(error: BaseException, field: _Field, sources: Sources) -> ModelError:
    bare = without_none(field.annotation)
    message, hint = _message(error), None
    if isinstance(error, TypeError | ValueError):
        message, hint = f"SQLModel has no column type for {spelled(bare)}", _sa_type_for(bare)
    if get_origin(bare) is Literal:
        message, hint = "a Literal needs a sa_type", "Field(sa_type=Text), from sqlalchemy"
    elif isinstance(bare, ForwardRef | str):
        name = bare if isinstance(bare, str) else bare.__forward_arg__
        message = f"the type {name} isn't known where the class is made"
        hint = "import or define it above the class; not under `if TYPE_CHECKING:`"
    where = _place(error, sources)
    if where is not None:
        frame = _project_frame(error, sources)
        line = sources.attribute_line(frame.filename, field.model, field.attribute) if frame else 1
        where = f"{where.rpartition(':')[0]}:{line}"
    return ModelError(f"{field.model}.{field.attribute}: {message}", where=where, hint=hint)


def _sa_type_for(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    plain = get_origin(annotation) or annotation
    if plain in {dict, list, tuple, set, Any} or hasattr(plain, "model_fields"):
        return "Field(sa_type=Json), from progy, stores it as JSON"
    return "Field(sa_type=...) with a type from sqlalchemy or progy"


def _explain_relationship(
    error: BaseException, relationship: RelationshipProperty[Any], sources: Sources, classes: registry
) -> ModelError:
    model: type = relationship.parent.class_
    message, hint = _message(error), None
    file = file_of(model)
    if re.search(r"[\[|]", str(relationship.argument)) and sources.imports_annotations(file):
        message = f"SQLModel can't read the relationship's annotation {relationship.argument!r}"
        hint = "remove `from __future__ import annotations` from the file: SQLModel needs the annotation itself"
    elif missing := re.search(r"failed to locate a name \([\"'](.+?)[\"']\)", message):
        message = f"no model is called {missing[1]}"
        known = sorted(mapper.class_.__name__ for mapper in mappers(classes))
        near = difflib.get_close_matches(missing[1], known, 1)
        hint = f"did you mean {near[0]}?" if near else None
    elif unanswered := re.search(r"Mapper 'Mapper\[(\w+)\(.*?\)\]' has no property '(\w+)'", message):
        message = f"{unanswered[1]} has no relationship {unanswered[2]} to go with it"
        hint = "back_populates names the attribute of the other class"
    elif isinstance(error, exc.NoForeignKeysError):
        message = "no foreign key links the two tables"
        hint = "give one of the two a Field(foreign_key=...)"
    elif isinstance(error, exc.AmbiguousForeignKeysError):
        message = "several foreign keys link the two tables"
        hint = 'Relationship(sa_relationship_kwargs={"foreign_keys": "[Child.parent_id]"}) says which one it is'
    line = sources.attribute_line(file, model.__qualname__, relationship.key)
    return ModelError(f"{model.__name__}.{relationship.key}: {message}", where=sources.place(file, line), hint=hint)


def _message(error: BaseException) -> str:
    """The exception as Python shows it, without the paragraphs that libraries add on where to read on."""
    text = str(error.args[0]) if isinstance(error, exc.SQLAlchemyError) and error.args else str(error)
    first = " ".join(text.strip().partition("\n\n")[0].split("\n", 1)[0].split())
    return f"{type(error).__name__}: {first.rstrip('.')}" if first else type(error).__name__


def _place(error: BaseException, sources: Sources) -> str | None:
    frame = _project_frame(error, sources)
    return sources.place(frame.filename, frame.lineno or 1) if frame else None


def _project_frame(error: BaseException, sources: Sources) -> traceback.FrameSummary | None:
    """The innermost frame in a file of the project."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if sources.covers(frame.filename)), None)


def _is_part(name: str | None, dotted: str) -> bool:
    return name is not None and f"{dotted}.".startswith(f"{name}.")


def _relationship(frames: list[FrameType]) -> RelationshipProperty[Any] | None:
    """The relationship that SQLAlchemy was resolving, if it was."""
    for frame in reversed(frames):
        candidate = frame.f_locals.get("self")
        if isinstance(candidate, RelationshipProperty):
            return candidate
    return None


def _field(frames: list[FrameType]) -> _Field | None:
    """The field that SQLModel was making a column for, if it was: from the variables of its loop."""
    names = [frame.f_code.co_name for frame in frames]
    if "get_column_from_field" not in names:
        return None
    loop = frames[names.index("get_column_from_field") - 1].f_locals
    model, attribute, field = loop.get("name"), loop.get("k"), loop.get("v")
    if not isinstance(model, str) or not isinstance(attribute, str):
        return None
    return _Field(model, attribute, getattr(field, "annotation", None))


def _class_in_the_making(frames: list[FrameType]) -> str:
    """The class that SQLModel was making."""
    for frame in reversed(frames):
        if frame.f_globals.get("__name__") == "sqlmodel.main" and frame.f_code.co_name == "__init__":
            return str(frame.f_locals.get("classname", "the model"))
    return "the model"


def _first_declared(table: str, sources: Sources, classes: registry) -> str:
    for mapper in mappers(classes):
        if getattr(mapper.local_table, "name", None) == table:
            model: type = mapper.class_
            file = file_of(model)
            where = sources.place(file, sources.class_line(file, model.__qualname__))
            return f", first by {model.__name__} in {where}"
    return ""
