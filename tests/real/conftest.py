"""Fixtures that run the real wrangler and the real workerd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real.cloudflare import Cloud
from tests.real.engine import D1, Wrangler, install_node_modules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed npm packages."""
    return install_node_modules()


@pytest.fixture(scope="session")
def wrangler(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Wrangler:
    """The real wrangler with a home of its own."""
    return Wrangler(node_modules / "wrangler" / "bin" / "wrangler.js", tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def d1(node_modules: Path) -> Iterator[D1]:
    """D1 on real workerd; `d1.fresh()` gives an empty database."""
    assert node_modules.is_dir()
    engine = D1()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def cloud(d1: D1) -> Iterator[Cloud]:
    """A stand-in for Cloudflare's API, with one empty account."""
    running = Cloud(d1)
    try:
        yield running
    finally:
        running.stop()
