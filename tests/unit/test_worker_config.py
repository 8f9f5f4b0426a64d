from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.errors import ConfigError, UsageError
from progy.worker import config
from progy.worker.javascript import Json, number, ordered, stringify
from progy.worker.jsonc import parse
from progy.worker.model import D1Binding, Worker

ROOT = Path(__file__).parents[2]
FACTS = ROOT.parent / "shared" / "progy" / "wrangler.jsonc"


def load(directory: Path, text: str, env: str | None = None, name: str = "wrangler.jsonc") -> Worker:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return config.load(path, env)


def refusal(directory: Path, text: str, env: str | None = None, name: str = "wrangler.jsonc") -> str:
    with pytest.raises((ConfigError, UsageError)) as caught:
        load(directory, text, env, name)
    return str(caught.value).removeprefix(f"{directory}/")


def test_progys_worker_is_the_one_in_production() -> None:
    ours = config.load(ROOT / "wrangler.jsonc")
    assert ours.name == "progy-backend"
    assert ours.d1 == (D1Binding("DB", "progy", "7d0c1f5e-0000-4000-8000-000000000d1d"),)
    assert ours.main is None
    assert ours.warnings == ()
    if not FACTS.exists():
        pytest.skip("the facts aren't at hand")
    facts = config.load(FACTS)
    assert ours.vars == facts.vars
    assert ours.d1 == facts.d1
    assert [(b.kind, b.name, dict(b.fields)) for b in ours.bindings] == [
        (b.kind, b.name, dict(b.fields)) for b in facts.bindings
    ]
    assert (ours.compatibility_date, ours.compatibility_flags) == (
        facts.compatibility_date,
        facts.compatibility_flags,
    )


def test_the_first_file_that_wrangler_would_take_is_found(tmp_path: Path) -> None:
    assert config.find(tmp_path) is None
    for name in ("wrangler.toml", "wrangler.jsonc", "wrangler.json"):
        (tmp_path / name).touch()
        assert config.find(tmp_path) == tmp_path / name


ENVIRONMENTS = """{
  "name": "w", "account_id": "a", "compatibility_date": "2026-01-01", "compatibility_flags": ["x"],
  "vars": {"TOP": 1}, "kv_namespaces": [{"binding": "KV"}],
  "d1_databases": [{"binding": "DB", "database_id": "top"}],
  "assets": {"binding": "ASSETS", "directory": "public"},
  "env": {
    "staging": {
      "vars": {"OWN": 2},
      "d1_databases": [{
        "binding": "DB", "database_id": "staging", "preview_database_id": "preview", "database_name": "n",
        "migrations_dir": "sql", "migrations_table": "ledger", "migrations_pattern": "*/m.sql"
      }]
    },
    "named": {"name": "other", "compatibility_date": "2026-02-02", "compatibility_flags": []}
  }
}"""


def test_an_environment_has_its_own_bindings_and_the_top_levels_identity(tmp_path: Path) -> None:
    top = load(tmp_path, ENVIRONMENTS)
    assert (top.name, top.environments, top.environment) == ("w", ("staging", "named"), None)
    assert [binding.name for binding in top.bindings] == ["KV", "DB", "ASSETS"]
    staging = load(tmp_path, ENVIRONMENTS, "staging")
    assert (staging.name, staging.account_id) == ("w-staging", "a")
    assert (staging.compatibility_date, staging.compatibility_flags) == ("2026-01-01", ("x",))
    assert staging.vars == {"OWN": 2}
    assert [(binding.name, binding.inherited) for binding in staging.bindings] == [("DB", False), ("ASSETS", True)]
    assert staging.d1 == (D1Binding("DB", "n", "staging", "preview", "sql", "ledger", "*/m.sql"),)
    assert staging.database("DB") == staging.d1[0]
    assert staging.database("db") is None
    named = load(tmp_path, ENVIRONMENTS, "named")
    assert (named.name, named.compatibility_date, named.compatibility_flags) == ("other", "2026-02-02", ())
    assert named.d1 == ()


