"""Names and descriptions that would break a page, or a reader, if they were put into it as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from progy.d1.ledger import Ledger
from progy.docs import markdown, mermaid
from progy.docs.bindings import page as bindings_page
from progy.docs.catalogue import Viewpoint, build
from progy.docs.files import file_names, viewpoint_names
from progy.docs.history import File, told
from progy.docs.history import page as history_page
from progy.docs.pages import Further, pages
from progy.schema.models import Model, ModelColumn, Models
from progy.schema.objects import Check, Column, ForeignKey, Index, PrimaryKey, Table, Term, fold
from progy.sql.names import quote
from progy.worker.kinds import DOCS
from progy.worker.model import Binding, Worker
from tests.unit.schemas import schema_of

if TYPE_CHECKING:
    from markdown_it.token import Token

    from progy.worker.javascript import Json

HOSTILE = (
    *("a|b", "a\\|b", "a\nb", "a\r\nb", "`", "``a`", " `", " ", "", '"', "'", "<b>", "<!--", "-->", "</details>"),
    *("a](x)", "[a](javascript:x)", "![a](b)", "# a", "---", "```", "a/b", "../a", ".", "a.md", "README", "readme"),
    *("class", "one", "to", "style", "pk", "FK", "1a", "%%{init: {}}%%", "{", "}", "a b", "é", "É", "日本", "\x00"),
    *(
        "__proto__",
        "constructor",
        "x" * 300,
        "a-b",
        "a.b",
        "a%",
        "a_",
        "a;",
        "#quot;",
        "&lt;",
        "~a~",
        "\u2028",
        "{{ a }}",
    ),
)
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text("`|\\ <>[]()\"'%{};#\na1", max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


def page_of(name: str, column: str, words: str) -> dict[str, str]:
    """The pages of two tables, one of which refers to the other, with a name everywhere a name can be."""
    parent = Table(name, (Column(column, name, not_null=True, default=name),), PrimaryKey((Term(column),)))
    child = Table(
        f"{name} child",
        (Column(column), Column("other")),
        foreign_keys=(ForeignKey((column,), name, (column,)),),
        checks=(Check(words, name=name),),
    )
    schema = schema_of(parent, child)
    indexes = {"i": Index(name, name, (Term(words, is_column=False),), where=words)}
    described = ModelColumn(
        *(column, column, name, "str"),
        nullable=False,
        optional=False,
        values=(words,),
        storage=words,
        shape=words,
        description=words,
    )
    model = Model(name, name, f"models.{name}", "models/a.py", 1, (described,), description=words)
    schema = type(schema)(tables=schema.tables, indexes=indexes)
    viewpoints = [Viewpoint(words or "_", (name,), words), Viewpoint(f"{name} too", ("*",))]
    catalogue = build(schema, Models((model,), ()), title=words, viewpoints=viewpoints)
    return pages(catalogue, [Further("bindings.md", "Bindings", "them", worker_page(name, words))])


def worker_page(name: str, words: str) -> str:
    """The page of the bindings of a Worker that is called so, and has one of each, called so."""
    bindings = (
        Binding("kv_namespaces", name, {"id": words}),
        Binding("r2_buckets", f"{name} 2", {"bucket_name": words}),
    )
    variables: dict[str, Json] = {f"{name} 3": words, f"{name} 4": {words: [words]}}
    worker = Worker(Path("wrangler.jsonc"), name, name=words or None, vars=variables, bindings=bindings)
    return bindings_page([worker], {name: [f"{name} 5"]})


def outside_of_fences(page: str) -> list[str]:
    lines, fence = [], None
    for line in page.split("\n"):
        if fence is None and (opened := re.match(r"(`{3,})\w*$", line)):
            fence = opened[1]
        elif line == fence:
            fence = None
        elif fence is None:
            lines.append(line)
    assert fence is None
    return lines


def tokens(page: str, *kinds: str) -> list[Token]:
    """What a reader of GitHub's Markdown finds in a page."""
    blocks = MarkdownIt("commonmark").enable("table").parse(page)
    found = [token for block in blocks for token in (block, *(block.children or ()))]
    return [token for token in found if token.type in kinds]


