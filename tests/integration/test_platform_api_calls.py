"""Platforms are called as their profiles say, over real connections: another profile is another file and no other code."""

import base64
import datetime as dt
import hashlib
import json
import logging
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from flat_platform import FlatPlatform
from province_client import TOKEN, fields_of, id_number_of
from province_fixtures import PROFILE, people, province
from rest_server import Reply, answering

from connectors.http_calls.signing import national_signature
from connectors.platform_api import PlatformApi
from schemas.errors import SourceNotBelieved, SourceRefusesUs, SourceUnavailable
from schemas.platform_profile import load_profile
from simulator.province.fault_script import FaultScript, ScriptedFault
from transforms.json_texts import json_objects

FLAT = load_profile(Path(__file__).resolve().parents[2] / "config/platform/example_flat.toml")


def now():
    return dt.datetime.now(dt.UTC)


def with_api(profile, **changes):
    return profile.model_copy(update={"api": profile.api.model_copy(update=changes)})


def items_of(fields, *, revision=1, sent_as="new", keys=None):
    """Items as the outbox gives them, from each person's cells."""
    cells = pd.DataFrame(fields)
    texts = json_objects({name: pa.array(cells[name].tolist(), pa.large_string()) for name in cells}).to_pylist()
    person = cells["人员编号" if "人员编号" in cells else "dossiersNumber"]
    items = pd.DataFrame(
        {
            "key": (keys or "k-") + person + f"-{revision}",
            "person_id": person.astype("int64"),
            "revision": revision,
            "sent_as": sent_as,
            "fields": pd.Series(texts, dtype="str"),
        }
    )
    return items.assign(payload=items["fields"], first_sent_at=pd.Series([now()] * len(items)))


def states(outcome):
    return [item.state for item in outcome.items]


# Another profile


def flat_cells(person, name="测试甲"):
    return {"dossiersNumber": str(person), "name": name, "cardNo": id_number_of(person), "sex": "2", "personType2": "8"}


def test_the_second_profile_is_told_asked_and_listed_in_its_own_words():
    platform = FlatPlatform()
    with answering(platform) as server, PlatformApi(with_api(FLAT, url=f"{server.url}/ebus/tsknlnr"), TOKEN) as api:
        assert api.check(now=now).verdict == "ok"
        sent = items_of([flat_cells(person) for person in range(1, 6)] + [flat_cells(6, name="")])
        told = api.send(sent, batch="b-1", now=now)
        assert states(told) == ["accepted"] * 5 + ["rejected"]
        assert (told.items[-1].code, told.items[-1].words) == ("E1001", "姓名必填")
        assert states(api.look_up(sent, now=now)) == ["accepted"] * 5 + ["pending"]

        moved = items_of([{**flat_cells(1), "telphone": "13700001111"}], revision=2, sent_as="changed")
        assert states(api.send(moved, batch="b-2", now=now)) == ["accepted"]
        left = items_of([flat_cells(2)], revision=2, sent_as="withdrawn")
        assert states(api.send(left, batch="b-3", now=now)) == ["accepted"]
        assert states(api.look_up(pd.concat([moved, left], ignore_index=True), now=now)) == ["accepted"] * 2

        again = items_of([flat_cells(3)], keys="other-")
        assert states(api.send(again, batch="b-4", now=now)) == ["unknown"]
        assert states(api.look_up(again, now=now)) == ["accepted"]

        present = pd.concat([page.records for page in api.list_pages("present", now=now)])
        assert present["person"].tolist() == ["1", "3", "4", "5"]
        assert present["revision"].tolist() == [2, 1, 1, 1]
        assert json.loads(present["fields"].iloc[0])["telphone"] == "13700001111"
        (gone,) = api.list_pages("withdrawn", now=now)
        assert gone.records[["person", "is_present"]].to_numpy().tolist() == [["2", False]]
        assert states(api.poll(sent.assign(receipt="R"), now=now)) == ["unknown"] * 6


