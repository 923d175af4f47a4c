"""The handbooks agree with the program: every card is in them, their pictures are those the tests take, and their parts are found."""

import re
from pathlib import Path

import pytest

from flows.telling.push_reason_words import PUSH_REASONS
from flows.watching.card_words import CARD_WORDS
from scripts.write_reference import render_cards

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PARTS = sorted((ROOT / "docs").glob("operators-*.md"))
PICTURE_TESTS = sorted((ROOT / "tests" / "end_to_end").glob("test_*_pictures.py"))


def test_the_page_of_cards_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs/operators-cards.md").read_text(encoding="utf-8") == render_cards()


@pytest.mark.parametrize("code", [*CARD_WORDS])
def test_every_card_has_a_heading_to_link_to(code: str) -> None:
    assert render_cards().count(f"\n### {code}\n") == 1


@pytest.mark.parametrize("code", [*PUSH_REASONS])
def test_every_reason_of_the_push_has_one_line(code: str) -> None:
    assert render_cards().count(f"\n| `{code}` |") == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_no_picture_but_those_the_tests_take(page: Path) -> None:
    taken = "\n".join(path.read_text(encoding="utf-8") for path in PICTURE_TESTS)
    shown = re.findall(r"!\[[^]]*\]\(\S*?([\w-]+)\.png\)", page.read_text(encoding="utf-8"))
    assert [name for name in shown if f'"{name}"' not in taken] == []


def test_every_picture_that_is_kept_is_taken() -> None:
    taken = "\n".join(path.read_text(encoding="utf-8") for path in PICTURE_TESTS)
    assert [path.name for path in (ROOT / "docs/images").iterdir() if f'"{path.stem}"' not in taken] == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.stem)
def test_the_handbook_leads_to_each_of_its_parts_and_each_part_back(part: Path) -> None:
    assert f"]({part.name})" in (ROOT / "docs/operators.md").read_text(encoding="utf-8")
    assert "](operators.md)" in part.read_text(encoding="utf-8")
