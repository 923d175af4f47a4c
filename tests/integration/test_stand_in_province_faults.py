"""Every fault of the catalogue, at every moment and with every status, as a client sees it, and what it did to people meanwhile."""

import email.utils
import http.client
import json
import time
import zlib
from contextlib import closing

import pytest
from province_client import Client, item_of, raw_request, read_all
from province_fixtures import people, province

from simulator.province.fault_script import ScriptedFault
from simulator.province.faults import KINDS, Kind, Moment

ITEMS = 3
PATIENCE = 5.0


def every_case():
    for kind, facts in KINDS.items():
        for moment in facts.moments:
            for status in facts.statuses or (None,):
                name = f"{kind} {status}" if len(facts.statuses) > 1 else str(kind)
                yield pytest.param(kind, moment, status, id=f"{name}, {moment} the effect")


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with province(tmp_path_factory.mktemp("province")) as running:
        yield running


class Try:
    """One batch of people nobody knew, sent into a fault."""

    def __init__(self, platform, fault):
        self.platform, self.fault = platform, fault
        self.people = people(ITEMS)
        self.keys = [f"{person}-1" for person in self.people]
        self.document = {"batch": f"b-{self.people[0]}", "items": [item_of(person) for person in self.people]}
        platform.script.add(fault)

    def ask(self):
        with Client(self.platform.port) as client:
            return client.send("/ebus/elders/upsert", self.document)

    def call(self):
        return raw_request(self.platform.port, self.document)

    def effects(self):
        with self.platform.view() as view:
            return [len(view.history(str(person))) for person in self.people]

    def wait_for(self, effects):
        until = time.monotonic() + PATIENCE
        while self.effects() != effects and time.monotonic() < until:
            time.sleep(0.01)
        return self.effects()


@pytest.mark.parametrize(("kind", "moment", "status"), list(every_case()))
def test_a_fault_is_seen_and_does_no_more_than_it_says(platform, kind, moment, status):
    seconds = {Kind.LATE_ANSWER: 0.8, Kind.SLOW_HEAD: 0.0005, Kind.SLOW_BODY: 0.0005, Kind.SKEWED_DATE: -300}.get(kind)
    fault = ScriptedFault(kind=kind, moment=moment, status=status, seconds=seconds, retry_after="7")
    tried = Try(platform, fault)
    SEEN[kind](tried)
    assert platform.script.left == 0
    assert tried.effects() == effects_after(kind, moment)
    if kind is not Kind.RESET_ON_CONNECT:
        with platform.view() as view:
            noted = next(seen for seen in view.requests() if seen.batch == tried.document["batch"])
            assert (noted.fault, noted.status) == (fault.name, fault.http_status)


def effects_after(kind, moment):
    if (kind, moment) in {(Kind.LATE_ANSWER, Moment.BEFORE)} or kind is Kind.PROCESSING:
        return [1, 1, 1]
    if (kind, moment) == (Kind.ITEM_MISSING, Moment.BEFORE):
        return [1, 0, 1]
    return {Moment.BEFORE: [0, 0, 0], Moment.HALF: [1, 0, 0], Moment.AFTER: [1, 1, 1]}[moment]


# What a client sees


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def refused(code=None, *, header=None, is_page=False):
    def see(tried):
        said = tried.ask()
        assert said.status == tried.fault.http_status
        if is_page:
            assert said.headers["content-type"].startswith("text/html")
            assert said.body.startswith(b"<")
        else:
            assert said.document["code"] == (code or said.status)
        for name, value in (header or {}).items():
            assert said.headers[name] == value

    return see


def body(check):
    def see(tried):
        said = tried.ask()
        assert said.status == 200
        assert said.headers["content-type"].startswith("application/json")
        check(said.body)

    return see


def truncated(received):
    assert received.startswith(b'{"code":200')
    assert not is_json(received)


def invalid(received):
    assert received.endswith(b"}")
    assert not is_json(received)


def empty(received):
    assert received == b""


def no_content(tried):
    said = tried.ask()
    assert (said.status, said.body) == (204, b"")
    assert "content-length" not in said.headers


def redirected(tried):
    hits = tried.platform.trap_hits
    said = tried.ask()
    assert said.status == tried.fault.http_status
    assert said.headers["location"] == f"http://127.0.0.1:{tried.platform.trap_port}/ebus/elders/elsewhere"
    assert tried.platform.trap_hits == hits


def signature(tried):
    said = tried.ask()
    assert said.status == 500
    assert said.body.decode() == '{"code":400001,"msg":"鉴权失败，鉴权信息有误。"}'


def other_batch(tried):
    said = tried.ask()
    assert said.document["data"]["batch"] != tried.document["batch"]
    assert said.statuses == dict.fromkeys(tried.keys, "accepted")


