"""Import and export: files beside the API, and jobs that a client asks about until they are done."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.real.cloudflare.answers import Answer, ApiError, malformed
from tests.real.engine import D1Error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.real.cloudflare.hosted import Hosted
    from tests.real.engine import Outcome

Poll = dict[str, Any]


@dataclass
class Transfers:
    """The files and the jobs of one stand-in.

    Args:
        url: Where files are put and got.
    """

    url: str
    _files: dict[str, bytes] = field(default_factory=dict)
    _awaited: set[str] = field(default_factory=set)
    _jobs: dict[tuple[str, str], Poll] = field(default_factory=dict)

    def imports(self, database: Hosted, body: Mapping[str, Any]) -> Poll:
        """One step of an import.

        Raises:
            ApiError: It makes no sense.
        """
        match body.get("action"):
            case "init":
                return self._init(database, str(body.get("etag")))
            case "ingest":
                return self._ingest(database, str(body.get("filename")), str(body.get("etag")))
            case "poll":
                return self._poll(database, body, "import")
        raise malformed("action is one of init, ingest, poll")

    def exports(self, database: Hosted, body: Mapping[str, Any]) -> Poll:
        """One step of an export.

        Raises:
            ApiError: It makes no sense.
        """
        if body.get("output_format") != "polling":
            raise malformed("output_format must be polling")
        if body.get("current_bookmark"):
            return self._poll(database, body, "export")
        options = body.get("dump_options") or {}
        try:
            sql = database.dump(
                no_schema=bool(options.get("no_schema")),
                no_data=bool(options.get("no_data")),
                tables=options.get("tables") or (),
            )
        except D1Error as refusal:
            # Miniflare wraps D1's own words, and adds a stack.
            said = re.search("D1 Export error: .*", str(refusal))
            return _failed("export", database.bookmark(), said.group() if said else str(refusal))
        filename = f"{database.uuid}-{uuid.uuid4().hex}.sql"
        self._files[filename] = sql.encode()
        return self._start(database, "export", {"filename": filename, "signed_url": f"{self.url}/{filename}"})

    def put(self, filename: str, content: bytes) -> Answer:
        """Take a file that an import was told to upload."""
        if filename not in self._awaited:
            return Answer(403)
        self._awaited.discard(filename)
        self._files[filename] = content
        return Answer(200, headers={"ETag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'})

    def get(self, filename: str) -> Answer:
        """Give a file that an export made."""
        content = self._files.get(filename)
        return Answer(404) if content is None else Answer(200, content, {"Content-Type": "application/sql"})

    def _init(self, database: Hosted, etag: str) -> Poll:
        filename = f"{database.uuid}-{etag}.sql"
        if filename in self._files:
            return self._ingest(database, filename, etag)
        self._awaited.add(filename)
        return {"success": True, "type": "import", "filename": filename, "upload_url": f"{self.url}/{filename}"}

    def _ingest(self, database: Hosted, filename: str, etag: str) -> Poll:
        content = self._files.get(filename)
        if content is None or hashlib.md5(content, usedforsecurity=False).hexdigest() != etag:
            raise malformed(f"no file {filename} with etag {etag}")
        try:
            # D1 runs statement after statement and goes back to where it was when one fails: a transaction does that.
            outcomes = database.run([(content.decode(), ())])
        except ApiError as refusal:
            return _failed("import", database.bookmark(), refusal.message)
        summary = _summary(outcomes)
        result = {"num_queries": len(outcomes), "final_bookmark": database.bookmark(), "meta": summary}
        return self._start(database, "import", result)

    def _start(self, database: Hosted, kind: str, result: Mapping[str, Any]) -> Poll:
        """A job is done when it is asked about for the second time."""
        bookmark = database.bookmark()
        told = {"success": True, "type": kind, "at_bookmark": bookmark}
        self._jobs[database.uuid, bookmark] = {**told, "status": "complete", "messages": ["Done"], "result": result}
        return {**told, "status": "active", "messages": [f"Starting {kind}..."]}

    def _poll(self, database: Hosted, body: Mapping[str, Any], kind: str) -> Poll:
        bookmark = str(body.get("current_bookmark"))
        done = self._jobs.get((database.uuid, bookmark))
        if done is None or done["type"] != kind:
            return _failed(kind, bookmark, f"Not currently {kind}ing anything.")
        return done


def _failed(kind: str, bookmark: str, why: str) -> Poll:
    told = {"success": False, "type": kind, "status": "error", "at_bookmark": bookmark, "messages": []}
    return {**told, "error": why, "errors": [why]}


def _summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """One `meta` for all: what can be added is added, and the rest is the last one's."""
    added = {
        key: sum(outcome.meta[key] for outcome in outcomes)
        for key in ("duration", "rows_read", "rows_written", "changes")
    }
    return {**outcomes[-1].meta, **added, "changed_db": any(outcome.meta["changed_db"] for outcome in outcomes)}
