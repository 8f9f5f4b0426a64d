"""Tokens, statements and names, against SQLite's own reading of them."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.sql.names import KEYWORDS, literal, quote, unquote
from progy.sql.tokens import UnclosedQuoteError, statements, tokens


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a.b", ["a", ".", "b"]),
        ("x'00ff' X'' 'it''s'", ["x'00ff'", "X''", "'it''s'"]),
        ('"a""b" `c``d` [e f]', ['"a""b"', "`c``d`", "[e f]"]),
        ("1 1.5 .5 1e+21 0xFF 1_000", ["1", "1.5", ".5", "1e+21", "0xFF", "1_000"]),
        ("a->>'$.b'||c<>d", ["a", "->>", "'$.b'", "||", "c", "<>", "d"]),
        ("?1 :name @v $w", ["?1", ":name", "@v", "$w"]),
        ("a -- gone\n/* gone ; */ b /* open", ["a", "b"]),
        ("naïve größe", ["naïve", "größe"]),
    ],
)
def test_tokens(sql: str, expected: list[str]) -> None:
    assert [token.text for token in tokens(sql)] == expected


@pytest.mark.parametrize(("sql", "position"), [("SELECT 'a", 7), ('a "b', 2), ("[c", 0), ("`", 0)])
def test_a_quote_that_is_never_closed(sql: str, position: int) -> None:
    with pytest.raises(UnclosedQuoteError) as caught:
        list(tokens(sql))
    assert caught.value.position == position


def test_statements_and_their_lines() -> None:
    text = """-- first; of all
SELECT 1;

;;
CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET b = CASE WHEN 1 THEN ';' END;
  SELECT 2;
END;
CREATE TEMP TRIGGER u AFTER INSERT ON a BEGIN SELECT 1; END; SELECT ';'
-- the end
"""
    assert [(found.line, found.sql.splitlines()[0]) for found in statements(text)] == [
        (2, "SELECT 1"),
        (5, "CREATE TRIGGER t AFTER INSERT ON a BEGIN"),
        (9, "CREATE TEMP TRIGGER u AFTER INSERT ON a BEGIN SELECT 1; END"),
        (9, "SELECT ';'"),
    ]


_PIECES = [
    "a",
    "'x;y'",
    '"q;r"',
    "-- c;\n",
    "/* ; */",
    ";",
    " ",
    "\n",
    "CREATE",
    "TRIGGER",
    "BEGIN",
    "END",
    "`;`",
    "1.5",
]


@given(st.lists(st.sampled_from(_PIECES)).map(" ".join).filter(apsw.complete))
def test_where_sqlite_says_that_a_text_is_complete_the_next_statement_begins(text: str) -> None:
    assert statements(text + "\nSELECT 1;")[-1].sql == "SELECT 1"


def test_every_keyword_of_the_engine_is_known() -> None:
    assert apsw.keywords <= KEYWORDS


_NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(_NAMES)
def test_a_quoted_name_is_that_name_to_sqlite(name: str) -> None:
    connection = apsw.Connection(":memory:")
    cursor = connection.execute(f"SELECT 1 AS {quote(name)}")
    assert [found[0] for found in cursor.get_description()] == [name]
    assert unquote(quote(name)) == name


@pytest.mark.parametrize("name", ["users", "order", "true", "a b", 'a"b', "1a", "naïve", "plan", "_x1"])
def test_names_are_bare_where_that_is_safe(name: str) -> None:
    bare = name in {"users", "_x1"}
    assert quote(name) == (name if bare else '"' + name.replace('"', '""') + '"')


@given(_NAMES)
def test_a_literal_is_that_text_to_sqlite(text: str) -> None:
    assert apsw.Connection(":memory:").execute(f"SELECT {literal(text)}").get == text