def other_answer(tried):
    said = tried.ask()
    assert said.document["data"]["batch"] != tried.document["batch"]
    assert not set(said.items) & set(tried.keys)


def told(*places):
    """Which of our items are answered, by their place, in the order of the answer; None for what is not ours."""

    def see(tried):
        said = tried.ask()
        items = said.document["data"]["items"]
        assert said.document["data"]["batch"] == tried.document["batch"]
        assert [tried.keys.index(item["key"]) if item["key"] in tried.keys else None for item in items] == list(places)
        assert {item["status"] for item in items} == {"accepted"}

    return see


def contradicted(tried):
    items = tried.ask().document["data"]["items"]
    assert [item["status"] for item in items if item["key"] == tried.keys[1]] == ["accepted", "rejected"]
    assert len(items) == ITEMS + 1


def multi_status(tried):
    said = tried.ask()
    assert said.status == 207
    assert said.statuses == dict.fromkeys(tried.keys, "accepted")


def processing(tried):
    said = tried.ask()
    assert said.status == tried.fault.http_status
    assert said.statuses == dict.fromkeys(tried.keys, "processing")
    assert tried.effects() == [0, 0, 0]
    with Client(tried.platform.port) as client:
        outcome = client.receipts(*(item["receipt"] for item in said.items.values()))
    assert outcome.statuses == dict.fromkeys(tried.keys, "accepted")


def reset_on_connect(tried):
    with pytest.raises(ConnectionError), closing(tried.call()) as connection:
        connection.recv(1)


def reset(tried):
    with closing(tried.call()) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def broken_off(tried):
    with pytest.raises(http.client.IncompleteRead) as failure:
        tried.ask()
    assert failure.value.partial.startswith(b'{"code":200')


def no_answer(tried):
    with closing(tried.call()) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def late(tried):
    is_effect_late = tried.fault.when is Moment.BEFORE
    with closing(tried.call()) as connection:
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert tried.effects() == ([0, 0, 0] if is_effect_late else [1, 1, 1])
        if not is_effect_late:
            connection.settimeout(PATIENCE)
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    assert tried.wait_for([1, 1, 1]) == [1, 1, 1]  # also where the client has gone


def hangs_up(tried):
    received = read_all(tried.call())
    head, _, rest = received.partition(b"\r\n\r\n")
    assert is_json(rest)
    assert b"connection" not in head.lower()


def slow(tried):
    with closing(tried.call()) as connection:
        pieces = []
        while not is_json(b"".join(pieces).partition(b"\r\n\r\n")[2]):
            pieces.append(connection.recv(1 << 16))
    assert len(pieces) > 5


def endless(tried):
    received = read_all(tried.call(), 1 << 20)
    assert b"Transfer-Encoding: chunked" in received
    assert received.count(b'"accepted"') == ITEMS
    assert len(received) >= 1 << 20


def bomb(tried):
    head, _, packed = read_all(tried.call(), 1 << 16).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    unpacked, opened = 0, zlib.decompressobj(31)
    while packed:
        size, _, packed = packed.partition(b"\r\n")
        unpacked += len(opened.decompress(packed[: int(size, 16)], 1 << 26))
        packed = packed[int(size, 16) + 2 :]
    assert unpacked > 30 << 20


def huge(tried):
    received = read_all(tried.call(), 1 << 20)
    assert f"Content-Length: {10 << 30}".encode() in received
    assert len(received) >= 1 << 20


def skewed(tried):
    said = tried.ask()
    assert said.statuses == dict.fromkeys(tried.keys, "accepted")
    shown = email.utils.parsedate_to_datetime(said.headers["date"]).timestamp()
    assert shown - time.time() == pytest.approx(-300, abs=5)


