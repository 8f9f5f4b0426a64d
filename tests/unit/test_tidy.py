"""SQL in Python's strings and the same SQL in a file: only what stands between tokens differs."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from progy.sql.tidy import tidied
from progy.sql.tokens import UnclosedQuoteError, tokens


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a", "a;"),
        (" a ; ", "a;"),
        ("a;;", "a;"),
        ("a  b", "a  b;"),
        ("a/* ; */b", "a b;"),
        ("-/**/-1", "- -1;"),
        ("\n    a\n      b\n    c\n", "a\n    b\n  c;"),
        ("a\n    b", "a\n  b;"),
        ("\n  a; b;\n\n\n  -- no; more\n  c", "a;\n  b;\n  c;"),
        ("\n  a '\n  --\n  '\n  b", "a '\n  --\n  '\n  b;"),
        ("a\r\n  b", "a\n  b;"),
    ],
)
def test_tidied(sql: str, expected: str) -> None:
    assert tidied(sql, end=";", indent="  ") == expected


PIECES = [
    "a",
    "1",
    "'s\n  s'",
    '"q;"',
    ";",
    ",",
    "-",
    "/",
    "*",
    " ",
    "\n",
    "\n    ",
    "\r\n",
    "\t",
    "-- c;\n",
    "/* c\n */",
    "/**/",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.sampled_from(["", "  "]))
def test_the_tokens_stay_and_the_comments_go(text: str, indent: str) -> None:
    sql = f"a {text} b"
    try:
        done = tidied(sql, end="", indent=indent)
    except UnclosedQuoteError:
        assume(False)  # noqa: FBT003 - hypothesis's own call
    assert [token.text for token in tokens(done)] == [token.text for token in tokens(sql)]
    assert "c;" not in done
    assert "\n\n" not in done
    assert tidied(done, end="", indent="") == tidied(sql, end="", indent="")
