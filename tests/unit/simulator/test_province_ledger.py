"""The ledger is durable, its owner's alone, has one writer, and can be read while it is written."""

import sqlite3
import stat

import pytest
from province_items import desk, id_number_of, item_of

from schemas.errors import ConfigurationInvalid
from simulator.province import drift
from simulator.province.ledger import Ledger
from simulator.province.ledger_view import open_view


def test_what_is_committed_is_there_for_others_and_nothing_else(tmp_path):
    with desk(tmp_path) as province, open_view(tmp_path / "ledger.sqlite") as view:
        province.take(item_of(1))
        assert view.effects() == []
        province.ledger.commit()
        assert [effect.person for effect in view.effects()] == ["1"]
        assert view.is_sound()


def test_every_commit_reaches_the_disk(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        asked = {
            name: ledger._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
        }
    assert asked == {"synchronous": 2, "journal_mode": "wal"}


def test_only_its_owner_reads_the_ledger(tmp_path):
    with desk(tmp_path / "new") as province:
        province.take(item_of(1))
        province.ledger.commit()
        files = list((tmp_path / "new").iterdir())
        assert {file.name for file in files} >= {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite.lock"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_ledger_has_one_writer(tmp_path):
    with desk(tmp_path), pytest.raises(ConfigurationInvalid, match="another stand-in platform is using it"):
        Ledger(tmp_path / "ledger.sqlite")
    with desk(tmp_path) as province:
        assert province.take(item_of(1)) == [("accepted", "")]


def test_another_file_is_not_made_a_ledger(tmp_path):
    (tmp_path / "ledger.sqlite").write_text("某人的名单" * 100)
    with pytest.raises(ConfigurationInvalid, match="another kind of file"):
        Ledger(tmp_path / "ledger.sqlite")
    assert (tmp_path / "ledger.sqlite").read_text() == "某人的名单" * 100
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(ConfigurationInvalid, match="cannot be the ledger"):
        Ledger(tmp_path / "folder.sqlite")


def test_a_full_disk_keeps_nothing_that_was_not_committed_and_does_not_say_so(tmp_path):
    with desk(tmp_path) as province:
        province.take(item_of(1))
        province.ledger.commit()
        execute = province.ledger._connection.execute
        province.take(item_of(2))
        (pages,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sqlite3.OperationalError):
            province.take(*(item_of(person, 帮扶措施="助" * 999) for person in range(3, 300)))
        with pytest.raises(sqlite3.OperationalError):
            province.ledger.commit()
        assert province.happened == [(1, 1)]
        execute("PRAGMA max_page_count = 100000")
        assert province.take(item_of(2)) == [("accepted", "")]
        province.ledger.commit()
    with open_view(tmp_path / "ledger.sqlite") as view:
        assert [effect.person for effect in view.effects()] == ["1", "2"]


def test_a_ledger_goes_on_where_it_was(tmp_path):
    for person in (1, 2):
        with desk(tmp_path) as province:
            province.take(item_of(person))
    with open_view(tmp_path / "ledger.sqlite") as view:
        assert [(effect.number, effect.person) for effect in view.effects()] == [(1, "1"), (2, "2")]
        assert [seen.accepted for seen in view.requests()] == [1, 1]


def test_people_are_found_by_either_number_and_page_by_page(tmp_path):
    with desk(tmp_path) as province:
        province.take(*(item_of(person) for person in range(1, 8)))
        province.take(item_of(3, 2, "withdrawn"))
        view = province.ledger.view
        assert [held.person for held in view.found(persons=["2"], id_numbers=[id_number_of(3), "", "x"])] == ["2", "3"]
        pages = [view.page(number, 4, is_present=True) for number in (1, 2, 3)]
        assert [page.total for page in pages] == [6, 6, 6]
        assert [[held.person for held in page.holdings] for page in pages] == [["1", "2", "4", "5"], ["6", "7"], []]
        assert [held.person for held in view.page(1, 4, is_present=False).holdings] == ["3"]


def test_what_prints_shows_no_person(tmp_path):
    with desk(tmp_path) as province:
        item = item_of(1)
        province.take(item)
        for shown in (item, province.ledger.view.state()["1"]):
            assert "测试甲" not in repr(shown)
            assert id_number_of(1) not in repr(shown)


def test_a_platform_can_drift_without_an_effect(tmp_path):
    with desk(tmp_path) as province:
        province.take(*(item_of(person) for person in (1, 2, 3)))
    ledger = tmp_path / "ledger.sqlite"
    drift.forget(ledger, "1")
    drift.alter(ledger, "2", "姓名", "测试丁")
    drift.double(ledger, "3")
    with open_view(ledger) as view:
        held = view.page(1, 10, is_present=True).holdings
        assert [(one.person, one.fields["姓名"]) for one in held] == [("2", "测试丁"), ("3", "测试甲"), ("3", "测试甲")]
        assert len(view.effects()) == 3


def test_a_reader_cannot_write(tmp_path):
    with desk(tmp_path), open_view(tmp_path / "ledger.sqlite") as view, pytest.raises(sqlite3.OperationalError):
        view._connection.execute("INSERT INTO request (number) VALUES (1)")
