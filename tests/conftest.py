"""What all tests share: a project in a folder of its own, and the command run in it as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).parents[1]

MODELS = '''\
"""A small shop."""

from sqlmodel import Field, SQLModel


class Customer(SQLModel, table=True):
    """Someone who buys."""

    __tablename__ = "customers"

    id: int | None = Field(default=None, primary_key=True, description="Given by the database")
    email: str = Field(unique=True, description="Where receipts go")


class Order(SQLModel, table=True):
    """What someone bought."""

    __tablename__ = "orders"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", ondelete="CASCADE", index=True)
    note: str | None = None
'''

WRANGLER = """\
{
  // the shop's Worker
  "name": "shop",
  "compatibility_date": "2026-02-06",
  "d1_databases": [{ "binding": "DB", "database_name": "shop", "database_id": "shop-id" }],
}
"""


@dataclass(frozen=True)
class Project:
    """A project's folder, and progy in it."""

    root: Path

    def progy(
        self, *arguments: str, environment: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own, without a terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "progy", *arguments],
            cwd=self.root,
            env={**clean_environment(), **(environment or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def write(self, name: str, text: str) -> None:
        """Put a text into a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        """What a file of the project holds."""
        return (self.root / name).read_bytes().decode()

    def files(self) -> dict[str, bytes]:
        """Every file that isn't a cache."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not {"__pycache__", ".progy"} & set(path.relative_to(self.root).parts)
        }


def clean_environment() -> dict[str, str]:
    """The environment without what changes what progy does, or when Python writes."""
    ours = ("PROGY_", "CLOUDFLARE_", "NO_COLOR", "FORCE_COLOR", "PYTHONHASHSEED", "PYTHONUNBUFFERED")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small project: two models, one D1 binding, nothing generated yet."""
    found = Project(tmp_path)
    found.write("models.py", MODELS)
    found.write("wrangler.jsonc", WRANGLER)
    return found
