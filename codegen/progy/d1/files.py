"""Where wrangler and miniflare keep a local D1 database.

The name of the file is a hash (workerd's `idFromName` for the namespace of D1's Durable Object), the same from wrangler
3.114 to 4.164. A `metadata.sqlite` lies beside the databases, and one folder holds those of all bindings, so a file
must never be looked for by pattern.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

_NAMESPACE = "miniflare-D1DatabaseObject"
DEFAULT_STATE = Path(".wrangler", "state")
"""Where the state lies beside the wrangler config when `--persist-to` says nothing."""


def file_id(name: str) -> str:
    """The file's name, without `.sqlite`, of the local database that a binding stands for.

    Args:
        name: `preview_database_id`, else `database_id`, else the binding's name.
    """
    key = hashlib.sha256(_NAMESPACE.encode()).digest()
    head = hmac.digest(key, name.encode(), "sha256")[:16]
    return (head + hmac.digest(key, head, "sha256")[:16]).hex()


def local_path(state: Path, name: str) -> Path:
    """The file of a local database below a state directory (`.wrangler/state`, or what `--persist-to` names)."""
    return state / "v3" / "d1" / _NAMESPACE / f"{file_id(name)}.sqlite"
