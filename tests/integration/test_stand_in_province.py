"""The stand-in platform over HTTP: who gets in, what is taken, told and remembered, several clients at once."""

import email.utils
import http.client
import itertools
import json
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from province_client import Client, fields_of, id_number_of, item_of, raw_request, read_all, signed
from province_fixtures import people, province
from rest_server import Authority, tls_context

from schemas.errors import ConfigurationInvalid
from simulator.province.fault_script import Chance, FaultScript, ScriptedFault
from simulator.province.items import fields_digest
from simulator.province.reckoning import Expected, reckon
from simulator.province.trap import full_port

UPSERT = "/ebus/elders/upsert"
_batches = itertools.count(1)


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with province(tmp_path_factory.mktemp("province")) as running:
        yield running


@pytest.fixture
def client(platform):
    with Client(platform.port) as connected:
        yield connected


# Who gets in


@pytest.mark.parametrize("family", ["tif", "rio"])
def test_a_signed_request_gets_in(client, family):
    (person,) = people(1)
    said = client.send(UPSERT, {"batch": "b-1", "items": [item_of(person)]}, signed(family))
    assert said.statuses == {f"{person}-1": "accepted"}


@pytest.mark.parametrize(("headers", "words"), [
    ({}, "鉴权参数不完整"), (signed(token="wrong"), "鉴权失败，鉴权信息有误。"), (signed(paas_id="others"), "鉴权失败，鉴权信息有误。"),
    (signed(at=time.time() - 3600), "鉴权失败，鉴权信息有误。"),
], ids=["no headers", "wrong token", "another application", "an hour ago"])  # fmt: skip
def test_the_gateway_refuses_with_500_and_a_code_of_its_own(platform, client, headers, words):
    (person,) = people(1)
    said = client.send(UPSERT, {"batch": "b-1", "items": [item_of(person)]}, headers)
    assert (said.status, said.document) == (500, {"code": 400001, "msg": words})
    with platform.view() as view:
        assert view.history(str(person)) == []
        assert (view.requests()[-1].endpoint, view.requests()[-1].status) == ("", 500)


def test_the_window_is_the_platforms_and_moves_with_its_clock(tmp_path):
    with province(tmp_path, clock=Hand()) as platform, Client(platform.port) as client:
        client.at = 1_700_000_000 + 179
        assert client.page().status == 200
        client.at = 1_700_000_000 + 181
        assert client.page().status == 500
        platform.clock.ahead = 181
        said = client.page()
        assert said.status == 200
        assert email.utils.parsedate_to_datetime(said.headers["date"]).timestamp() == 1_700_000_181


def test_a_request_replayed_word_for_word_is_refused(client):
    headers = signed()
    assert client.send("/ebus/elders/list", {}, headers).status == 200
    assert client.send("/ebus/elders/list", {}, headers).status == 500


@pytest.mark.parametrize(("path", "method", "headers", "body", "status"), [
    ("/ebus/elders/delete", "POST", {}, b"{}", 404), (UPSERT, "GET", {}, b"", 405), (UPSERT, "PUT", {}, b"{}", 405),
    (UPSERT, "POST", {"Content-Type": "text/xml"}, b"{}", 415), (UPSERT, "POST", {"Content-Encoding": "gzip"}, b"{}", 415),
    (UPSERT, "POST", {}, b"{", 400), (UPSERT, "POST", {}, b"[" * 100_000, 400), (UPSERT, "POST", {}, b"{}", 400),
    (UPSERT, "POST", {}, "张三".encode("gbk"), 400), ("/ebus/elders/query", "POST", {}, b"{}", 400),
    ("/ebus/elders/query", "POST", {}, b'{"persons": "1"}', 400), ("/ebus/elders/list", "POST", {}, b'{"page": 0}', 400),
    ("/ebus/elders/list", "POST", {}, b'{"state": "all"}', 400), ("/ebus/elders/receipts", "POST", {}, b"[]", 400),
], ids=[
    "unknown path", "GET", "PUT", "XML", "compressed", "half JSON", "deep JSON", "no batch", "not UTF-8", "no question",
    "no list", "page 0", "no state", "no object",
])  # fmt: skip
def test_what_is_no_request_of_ours_is_refused(client, path, method, headers, body, status):
    said = client.send(path, body, signed() | headers, method)
    assert (said.status, said.document["code"]) == (status, status)


@pytest.mark.parametrize(("request_", "status"), [
    (b"HELLO\r\n\r\n", 400), (b"GET / HTTP/1.0\r\n\r\n", 505), (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400), (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411), (b"GET / HTTP/1.1\r\n" + b"x" * (2 << 20), 431),
], ids=["no HTTP", "old HTTP", "no header", "no length", "huge", "chunked", "endless head"])  # fmt: skip
def test_what_is_no_http_is_refused_and_hung_up_on(platform, request_, status):
    connection = raw_request(platform.port, {})
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
    connection.sendall(request_)
    assert read_all(connection).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(platform):
    connection = raw_request(platform.port, {})
    connection.recv(1 << 16)
    connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 500 ")
    connection.close()


