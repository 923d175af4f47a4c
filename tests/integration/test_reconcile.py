"""The platform's list beside the outbox: what was altered there behind our back is found, all of it and nothing else."""

import json
import random
import shutil
import sqlite3
import threading
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa
from exchange_platform import NOW, items_of, made_in, payload_of, platform_takes, profile_of
from province_client import TOKEN, Client, item_of
from province_fixtures import PROFILE, province
from push_changes import Change, commit_changes, known_people

from connectors.platform_api.client import PlatformApi
from flows.context import Home, Night, default_config
from flows.telling.plan import make_plan
from flows.telling.reconcile import reconcile, reconcile_with
from flows.telling.reconcile_lists import listed_by_exchange, listed_by_interface
from registry import migrations, outbox_plan, platform_state
from registry.engine import transaction
from registry.lock import run_lock
from registry.tables import approval, outbox, stage
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid, SourceNotBelieved, SourceUnavailable
from schemas.platform_api import ApiFormat
from schemas.platform_reconcile import ReconcileFormat
from simulator.province import drift
from simulator.province.fault_script import ScriptedFault

pytest_plugins = ["database_fixtures"]

RULES = ReconcileFormat()
AT = datetime(2024, 6, 30, 2, 0, tzinfo=UTC)


@contextmanager
def opened(engine, folder):
    """A home whose registry is empty, with the run lock held."""
    home = Home(folder / "home")
    home.prepare([])
    with transaction(engine) as connection:
        migrations.upgrade(connection)
    with run_lock(engine) as lock:
        yield Night(home, load_configuration(default_config()), PROFILE, engine, lock, AT.date())


@pytest.fixture
def night(fresh_engine, tmp_path):
    with opened(fresh_engine, tmp_path) as night:
        yield night


@contextmanager
def reading(night, folder, **behaviour):
    """The platform, running again over its ledger, as the night may ask it."""
    with province(folder, **behaviour) as platform:
        night.profile = PROFILE.model_copy(update={"api": ApiFormat(url=platform.url)})
        with PlatformApi(night.profile, token=TOKEN) as client:
            yield platform, client


def plan(night, connection, run_id):
    made = make_plan(connection, PROFILE, night.configuration, run_id=run_id, now=AT)
    outbox_plan.release(connection, PROFILE.name, run_id)
    return made


def tell(night, folder, changes):
    """Commits changes, tells the platform by hand and notes that it accepted them; who was told."""
    with transaction(night.engine) as connection:
        run_id = commit_changes(connection, PROFILE.name, changes, at=AT, known=known_people(connection))
        connection.exec_driver_sql("ANALYZE outbox, elder")
        plan(night, connection, run_id)
        rows = pd.concat(list(outbox_plan.plan_rows(connection, PROFILE.name, run_id)))
    items = [
        {"key": f"{person}-{revision}", "person": str(person), "revision": int(revision), "operation": sent_as,
         "fields": json.loads(payload)}
        for person, revision, sent_as, payload in zip(rows["person_id"], rows["revision"], rows["sent_as"], rows["payload"], strict=True)
    ]  # fmt: skip
    with province(folder) as platform, Client(platform.port, timeout=60) as client:
        for operations, send in (({"new", "changed"}, client.upsert), ({"withdrawn"}, client.withdraw)):
            told = [item for item in items if item["operation"] in operations]
            for start in range(0, len(told), 500):
                said = send(*told[start : start + 500], batch=f"b-{start}")
                assert set(said.statuses.values()) == {"accepted"}
    with transaction(night.engine) as connection:
        accepted = outbox.update().where(outbox.c.state == "pending", outbox.c.payload.is_not(None))
        connection.execute(accepted.values(state="accepted", settled_at=AT))
    return rows["person_id"].to_list()


def compare(night, folder, *, reassert=False, write=False, rules=RULES, **behaviour):
    with reading(night, folder, **behaviour) as (_, client):
        return reconcile_with(
            night,
            listed_by_interface(night, client),
            rules,
            reassert=reassert,
            by="王芳",
            reason="平台误删",
            write=write,
        )


