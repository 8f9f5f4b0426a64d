"""`progy db`, with an account whose answers are given."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from progy.cli import main
from progy.cloudflare import connect as connecting

if TYPE_CHECKING:
    from pathlib import Path

UUID = "11111111-2222-3333-4444-555555555555"
PREVIEW = "99999999-2222-3333-4444-555555555555"
SHOP = {
    "uuid": UUID, "name": "shop", "created_at": "2026-11-23T12:00:00.000Z", "version": "production", "num_tables": 3,
    "file_size": 1_234_567, "running_in_region": "WEUR", "read_replication": {"mode": "disabled"},
}  # fmt: skip
CONFIG = f'{{"name": "shop", "account_id": "mine", "d1_databases": [{{"binding": "DB", "database_name": "shop", "database_id": "{UUID}", "preview_database_id": "{PREVIEW}"}}]}}'  # fmt: skip


class Progy:
    """The command in a folder of its own, and the API that it asks."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.answers: list[Any] = []
        self.calls: list[tuple[str, str, Any]] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.calls.append((request.method, request.url.raw_path.decode().removeprefix("/client/v4"), body))
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json={"success": True, "result": answer})

    def __call__(self, *arguments: str, answer: object = None, code: int = 0) -> tuple[str, str]:
        self.answers = [] if answer is None else [answer]
        assert main.run(["db", *arguments]) == code
        printed = self._capsys.readouterr()
        return printed.out, printed.err


@pytest.fixture
def progy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Progy:
    command = Progy(capsys)
    monkeypatch.chdir(tmp_path)
    for name in ("CLOUDFLARE_API_BASE_URL", "CF_API_BASE_URL", "CLOUDFLARE_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "sentinel-token")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "env")
    monkeypatch.setattr(connecting, "connect", functools.partial(connecting.connect, transport=command.transport()))
    return command


def error(status: int, code: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"success": False, "errors": [{"code": code, "message": message}]})


def test_the_list_needs_no_project(progy: Progy) -> None:
    out, err = progy("list", answer=[{**SHOP, "name": "zoo", "uuid": PREVIEW, "created_at": None}, SHOP])
    assert out == (
        "name  id                                    created                   version\n"
        "----  ------------------------------------  ------------------------  ----------\n"
        "shop  11111111-2222-3333-4444-555555555555  2026-11-23T12:00:00.000Z  production\n"
        "zoo   99999999-2222-3333-4444-555555555555                            production\n"
    )
    assert err == "2 databases in account env\n"
    assert progy.calls == [("GET", "/accounts/env/d1/database?page=1&per_page=50", None)]


def test_an_empty_list(progy: Progy) -> None:
    assert progy("list", answer=[]) == ("", "0 databases in account env; make one with: progy db create NAME\n")
    out, err = progy("list", "--json", answer=[])
    assert (json.loads(out), err) == ({"account": "env", "databases": []}, "")


def test_a_projects_config_names_the_account(progy: Progy, tmp_path: Path) -> None:
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    progy("list", answer=[])
    assert progy.calls[0][1] == "/accounts/mine/d1/database?page=1&per_page=50"


def test_a_config_that_cant_be_used_is_an_error(progy: Progy, tmp_path: Path) -> None:
    (tmp_path / "wrangler.jsonc").write_text("{")
    assert "wrangler.jsonc" in progy("list", code=1)[1]


ENTRY = f'{{ "binding": "DB", "database_name": "shop", "database_id": "{UUID}" }}'


@pytest.mark.parametrize(
    ("file", "config", "arguments", "out", "place"),
    [
        (None, "", [], f'"d1_databases": [{ENTRY}]', "wrangler.jsonc"),
        ("wrangler.json", '{"name": "shop"}', [], f'"d1_databases": [{ENTRY}]', "wrangler.json"),
        ("wrangler.jsonc", '{"name": "shop", "env": {"staging": {}}}', ["--env", "staging"], f'"d1_databases": [{ENTRY}]', "wrangler.jsonc, env.staging"),
        ("wrangler.jsonc", '{"d1_databases": [{"binding": "DB", "database_name": "old"}]}', [], ENTRY.replace('"DB"', '"SHOP"'), "wrangler.jsonc, d1_databases"),
        ("wrangler.jsonc", '{"d1_databases": [{"binding": "MAIN", "database_name": "shop"}]}', [], ENTRY.replace('"DB"', '"MAIN"'), "wrangler.jsonc, d1_databases"),
        ("wrangler.toml", 'name = "shop"', [], f'[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{UUID}"', "wrangler.toml"),
        ("wrangler.toml", '[env.staging]\nname = "x"', ["-e", "staging"], f'[[env.staging.d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{UUID}"', "wrangler.toml"),
    ],
)  # fmt: skip
def test_what_is_to_be_put_into_the_config(  # noqa: PLR0913, PLR0917 - a table's columns
    progy: Progy, tmp_path: Path, file: str | None, config: str, arguments: list[str], out: str, place: str
) -> None:
    if file:
        (tmp_path / file).write_text(config)
    made = progy("create", "shop", *arguments, answer=SHOP)
    assert made == (f"{out}\n", f"made shop in WEUR, account env\nput this into {place}:\n")
    assert progy.calls == [("POST", "/accounts/env/d1/database", {"name": "shop"})]