# What is taken and told


def test_a_batch_is_answered_item_by_item(platform, client):
    good, nameless = people(2)
    said = client.upsert(item_of(good), item_of(nameless, 姓名=""), batch="b-7")
    assert said.document["data"]["batch"] == "b-7"
    assert said.items[f"{nameless}-1"] == {
        "key": f"{nameless}-1", "status": "rejected", "receipt": None, "code": "1001", "reason": "「姓名」为必填项",
    }  # fmt: skip
    receipt = said.items[f"{good}-1"]["receipt"]
    assert client.receipts(receipt, "R-none").document["data"]["items"] == [
        {"key": f"{good}-1", "status": "accepted", "receipt": receipt, "code": "", "reason": ""},
        {"key": "", "status": "unknown", "receipt": "R-none", "code": "2006", "reason": "回执不存在"},
    ]
    with platform.view() as view:
        (effect,) = view.history(str(good))
        assert (effect.key, effect.operation, effect.digest) == (f"{good}-1", "new", fields_digest(fields_of(good)))


def test_people_are_read_back_by_either_number(client):
    here, left, _ = people(3)
    client.upsert(item_of(here), item_of(left))
    client.withdraw(item_of(left, 2, "withdrawn"))
    said = client.query(persons=[str(here)], id_numbers=[id_number_of(left), id_number_of(999_999)])
    assert [(record["person"], record["revision"], record["state"]) for record in said.document["data"]["records"]] == [
        (str(here), 1, "present"), (str(left), 2, "withdrawn"),
    ]  # fmt: skip
    assert said.document["data"]["records"][0]["fields"] == fields_of(here)


def test_the_pages_of_the_list_add_up_to_its_total(tmp_path):
    everyone = people(23)
    with province(tmp_path, largest_page=10) as platform, Client(platform.port) as client:
        client.upsert(*map(item_of, everyone))
        client.withdraw(item_of(everyone[4], 2, "withdrawn"))
        pages = [client.page(page=number, size=50).document["data"] for number in (1, 2, 3, 4)]
        assert [(page["total"], page["size"], len(page["records"])) for page in pages] == [
            (22, 10, 10), (22, 10, 10), (22, 10, 2), (22, 10, 0),
        ]  # fmt: skip
        listed = [int(record["person"]) for page in pages for record in page["records"]]
        assert listed == [person for person in everyone if person != everyone[4]]
        assert client.page(state="withdrawn").document["data"]["total"] == 1
        assert client.query(persons=["1"] * 11).status == 400


def test_a_platform_may_offer_no_lookup(tmp_path):
    with province(tmp_path, offers_lookup=False) as platform, Client(platform.port) as client:
        assert [client.query(persons=["1"]).status, client.page().status] == [404, 404]
        assert client.receipts("R-1").status == 200


