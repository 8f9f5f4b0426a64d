"""Every error progy raises on purpose.

A command prints such an error and exits with its `exit_code`. Anything else that escapes is a bug in progy.

    ProgyError                   1   something failed
    ├── ConfigError              1   pyproject.toml or the wrangler config can't be used
    │   └── EntryError           1   a Worker's entry file can't be parsed
    ├── ModelError               1   the models can't be loaded, or declare what D1 can't hold
    ├── SqlError                 1   a statement that SQLite, or D1's rules, refuse
    │   └── ApplyError           1   the same, while a migration was being applied: nothing of it stays
    ├── DatabaseError            1   a database file that can't be read or written
    ├── CloudflareError          1   Cloudflare's API can't be reached, refuses, or says what makes no sense
    │   ├── AuthenticationError  4   no token, or one that isn't taken
    │   ├── NotFoundError        1   no such database, or account
    │   └── OutcomeUnknownError  1   a request was sent, and no answer says whether it was carried out
    ├── UnsupportedChangeError   1   a change that progy can't write a migration for
    ├── ProofError               1   a generated migration doesn't give the models' schema: a bug in progy
    ├── StaleError               1   `--check` found something
    ├── InterruptedCommandError 130  Ctrl-C while something was being changed
    ├── UsageError               2   an option or an argument that makes no sense
    │   └── UndecidedError       2   questions that need an answer where nobody can be asked (`progy.diff.questions`)
    └── RefusedError             3   data would be lost, and nobody has said yes to that
"""

from __future__ import annotations


class ProgyError(Exception):
    """Something failed, and the user can be told what and what to do.

    Args:
        message: What is wrong, one sentence or a few, without a final full stop.
        where: The place: `models/auth.py:41`, a file, a statement's first line.
        hint: The command, flag or edit that mends it.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        """Keep the three parts apart: they are printed, and put into JSON, one by one."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """The message with the place before it, as compilers print it."""
        return f"{self.where}: {self.message}" if self.where else self.message


class ConfigError(ProgyError):
    """`[tool.progy]` or the wrangler config can't be used as it is."""


class EntryError(ConfigError):
    """A Worker's entry file that can't be parsed."""


class ModelError(ProgyError):
    """The models can't be loaded, or declare something that D1 can't hold."""


class SqlError(ProgyError):
    """A statement that SQLite or D1's rules refuse.

    Args:
        message: SQLite's own text.
        statement: The statement, as it stands in its file.
        where: File and line of the statement's first token.
        hint: What to do.
    """

    def __init__(self, message: str, *, statement: str, where: str | None = None, hint: str | None = None) -> None:
        """Keep the statement, so that it can be shown whole."""
        super().__init__(message, where=where, hint=hint)
        self.statement = statement


class ApplyError(SqlError):
    """A migration failed while it was applied, and was rolled back whole."""


class DatabaseError(ProgyError):
    """A database file that can't be read or written."""


class CloudflareError(ProgyError):
    """Cloudflare's API can't be reached, refuses a request, or gives an answer that makes no sense.

    Args:
        message: What is wrong.
        code: The API's own number for it (7404), if it gave one.
        where: The request, as `POST /accounts/…/query`; never with a token in it.
        hint: What to do.
    """

    def __init__(
        self, message: str, *, code: int | None = None, where: str | None = None, hint: str | None = None
    ) -> None:
        """Keep the code, which callers tell cases apart by."""
        super().__init__(message, where=where, hint=hint)
        self.code = code


class AuthenticationError(CloudflareError):
    """There is no token, or Cloudflare doesn't take it."""

    exit_code = 4


class NotFoundError(CloudflareError):
    """Cloudflare knows no such database, or account."""


class OutcomeUnknownError(CloudflareError):
    """A request was sent, and no answer says whether it was carried out: the connection broke, a 5xx, a time-out."""


class UnsupportedChangeError(ProgyError):
    """A change that progy can't write a migration for. Nothing was written."""


class ProofError(ProgyError):
    """A generated migration doesn't give the models' schema. Nothing was written."""


class StaleError(ProgyError):
    """`--check` found generated files that aren't what the models and the configuration give."""


class InterruptedCommandError(ProgyError):
    """Ctrl-C, while something was being changed: what was done stays, and what may have been done is said."""

    exit_code = 130


class UsageError(ProgyError):
    """An option or an argument that makes no sense."""

    exit_code = 2


class RefusedError(ProgyError):
    """Data would be lost, and nobody has said yes to that. Nothing was changed."""

    exit_code = 3
