"""Whether something may be done: by a flag, or by an answer where somebody can be asked."""

from dataclasses import dataclass

from progy.cli import ask
from progy.errors import RefusedError, UsageError


@dataclass(frozen=True)
class Question:
    """What is about to be done.

    Args:
        what: `apply 2 migrations to DB (remote)`.
        command: The command as it was given, without the flags that answer.
        lossy: Whether data may be lost by it.
        remote: Whether it is done to a database that isn't local.
    """

    what: str
    command: str
    lossy: bool
    remote: bool


def consent(asked: Question, *, yes: bool, allow_data_loss: bool) -> None:
    """Go on only if it may be done. What is local and loses nothing needs no word.

    Args:
        asked: What is about to be done.
        yes: `--yes` was given.
        allow_data_loss: `--allow-data-loss` was given.

    Raises:
        RefusedError: Data may be lost and nobody has said yes to that, or the answer is no.
        UsageError: Nobody can be asked.
    """
    undecided = asked.lossy and not allow_data_loss
    flags = ("--yes " if asked.remote else "") + ("--allow-data-loss" if asked.lossy else "")
    hint = f"{asked.command} {flags.strip()}"
    if not undecided and (yes or not asked.remote):
        return
    if ask.possible():
        ask.agreed(f"data may be lost or changed: {asked.what}?" if undecided else f"{asked.what}?")
        return
    if undecided:
        raise RefusedError(f"data may be lost or changed; nothing was done: {asked.what}", hint=hint)
    raise UsageError(f"nobody can be asked here whether to {asked.what}", hint=hint)