def some(counts):
    """The bins that are not empty."""
    return {place: count for place, count in counts.items() if count}


def workbook(night, found):
    (name, _) = found["files"]
    book = openpyxl.load_workbook(night.home.path / name)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def entries(night, person):
    with transaction(night.engine) as connection:
        query = sa.select(outbox.c.revision, outbox.c.operation, outbox.c.state, outbox.c.sent_as)
        return [
            tuple(row)
            for row in connection.execute(query.where(outbox.c.person_id == person).order_by(outbox.c.revision))
        ]


def test_what_was_altered_among_ten_thousand_is_found_and_nothing_else(night, tmp_path):
    people = tell(night, tmp_path, [Change(person, 0) for person in range(1, 10_001)])
    tell(night, tmp_path, [Change(person, None) for person in range(1, 501)])
    draw = random.Random(20240630)  # noqa: S311
    struck = draw.sample(people[500:], 50)
    forgotten, altered, doubled = struck[:17], struck[17:34], struck[34:]
    ledger = tmp_path / "ledger.sqlite"
    for person in forgotten:
        drift.forget(ledger, str(person))
    for person in altered:
        drift.alter(ledger, str(person), draw.choice(["姓名", "性别", "人员类型"]), "被改过")
    for person in doubled:
        drift.double(ledger, str(person))
    found = compare(night, tmp_path)
    assert some(found["people"]) == {"agrees": 9950, "only-ours": 17, "differs": 17, "doubled": 16}
    assert found["total"] == 10_000
    assert found["listed"] == {"present": 9500 - 17 + 16, "withdrawn": 500}
    sheets = workbook(night, found)
    reported = {
        title: [int(row[0]) for row in sheets[title][1:]] for title in ("我方有对方无", "内容不一致", "对方重复")
    }
    assert [Counter(numbers) for numbers in reported.values()] == [
        Counter(forgotten),
        Counter(altered),
        Counter(doubled),
    ]
    assert entries(night, altered[0]) == [(1, "new", "accepted", "new")]


# What follows


@pytest.fixture
def small(night, tmp_path):
    """Nine people who were told; of 9 the platform was told that she left."""
    tell(night, tmp_path, [Change(person, 0) for person in range(1, 10)])
    tell(night, tmp_path, [Change(9, None)])
    return night