@pytest.mark.parametrize(("envelope", "success"), [
    ("code-200", ("code", 200)), ("code-0", ("code", 0)), ("code-text-0", ("code", "0")), ("status-1", ("status", 1)),
    ("double-code", ("code", "0")),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_success_is_said_as_the_platform_says_it(tmp_path, envelope, success):
    with province(tmp_path, envelope=envelope) as platform, Client(platform.port) as client:
        said = client.upsert(*map(item_of, people(1)))
        assert said.document[success[0]] == success[1]
        assert type(said.document[success[0]]) is type(success[1])
        assert client.upsert().status == 400


def test_paths_can_be_others(tmp_path):
    with province(tmp_path, endpoints={"upsert": "/ebus/x/save"}) as platform, Client(platform.port) as client:
        assert client.upsert(*map(item_of, people(1))).status == 404
        assert client.send("/ebus/x/save", {"batch": "b", "items": [item_of(*people(1))]}).status == 200


def test_outcomes_can_come_later(tmp_path):
    hand = Hand()
    with (
        province(tmp_path, clock=hand, answers="later", processing_seconds=60) as platform,
        Client(platform.port, at=hand.now) as client,
    ):
        (person,) = people(1)
        said = client.upsert(item_of(person))
        receipt = said.items[f"{person}-1"]["receipt"]
        assert (said.status, said.statuses) == (202, {f"{person}-1": "processing"})
        assert client.receipts(receipt).statuses == {f"{person}-1": "processing"}
        assert client.query(persons=[str(person)]).document["data"]["records"] == []
        hand.now += 60
        assert len(client.query(persons=[str(person)]).document["data"]["records"]) == 1
        assert client.receipts(receipt).statuses == {f"{person}-1": "accepted"}


# Keys and limits


def test_a_key_comes_again_after_a_day(tmp_path):
    hand = Hand()
    with (
        province(tmp_path, clock=hand, keys="one-day", checks_existence=False, accepts_stale=True) as platform,
        Client(platform.port) as client,
    ):
        (person,) = people(1)
        for ahead in (0, 86_400, 86_401):
            platform.clock.ahead, client.at = ahead, hand.now + ahead
            assert client.upsert(item_of(person)).statuses == {f"{person}-1": "accepted"}
        with platform.view() as view:
            assert len(view.history(str(person))) == 2


def test_a_key_with_another_payload_is_422_and_nothing_of_its_batch_happens(platform, client):
    known, other = people(2)
    client.upsert(item_of(known))
    said = client.upsert(item_of(other), item_of(known, 姓名="测试乙"))
    assert (said.status, said.document["code"]) == (422, 3001)
    with platform.view() as view:
        assert view.history(str(other)) == []
        assert view.state()[str(known)].fields["姓名"] == "测试甲"


def test_a_key_in_progress_is_409_until_it_is_done(platform, client):
    slow, other = people(2)
    platform.script.add(ScriptedFault(kind="late-answer", moment="before", seconds=1))
    first = raw_request(platform.port, {"batch": "b-1", "items": [item_of(slow)]})
    while platform.script.left:
        time.sleep(0.005)
    said = client.upsert(item_of(other), item_of(slow))
    assert (said.status, said.document["code"]) == (409, 3002)
    assert client.upsert(item_of(other)).status == 200
    assert b'"accepted"' in first.recv(1 << 16)
    first.close()
    assert client.upsert(item_of(slow)).statuses == {f"{slow}-1": "accepted"}
    with platform.view() as view:
        assert len(view.history(str(slow))) == 1


def test_more_items_than_the_platform_takes_are_413(tmp_path):
    with province(tmp_path, most_items=3) as platform, Client(platform.port) as client:
        everyone = people(4)
        assert client.upsert(*map(item_of, everyone)).status == 413
        assert client.upsert(*map(item_of, everyone[:3])).status == 200


def test_one_bad_item_can_refuse_the_batch_until_it_is_found(tmp_path):
    with province(tmp_path, bad_item_refuses_batch=True) as platform, Client(platform.port) as client:
        bad, *good = people(8)
        left, right = [item_of(bad, 姓名=""), *map(item_of, good[:3])], [*map(item_of, good[3:])]
        assert client.upsert(*left, *right).status == 400
        assert client.upsert(*left).status == 400
        assert client.upsert(*right).status == 200
        with platform.view() as view:
            assert set(view.state()) == set(map(str, good[3:]))


@pytest.mark.parametrize(("how", "told"), [("seconds", "2"), ("none", None), ("date", "Tue, 14 Nov 2023 22:13:22 GMT")])
def test_a_client_in_a_hurry_is_told_to_wait(tmp_path, how, told):
    hand = Hand()
    with (
        province(tmp_path, clock=hand, requests_per_second=0.5, burst=2, retry_after=how) as platform,
        Client(platform.port, at=hand.now) as client,
    ):
        assert [client.page().status for _ in range(3)] == [200, 200, 429]
        assert client.page().headers.get("retry-after") == told
        hand.now += 2
        assert [client.page().status for _ in range(2)] == [200, 429]


# Several clients


def push(platform, items, *, size=5):
    """Sends items in order, each batch again until every item of it is accepted or rejected for good."""
    outcomes = {}
    waiting = list(items)
    while waiting:
        batch = waiting[:size]
        try:
            with Client(platform.port, timeout=2) as client:
                said = client.upsert(*batch, batch=f"b-{next(_batches)}")
            answers = said.document["data"]["items"] if said.status == 200 else []
        except (OSError, http.client.HTTPException, json.JSONDecodeError, TypeError):
            answers = []
        settled = {answer["key"]: answer["status"] for answer in answers if answer["status"] != "processing"}
        outcomes |= settled
        waiting = [item for item in waiting if item["key"] not in settled]
    return outcomes


def test_two_clients_at_once_cannot_bring_a_person_out_of_order(tmp_path):
    with province(tmp_path, checks_existence=False) as platform:
        everyone = people(10)
        items = [
            [item_of(person, revision) for revision in range(side, 20, 2) for person in everyone] for side in (1, 2)
        ]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(lambda side: push(platform, items[side]), range(2)))
        with platform.view() as view:
            effects = view.effects()
            expected = [Expected(effect.person, effect.revision, effect.digest) for effect in effects]
            found = reckon(effects, expected)
            assert found.is_clean
            accepted = sum(status == "accepted" for side in outcomes for status in side.values())
            assert accepted == len(effects)
            assert {held.revision for held in view.state().values()} == {19}


def test_a_platform_that_accepts_stale_revisions_shows_who_is_out_of_order(tmp_path):
    with province(tmp_path, accepts_stale=True) as platform, Client(platform.port) as client:
        (person,) = people(1)
        sent = [item_of(person), item_of(person, 3, "changed"), item_of(person, 2, "changed")]
        assert set(client.upsert(*sent).statuses.values()) == {"accepted"}
        with platform.view() as view:
            effects = view.effects()
            expected = [Expected(effect.person, effect.revision, effect.digest) for effect in effects]
            found = reckon(effects, expected).counts()
            assert found == {"lost": 0, "doubled": 0, "unexpected": 0, "out_of_order": 1, "outdated": 1}


def test_a_patient_client_loses_and_doubles_nothing_on_a_bad_day(tmp_path):
    script = FaultScript(chance=Chance(probability=0.5, seed=3))
    with province(tmp_path, script=script) as platform:
        everyone = people(60)
        outcomes = push(platform, [item_of(person) for person in everyone])
        assert set(outcomes.values()) == {"accepted"}
        with platform.view() as view:
            expected = [Expected(str(person), 1, fields_digest(fields_of(person))) for person in everyone]
            assert reckon(view.effects(), expected).is_clean
            assert sum(bool(seen.fault) for seen in view.requests()) > 5


def test_tls_is_spoken_with_whatever_certificate_a_test_needs(tmp_path):
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=authority.file)
    for certificate, is_trusted in (
        (authority.certificate("127.0.0.1"), True),
        (authority.certificate("x.example"), False),
    ):
        with province(tmp_path / str(is_trusted), tls=tls_context(certificate)) as platform:
            assert platform.url.startswith("https://")
            connection = http.client.HTTPSConnection("127.0.0.1", platform.port, context=trusting, timeout=5)
            if is_trusted:
                connection.request("POST", "/ebus/elders/list", b"{}", {"Content-Type": "application/json", **signed()})
                assert connection.getresponse().status == 200
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    connection.connect()
            connection.close()