def test_a_request_refused_at_the_gate_goes_again_once_with_a_new_signature_and_the_same_bytes():
    platform = FlatPlatform()
    platform.refuses = 1
    with answering(platform) as server, PlatformApi(with_api(FLAT, url=f"{server.url}/ebus/tsknlnr"), TOKEN) as api:
        assert states(api.send(items_of([flat_cells(1)]), batch="b-1", now=now)) == ["accepted"]
        first, second = server.asked
        assert first.body == second.body
        assert first.headers["x-rio-nonce"] != second.headers["x-rio-nonce"]
        platform.refuses = 2
        outcome = api.send(items_of([flat_cells(2)]), batch="b-2", now=now)
        assert (states(outcome), outcome.verdict, len(server.asked)) == (["pending"], "stop", 4)
        assert first.port == second.port


def test_a_wrong_token_is_told_without_a_blind_try():
    with answering(FlatPlatform()) as server, PlatformApi(with_api(FLAT, url=f"{server.url}/ebus/tsknlnr"), "x") as api:
        checked = api.check(now=now)
        assert (checked.verdict, checked.code) == ("stop", "400001")
        assert "signature" in checked.words
        assert len(server.asked) == 1


# Other ways to be let in


def sealed(secret, app_key):
    """A service secret as the national platform hands it out."""
    key = hashlib.sha1(hashlib.sha1(app_key.encode()).digest()).digest()[:16]  # noqa: S324 - the platform's choice
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES128(key), modes.ECB()).encryptor()  # noqa: S305 - the platform's choice
    padded = padder.update(secret.encode()) + padder.finalize()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


class National:
    """Gives a secret, and takes it until it has another."""

    def __init__(self, replies=None):
        self.secrets, self.refresh = ["first", "second"], replies

    def __call__(self, asked):
        sid, rid, rtime = (asked.headers[f"gjgxjhpt_{name}"] for name in ("sid", "rid", "rtime"))
        if asked.path == "/secret":
            assert asked.headers["gjgxjhpt_sign"] == national_signature("app-key", sid=sid, rid=rid, rtime=rtime)
            return self.refresh or Reply(
                body=json.dumps({"code": "0", "data": {"secret": sealed(self.secrets[0], "app-key")}}).encode()
            )
        if asked.headers["gjgxjhpt_sign"] != national_signature(self.secrets[0], sid=sid, rid=rid, rtime=rtime):
            return Reply(body=b'{"code": 401, "msg": ""}')
        return Reply(body=b'{"code": 200, "data": {"records": []}}')


def national(url, **more):
    signing = PROFILE.api.signing.model_copy(
        update={"scheme": "national", "rid": "R", "sid": "S", "refresh_path": "/secret", **more}
    )
    return with_api(PROFILE, url=url, signing=signing)


def test_the_secret_of_a_national_service_is_asked_for_once_and_again_when_it_is_no_longer_taken():
    platform = National()
    with answering(platform) as server, PlatformApi(national(server.url), "app-key") as api:
        assert [api.check(now=now).verdict for _ in range(2)] == ["ok", "ok"]
        assert [asked.path for asked in server.asked] == ["/secret", "/ebus/elders/query", "/ebus/elders/query"]
        platform.secrets.pop(0)
        assert api.check(now=now).verdict == "ok"
        assert [asked.path for asked in server.asked][3:] == ["/ebus/elders/query", "/secret", "/ebus/elders/query"]


@pytest.mark.parametrize(("reply", "verdict", "call_failed"), [
    (Reply(503), "later", True), (Reply(200, b"{}"), "stop", False), (Reply(200, b"x"), "stop", False),
    (Reply(body=b'{"code": "0", "data": {"secret": "AAAA"}}'), "stop", False), (Reply(403), "stop", False),
], ids=["ill", "no secret", "no JSON", "does not open", "refused"])  # fmt: skip
def test_without_the_secret_of_the_service_nothing_is_sent(reply, verdict, call_failed):
    with answering(National(reply)) as server, PlatformApi(national(server.url), "app-key") as api:
        outcome = api.send(items_of([fields_of(1)]), batch="b-1", now=now)
        assert (states(outcome), outcome.verdict, outcome.call_failed) == (["pending"], verdict, call_failed)
        assert [asked.path for asked in server.asked] == ["/secret"]


