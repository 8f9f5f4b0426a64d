"""Rows as a table and as CSV: exact text, and that nothing is lost or mistaken."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progy.cli import table
from progy.cli.table import cells_of, render


def drawn(columns: list[str], rows: list[tuple[Any, ...]], width: int | None = None) -> str:
    return "\n".join(render(columns, rows, width=width)) + "\n"


def test_a_table() -> None:
    rows = [(1, "Zoë", 1.5), (20, "漢字", None), (None, "e\u0301!", 10.0), (9_223_372_036_854_775_807, "", -1e300)]
    assert drawn(["id", "name", "a price"], rows) == (
        "                 id  name  a price\n"
        "-------------------  ----  -------\n"
        "                  1  Zoë       1.5\n"
        "                 20  漢字     NULL\n"
        "               NULL  e\u0301!       10.0\n"
        "9223372036854775807        -1e+300\n"
    )


def test_no_rows() -> None:
    assert drawn(["a", "long name"], []) == "a  long name\n-  ---------\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "NULL"),
        ("NULL", "'NULL'"),
        ("'NULL'", "'''NULL'''"),
        ("null", "null"),
        (b"\x00\xff", "x'00ff'"),
        ([0, 255], "x'00ff'"),
        ("x'00ff'", "'x''00ff'''"),
        (b"", "x''"),
        (b"\xab" * 16, f"x'{'ab' * 16}'"),
        (b"\xab" * 1_000_000, f"x'{'ab' * 16}…' (1,000,000 bytes)"),
        (f"x'{'ab' * 16}…' (1,000,000 bytes)", f"'x''{'ab' * 16}…'' (1,000,000 bytes)'"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[31m\x07\x9b\x7f", r"\x1b[31m\x07\x9b\x7f"),
        ("a\u202eb\u2028c\x00", r"a\u202eb\u2028c\x00"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("C:\\new", "C:\\new"),
        (True, "True"),
        (float("inf"), "Inf"),
        (float("-inf"), "-Inf"),
        (0.1, "0.1"),
        (1.0, "1.0"),
    ],
)  # fmt: skip
def test_a_value(value: object, shown: str) -> None:
    assert render(["c"], [(value,)])[2] == shown


def test_null_is_dim_and_names_are_bold_where_there_are_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert drawn(["a", "b"], [(None, 1), ("NULL", 2)]) == (
        "\033[1ma     \033[0m  \033[1mb\033[0m\n"
        "------  -\n"
        "\033[2mNULL  \033[0m  1\n"
        "'NULL'  2\n"
    )  # fmt: skip


LONG = [(1, "a text that is far too long for it", "漢字漢字漢字漢字漢字", 7)]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, "i  a text                              wide                  n\n-  ----------------------------------  --------------------  -\n1  a text that is far too long for it  漢字漢字漢字漢字漢字  7\n"),
        (40, "i  a text            wide              n\n-  ----------------  ----------------  -\n1  a text that is …  漢字漢字漢字漢…   7\n"),
        (38, "i  a text           wide             n\n-  ---------------  ---------------  -\n1  a text that is…  漢字漢字漢字漢…  7\n"),
        (24, "i  a text    wide      n\n-  --------  --------  -\n1  a text …  漢字漢…   7\n"),
        (23, "i  a text          … +2\n-  --------------\n1  a text that i…\n"),
        (1, "i  … +3\n-\n1\n"),
    ],
)  # fmt: skip
def test_what_a_terminal_has_no_room_for_is_cut(width: int, expected: str) -> None:
    assert drawn(["i", "a text", "wide", "n"], LONG, width) == expected


@given(
    st.integers(1, 5).flatmap(
        lambda size: st.lists(
            st.tuples(*[st.text(max_size=30) | st.none() | st.integers()] * size), min_size=1, max_size=4
        )
    ),
    st.integers(10, 100),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[Any, ...]], width: int) -> None:
    names = [f"c{at}" for at in range(len(rows[0]))]
    for line in render(names, rows, width=max(width, 30)):
        assert cells_of(line) <= max(width, 30)
        assert line.isprintable() or "\u200d" in line or "\u200c" in line or "\u00a0" in line or not line.isascii()
    assert len(render(names, rows, width=width)) == len(rows) + 2


def lines(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    return "".join(table.csv(columns, rows))


def test_csv() -> None:
    rows = [
        (1, "plain", b"\x00\xff"),
        (9_223_372_036_854_775_807, 'say "hi", twice\r\nthen', [0, 255]),
        (None, "", 0.1),
        (-1.0, " spaces ", None),
        (float("inf"), "Zoë\n", "=1+1"),
    ]
    assert lines(["id", "a name", 'of "b"'], rows) == (
        'id,a name,"of ""b"""\r\n'
        "1,plain,x'00ff'\r\n"
        '9223372036854775807,"say ""hi"", twice\r\nthen",x\'00ff\'\r\n'
        ',"",0.1\r\n'
        '-1.0," spaces ",\r\n'
        'Inf,"Zoë\n",=1+1\r\n'
    )


def test_csv_of_a_single_column_keeps_its_nulls() -> None:
    assert lines(["a"], [(None,), ("",), (1,)]) == 'a\r\n""\r\n""\r\n1\r\n'


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.integers(1, 4).flatmap(lambda size: st.lists(st.tuples(*[TEXTS | st.integers() | st.none()] * size))))
def test_csv_is_what_other_readers_read(rows: list[tuple[Any, ...]]) -> None:
    text = lines([f"c{at}" for at in range(len(rows[0]) if rows else 1)], rows)
    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    assert found == [["" if value is None else str(value) for value in row] for row in rows]
