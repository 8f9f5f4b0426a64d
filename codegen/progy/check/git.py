"""git, as far as a check asks it: which migrations another branch has, and whether they are the same."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from progy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below a folder at one commit."""

    blobs: dict[str, str]
    """git's hash of each file's content, by its path relative to the folder, with forward slashes."""


@dataclass(frozen=True, slots=True)
class Since:
    """Another branch, and where this one left it."""

    name: str
    """What the user calls it."""
    tip: Tree
    base: Tree
    """Where the two parted; the tip again when git doesn't know, as in a shallow clone."""


def since(reference: str, root: Path, folder: str) -> Since:
    """A folder as it is on another branch.

    Args:
        reference: A branch, tag or commit: `origin/main`.
        root: The project's root, somewhere in a git work tree.
        folder: The folder, relative to the root, with forward slashes.

    Raises:
        UsageError: There is no git, no work tree, or nothing of that name.
    """
    commit = _commit(reference, root)
    parted = _git(["merge-base", commit, "HEAD"], root)
    tip = _tree(commit, root, folder)
    base = parted.stdout.strip() if parted.returncode == 0 else commit
    return Since(reference, tip, tip if base == commit else _tree(base, root, folder))


def hashes(names: Iterable[str], folder: Path) -> dict[str, str]:
    """The hash git gives each file's content, as it would be committed: with the line ends that git keeps.

    Args:
        names: Paths relative to the folder.
        folder: The folder.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    # These paths are relative to the work tree, wherever git is called.
    top = Path(_git(["rev-parse", "--show-toplevel"], folder).stdout.removesuffix("\n"))
    prefix = _git(["rev-parse", "--show-prefix"], folder).stdout.removesuffix("\n")
    done = _git(["hash-object", "--stdin-paths"], top, "".join(f"{prefix}{name}\n" for name in wanted))
    return dict(zip(wanted, done.stdout.split(), strict=False))


def _commit(reference: str, root: Path) -> str:
    done = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"], root)
    if done.returncode == 0:
        return done.stdout.strip()
    inside = _git(["rev-parse", "--is-inside-work-tree"], root)
    if inside.returncode != 0:
        raise UsageError(
            "--since compares with another branch, and this is no git work tree that can be used",
            where=str(root),
            hint=f"git says: {inside.stderr.strip()}",
        )
    raise UsageError(
        f"git knows no {reference}",
        hint="fetch it first: git fetch origin; in GitHub Actions, actions/checkout with fetch-depth: 0",
    )


def _tree(commit: str, root: Path, folder: str) -> Tree:
    # Paths are relative to the working directory; a folder that isn't there at that commit has no files.
    done = _git(["ls-tree", "-r", "-z", commit, "--", f"./{folder}/"], root)
    blobs = {}
    for line in done.stdout.split("\0"):
        facts, _, path = line.partition("\t")
        if path:
            blobs[path.removeprefix(f"{folder}/")] = facts.split()[2]
    return Tree(blobs)


def _git(arguments: list[str], where: Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - git, with arguments that are no shell's
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=where,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("--since needs git, and there is none", hint="install git, or leave --since out") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git gave no answer in {_SECONDS} seconds: git {' '.join(arguments)}") from None
