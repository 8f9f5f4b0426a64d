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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"d1_databases": "DB"}', 'wrangler.jsonc: "d1_databases" should be a list, not a string'),
        ('{"d1_databases": ["DB"]}', 'wrangler.jsonc: "d1_databases[0]" should be an object, not a string'),
        ('{"d1_databases": [{}]}', 'wrangler.jsonc: "d1_databases[0]" should have a string "binding"'),
        (
            '{"d1_databases": [{"binding": "A"}, {"binding": 5}]}',
            'wrangler.jsonc: "d1_databases[1].binding" should be a string, not a number',
        ),
        (
            '{"d1_databases": [{"binding": "A", "database_id": true}]}',
            'wrangler.jsonc: "d1_databases[0].database_id" should be a string, not a boolean',
        ),
        ('{"vars": []}', 'wrangler.jsonc: "vars" should be an object, not a list'),
        ('{"name": 1}', 'wrangler.jsonc: "name" should be a string, not a number'),
        (
            '{"secrets": {"required": ["A", null]}}',
            'wrangler.jsonc: "secrets.required[1]" should be a string, not null',
        ),
        ('{"secrets": ["A"]}', 'wrangler.jsonc: "secrets" should be an object, not a list'),
        ('{"queues": {"producers": [{}]}}', 'wrangler.jsonc: "queues.producers[0]" should have a string "binding"'),
        (
            '{"workflows": [{"binding": "W", "name": "w"}]}',
            'wrangler.jsonc: "workflows[0]" should have a string "class_name"',
        ),
        (
            '{"pipelines": [{"binding": "P"}]}',
            'wrangler.jsonc: "pipelines[0]" should have a string "stream" or "pipeline"',
        ),
        (
            '{"kv_namespaces": [{"binding": "X"}], "ai": {"binding": "X"}}',
            'wrangler.jsonc: two bindings are named "X", in kv_namespaces and in ai',
        ),
        ("[]", "wrangler.jsonc: a configuration is an object, not a list"),
        ('{\n  "a": 1,,\n}', "wrangler.jsonc:2:10: this isn't JSON: expecting property name enclosed in double quotes"),
        ("{\n  /* never", "wrangler.jsonc:2:3: this isn't JSON: a comment that doesn't end"),
        ('{"a": NaN}', "wrangler.jsonc: this isn't JSON: NaN is no value there"),
        ("", "wrangler.jsonc:1:1: this isn't JSON: expecting value"),
    ],
)
def test_what_cannot_be_is_refused_by_field(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


def test_fields_of_an_environment_are_named_by_their_whole_path(tmp_path: Path) -> None:
    text = '{"env": {"a": {"d1_databases": [{}]}, "b": 1}}'
    assert refusal(tmp_path, text, "a") == 'wrangler.jsonc: "env.a.d1_databases[0]" should have a string "binding"'
    assert refusal(tmp_path, text, "b") == 'wrangler.jsonc: "env.b" should be an object, not a number'
    assert refusal(tmp_path, text, "c") == 'wrangler.jsonc: there is no environment "c"; it has a, b'
    assert refusal(tmp_path, "{}", "c") == 'wrangler.jsonc: there is no environment "c"; it has none'


def test_toml_that_javascript_cannot_hold_is_refused(tmp_path: Path) -> None:
    toml = "wrangler.toml"
    assert refusal(tmp_path, "a = 9007199254740993", name=toml).endswith("is more than JavaScript can hold")
    assert "is a date" in refusal(tmp_path, "[vars]\na = 2026-01-01", name=toml)
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