def test_without_a_signature_the_clock_does_not_matter():
    hours_ago = now() - dt.timedelta(hours=3)
    unsigned = PROFILE.api.signing.model_copy(update={"scheme": "none"})

    def answer(_):
        return Reply(body=b'{"code": 200, "data": {"records": []}}', date=hours_ago)

    with answering(answer) as server, PlatformApi(with_api(PROFILE, url=server.url, signing=unsigned)) as api:
        checked = api.check(now=now)
        assert checked.verdict == "ok"
        assert checked.skew > dt.timedelta(hours=2)
        assert not [name for name in server.asked[0].headers if name.startswith("x-")]


# The stand-in


def test_the_clocks_are_compared_before_anything_is_sent(tmp_path, caplog):
    with province(tmp_path) as platform, PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api:
        platform.clock.ahead = 150
        with caplog.at_level(logging.WARNING, "eldersync"):
            assert api.check(now=now).verdict == "ok"
        assert ["apart" in message for message in caplog.messages] == [True]
        platform.clock.ahead = 178
        assert (api.check(now=now).verdict, api.check(now=now).code) == ("stop", "clock-skew")
        platform.clock.ahead = 400
        checked = api.check(now=now)
        assert (checked.verdict, checked.code) == ("stop", "400001")
        assert "set the clock of this machine" in checked.words


def test_a_platform_without_look_up_is_checked_by_an_empty_batch(tmp_path):
    paths = PROFILE.api.paths.model_copy(update={"query": "", "list": ""})
    with province(tmp_path, offers_lookup=False) as platform:
        profile = with_api(PROFILE, url=platform.url, paths=paths)
        with PlatformApi(profile, TOKEN) as api:
            assert api.check(now=now).verdict == "ok"
            items = items_of([fields_of(person) for person in people(3)])
            assert states(api.look_up(items, now=now)) == ["held"] * 3
            with pytest.raises(SourceRefusesUs, match="offers no list"):
                list(api.list_pages(now=now))
        with PlatformApi(profile, "wrong") as api:
            assert api.check(now=now).verdict == "stop"
        with platform.view() as view:
            assert view.effects() == []


def test_everybody_held_is_listed_once_and_told_as_texts(tmp_path):
    everyone = people(23)
    script = FaultScript([ScriptedFault(kind="unavailable", endpoint="list", times=2)])
    with (
        province(tmp_path, largest_page=5, script=script) as platform,
        PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api,
    ):
        api.send(items_of([fields_of(person) for person in everyone]), batch="b-1", now=now)
        pages = list(api.list_pages(now=now))
        assert [len(page.records) for page in pages] == [5, 5, 5, 5, 3]
        listed = pd.concat([page.records for page in pages], ignore_index=True)
        assert listed["person"].tolist() == [str(person) for person in everyone]
        assert [json.loads(fields) for fields in listed["fields"]] == [fields_of(person) for person in everyone]
        assert listed.dtypes.map(str).to_dict() == {
            "person": "str", "revision": "Int64", "is_present": "bool", "receipt": "str", "fields": "str",
        }  # fmt: skip
        assert next(api.list_pages("withdrawn", now=now)).records.empty


def test_a_list_that_is_refused_or_gone_says_so(tmp_path):
    with province(tmp_path) as platform, PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api:
        for kind, error in (
            ("unavailable", SourceUnavailable),
            ("not-found", SourceRefusesUs),
            ("redirect", SourceRefusesUs),
        ):
            platform.script.add(ScriptedFault(kind=kind, endpoint="list", times=3))
            with pytest.raises(error):
                list(api.list_pages(now=now))
            platform.script.clear()
        platform.script.add(ScriptedFault(kind="truncated-json", endpoint="list", times=2))
        assert next(api.list_pages(now=now)).total == 0


def test_a_list_that_announces_more_than_it_has_is_not_believed():
    def answer(_):
        return Reply(body=b'{"code": 200, "data": {"total": 2, "records": []}}')

    with (
        answering(answer) as server,
        PlatformApi(with_api(PROFILE, url=server.url), TOKEN) as api,
        pytest.raises(SourceNotBelieved, match="2 records were announced"),
    ):
        list(api.list_pages(now=now))


