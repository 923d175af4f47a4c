"""Every card, finding and reason of the push is explained, and names commands that there are."""

import re

import pytest

from connectors.http_calls.call import Why
from connectors.platform_api.decisions import STATUSES
from flows import night
from flows.cli import app
from flows.telling import push
from flows.telling.push_reason_words import PUSH_REASONS
from flows.watching import night_cards, situation, watch
from flows.watching.card_words import CARD_WORDS
from flows.watching.cards import Card, card, in_order, worst_lamp
from flows.watching.code_help import all_codes, explained
from flows.watching.watch import ALARMS
from schemas.errors import ConfigurationInvalid
from schemas.findings import CATALOGUE


@pytest.mark.parametrize("code", CARD_WORDS)
def test_every_card_says_whose_job_it_is_and_what_to_do(code: str) -> None:
    words = CARD_WORDS[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert all([words.title, words.meaning, words.todo])
    assert not words.title.endswith("。")
    assert words.meaning.endswith("。")


@pytest.mark.parametrize("code", [code for code, words in CARD_WORDS.items() if words.command])
def test_a_card_names_commands_that_there_are(code: str) -> None:
    for command in re.findall(r"eldersync ([a-z-]+)", CARD_WORDS[code].command):
        assert command in set(app)
    made = card(code, "", run=7, source="village_survey")
    assert "{" not in made.command


def test_every_red_card_rings_the_watchdogs_alarm() -> None:
    assert {code for code, words in CARD_WORDS.items() if words.lamp == "red"} <= ALARMS <= set(CARD_WORDS)


def test_every_code_is_explained() -> None:
    codes = [line["code"] for line in all_codes()["codes"]]
    assert len(codes) == len(set(codes)) == len(CARD_WORDS) + len(CATALOGUE) + len(PUSH_REASONS)
    for code in codes:
        found = explained(code)
        assert (found["code"], bool(found["title"] and found["owner"] and found["meaning"] and found["todo"])) == (
            code,
            True,
        )


def test_a_code_nobody_knows_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationInvalid, match="did you mean disk-low"):
        explained("disk-lwo")


def test_whatever_stops_a_push_by_its_status_or_for_want_of_an_answer_is_explained() -> None:
    no_answer = {why.name.lower().replace("_", "-") for why in Why}
    statuses = {f"http-{status}" for status in STATUSES}
    assert no_answer | statuses <= set(PUSH_REASONS)


def test_words_that_are_told_apart_are_those_that_are_written() -> None:
    assert night_cards._CANCELLED == watch._ENDED_BY_SOMEBODY == night.CANCELLED
    assert night_cards.STAGE_WORDS.keys() == {"receive", "take", "merge", "plan", "push", "report"}
    assert situation._ANSWER_WITHIN == push.ANSWER_WITHIN


def test_red_cards_come_first_and_give_the_lamp() -> None:
    cards = [card("source-late", ""), card("rows-to-return", ""), card("disk-low", "")]
    assert [one.code for one in in_order(cards)] == ["disk-low", "source-late", "rows-to-return"]
    assert worst_lamp("green", cards) == "red"
    assert worst_lamp("none", []) == "none"


def test_a_card_may_know_better_whose_job_it_is() -> None:
    made = card("source-failed", "连不上", owner="来源单位", of="残疾人名册", source="disability_federation")
    assert isinstance(made, Card)
    assert (made.owner, made.title) == ("来源单位", "来源取件失败：残疾人名册")
    assert made.command == "eldersync run --source disability_federation"