def test_the_entry_file_is_the_one_that_wrangler_would_read(tmp_path: Path) -> None:
    def entry(text: str) -> str | None:
        found = load(tmp_path, text).entry
        return found.relative_to(tmp_path).as_posix() if found is not None else None

    (tmp_path / "src").mkdir()
    for name in ("index.js", "index.ts", "other"):
        (tmp_path / "src" / name).touch()
    assert entry('{"main": "src/index.js"}') == "src/index.js"
    assert entry('{"main": "src/index"}') == "src/index.ts"
    assert entry('{"main": "src/other"}') is None
    assert entry('{"main": "src"}') is None
    assert entry('{"main": "src/gone.ts"}') is None
    assert entry('{"main": "src/index.js", "tsconfig": "gone.json"}') is None
    assert entry('{"main": "gone/../src/index.js"}') == "src/index.js"
    assert entry('{"site": {"bucket": "b", "entry-point": "src"}}') == "src/index.js"
    assert entry('{"site": {"bucket": "b"}}') is None


def test_toml_says_the_same_as_json(tmp_path: Path) -> None:
    toml = """
name = "w"
compatibility_flags = ["x"]
[vars]
b = 1.0
1 = { z = 1.5, 2 = [true, "t"] }
[[d1_databases]]
binding = "DB"
"""
    same = """{"name": "w", "compatibility_flags": ["x"],
        "vars": {"1": {"2": [true, "t"], "z": 1.5}, "b": 1}, "d1_databases": [{"binding": "DB"}]}"""
    ours, theirs = load(tmp_path, toml, name="wrangler.toml"), load(tmp_path, same)
    assert list(ours.vars.items()) == list(theirs.vars.items())
    assert (ours.name, ours.d1, ours.compatibility_flags) == (theirs.name, theirs.d1, theirs.compatibility_flags)


SHOULD = "bindings should have a string"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"d1_databases": "DB"}', 'The field "d1_databases" should be an array but got "DB".'),
        ('{"d1_databases": ["DB"]}', '"d1_databases" bindings should be objects, but got "DB"'),
        ('{"d1_databases": [{}]}', f'"d1_databases[0]" {SHOULD} "binding" field but got {{}}.'),
        (
            '{"d1_databases": [{"binding": ""}]}',
            f'"d1_databases[0]" {SHOULD} "binding" field but got {{"binding":""}}.',
        ),
        (
            '{"d1_databases": [{"binding": "A"}, {"binding": 5}]}',
            f'"d1_databases[1]" {SHOULD} "binding" field but got {{"binding":5}}.',
        ),
        (
            '{"d1_databases": [{"binding": "A", "database_id": true}]}',
            '"d1_databases[0]" bindings must have a "database_id" field but got {"binding":"A","database_id":true}.',
        ),
        ('{"vars": "A=1"}', 'The field "vars" should be an object but got "A=1".\n'),
        (
            '{"name": 1}',
            'Expected "name" to be of type string, alphanumeric and lowercase with dashes only but got 1.',
        ),
        (
            '{"secrets": {"required": ["A", null]}}',
            'Expected "secrets.required.[1]" to be of type string but got null.',
        ),
        ('{"secrets": ["A"]}', 'The field "secrets" should be an object but got ["A"].'),
        (
            '{"queues": {"producers": [{}]}}',
            f'"queues.producers[0]" {SHOULD} "binding" field but got {{}}.',
        ),
        (
            '{"workflows": [{"binding": "W", "name": "w"}]}',
            f'"workflows[0]" {SHOULD} "class_name" field but got {{"binding":"W","name":"w"}}.',
        ),
        (
            '{"pipelines": [{"binding": "P"}]}',
            '"pipelines[0]" bindings must have a string "stream" field but got {"binding":"P"}.',
        ),
        (
            '{"kv_namespaces": [{"binding": "X"}], "ai": {"binding": "X"}}',
            """X assigned to KV Namespace and AI bindings.
  - Bindings must have unique names, so that they can all be referenced in the worker.
    Please change your bindings to have unique names.""",
        ),
    ],
)
def test_what_wrangler_refuses_is_refused_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(tmp_path, text) == f"Processing wrangler.jsonc configuration:\n  - {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "wrangler.jsonc: a configuration is an object, not a list"),
        ('{\n  "a": 1,,\n}', "wrangler.jsonc:2:10: this isn't JSON: expecting property name enclosed in double quotes"),
        ("{\n  /* never", "wrangler.jsonc:2:3: this isn't JSON: a comment that doesn't end"),
        ('{"a": NaN}', "wrangler.jsonc: this isn't JSON: NaN is no value there"),
        ("", "wrangler.jsonc:1:1: this isn't JSON: expecting value"),
    ],
)
def test_what_is_no_configuration_is_refused_by_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