def cells(row: str) -> int:
    """How many cells GitHub sees: a pipe after a backslash is none."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@settings(max_examples=150, deadline=None)
@given(name=NAMES, column=NAMES.filter(lambda name: fold(name) != "other"), words=NAMES)
def test_pages_hold_together(name: str, column: str, words: str) -> None:
    written = page_of(name, column, words)

    for page in written.values():
        assert "\r" not in page
        width = 0
        for line in outside_of_fences(page):
            # Headers have no names in them.
            if not line.startswith("| "):
                width = 0
                continue
            width = width or cells(line)
            assert cells(line) == width, line
        links = {str(token.attrs["href"]) for token in tokens(page, "link_open")}
        assert {link for link in links if not link.startswith(DOCS)} <= set(written)
        assert tokens(page, "image") == []
        headings = [line for line in outside_of_fences(page) if re.match("##? ", line)]
        assert len(tokens(page, "heading_open")) == len(headings)
        html = {token.content.strip() for token in tokens(page, "html_inline", "html_block")}
        assert html <= {
            "<!-- Generated by progy. To renew it: progy gen docs -->",
            *("<details>\n<summary>SQL</summary>", "</details>", "<br />"),
        }


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, unique_by=fold, max_size=30))
def test_file_names_are_safe_and_different_on_every_file_system(tables: list[str]) -> None:
    names = file_names(tables)

    assert set(names) == {fold(table) for table in tables}
    assert len({name.lower() for name in names.values()}) == len(tables)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,150}\.md", name)
        assert name.lower() not in {"readme.md", "con.md", "nul.md"}


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMES, unique=True, max_size=30))
def test_files_of_viewpoints_are_safe_and_different_on_every_file_system(names: list[str]) -> None:
    found = viewpoint_names(names)

    assert set(found) == set(names)
    assert len({name.lower() for name in found.values()}) == len(names)
    assert all(re.fullmatch(r"viewpoint-[A-Za-z0-9_][A-Za-z0-9_-]{0,150}\.md", name) for name in found.values())


@settings(max_examples=100, deadline=None)
@given(name=NAMES, words=NAMES)
def test_the_history_of_hostile_names_holds_together(name: str, words: str) -> None:
    name = name.replace("\0", "")
    table = quote(name or "t")
    comment = words.replace("*/", "").replace("\0", "")
    text = f"/* {comment} */\nCREATE TABLE {table} (a);\n\n/* {comment} */\nINSERT INTO {table} VALUES (1);\n"
    history = told([File(f"0001_{name}.sql", text)], Ledger())

    assert history.problem is None
    page = history_page(history)
    assert len(tokens(page, "heading_open")) == 2
    assert tokens(page, "link_open", "image") == tokens(page, "link_open")[:1]
    assert [token.content.strip() for token in tokens(page, "html_inline", "html_block")] == [
        "<!-- Generated by progy. To renew it: progy gen docs -->"
    ]


@settings(max_examples=100, deadline=None)
@given(NAMES)
def test_a_name_in_code_is_shown_whole(name: str) -> None:
    page = markdown.table(("A", "B"), [(markdown.code(name), markdown.text(name))])

    [shown, *_] = tokens(page, "code_inline")

    expected = re.sub(r"[\x00-\x08\x0e-\x1b\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", name)
    expected = re.sub(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", "↵", expected) or '""'
    assert shown.content == expected


@settings(max_examples=150, deadline=None)
@given(st.text("`*_[]()<>#+-=|~\\!&;:1. \t\nab", max_size=30))
def test_words_are_only_words(words: str) -> None:
    page = markdown.text(words)

    found = {
        token.type
        for block in MarkdownIt("commonmark").enable("table").parse(page)
        for token in (block, *(block.children or ()))
    }

    lists = {f"{kind}_{end}" for kind in ("bullet_list", "ordered_list", "list_item") for end in ("open", "close")}
    assert found <= {
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "softbreak",
        "hardbreak",
        "code_inline",
        "fence",
        *lists,
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(NAMES, unique_by=fold, min_size=1, max_size=10))
def test_each_table_has_a_box_of_its_own(names: list[str]) -> None:
    tables = [Table(name, (Column("a"),)) for name in names]

    first = Column("a")
    keys = tuple(ForeignKey(("a",), name, ("a",)) for name in names)
    catalogue = build(schema_of(*tables[1:], Table(names[0], (first,), foreign_keys=keys)), None, title="x")

    drawn = mermaid.around(catalogue, catalogue.entities[0]) if len(names) == 1 else mermaid.viewpoint(catalogue, names)

    assert drawn is not None
    boxes = {line.rpartition('"')[0] for line in drawn.text.splitlines() if re.match(r'  "[^"]*"(?: \{)?$', line)}
    assert len(boxes) == len(names)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("users", "`users`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``a", "``` ``a ```"),
        (" a", "`  a `"),
        ("a\r\nb\nc", "`a↵b↵c`"),
        ("", '`""`'),
        ("<b>", "`<b>`"),
        ("\u202egpj.exe\u2069", "`\ufffdgpj.exe\ufffd`"),
    ],
)
def test_code(name: str, shown: str) -> None:
    assert markdown.code(name) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Plain words, 3 - 2 = 1.", "Plain words, 3 - 2 = 1."),
        ("Uses `code | here` and ``a`b``.", "Uses `code | here` and ``a`b``."),
        ("snake_case and _emphasis_ and *more*", "snake_case and \\_emphasis\\_ and \\*more\\*"),
        ("[a](b) ![c](d) <b>e</b>", "\\[a\\](b) !\\[c\\](d) &lt;b&gt;e&lt;/b&gt;"),
        ("&lt; & Co", "&amp;lt; & Co"),
        ("a | b\n:-: | :-:", "a &#124; b\n\\:-: &#124; :-:"),
        ("a\n:-:", "a\n\\:-:"),
        ("Holds $name$, costs $5", "Holds \\$name\\$, costs \\$5"),
        ("# heading\n> quote\n1986. one", "\\# heading\\\n&gt; quote\\\n1986\\. one"),
        ("Kinds:\n    * one\n      of all\n        + inner\n    - two", "Kinds:\n- one\nof all\n    - inner\n- two"),
        ("1. one\n2) *two*\n- - three\n- # four", "1. one\n2) \\*two\\*\n- \\- three\n- \\# four"),
        ("One.\n\n        Two.\n            - three\n        ", "One.\n\nTwo.\n- three"),
        ("- one\n\n    of it\n\n                    - deep", "- one\n\nof it\n\n- deep"),
        ("Attributes:\n    a: One.\n    b: Two.\nEnd", "Attributes:\\\na: One.\\\nb: Two.\\\nEnd"),
        ("Attributes:\n    a: One.\n    b: Two.", "Attributes:\\\na: One.\\\nb: Two."),
        ("Uses:\n\n    if a:\n        b\n", "Uses:\n\n```\nif a:\n    b\n```"),
        (
            "Note:\n    One.\n\n    Two:\n\n        code\n\n    Three.",
            "Note:\\\nOne.\n\nTwo:\n\n```\ncode\n```\n\nThree.",
        ),
        ("Uses:\n\n        one,\n        two.\n        ", "Uses:\n\none,\ntwo."),
        ("A\n---\na : str\n    One.\nb : str\n    Two.", "A\\\n\\---\\\na : str\\\nOne.\\\nb : str\\\nTwo."),
        (
            "So,\nso.\n:param a: One.\n:type a: int\n@ivar b: Two.",
            "So,\nso.\\\n:param a: One.\\\n:type a: int\\\n@ivar b: Two.",
        ),
        ("| a | b |\n|---|---|\nEnd", "&#124; a &#124; b &#124;\\\n&#124;---&#124;---&#124;\\\nEnd"),
        ("States:\n0. open\n1. paid", "States:\n\n0. open\n1. paid"),
        ("See (https://a.b/_c) or https://a.b/x_(y)_z.", "See (<https://a.b/_c>) or <https://a.b/x_(y)_z>."),
        ("https://a.b/c_d?e=f&g=h, `https://a.b/_c`", "https://a.b/c_d?e=f&g=h, `https://a.b/_c`"),
        ("rule\n---\n===\n- - -", "rule\\\n\\---\\\n\\===\\\n\\- - -"),
        ("So:\n```python\nif a:\n    b`c` < |d|\n```\nEnd", "So:\n\n```python\nif a:\n    b`c` < |d|\n```\n\nEnd"),
        ("  ~~~~\n  ```\n  ~~~~\n", "````\n```\n````"),
        ("```\nno end", "\\`\\`\\`\nno end"),
        ("So:\n\n    if a:\n        b\n\n    c\n\nEnd", "So:\n\n```\nif a:\n    b\n\nc\n```\n\nEnd"),
        ("one\r\n\r\n\r\n  two  ", "one\n\ntwo"),
        ("unclosed ` tick", "unclosed \\` tick"),
        ("a \u202eb\x00", "a \ufffdb\ufffd"),
    ],
)
def test_text(words: str, shown: str) -> None:
    assert markdown.text(words) == shown


def test_a_cell_has_lines_and_no_blocks() -> None:
    words = "One of:\n- `a|b`\n- c\n\n```\nif x:\n    ``y``\n```\nAttributes:\n    a"

    assert markdown.cell(words) == "One of:\n- `a|b`\n- c\n\n`if x:`\n``` ``y`` ```\n\nAttributes:\na"


@settings(max_examples=100, deadline=None)
@given(st.text("`*_[]()<>#+-=|~\\!&;:1$. \t\nab", max_size=30))
def test_words_stay_in_their_cell(words: str) -> None:
    page = markdown.table(("A", "B"), [(markdown.cell(words), "end")])

    kinds = {token.type for token in tokens(page, "td_open", "tr_open", "fence", "link_open", "html_inline")}
    assert kinds <= {"td_open", "tr_open", "html_inline"}
    assert {token.content for token in tokens(page, "html_inline")} <= {"<br />"}
    assert len(tokens(page, "tr_open")) == len(tokens(page, "td_open")) == 2


def test_a_cell_keeps_its_pipes_and_lines() -> None:
    written = markdown.table(("A", "B"), [("`a|b`", "one\ntwo"), ("`a\\|b`", "")])

    assert written == "| A | B |\n| --- | --- |\n| `a\\|b` | one<br />two |\n| `a\\\\|b` |  |\n"


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert markdown.fenced("sql", "a ```` b\r\nc\n") == "`````sql\na ```` b\nc\n`````\n"