def test_connecting_can_take_for_ever():
    with full_port() as port, pytest.raises(TimeoutError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=0.3).connect()


# The remote control


def control(platform, method, path, document=None):
    with Client(platform.admin_port) as client:
        return client.send(path, document, {}, method)


def test_faults_and_the_clock_are_set_from_outside(tmp_path):
    with province(tmp_path) as platform, Client(platform.port) as client:
        told = control(platform, "POST", "/faults", {"faults": [{"kind": "forbidden", "times": 2}]})
        assert (told.status, told.document["faults_left"]) == (200, 2)
        assert client.page().status == 403
        assert control(platform, "DELETE", "/faults").document["faults_left"] == 0
        assert client.page().status == 200
        control(platform, "POST", "/faults", {"chance": {"probability": 1, "kinds": ["unavailable"]}})
        assert client.page().status == 503
        control(platform, "DELETE", "/faults")
        control(platform, "POST", "/clock", {"ahead": 400})
        assert client.page().status == 500
        client.at = time.time() + 400
        client.upsert(*map(item_of, people(2)), item_of(*people(1), 姓名=""))
        assert control(platform, "GET", "/counts").document == {
            "requests": 5, "accepted": 2, "rejected": 1, "processing": 0, "trap_hits": 0, "faults_left": 0,
        }  # fmt: skip


@pytest.mark.parametrize(("method", "path", "document", "status"), [
    ("POST", "/faults", {"faults": [{"kind": "earthquake"}]}, 400), ("POST", "/faults", b"{", 400),
    ("POST", "/clock", {}, 400), ("GET", "/people", None, 404),
], ids=["no kind", "no JSON", "no clock", "no path"])  # fmt: skip
def test_a_wrong_command_says_which_key_is_wrong(platform, method, path, document, status):
    told = control(platform, method, path, document)
    assert told.status == status
    assert b"earthquake" not in told.body


# Beginning and end


def test_one_ledger_and_one_port_are_for_one_platform(tmp_path):
    with province(tmp_path / "a") as platform:
        with pytest.raises(ConfigurationInvalid, match="another stand-in platform"), province(tmp_path / "a"):
            pass
        with pytest.raises(OSError, match="address already in use"), province(tmp_path / "b", port=platform.port):
            pass


def test_an_end_does_not_wait_for_clients_that_do_not_go(tmp_path):
    threads = threading.active_count()
    with province(tmp_path, script=FaultScript([ScriptedFault(kind="no-answer", times=2)])) as platform:
        waiting = [raw_request(platform.port, {"batch": "b", "items": [item_of(*people(1))]}) for _ in range(2)]
        with Client(platform.port) as client:
            client.page()
            began = time.monotonic()
    assert time.monotonic() - began < 5
    assert threading.active_count() == threads
    for connection in waiting:
        connection.close()