@pytest.mark.parametrize(("kind", "verdict"), [
    ("unavailable", "later"), ("truncated-json", "later"), ("too-many", "later"), ("forbidden", "stop"), ("not-found", "stop"),
    ("bad-request", "stop"), ("redirect", "stop"), ("login-page", "stop"), ("business-code", "later"),
])  # fmt: skip
def test_a_question_without_an_answer_settles_nothing(tmp_path, kind, verdict):
    with province(tmp_path) as platform, PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api:
        items = items_of([fields_of(person) for person in people(2)])
        api.send(items, batch="b-1", now=now)
        platform.script.add(ScriptedFault(kind=kind, times=2))
        outcome = api.look_up(items, now=now)
        assert (states(outcome), outcome.verdict) == (["unknown"] * 2, verdict)
        platform.script.clear()
        platform.script.add(ScriptedFault(kind=kind, times=2))
        outcome = api.poll(items.assign(receipt="R"), now=now)
        assert (states(outcome), outcome.verdict) == (["processing"] * 2, verdict)
        platform.script.clear()
        assert states(api.look_up(items, now=now)) == ["accepted"] * 2


def test_an_item_whose_receipt_is_lost_is_read_back_and_the_others_are_asked_about(tmp_path):
    with (
        province(tmp_path, answers="later") as platform,
        PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api,
    ):
        items = items_of([fields_of(person) for person in people(3)])
        told = api.send(items, batch="b-1", now=now)
        items["receipt"] = pd.Series([told.items[0].receipt, None, told.items[2].receipt], dtype="str")
        outcome = api.poll(items, now=now)
        assert [(item.key, item.state) for item in outcome.items] == list(
            zip(items["key"], ["accepted", "unknown", "accepted"], strict=True)
        )
        assert states(api.poll(items.assign(receipt=None), now=now)) == ["unknown"] * 3


def test_what_is_found_prints_nobody(tmp_path):
    (person,) = people(1)
    with province(tmp_path) as platform, PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api:
        api.send(items_of([fields_of(person)]), batch="b-1", now=now)
        found = api.query([str(person)], now=now)
        printed = repr([found, *api.list_pages(now=now)])
        assert len(found.records) == 1
        assert "测试甲" not in printed
        assert id_number_of(person) not in printed


def test_somebody_who_was_not_asked_for_is_not_believed():
    foreign = {"code": 200, "data": {"records": [{"person": "999", "revision": 1, "state": "present", "fields": {}}]}}
    body = json.dumps(foreign).encode()
    with answering(lambda _: Reply(body=body)) as server, PlatformApi(with_api(PROFILE, url=server.url), TOKEN) as api:
        outcome = api.look_up(items_of([fields_of(1)]), now=now)
        assert (states(outcome), outcome.verdict, outcome.code) == (["unknown"], "stop", "foreign-record")


def test_nothing_that_is_printed_or_logged_shows_a_person(tmp_path, caplog):
    (person,) = people(1)
    with (
        caplog.at_level(logging.DEBUG),
        province(tmp_path) as platform,
        PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api,
    ):
        items = items_of([fields_of(person)])
        for kind in ("server-error", "business-code", "truncated-json", "item-foreign"):
            platform.script.add(ScriptedFault(kind=kind))
            outcome = api.send(items, batch="b-1", now=now)
            for secret in ("测试甲", id_number_of(person), TOKEN, platform.url):
                assert secret not in f"{outcome!r} {outcome.words} {caplog.text}"


def test_five_thousand_items_a_second_are_no_burden_for_a_core(tmp_path):
    """What building, sending and judging a hundred costs of this thread's own time."""
    costs = []
    with province(tmp_path) as platform, PlatformApi(with_api(PROFILE, url=platform.url), TOKEN) as api:
        for batch in range(6):
            items = items_of([fields_of(person) for person in people(100)])
            began = time.thread_time()
            assert set(states(api.send(items, batch=f"b-{batch}", now=now))) == {"accepted"}
            costs.append(time.thread_time() - began)
    assert 100 / min(costs) > 5000