def test_where_a_database_is_to_be(progy: Progy) -> None:
    out, _ = progy("create", "shop", "--location", "weur", "--jurisdiction", "eu", "--json", answer={"uuid": UUID, "name": "shop"})  # fmt: skip
    assert progy.calls[0][2] == {"name": "shop", "primary_location_hint": "weur", "jurisdiction": "eu"}
    found = json.loads(out)
    assert (found["account"], found["database"]["uuid"], found["config"]) == ("env", UUID, f'"d1_databases": [{ENTRY}]')


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "said"),
    [
        (["create", "shop"], error(400, 7502, "A database with that name already exists"), 1, "progy db list"),
        (["create", "shop"], error(400, 7406, "You have reached the maximum"), 1, "delete a database"),
        (["create", "shop"], httpx.Response(504, html="<title>504</title>"), 1, "look whether shop was made: progy db list"),
        (["list"], error(403, 10000, "Authentication error"), 4, "look whether env is the token's account (account_id in the wrangler config, or CLOUDFLARE_ACCOUNT_ID); if it is, make a token with the permission Account · D1 · Edit"),
        (["info", "shop"], error(404, 7404, "The database shop could not be found"), 1, "progy db list"),
    ],
)  # fmt: skip
def test_what_cloudflare_refuses(
    progy: Progy, arguments: list[str], answer: httpx.Response, code: int, said: str
) -> None:
    out, err = progy(*arguments, answer=answer, code=code)
    assert said in err
    assert out == ""
    out, _ = progy(*arguments, "--json", answer=answer, code=code)
    assert said in json.loads(out)["error"]["hint"]


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "said"),
    [
        (["info", "shop"], error(404, 7404, "not found"), 1, "with: progy db list --env staging; its account"),
        (["info"], error(404, 7404, "not found"), 1, "with: progy db list --env staging; its account"),
        (["create", "shop"], httpx.Response(504), 1, "look whether shop was made: progy db list --env staging"),
        (["list"], [], 0, "; make one with: progy db create NAME --env staging"),
        (["info", "--preview"], None, 1, "with: progy db list --env staging, make one with: progy db create NAME --env staging"),
    ],
)  # fmt: skip
def test_advice_is_of_the_same_environment(  # noqa: PLR0913, PLR0917 - a table's columns
    progy: Progy, tmp_path: Path, arguments: list[str], answer: object, code: int, said: str
) -> None:
    entry = f'{{"binding": "DB", "database_name": "shop", "database_id": "{UUID}"}}'
    (tmp_path / "wrangler.jsonc").write_text(f'{{"env": {{"staging": {{"d1_databases": [{entry}]}}}}}}')
    _, err = progy(*arguments, "--env", "staging", answer=answer, code=code)
    assert said in err


def test_several_accounts_want_a_choice(progy: Progy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    _, err = progy("list", answer=[{"id": "a1", "name": "Ada"}, {"id": "b2", "name": "Bob"}], code=2)
    assert err == (
        "error: the token sees several accounts: a1 (Ada), b2 (Bob)\n"
        "hint: name one: CLOUDFLARE_ACCOUNT_ID in the environment, or account_id in the wrangler config\n"
    )


def test_what_is_known_of_a_database(progy: Progy) -> None:
    out, err = progy("info", "shop", answer=SHOP)
    assert out == (
        "name              shop\n"
        f"id                {UUID}\n"
        "account           env\n"
        "created           2026-11-23T12:00:00.000Z\n"
        "size              1.2 MB\n"
        "tables            3\n"
        "region            WEUR\n"
        "read replication  disabled\n"
        "version           production\n"
    )
    assert err == ""
    assert progy.calls == [("GET", "/accounts/env/d1/database/shop", None)]
    found = json.loads(progy("info", "shop", "--json", answer=SHOP)[0])
    assert (found["account"], found["database"]["file_size"]) == ("env", 1_234_567)


@pytest.mark.parametrize(("arguments", "asked"), [([], UUID), (["--preview"], PREVIEW), (["-d", "DB"], UUID)])
def test_the_projects_own_database(progy: Progy, tmp_path: Path, arguments: list[str], asked: str) -> None:
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    progy("info", *arguments, answer=SHOP)
    assert progy.calls == [("GET", f"/accounts/mine/d1/database/{asked}", None)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["info"], 1, "no project here"),
        (["info", "shop", "--preview"], 2, "NAME and --preview exclude each other"),
        (["info", "shop", "--database", "DB"], 2, "NAME and --database exclude each other"),
    ],
)
def test_what_makes_no_sense(progy: Progy, arguments: list[str], code: int, said: str) -> None:
    assert said in progy(*arguments, code=code)[1]
    assert progy.calls == []


def test_no_command_loads_httpx_before_it_needs_it() -> None:
    code = "import sys, progy.cli.main, progy.targets, progy.cloudflare.connect; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