SEEN = {
    Kind.BUSINESS_CODE: refused(5001),
    Kind.LOGIN_PAGE: refused(is_page=True),
    Kind.EMPTY_BODY: body(empty),
    Kind.TRUNCATED_JSON: body(truncated),
    Kind.INVALID_JSON: body(invalid),
    Kind.NO_CONTENT: no_content,
    Kind.REDIRECT: redirected,
    Kind.BAD_REQUEST: refused(),
    Kind.UNAUTHORISED: refused(),
    Kind.FORBIDDEN: refused(),
    Kind.NOT_FOUND: refused(),
    Kind.METHOD_REFUSED: refused(),
    Kind.MEDIA_REFUSED: refused(),
    Kind.IN_PROGRESS: refused(3002),
    Kind.ALREADY_EXISTS: refused(2001),
    Kind.TOO_LARGE: refused(),
    Kind.KEY_REUSED: refused(3001),
    Kind.TOO_MANY: refused(header={"retry-after": "7"}),
    Kind.SERVER_ERROR: refused(),
    Kind.SIGNATURE_REFUSED: signature,
    Kind.BAD_GATEWAY: refused(is_page=True),
    Kind.UNAVAILABLE: refused(is_page=True, header={"retry-after": "7"}),
    Kind.GATEWAY_TIMEOUT: refused(is_page=True),
    Kind.OTHER_BATCH: other_batch,
    Kind.OTHER_ANSWER: other_answer,
    Kind.ITEM_MISSING: told(0, 2),
    Kind.ITEM_DOUBLED: told(0, 1, 1, 2),
    Kind.ITEM_CONTRADICTED: contradicted,
    Kind.ITEM_FOREIGN: told(0, 1, None, 2),
    Kind.ITEMS_REORDERED: told(2, 1, 0),
    Kind.MULTI_STATUS: multi_status,
    Kind.PROCESSING: processing,
    Kind.RESET_ON_CONNECT: reset_on_connect,
    Kind.RESET: reset,
    Kind.BROKEN_OFF: broken_off,
    Kind.NO_ANSWER: no_answer,
    Kind.LATE_ANSWER: late,
    Kind.HANGS_UP: hangs_up,
    Kind.SLOW_HEAD: slow,
    Kind.SLOW_BODY: slow,
    Kind.ENDLESS_BODY: endless,
    Kind.GZIP_BOMB: bomb,
    Kind.HUGE_LENGTH: huge,
    Kind.SKEWED_DATE: skewed,
}


# Variants


@pytest.mark.parametrize(("place", "missing"), [("first", 0), ("middle", 1), ("last", 2)])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_any_item_can_be_missing(platform, place, missing, moment):
    tried = Try(platform, ScriptedFault(kind="item-missing", place=place, moment=moment))
    told(*(number for number in range(ITEMS) if number != missing))(tried)
    assert tried.effects() == [int(moment == "after" or number != missing) for number in range(ITEMS)]


@pytest.mark.parametrize("asked", [None, "0", "-5", "9999999999", "soon", "1.5"], ids=str)
def test_any_retry_after_can_be_asked_for(platform, asked):
    said = Try(platform, ScriptedFault(kind="too-many", retry_after=asked)).ask()
    assert (said.status, said.headers.get("retry-after")) == (429, asked)


@pytest.mark.parametrize(("asked", "ahead"), [("date+30", 30), ("date-30", -30), ("date+999999999", 999_999_999)])
def test_retry_after_can_be_an_instant(platform, asked, ahead):
    said = Try(platform, ScriptedFault(kind="too-many", retry_after=asked)).ask()
    instant = email.utils.parsedate_to_datetime(said.headers["retry-after"]).timestamp()
    assert instant - time.time() == pytest.approx(ahead, abs=5)


def test_an_outcome_that_never_comes_stays_processing(platform):
    said = Try(platform, ScriptedFault(kind="processing", seconds=1e9)).ask()
    with Client(platform.port) as client:
        receipts = [item["receipt"] for item in said.items.values()]
        assert set(client.receipts(*receipts).statuses.values()) == {"processing"}


def test_questions_go_wrong_too(platform):
    (person,) = people(1)
    with Client(platform.port) as client:
        client.upsert(item_of(person))
        platform.script.add(ScriptedFault(kind="server-error", endpoint="query"), ScriptedFault(kind="truncated-json"))
        assert client.query(persons=[str(person)]).status == 500
        assert not is_json(client.query(persons=[str(person)]).body)
        assert len(client.query(persons=[str(person)]).document["data"]["records"]) == 1


def test_a_person_can_spoil_every_batch(platform):
    bad, *good = people(4)
    platform.script.add(ScriptedFault(kind="bad-request", person=str(bad), times=3))
    with Client(platform.port) as client:
        assert client.upsert(*map(item_of, [bad, *good])).status == 400
        assert client.upsert(*map(item_of, [bad, good[0]])).status == 400
        assert client.upsert(*map(item_of, good)).status == 200
        assert client.upsert(item_of(bad)).status == 400
        assert client.upsert(item_of(bad)).status == 200


def test_whoever_follows_a_redirect_is_counted(platform):
    hits = platform.trap_hits
    said = Try(platform, ScriptedFault(kind="redirect", status=307)).ask()
    path = said.headers["location"].rpartition(f":{platform.trap_port}")[2]
    with Client(platform.trap_port) as client:
        assert client.send(path, {"batch": "b-1"}).document["code"] == 200
    assert platform.trap_hits == hits + 1


def test_others_are_served_while_one_is_kept_waiting(platform):
    waiting = [
        Try(platform, ScriptedFault(kind=kind)).call()
        for kind in ("no-answer", "endless-body", "gzip-bomb", "slow-body")
    ]
    began = time.monotonic()
    with Client(platform.port) as client:
        (person,) = people(1)
        said = client.upsert(item_of(person))
        assert said.statuses == {f"{person}-1": "accepted"}
    assert time.monotonic() - began < PATIENCE
    for connection in waiting:
        connection.close()