def test_fields_of_an_environment_are_named_by_their_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = '{"env": {"a": {"d1_databases": [{}], "durable_objects": {"bindings": [{"name": "X"}]}}, "b": 1}}'
    assert refusal(tmp_path, text, "a") == (
        "Processing wrangler.jsonc configuration:\n"
        "\n"
        '  - "env.a" environment configuration\n'
        '    - "env.a.d1_databases[0]" bindings should have a string "binding" field but got {}.\n'
        '    - "env.a.durable_objects.bindings[0]": {"name":"X"}\n'
        '      - binding should have a string "class_name" field.'
    )
    assert refusal(tmp_path, text, "b") == 'wrangler.jsonc: "env.b" should be an object, not a number'
    assert refusal(tmp_path, '{"env": ["a"]}') == 'wrangler.jsonc: "env" should be an object, not a list'
    assert refusal(tmp_path, text, "c") == 'wrangler.jsonc: there is no environment "c"; it has a, b'
    assert refusal(tmp_path, "{}", "c") == 'wrangler.jsonc: there is no environment "c"; it has none'


def test_all_environments_are_read_at_once(tmp_path: Path) -> None:
    load(tmp_path, ENVIRONMENTS)
    path = tmp_path / "wrangler.jsonc"
    assert config.load_all(path) == (config.load(path), config.load(path, "staging"), config.load(path, "named"))


def test_a_config_above_counts_and_its_name_before_its_place(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "wrangler.toml").touch()
    assert config.find_upwards(below) == below / "wrangler.toml"
    (tmp_path / "wrangler.jsonc").touch()
    assert config.find_upwards(below) == tmp_path / "wrangler.jsonc"


