"""The page in a real browser: what its buttons, keys and links do, that it asks for nothing, that anyone can use it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import resources
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from progy.docs import html
from tests.large import large
from tests.real.engine import NODE_FOLDER, node_executable
from tests.unit.test_svg import named

if TYPE_CHECKING:
    from pathlib import Path

    from progy.docs.catalogue import Catalogue

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = resources.files("axe_core_python") / "axe.min.js"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

SHOWN = "[...document.querySelectorAll('#world .t')].filter((one) => one.style.display !== 'none').length"
OPEN = "document.querySelector('article.open h2')?.textContent ?? null"
ADDRESS = "new Promise((done) => setTimeout(() => done(decodeURIComponent(location.hash)), 250))"
FOCUS = "document.activeElement.closest('.t, article')?.querySelector('.n, h2')?.firstChild.data ?? document.activeElement.id"
SCALE = "document.getElementById('world').transform.baseVal.consolidate().matrix.a"
PLACE = "(({ e, f }) => [e, f])(document.getElementById('world').transform.baseVal.consolidate().matrix)"
BRIGHT = "[...document.querySelectorAll('#world .t.on .n')].map((one) => one.firstChild.data)"


def ask(expression: str) -> dict[str, Any]:
    return {"eval": expression}


class Browser:
    """Chromium with one page, which it opens anew for each list of steps."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self.page = folder / "index.html"
        self.page.write_text(html.page(catalogue), encoding="utf-8", newline="\n")

    def run(self, *steps: dict[str, Any], **settings: object) -> list[Any]:
        """Take steps; what was asked. The page may neither fail nor ask for anything."""
        job = {"chromium": CHROMIUM, "profile": str(self.folder / "profile"), "url": self.page.as_uri(), "steps": steps}
        done = subprocess.run(
            [str(node_executable()), "chromium.mjs"],
            cwd=NODE_FOLDER,
            input=json.dumps(job | settings),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["errors"] == []
        assert [url.partition("#")[0] for url in said["requests"] if not url.startswith("blob:")] == [
            self.page.as_uri()
        ]
        results: list[Any] = said["results"]
        return results


@pytest.fixture
def clinic(tmp_path: Path) -> Browser:
    return Browser(tmp_path, large("clinic"))


def test_search(clinic: Browser) -> None:
    found = "[...document.querySelectorAll('#found code')].map((one) => one.textContent)"

    focus, hits, bright, opened, address, scale = clinic.run(
        *({"key": "/"}, ask(FOCUS), {"type": "sha256"}, ask(found), ask(BRIGHT)),
        *({"key": "Enter"}, ask(OPEN), ask(ADDRESS), ask(SCALE)),
    )

    assert focus == "q"
    assert hits == ["documents.sha256"]
    assert bright == ["documents"]
    assert opened == "documents"
    assert address.startswith("#table=documents&q=sha256&at=")
    assert scale == pytest.approx(0.7)


def test_search_reads_comments_and_finds_nothing_where_nothing_is(clinic: Browser) -> None:
    said = "document.getElementById('said').textContent"

    assert clinic.run({"key": "/"}, {"type": "replaces older"}, ask(BRIGHT), ask(said)) == [["notes"], "1 found"]
    assert clinic.run({"key": "/"}, {"type": "zebra"}, ask(BRIGHT), ask(said)) == [[], "0 found"]


def test_what_a_search_says(clinic: Browser) -> None:
    listed = "[...document.querySelectorAll('#found li')].map((one) => one.firstChild.textContent)"
    seek = "q => { document.getElementById('q').value = q; document.getElementById('q').dispatchEvent(new Event('input')); }"

    def sought(words: str) -> list[dict[str, Any]]:
        return [ask(f"({seek})({json.dumps(words)})"), ask(listed)]

    nothing, many, dotted, first = clinic.run(*sought("zebra"), *sought("id"), *sought("beds.room"), *sought("room"))[
        1::2
    ]

    assert nothing == ["Nothing found"]
    assert len(many) == 41
    assert re.fullmatch(r"\d+ more: type on to see them", many[-1])
    assert dotted == ["beds.room_id"]
    assert first[0] == "rooms"


@pytest.mark.parametrize("width", [1400, 420])
def test_what_is_found_is_in_sight(clinic: Browser, width: int) -> None:
    edges = "(({ left, right, top, bottom }) => [left, top, innerWidth - right, innerHeight - bottom])(document.getElementById('found').getBoundingClientRect())"

    (found,) = clinic.run({"key": "/"}, {"type": "id"}, ask(edges), width=width)

    assert min(found) >= 0


def test_a_search_is_shown_while_a_table_is_open(clinic: Browser) -> None:
    value = ask("document.getElementById('q').value")
    seeking = ({"goto": "#table=beds"}, {"key": "/"}, {"type": "sha256"}, ask(BRIGHT))

    found, *left = clinic.run(*seeking, {"key": "Escape"}, {"key": "Escape"}, value, ask(OPEN), ask(FOCUS))

    assert found == ["documents"]
    assert left == ["", "beds", "q"]


def test_hide_and_show(clinic: Browser) -> None:
    click = "document.querySelector('[aria-label=\"Show {}\"]').click()"
    group = "document.querySelectorAll('[data-group]')[1]"

    steps = [
        ask(click.format("beds")),
        ask(SHOWN),
        ask(ADDRESS),
        ask(f"{group}.indeterminate"),
        ask(f"{group}.click()"),
        ask(SHOWN),
    ]
    _, hidden, address, partly, _, without_group = clinic.run(*steps)
    assert (hidden, address, partly, without_group) == (50, "#hide=beds", True, 44)

    nothing, all_again = clinic.run(
        ask("document.getElementById('none').click()"),
        ask(SHOWN),
        ask("document.getElementById('all').click()"),
        ask(SHOWN),
    )[1::2]
    assert (nothing, all_again) == (0, 51)


def test_hiding_leaves_the_place_and_the_focus(clinic: Browser) -> None:
    hide = "document.querySelector('[aria-label=\"Show {}\"]').click()"
    before, _, after = clinic.run({"goto": "#at=900,500,80"}, ask(PLACE), ask(hide.format("beds")), ask(PLACE))
    assert before == after

    button = "document.getElementById('hide').focus()"
    _, focused = clinic.run({"goto": "#table=beds"}, ask(button), {"key": "Enter"}, ask(FOCUS))
    assert focused in {"equipment", "rooms", "nurses"}
    article = "document.querySelector('article.open').focus()"
    assert clinic.run({"goto": "#table=beds"}, ask(article), {"key": "h"}, ask(FOCUS))[1] == focused


def test_the_list_shows_what_a_view_has(clinic: Browser) -> None:
    free = "[...document.querySelectorAll('[data-table]:enabled')].map((one) => one.nextSibling.textContent)"
    groups = "[...document.querySelectorAll('[data-group]:enabled')].map((one) => one.closest('h2').textContent)"

    tables, names = clinic.run({"goto": "#view=places"}, ask(free), ask(groups))

    assert tables == ["beds", "buildings", "departments", "equipment", "equipment_checks", "rooms", "wards"]
    assert names == ["places 7"]


def test_a_table_and_its_neighbours_are_a_view_that_is_named(clinic: Browser) -> None:
    chosen = ask("document.getElementById('view').selectedOptions[0].textContent")
    toggle = ask("document.getElementById('related').click()")

    named = clinic.run(
        {"goto": "#view=places&table=wards"}, chosen, toggle, chosen, ask(SHOWN), toggle, chosen, ask(SHOWN)
    )

    assert named == ["places", None, "wards and its neighbours", 5, None, "places", 7]


def test_one_can_go_back(clinic: Browser) -> None:
    click = "[...document.querySelectorAll('nav a')].find((one) => one.textContent === '{}').click()"
    wheel = {"wheel": [700, 450, -250]}
    steps = (ask(click.format("beds")), ask(ADDRESS), wheel, ask(ADDRESS), ask(click.format("rooms")), ask(ADDRESS))

    results = clinic.run({"goto": "#view=places"}, *steps, {"back": 1}, ask(OPEN), {"back": 1}, ask(OPEN), ask(ADDRESS))

    assert results[-3:] == ["beds", None, "#view=places"]


def test_a_link_to_what_is_gone_says_so(clinic: Browser) -> None:
    said = ask(
        "document.getElementById('said').getClientRects()[0].width > 50 && document.getElementById('said').textContent"
    )

    gone, here, away = clinic.run(
        *({"goto": "#table=gone&view=old&hide=beds"}, said, {"goto": "#table=beds"}, said),
        *({"goto": "#around=gone"}, {"key": "0"}, said),
    )

    assert gone == "Not here any more: gone, old"
    assert not here
    assert not away


def test_a_link_leads_to_a_view(clinic: Browser) -> None:
    assert clinic.run({"goto": "#table=beds&hide=rooms&hide=wards"}, ask(OPEN), ask(SHOWN), ask(ADDRESS)) == [
        *("beds", 49, "#table=beds&hide=rooms&hide=wards"),
    ]
    assert clinic.run({"goto": "#view=laboratory"}, ask(SHOWN), ask(ADDRESS)) == [7, "#view=laboratory"]
    assert clinic.run({"goto": "#around=wards"}, ask(SHOWN), ask(OPEN)) == [5, None]
    assert clinic.run({"goto": "#at=100,200,150"}, ask(SCALE), ask(ADDRESS)) == [1.5, "#at=100,200,150"]
    assert clinic.run({"goto": "#table-beds"}, ask(OPEN)) == ["beds"]
    assert clinic.run({"goto": "#table=gone&view=gone&around=gone&hide=gone&at=x"}, ask(OPEN), ask(SHOWN)) == [None, 51]


def test_keyboard_alone(clinic: Browser) -> None:
    to_picture = "document.querySelector('#map [tabindex=\"0\"]').focus()"
    results = clinic.run(
        {"goto": "#table=beds"},
        {"key": "Escape"},
        *(ask(FOCUS), {"key": "ArrowLeft"}, ask(FOCUS)),
        *({"key": "Enter"}, ask(OPEN), ask(FOCUS)),
        *({"key": "r"}, ask(SHOWN), {"key": "Escape"}, ask(OPEN), {"key": "Escape"}, ask(SHOWN)),
        *(ask(to_picture), {"key": "h"}, ask(SHOWN), {"key": "Escape"}, ask(SHOWN)),
        *({"key": "0"}, ask(SCALE), {"key": "+"}, ask(SCALE), {"key": "-"}, {"key": "-"}, ask(SCALE)),
        *(
            {"key": "?"},
            ask("document.getElementById('guide').open"),
            {"key": "Escape"},
            ask("document.getElementById('guide').open"),
        ),
    )

    assert results[0] == "beds"
    assert results[1] in {"rooms", "nurses"}
    assert results[2:4] == [results[1], results[1]]
    assert 3 <= results[4] < 10
    assert results[5:7] == [None, 51]
    assert results[8:10] == [50, 51]
    assert results[11] == pytest.approx(1.25 * results[10])
    assert results[12] == pytest.approx(0.8 * results[10])
    assert results[13:] == [True, False]


def test_the_picture_can_be_skipped_to(clinic: Browser) -> None:
    skip = "document.activeElement.className"

    first, focused, address, shown = clinic.run(
        *({"goto": "#view=places&hide=beds"}, {"key": "Tab"}, ask(skip), {"key": "Enter"}, ask(FOCUS)),
        *(ask(ADDRESS), ask(SHOWN)),
    )

    assert first == "skip"
    assert focused == "buildings"
    assert (address, shown) == ("#view=places&hide=beds", 6)


def test_tables_and_lines_are_heard_by_their_names(clinic: Browser) -> None:
    links, lines = clinic.run({"goto": "#around=wards"}, {"names": "link"}, {"names": "graphics-symbol"})

    names = [one.name for one in large("clinic").entities]
    shown = ["departments", "drug_stock", "nurses", "rooms", "wards"]
    assert sorted(links) == sorted(["Skip to the picture", *names, *shown])  # those of the list, and of the picture
    assert len(lines) == 4
    assert lines[0].startswith("drug_stock (ward_id) → wards (id): ")


def test_a_name_that_is_cut_is_heard_whole(tmp_path: Path) -> None:
    (links,) = Browser(tmp_path, named("x" * 500)).run({"names": "link"})

    assert links.count("x" * 500) == 1  # in the list it is cut


def test_what_a_table_means_is_its_tooltip(clinic: Browser) -> None:
    box = (
        "[...document.querySelectorAll('#world .t')].find((one) => one.querySelector('.n').firstChild.data === 'wards')"
    )
    place = "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(box.getBoundingClientRect())"

    (said,) = clinic.run(
        ask(
            f"(() => {{ const box = {box}; return document.elementFromPoint(...{place}).querySelector('title').textContent; }})()"
        )
    )

    wards = large("clinic").entity("wards")
    assert wards is not None
    assert said == wards.comment


def test_lines_that_are_lit_lie_above_the_others(clinic: Browser) -> None:
    lit = "[...document.querySelectorAll('#world .e')].map((one) => one.classList.contains('on'))"

    (lines,) = clinic.run({"goto": "#table=wards"}, ask(lit))

    assert lines == sorted(lines)
    assert sum(lines) == 4


def test_pointer(clinic: Browser) -> None:
    middle = "(() => {{ const one = [...document.querySelectorAll('#world .t')].find((box) => box.querySelector('.n').firstChild.data === '{}').querySelector('.b').getBoundingClientRect(); return [one.x + one.width / 2, one.y + one.height / 2]; }})()"
    (wards,) = clinic.run(ask(middle.format("wards")))
    hovered, opened, near = clinic.run({"move": wards}, ask(BRIGHT), {"click": wards}, ask(OPEN), ask(BRIGHT))
    assert hovered == near == ["departments", "drug_stock", "nurses", "rooms", "wards"]
    assert opened == "wards"

    before, after, none = clinic.run(
        ask(middle.format("wards")),
        {"drag": [*wards, wards[0] + 100, wards[1] + 50]},
        ask(middle.format("wards")),
        ask(OPEN),
    )
    assert after == [pytest.approx(before[0] + 100), pytest.approx(before[1] + 50)]
    assert none is None

    # A button that is released where the picture doesn't hear of it is released all the same.
    side, still = (253, 400, 100, 400), "document.getElementById('world').getAttribute('transform')"
    held, free = clinic.run(ask(still), {"hold": side}, {"move": [600, 400]}, {"move": [700, 500]}, ask(still))
    assert held == free

    before, wheeled, same, pinched = clinic.run(
        *(
            ask(SCALE),
            {"wheel": [*wards, -250]},
            ask(SCALE),
            ask(middle.format("wards")),
            {"pinch": [700, 450, 100, 200]},
            ask(SCALE),
        ),
    )
    assert wheeled == pytest.approx(before * 1.6487, rel=0.01)
    assert same == [pytest.approx(wards[0], abs=0.5), pytest.approx(wards[1], abs=0.5)]
    assert pinched == pytest.approx(wheeled * 2, rel=0.05)


def test_the_middle_stays_when_the_window_changes(clinic: Browser) -> None:
    before, after = clinic.run({"goto": "#at=900,500,80"}, ask(PLACE), {"size": [1200, 700]}, ask(PLACE))

    assert after == [pytest.approx(before[0] - 100), pytest.approx(before[1] - 100)]


def test_long_names_of_viewpoints_leave_room(tmp_path: Path) -> None:
    right = "document.getElementById('help').getBoundingClientRect().right <= innerWidth"
    list_ = "document.getElementById('side').scrollWidth <= 250"

    for width in (1400, 420):
        assert Browser(tmp_path, named("y" * 500)).run(ask(right), ask(list_), width=width)[0]


def test_what_is_shown_can_be_saved(clinic: Browser) -> None:
    save = """new Promise((done) => {
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.text().then(done); return make.call(URL, blob); };
        document.getElementById('save').click();
    })"""

    (saved,) = clinic.run({"goto": "#around=wards&table=wards"}, ask(save))

    root = ET.fromstring(saved)  # noqa: S314 - the page's own
    svg = "{http://www.w3.org/2000/svg}"
    names = [one.text for one in root.iter(f"{svg}text") if one.get("class") == "n"]
    assert names == ["departments", "drug_stock", "nurses", "rooms", "wards"]
    assert [one.get("class") for one in root.iter(f"{svg}path") if (one.get("class") or "").startswith("e")] == [
        "e on"
    ] * 4


def test_themes(clinic: Browser) -> None:
    paper = ask("getComputedStyle(document.body).backgroundColor")
    switch = ask("document.getElementById('theme').click()")
    light, dark = "rgb(255, 255, 255)", "rgb(13, 17, 23)"

    assert clinic.run(paper, switch, paper, switch, paper)[::2] == [light, light, dark]
    assert clinic.run(paper) == [dark]  # the choice is kept
    assert clinic.run(paper, dark=True, profile=str(clinic.folder / "another")) == [dark]


def test_without_script_it_is_a_document(clinic: Browser) -> None:
    visible = "[...document.querySelectorAll('{}')].filter((one) => one.getClientRects().length).length"
    inside = "document.getElementById('map').getBoundingClientRect().width <= innerWidth"

    steps = [ask(visible.format("article")), ask(visible.format("button,input,select")), ask(inside)]
    assert clinic.run(*steps, script=False) == [51, 0, True]


def test_it_can_be_printed(clinic: Browser) -> None:
    watch = "addEventListener('beforeprint', () => { window.printed = [map.getAttribute('viewBox'), world.getAttribute('transform')]; })"
    before, after = "[map.getAttribute('viewBox'), world.getAttribute('transform')]", "window.printed"
    pdf = {"pdf": str(clinic.folder / "page.pdf")}

    boxes = clinic.run({"goto": "#table=beds"}, ask(watch), ask(before), pdf, ask(after), ask(before))[1:]

    assert boxes[1][0].startswith("-20 -20 ")
    assert boxes[1][1] is None
    assert boxes[0] == boxes[2]
    assert boxes[0][0] is None
    assert (clinic.folder / "page.pdf").stat().st_size > 100_000


@pytest.mark.parametrize("name", ["</script><script>throw 1</script>", "\u202e<b>&amp;\"'", "a b&c=d#e%20+", "x" * 500])
def test_hostile_names(tmp_path: Path, name: str) -> None:
    browser = Browser(tmp_path, named(name))

    click = ask("document.querySelector('nav a').click()")
    opened, address, linked = browser.run(click, ask(OPEN), ask("location.hash || " + ADDRESS), ask(OPEN))[1:]

    assert opened == linked == name
    assert address


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 900), (420, 820)], ids=["wide", "narrow"])
def test_accessibility(clinic: Browser, size: tuple[int, int], *, dark: bool) -> None:
    axe = {"axe": str(AXE)}
    search = ({"key": "/"}, {"type": "name"})

    results = clinic.run(axe, {"goto": "#table=beds"}, axe, *search, axe, width=size[0], height=size[1], dark=dark)

    assert [found["violations"] for found in results] == [[], [], []]
    assert min(found["passes"] for found in results) > 30
