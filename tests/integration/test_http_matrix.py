"""Whatever the platform answers: each item's state, whether to go on, how often it was asked, and that its ledger agrees."""

import datetime as dt
import re
import socket
import ssl
import struct
import threading
from contextlib import ExitStack, contextmanager

import pandas as pd
import pyarrow as pa
import pytest
from http_matrix_cases import CASES, HASTY
from province_client import TOKEN, fields_of
from province_fixtures import PROFILE, people, province
from rest_server import Authority, speaking, tls_context

from connectors.platform_api import PlatformApi
from schemas.platform_api import ApiFormat
from simulator.province.trap import full_port
from transforms.json_texts import json_objects

SIZES, PLACES = (1, 50), ("first", "middle", "last")


def now():
    return dt.datetime.now(dt.UTC)


class Ear:
    """Hears of every request when its effects are on the platform's disk."""

    def __init__(self):
        self._changed, self._seen = threading.Condition(), []

    def __call__(self, seen):
        with self._changed:
            self._seen.append(seen)
            self._changed.notify_all()

    def count(self):
        return len(self._seen)

    def wait_for(self, count):
        """Returns when so many requests have had their effect, however busy the machine is."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._seen) >= count, timeout=20)


class Platform:
    """A platform, and all that is needed to call it."""

    def __init__(self, running, ear, ca_file=None):
        self.running, self.ear, self.ca_file, self.url = running, ear, ca_file, running.url

    @contextmanager
    def client(self, *, token=TOKEN, **api):
        settings = {"url": self.url, "ca_file": self.ca_file, "call_seconds": 20, **api}
        profile = PROFILE.model_copy(update={"api": ApiFormat(**settings)})
        with PlatformApi(profile, token) as called:
            yield called

    def effects(self, items):
        """How many effects each item had, by key."""
        wanted = dict.fromkeys(items["key"], 0)
        with self.running.view() as view:
            for person in items["person_id"]:
                for effect in view.history(str(person)):
                    wanted[effect.key] = wanted.get(effect.key, 0) + 1
        return wanted


@pytest.fixture(scope="module")
def platforms(tmp_path_factory):
    """The platforms of the matrix, each started when it is first called."""
    folder = tmp_path_factory.mktemp("matrix")
    authority, stranger = Authority(folder), Authority(folder, "stranger")
    certificates = {
        "tls": authority.certificate("127.0.0.1"),
        "wrong host": authority.certificate("gateway.example"),
        "self-signed": authority.certificate("127.0.0.1", self_signed=True),
        "expired": authority.certificate("127.0.0.1", days=-1),
        "unknown authority": stranger.certificate("127.0.0.1"),
    }
    started = {}
    with ExitStack() as stack:

        def platform(server):
            if server not in started:
                ear, more = Ear(), {}
                if server in certificates:
                    more["tls"] = tls_context(certificates[server])
                if server == "strict":
                    more["bad_item_refuses_batch"] = True
                running = stack.enter_context(province(folder / server, tell=ear, **more))
                started[server] = Platform(running, ear, authority.file if server in certificates else None)
            return started[server]

        yield platform


def new_items(size, place, *, bad):
    """Items about people nobody has used; the one at the place may lack its name."""
    chosen = {"first": 0, "middle": size // 2, "last": size - 1}[place]
    fields = [fields_of(person) for person in people(size)]
    if bad:
        fields[chosen]["姓名"] = ""
    columns = pd.DataFrame(fields)
    items = pd.DataFrame(
        {
            "key": ("key-" + columns["人员编号"]).astype("str"),
            "person_id": columns["人员编号"].astype("int64"),
            "revision": 1,
            "sent_as": pd.Series(["new"] * size, dtype="str"),
            "fields": json_texts(columns),
            "first_sent_at": pd.Series([now()] * size),
        }
    )
    return items.assign(payload=items["fields"]), chosen


def json_texts(columns):
    cells = {name: pa.array(columns[name].tolist(), pa.large_string()) for name in columns}
    return pd.Series(json_objects(cells).to_pylist(), dtype="str")


class Played:
    """A variant being played: what is sent, and the checks that hold for all of them."""

    def __init__(self, variant, platform, size, place):
        self.variant, self.platform, self.size = variant, platform, size
        self.items, self.chosen = new_items(size, place, bad=variant.bad)
        self.batch = f"b-{self.items['key'].iloc[0]}"
        self.asked_before = platform.ear.count()
        platform.running.script.clear()
        platform.running.script.add(*(fault.model_copy(update={"place": place}) for fault in variant.faults))

    def asked(self):
        return self.platform.ear.count() - self.asked_before

    def check_outcome(self, outcome, requests=None):
        variant = self.variant
        requests = variant.requests if requests is None else requests
        self.platform.ear.wait_for(self.asked_before + requests)
        assert [item.key for item in outcome.items] == self.items["key"].tolist()
        self.check_states([item.state for item in outcome.items], variant.states)
        assert (outcome.verdict, outcome.call_failed) == (variant.verdict, variant.call_failed), outcome.words
        assert re.search(variant.words, outcome.words), outcome.words
        assert outcome.retry_after == pytest.approx(variant.retry_after, abs=2)
        assert self.asked() == requests
        self.check_ledger([item.state for item in outcome.items])

    def check_states(self, states, wanted):
        expected = [wanted[1]] * self.size
        expected[self.chosen] = wanted[0]
        assert states == expected

    def check_ledger(self, states):
        effects = self.platform.effects(self.items)
        assert set(effects) == set(self.items["key"])
        for key, state in zip(self.items["key"], states, strict=True):
            assert effects[key] <= 1
            if state != "unknown":
                assert effects[key] == (state == "accepted")

    def check_read_back(self, client, outcome):
        """What was unknown is read back, and then it is known, and true."""
        is_unknown = [item.state == "unknown" for item in outcome.items]
        assert any(is_unknown) == (self.variant.settled is not None)
        if not any(is_unknown):
            return
        settled = client.look_up(self.items[is_unknown], now=now)
        by_key = {item.key: item.state for item in settled.items}
        states = [by_key.get(item.key, item.state) for item in outcome.items]
        if self.variant.settled == ("half", "half"):
            assert states == ["accepted"] * (self.size // 2) + ["pending"] * (self.size - self.size // 2)
        else:
            self.check_states(states, self.variant.settled)
        self.check_ledger(states)


def send_in_halves(client, items):
    """Sends until nothing is pending, in batches as large as they may be; states by key, and how many batches."""
    states, waiting, batches = {}, [items], 0
    while waiting:
        part = waiting.pop()
        batches += 1
        outcome = client.send(part, batch=f"h-{batches}", now=now)
        again = [item.state == "pending" for item in outcome.items]
        assert outcome.verdict == ("split" if any(again) else "ok")
        if any(again):
            most = outcome.items[0].largest_batch
            waiting += [part[start : start + most] for start in range(0, len(part), most)]
        states |= {item.key: item.state for item in outcome.items}
    return states, batches


@pytest.mark.parametrize("size", SIZES, ids=["alone", "of fifty"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", CASES)
def test_every_answer_has_its_consequence(platforms, case, place, size):
    for variant in CASES[case]:
        play = PLAYS.get(variant.server, play_once)
        platform = platforms(variant.server if variant.server in OWN_PLATFORM else "plain")
        play(Played(variant, platform, size, place))
        assert platform.running.trap_hits == 0


def play_once(played, **api):
    with played.platform.client(**{**played.variant.api, **api}) as client:
        outcome = client.send(played.items, batch=played.batch, now=now)
        played.check_outcome(outcome)
    with played.platform.client() as client:
        played.check_read_back(client, outcome)
        if "processing" in {item.state for item in outcome.items}:
            poll_until_told(played, client, outcome)


def poll_until_told(played, client, outcome):
    """Receipts are asked for: not yet, then told, and what nobody is told of for too long is read back."""
    played.items["receipt"] = pd.Series([item.receipt for item in outcome.items], dtype="str")
    waiting = played.items[[item.state == "processing" for item in outcome.items]]
    if not len(waiting):
        return
    assert {item.state for item in client.poll(waiting, now=now).items} == {"processing"}
    late = waiting.assign(first_sent_at=now() - dt.timedelta(days=3))
    assert {item.state for item in client.poll(late, now=now).items} == {"unknown"}
    assert {item.state for item in client.look_up(late, now=now).items} == {"pending"}
    played.platform.running.clock.ahead += 601
    try:
        told = client.poll(waiting, now=lambda: now() + dt.timedelta(seconds=played.platform.running.clock.ahead))
    finally:
        played.platform.running.clock.ahead -= 601
    assert {(item.state, item.retry_after) for item in told.items} == {("accepted", None)}
    assert all(played.platform.effects(waiting).values())


def play_to_nobody(played):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        play_once(played, url=f"http://127.0.0.1:{closed.getsockname()[1]}")


def play_to_a_full_port(played):
    with full_port() as port:
        play_once(played, url=f"http://127.0.0.1:{port}")


def play_to_one_who_resets(played):
    def reset(connection):
        connection.recv(1)  # in the middle of the handshake
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with speaking(reset, tls=ssl.create_default_context()) as server:
        play_once(played, url=server.url)


def play_as_a_stranger(played):
    play_once(played, token="not-the-token")


def play_in_halves(played):
    """Only the bad item is left behind, and no batch is sent more often than halving needs."""
    with played.platform.client() as client:
        states, batches = send_in_halves(client, played.items)
    played.check_states([states[key] for key in played.items["key"]], played.variant.states)
    played.check_ledger([states[key] for key in played.items["key"]])
    assert played.asked() == batches <= (1 if played.size == 1 else 13)


def play_too_large(played):
    """A single item that is too large stops; a batch is halved until it is small enough."""
    if played.size > 1:
        play_in_halves(played)
        return
    too_large = played.variant.faults[0].model_copy(update={"least_items": 0, "times": 1})
    played.platform.running.script.add(too_large)
    with played.platform.client() as client:
        outcome = client.send(played.items, batch=played.batch, now=now)
    assert ([item.state for item in outcome.items], outcome.verdict) == (["pending"], "stop")
    played.check_ledger(["pending"])


def play_with_a_key_used_before(played):
    """The same key with another content stops; reading back finds the other content at the place, and nobody else."""
    with played.platform.client() as client:
        first = played.items.iloc[[played.chosen]]
        assert client.send(first, batch=played.batch, now=now).items[0].state == "accepted"
        other = played.items["fields"].str.replace("测试甲", "测试乙")
        changed = played.items.assign(fields=other, payload=other)
        outcome = client.send(changed, batch=f"{played.batch}-2", now=now)
        assert ({item.state for item in outcome.items}, outcome.verdict) == ({"unknown"}, "stop")
        settled = client.look_up(changed, now=now)
    played.check_states([item.state for item in settled.items], ("held", "pending"))
    assert settled.items[played.chosen].code == "other-content"
    assert played.asked() == 3


def play_after_a_check(played):
    """Before anything is sent the clocks are compared."""
    with played.platform.client() as client:
        checked = client.check(now=now)
        assert (checked.verdict, checked.items) == (played.variant.verdict, [])
        assert re.search(played.variant.words, checked.words)
        if checked.verdict == "ok":
            assert 120 < checked.skew.total_seconds() <= 131
            outcome = client.send(played.items, batch=played.batch, now=now)
            played.check_outcome(outcome)
            return
    assert played.asked() == 1
    played.check_ledger(["pending"] * played.size)


PLAYS = {
    "nobody": play_to_nobody,
    "full": play_to_a_full_port,
    "resets": play_to_one_who_resets,
    "stranger": play_as_a_stranger,
    "strict": play_in_halves,
    "small": play_too_large,
    "reused": play_with_a_key_used_before,
    "checked first": play_after_a_check,
}
OWN_PLATFORM = {"strict", "tls", "wrong host", "self-signed", "expired", "unknown authority"}


def test_there_are_as_many_cases_as_in_the_table():
    assert len(CASES) * len(PLACES) * len(SIZES) == 168


def test_a_slow_platform_is_left_at_the_deadline(platforms):
    platform = platforms("plain")
    for variant in CASES["slow, endless, too large"]:
        played = Played(variant, platform, 1, "first")
        with platform.client(**variant.api) as client:
            began = dt.datetime.now(dt.UTC)
            client.send(played.items, batch=played.batch, now=now)
            assert (dt.datetime.now(dt.UTC) - began).total_seconds() < HASTY["call_seconds"] + 1