def test_toml_that_javascript_cannot_hold_is_refused(tmp_path: Path) -> None:
    toml = "wrangler.toml"
    assert refusal(tmp_path, "a = 9007199254740993", name=toml).endswith("is more than JavaScript can hold")
    assert "is a date" in refusal(tmp_path, "compatibility_date = 2026-01-01", name=toml)
    said = 'The field "env.x.vars.a" is a TOML date, which is not supported.'
    assert said in refusal(tmp_path, "[env.x.vars]\na = 2026-01-01", name=toml)
    assert refusal(tmp_path, "a = ", name=toml).startswith("wrangler.toml: this isn't TOML: invalid value")


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        config.load(tmp_path / "wrangler.json")
    (tmp_path / "wrangler.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="isn't UTF-8"):
        config.load(tmp_path / "wrangler.json")


def test_a_likely_typo_is_a_warning(tmp_path: Path) -> None:
    worker = load(tmp_path, '{"d1_database": [], "$schema": "x", "some_new_thing": 1}')
    assert worker.warnings == (
        f'{tmp_path}/wrangler.jsonc: wrangler knows no field "d1_database": did you mean "d1_databases"?',
    )


def test_the_classes_that_exist_after_all_migrations(tmp_path: Path) -> None:
    text = """{"migrations": [
      {"tag": "v1", "new_classes": ["A", "B"], "new_sqlite_classes": ["C"]},
      {"tag": "v2", "deleted_classes": ["B"], "renamed_classes": [{"from": "A", "to": "D"}]}
    ]}"""
    assert load(tmp_path, text).durable_classes == ("C", "D")
    exports = """{"exports": {
      "A": {"type": "durable-object", "storage": "sqlite"}, "B": {"type": "durable-object", "state": "deleted"},
      "C": {"type": "worker"},
      "D": {"type": "durable-object", "state": "expecting-transfer", "storage": "sqlite", "transfer_from": "w"}
    }}"""
    assert load(tmp_path, exports).durable_classes == ("A", "D")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ('"deleted_classes": ["B"]', "Cannot apply deleted_classes migration to non-existent class B"),
        (
            '"renamed_classes": [{"from": "B", "to": "C"}]',
            "Cannot apply renamed_classes migration to non-existent class B",
        ),
        ('"new_classes": ["A"]', "Cannot apply new_classes migration to existing class A"),
        ('"new_sqlite_classes": ["A"]', "Cannot apply new_sqlite_classes migration to existing class A"),
    ],
)
def test_a_migration_of_classes_that_cannot_be_is_told(tmp_path: Path, second: str, message: str) -> None:
    text = f'{{"migrations": [{{"tag": "1", "new_classes": ["A"]}}, {{"tag": "2", {second}}}]}}'
    assert load(tmp_path, text).durable_problem == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeff{}", {}),
        ('{"a": 1, // one\n "b": [1, 2, /* two */ ], }', {"a": 1, "b": [1, 2]}),
        ('{"a": "http://x/*y*/,]", }', {"a": "http://x/*y*/,]"}),
        ('{"a": "\\"//", "a": 2}', {"a": 2}),
        ('{"b": 1, "10": 1, "2": 1, "02": 1}', {"2": 1, "10": 1, "b": 1, "02": 1}),
    ],
)
def test_json_with_comments(text: str, value: Json) -> None:
    found = parse(text.removeprefix("\ufeff"), "f")
    assert json.dumps(found) == json.dumps(value)


@pytest.mark.parametrize("text", ["[,]", "{,}", "[1,,]", "[,1]", '{"a":,}', "[1 2]", "{} x", "[1,]]", '["\n"]', "/"])
def test_what_is_no_json_stays_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:\d+:\d+: this isn't JSON"):
        parse(text, "f")


@pytest.mark.parametrize(
    ("literal", "printed"),
    [
        ("1.0", "1"),
        ("-0", "0"),
        ("1e21", "1e+21"),
        ("123456789012345678901", "123456789012345680000"),
        ("9007199254740993", "9007199254740992"),
        ("1e-7", "1e-7"),
        ("0.000001", "0.000001"),
        ("-1.25e-9", "-1.25e-9"),
        ("1.5e300", "1.5e+300"),
        ("1e400", "null"),
        ("123.456", "123.456"),
        ("5e-324", "5e-324"),
    ],
)
def test_numbers_print_as_in_javascript(literal: str, printed: str) -> None:
    assert stringify(number(literal)) == printed


def test_strings_print_as_in_javascript() -> None:
    assert stringify('é☃\u2028 "\\\x01\n\x7f') == '"é☃\u2028 \\"\\\\\\u0001\\n\x7f"'
    assert stringify("\ud800x") == '"\\ud800x"'


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_what_is_printed_reads_back_the_same(value: Json) -> None:
    assert json.loads(stringify(value), parse_int=number, parse_float=number) == value


@given(st.dictionaries(st.text("0123456789a", max_size=4), st.integers()))
def test_order_is_kept_once_it_is_javascripts(items: dict[str, int]) -> None:
    once = ordered(items)
    assert once == items
    assert list(ordered(once)) == list(once)


def test_reading_a_configuration_loads_nothing_heavy() -> None:
    script = (
        "import sys; from pathlib import Path; from progy.worker import config, secrets;"
        f"w = config.load(Path({str(ROOT / 'wrangler.jsonc')!r})); secrets.names(w);"
        "print(sorted({'pydantic', 'jinja2', 'sqlmodel', 'tomllib', 'difflib', 'typer'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