def change_ledger(folder, statement, *values):
    """A change of what is held that nobody told the platform."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger, ledger:
        ledger.execute(statement, values)


def drift_apart(folder):
    """1 is gone, 2 altered, 3 doubled, 9 back again, 4 withdrawn, 5 under a higher revision; and 777 nobody knows."""
    ledger = folder / "ledger.sqlite"
    drift.forget(ledger, "1")
    drift.alter(ledger, "2", "姓名", "测试辛")
    drift.double(ledger, "3")
    change_ledger(folder, "UPDATE holding SET is_present = 0 WHERE person = '4'")
    change_ledger(folder, "UPDATE holding SET revision = 40 WHERE person = '5'")
    change_ledger(folder, "UPDATE holding SET is_present = 1 WHERE person = '9'")
    with province(folder) as platform, Client(platform.port) as client:
        assert client.upsert(item_of(777)).statuses == {"777-1": "accepted"}


APART = {"agrees": 3, "only-ours": 2, "only-theirs": 2, "differs": 1, "revision-differs": 1, "doubled": 1}


def test_without_yes_it_is_only_said_who_would_be_told_again(small, tmp_path):
    drift_apart(tmp_path)
    before = [entries(small, person) for person in range(1, 10)]
    found = compare(small, tmp_path, reassert=True, write=False)
    assert some(found["people"]) == APART
    assert (found["to_tell_again"], found["told_again"], found["unknown_to_us"]) == (4, 0, 1)
    assert not found["agrees"]
    assert [entries(small, person) for person in range(1, 10)] == before


def test_whoever_differs_is_told_again_and_then_both_sides_agree(small, tmp_path):
    drift_apart(tmp_path)
    found = compare(small, tmp_path, reassert=True, write=True)
    assert (found["to_tell_again"], found["told_again"]) == (0, 4)
    with transaction(small.engine) as connection:
        made = plan(small, connection, found["run_id"])
    assert {operation: made[operation] for operation in ("new", "changed", "withdrawn")} == {
        "new": 2,
        "changed": 1,
        "withdrawn": 1,
    }
    again = compare(small, tmp_path)
    assert some(again["people"]) == {"agrees": 4, "only-theirs": 1, "doubled": 1, "on-its-way": 4}
    told = tell(small, tmp_path, [])
    assert told == [1, 2, 4, 9]
    assert some(compare(small, tmp_path)["people"]) == {"agrees": 8, "only-theirs": 1, "doubled": 1}


def test_who_decided_and_why_is_remembered(small, tmp_path):
    compare(small, tmp_path, reassert=True, write=True)
    with transaction(small.engine) as connection:
        decided = connection.execute(sa.select(approval.c.subject, approval.c.approver, approval.c.reason)).all()
        recorded = connection.execute(sa.select(stage.c.result).where(stage.c.name == "reconcile")).scalar_one()
    assert [tuple(row) for row in decided] == [("reconcile", "王芳", "平台误删")]
    assert recorded["people"]["agrees"] == 9


def test_their_revision_that_is_higher_is_taken_over_and_ours_goes_on_above_it(small, tmp_path):
    change_ledger(tmp_path, "UPDATE holding SET revision = 40 WHERE person = '5'")
    assert compare(small, tmp_path, reassert=True, write=True)["told_again"] == 0
    assert some(compare(small, tmp_path)["people"]) == {"agrees": 9}
    assert tell(small, tmp_path, [Change(5, 1)]) == [5]
    assert entries(small, 5)[-1][0] > 40


def test_what_is_on_its_way_is_not_judged(small, tmp_path):
    drift_apart(tmp_path)
    with transaction(small.engine) as connection:
        commit_changes(connection, PROFILE.name, [Change(2, 1)], at=AT, known=known_people(connection))
    found = compare(small, tmp_path)
    assert some(found["people"]) == {place: count for place, count in APART.items() if place != "differs"} | {
        "on-its-way": 1
    }


def test_a_value_that_is_theirs_to_say_is_taken_over_and_no_difference(small, tmp_path):
    columns = tuple(
        column.model_copy(update={"wins": "theirs"}) if column.header == "帮扶措施" else column
        for column in PROFILE.columns
    )
    drift.alter(tmp_path / "ledger.sqlite", "2", "帮扶措施", "平台填写")
    with reading(small, tmp_path) as (_, client):
        small.profile = small.profile.model_copy(update={"columns": columns})
        found = reconcile_with(small, listed_by_interface(small, client), RULES, reassert=False, write=False)
    assert some(found["people"]) == {"agrees": 9}
    assert (found["adopted"], found["agrees"]) == (1, True)
    with transaction(small.engine) as connection:
        payload = connection.execute(sa.select(outbox.c.payload).where(outbox.c.person_id == 2)).scalar_one()
    assert json.loads(payload)["帮扶措施"] == "平台填写"


# After a restore


@pytest.fixture
def restored(small, tmp_path):
    """A registry out of a backup: of 6 a change waits in it. The platform has since heard of 5, 6 and 777."""
    with transaction(small.engine) as connection:
        run_id = commit_changes(connection, PROFILE.name, [Change(6, 1)], at=AT, known=known_people(connection))
        plan(small, connection, run_id)
        platform_state.begin_epoch(connection, PROFILE.name)
    change_ledger(tmp_path, "UPDATE holding SET revision = 7 WHERE person IN ('5', '6')")
    drift.alter(tmp_path / "ledger.sqlite", "5", "姓名", "测试壬")
    with province(tmp_path) as platform, Client(platform.port) as client:
        client.upsert(item_of(777))
    return small


def test_after_a_restore_what_is_held_is_taken_over_and_nothing_older_is_told(restored, tmp_path):
    found = compare(restored, tmp_path)
    assert some(found["people"]) == {"agrees": 7, "differs": 1, "revision-differs": 1, "only-theirs": 1}
    figures = {
        name: found[name] for name in ("was_restored", "taken_over", "gave_way", "to_tell_again", "unknown_to_us")
    }
    assert figures == {"was_restored": True, "taken_over": 2, "gave_way": 1, "to_tell_again": 0, "unknown_to_us": 1}
    with transaction(restored.engine) as connection:
        assert not platform_state.read(connection, PROFILE.name).must_reconcile
    assert entries(restored, 5)[-1] == (7, "observed", "accepted", "changed")
    assert [(revision, state) for revision, _, state, _ in entries(restored, 6)[1:]] == [
        (2, "superseded"),
        (7, "accepted"),
    ]
    with transaction(restored.engine) as connection:
        made = plan(restored, connection, found["run_id"])
    assert (made["new"], made["changed"], made["withdrawn"]) == (0, 0, 0)


def test_a_change_after_a_restore_is_told_above_what_the_platform_has_seen(restored, tmp_path):
    compare(restored, tmp_path)
    assert tell(restored, tmp_path, [Change(5, 2), Change(6, 2)]) == [5, 6]
    assert some(compare(restored, tmp_path)["people"]) == {"agrees": 9, "only-theirs": 1}


def test_after_a_restore_ours_is_told_over_theirs_only_when_a_person_says_so(restored, tmp_path):
    asked = compare(restored, tmp_path, reassert=True, write=False)
    assert (asked["was_restored"], asked["to_tell_again"], asked["taken_over"]) == (True, 1, 0)
    found = compare(restored, tmp_path, reassert=True, write=True)
    assert (found["told_again"], found["taken_over"]) == (1, 2)
    assert tell(restored, tmp_path, []) == [5]
    with province(tmp_path) as platform, platform.view() as view:
        assert view.state()["5"].fields["姓名"] == "测试甲"


# A list that is not believed


def nothing_concluded(night):
    with transaction(night.engine) as connection:
        return connection.execute(sa.select(stage).where(stage.c.name == "reconcile")).first() is None


def test_a_list_whose_total_changes_under_way_is_not_believed(small, tmp_path):
    with reading(small, tmp_path, largest_page=4) as (platform, client), Client(platform.port) as another:
        pages = listed_by_interface(small, client)
        first = next(pages)
        another.upsert(item_of(778))
        with pytest.raises(SourceNotBelieved, match="total changed"):
            reconcile_with(small, chain([first], pages), RULES, reassert=False, write=False)
    assert nothing_concluded(small)


def test_a_list_that_repeats_a_page_is_not_believed(small):
    with one_page_for_ever(total=4) as url:
        small.profile = PROFILE.model_copy(update={"api": ApiFormat(url=url)})
        with PlatformApi(small.profile, token=TOKEN) as client, pytest.raises(SourceNotBelieved, match="repeats"):
            reconcile_with(small, listed_by_interface(small, client), RULES, reassert=False, write=False)
    assert nothing_concluded(small)


@contextmanager
def one_page_for_ever(total):
    """A server that answers every question with the same two people."""
    records = [{"person": str(n), "revision": 1, "state": "present", "receipt": "r", "fields": {}} for n in (1, 2)]
    body = json.dumps({"code": 200, "data": {"total": total, "page": 1, "size": 2, "records": records}}).encode()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_a_page_that_is_not_answered_is_asked_for_again_and_in_the_end_nothing_is_concluded(small, tmp_path):
    with reading(small, tmp_path) as (platform, client):
        platform.script.add(ScriptedFault(kind="truncated-json", endpoint="list"))
        found = reconcile_with(small, listed_by_interface(small, client), RULES, reassert=False, write=False)
        assert some(found["people"]) == {"agrees": 9}
    with transaction(small.engine) as connection:
        connection.execute(sa.delete(stage).where(stage.c.name == "reconcile"))
    with reading(small, tmp_path) as (platform, client):
        platform.script.add(ScriptedFault(kind="server-error", endpoint="list", times=100))
        with pytest.raises(SourceUnavailable):
            reconcile_with(
                small, listed_by_interface(small, client), RULES, reassert=True, by="甲", reason="乙", write=True
            )
    assert nothing_concluded(small)


# What is said


def test_the_report_counts_everybody_and_names_nobody(small, tmp_path):
    drift_apart(tmp_path)
    found = compare(small, tmp_path)
    sheets = workbook(small, found)
    summary = {row[0]: row[1] for row in sheets["汇总"][1:]}
    assert summary["合计"] == found["total"] == 10
    assert summary["对方有我方无"] == 2
    assert [row[:6] for row in sheets["内容不一致"][1:]] == [["2", "测**", None, "姓名", "测**", "测**"]]
    assert [row[:2] for row in sheets["对方有我方无"][1:]] == [["9", "测**"], ["777", "测**"]]
    assert "测试" not in str({name: rows for name, rows in sheets.items() if name != "汇总"})
    (_, counts) = found["files"]
    assert json.loads((small.home.path / counts).read_text(encoding="utf-8")) == found
    modes = {path.stat().st_mode & 0o777 for path in (small.home.path / "reports" / "reconcile").rglob("*")}
    assert modes == {0o600, 0o700}
    assert list(small.home.reading.iterdir()) == []


@pytest.mark.parametrize(("by", "reason"), [("", "平台误删"), ("王芳", " ")], ids=["nobody", "no reason"])
def test_telling_again_needs_a_person_and_a_reason(small, by, reason):
    with pytest.raises(ConfigurationInvalid, match="--by and --reason"):
        reconcile_with(small, [], RULES, reassert=True, by=by, reason=reason, write=False)


def test_before_the_first_night_there_is_nothing_to_compare(night):
    with pytest.raises(ConfigurationInvalid, match="no night yet"):
        reconcile_with(night, [], RULES, reassert=False, write=False)


def test_the_exchange_table_is_a_list_too(at_postgresql):
    exchange = made_in(at_postgresql, profile_of())
    exchange.write(items_of([payload_of(1), payload_of(2, 姓名="")]), "1-a-1", NOW)
    platform_takes(at_postgresql)
    exchange.write(items_of([payload_of(1)], sent_as="withdrawn", revision=2), "2-a-1", NOW)
    platform_takes(at_postgresql)
    (page,) = listed_by_exchange(exchange)
    assert page[["person", "revision", "is_present"]].to_numpy().tolist() == [["1", 2, False], ["2", 1, True]]
    assert [json.loads(fields)["姓名"] for fields in page["fields"]] == [payload_of(1)["姓名"], ""]


def test_from_the_command_line_the_configured_platform_is_asked(fresh_url, small_home, tmp_path, monkeypatch):
    home, config = small_home
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", fresh_url)
    monkeypatch.setenv("ELDERSYNC_SECRET_PLATFORM_TOKEN", TOKEN)
    found = reconcile(home, config, reassert=False, by="", reason="", write=False)
    assert some(found["people"]) == {"agrees": 9}
    assert found["agrees"]
    (config / "bureau.toml").write_text(
        (config / "bureau.toml").read_text(encoding="utf-8").replace('target = "api"', 'target = "workbook"'),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationInvalid, match="no list to compare with"):
        reconcile(home, config, reassert=False, by="", reason="", write=False)


@pytest.fixture
def small_home(fresh_engine, tmp_path):
    """A home with nine people who were told, nobody in it, and a configuration that says where the platform is."""
    with opened(fresh_engine, tmp_path) as night:
        tell(night, tmp_path, [Change(person, 0) for person in range(1, 10)])
    config = Path(shutil.copytree(default_config(), tmp_path / "config"))
    with province(tmp_path) as platform:
        for name, before, after in (
            ("bureau.toml", 'target = "workbook"', 'target = "api"'),
            ("platform/example.toml", "http://127.0.0.1:8640", platform.url),
        ):
            text = (config / name).read_text(encoding="utf-8")
            assert before in text
            (config / name).write_text(text.replace(before, after), encoding="utf-8")
        yield night.home.path, config
