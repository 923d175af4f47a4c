"""Faults happen when the script says so, in its order, or by a chance that can be repeated; a wrong script is told by its key."""

import re
from collections import Counter
from pathlib import Path

import pytest
from province_items import item_of
from pydantic import ValidationError

from schemas.errors import ConfigurationInvalid
from simulator.province.behaviour import Behaviour, Endpoint
from simulator.province.fault_script import Chance, FaultScript, ScriptedFault, load_rehearsal
from simulator.province.faults import KINDS, PASSING, Fault, Kind, Moment

PAGE = (Path(__file__).parents[3] / "docs/simulated-province.md").read_text(encoding="utf-8")
BATCH = [item_of(1), item_of(2)]


def drawn(script, times=1, *, endpoint=Endpoint.UPSERT, items=BATCH):
    return [fault and fault.kind for fault in (script.fault_for(endpoint, items) for _ in range(times))]


def scripted(kind, **more):
    return ScriptedFault(kind=kind, **more)


def test_every_kind_is_known_and_has_words_of_its_own():
    assert set(KINDS) == set(Kind)
    assert len({facts.words for facts in KINDS.values()}) == len(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_explained(kind):
    moments, statuses = (" ".join(map(str, told)) for told in (KINDS[kind].moments, KINDS[kind].statuses))
    assert re.search(rf"^\| `{kind}` \| .*\| {moments} \| {statuses} ?\|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("model", [Behaviour, Fault, ScriptedFault, Chance], ids=lambda model: model.__name__)
def test_every_key_of_a_rehearsal_is_explained(model):
    assert [key for key in model.model_fields if f"`{key}`" not in PAGE] == []


def test_a_script_is_taken_in_order_each_as_often_as_it_says():
    script = FaultScript([scripted("reset", times=2), scripted("server-error")])
    script.add(scripted("login-page"))
    assert script.left == 4
    assert drawn(script, 5) == ["reset", "reset", "server-error", "login-page", None]
    assert script.left == 0


@pytest.mark.parametrize(("match", "fits"), [
    ({"endpoint": "upsert"}, True), ({"endpoint": "query"}, False), ({"person": "2"}, True), ({"person": "3"}, False),
    ({"key": "1-1"}, True), ({"key": "1-2"}, False), ({"least_items": 2}, True), ({"least_items": 3}, False),
], ids=str)  # fmt: skip
def test_a_fault_waits_for_a_request_that_fits(match, fits):
    script = FaultScript([scripted("reset", **match), scripted("not-found")])
    assert drawn(script) == ["reset" if fits else "not-found"]
    assert script.left == 1


def test_what_is_about_items_waits_for_a_batch():
    script = FaultScript([scripted("item-missing")])
    assert drawn(script, endpoint=Endpoint.QUERY, items=[]) == [None]
    assert drawn(script) == ["item-missing"]


def test_a_refused_connection_is_no_matter_of_requests():
    script = FaultScript([scripted("reset-on-connect")])
    assert drawn(script) == [None]
    assert [script.refuses_connection(), script.refuses_connection()] == [True, False]


def test_chance_can_be_repeated_and_keeps_its_share():
    chance = Chance(probability=0.2, seed=5)
    first, again = (drawn(FaultScript(chance=chance), 2000) for _ in range(2))
    assert first == again
    assert drawn(FaultScript(chance=Chance(probability=0.2, seed=6)), 2000) != first
    counted = Counter(first)
    assert 320 < 2000 - counted.pop(None) < 480
    assert set(counted) == set(PASSING)


def test_chance_is_confined_to_kinds_and_endpoints():
    chance = Chance(probability=1, kinds=(Kind.RESET,), endpoints=(Endpoint.QUERY,))
    assert drawn(FaultScript(chance=chance), 3) == [None] * 3
    script = FaultScript(chance=chance)
    assert drawn(script, 2, endpoint=Endpoint.QUERY, items=[]) == ["reset", "reset"]
    script.clear()
    assert drawn(script, endpoint=Endpoint.QUERY, items=[]) == [None]


def test_chance_draws_every_moment():
    script = FaultScript(chance=Chance(probability=1, kinds=(Kind.RESET,)))
    assert {script.fault_for(Endpoint.UPSERT, BATCH).when for _ in range(50)} == set(Moment)


def test_the_usual_moment_and_status_need_not_be_said():
    assert Fault(kind="redirect").http_status == 302
    assert Fault(kind="redirect", status=308).http_status == 308
    assert Fault(kind="reset").when is Moment.BEFORE
    assert Fault(kind="item-missing").name == "item-missing/after"


@pytest.mark.parametrize("wrong", [
    {"kind": "earthquake"}, {"kind": "items-reordered", "moment": "before"}, {"kind": "server-error", "status": 503},
    {"kind": "reset", "often": 2},
], ids=["no kind", "no such moment", "no such status", "no such key"])  # fmt: skip
def test_what_cannot_happen_is_a_mistake(wrong):
    with pytest.raises(ValidationError):
        Fault(**wrong)


def test_a_file_says_behaviour_faults_and_chance(tmp_path):
    path = tmp_path / "rehearsal.toml"
    path.write_text("""
[behaviour]
envelope = "status-1"
endpoints = { upsert = "/ebus/other/save" }
[[faults]]
kind = "too-many"
retry_after = "date+30"
times = 3
[chance]
probability = 0.1
""")
    rehearsal = load_rehearsal(path)
    assert rehearsal.behaviour.paths[Endpoint.UPSERT] == "/ebus/other/save"
    assert rehearsal.behaviour.paths[Endpoint.QUERY] == "/ebus/elders/query"
    assert FaultScript(rehearsal.faults, rehearsal.chance).left == 3


@pytest.mark.parametrize(("text", "said"), [
    ("[[faults]]\nkind = 'earthquake'", "faults.0.kind"),
    ("[[faults]]\nkind = 'reset'\ntimes = 0", "faults.0.times"),
    ("[behaviour]\nkeys = 'a while'", "behaviour.keys"),
    ("[behaviour]\nendpoints = { upsert = '/a', query = '/a' }", "behaviour: endpoints: two have the same path"),
    ("[chance]\nprobability = 2", "chance.probability"),
    ("[chance]\nprobability = 1\nkinds = ['reset-on-connect']", "chance.kinds: reset-on-connect comes from a script only"),
    ("faults", "not readable as TOML"),
], ids=["kind", "times", "keys", "same path", "probability", "kind by chance", "no TOML"])  # fmt: skip
def test_a_wrong_file_is_told_by_its_key(tmp_path, text, said):
    path = tmp_path / "rehearsal.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationInvalid) as failure:
        load_rehearsal(path)
    assert str(failure.value).startswith(f"{path}: {said}")
    assert "earthquake" not in str(failure.value)
    with pytest.raises(ConfigurationInvalid, match="not readable: No such file"):
        load_rehearsal(tmp_path / "none.toml")
