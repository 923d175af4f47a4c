"""What is kept no longer goes, in numbers first; what the present state, a decision or an open push stands on stays."""

import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from copied_databases import database
from nights import INCAPACITY, TODAY, Bureau, incapacity_row, people

from flows.context import Home
from flows.keeping.backup import back_up_nightly, make_backup
from flows.keeping.backup_store import backups_in, original_path, pool_of, read_manifest
from flows.keeping.prune import prune
from flows.memory.rebuild import check_registry
from registry.engine import connect_registry
from registry.lock import run_lock
from schemas.errors import AnotherRunIsActive

SHORT = "[retention]\nreceived_days = 30\nreports_days = 30\noutgoing_days = 30\nlogs_days = 200\n[backup]\nkeep = 2\n"
NIGHTS = 3


@pytest.fixture(scope="module")
def after_nights(tmp_path_factory, server_engine):
    """A bureau of three nights, the first two of which were long ago; each list took the place of the one before."""
    with database(server_engine, "prune_first") as url:
        bureau = Bureau(tmp_path_factory.mktemp("prune") / "home", url)
        for n in range(NIGHTS):
            bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话=f"1370000000{n}") for who in people(4)])
            bureau.night(TODAY + timedelta(days=n))
        for statement in (
            "UPDATE run SET started_at = started_at - interval '40 days' WHERE run_id < 3",
            "UPDATE delivery SET received_at = received_at - interval '40 days' WHERE received_run < 3",
        ):
            execute(url, statement)
        yield bureau


@pytest.fixture
def bureau(after_nights, tmp_path, server_engine):
    shutil.copytree(after_nights.home, tmp_path / "home")
    with database(server_engine, like="prune_first") as url:
        bureau = Bureau(tmp_path / "home", url)
        bureau.own_configuration()
        (bureau.config / "operations.toml").write_text(SHORT)
        yield bureau


def execute(url, statement):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))


def pruned(bureau, *, write=True, in_days=0):
    with bureau.environment():
        return prune(bureau.home, bureau.config, write=write, now=datetime.now(UTC) + timedelta(days=in_days))


def originals(bureau):
    """Numbers of the runs whose list is kept still."""
    rows = bureau.query("SELECT received_run, sha256 FROM delivery ORDER BY received_run")
    received = bureau.home / "received"
    return [row["received_run"] for row in rows if original_path(received, row["sha256"]).is_file()]


def test_in_numbers_first_and_nothing_goes_before_it_is_asked_for(bureau):
    assert (found := pruned(bureau, write=False))["is_done"] is False
    assert (found["originals"]["files"], originals(bureau)) == (1, [1, 2, 3])
    assert sorted(path.name for path in (bureau.home / "reports").iterdir() if path.is_dir()) == ["1", "2", "3"]
    assert found["flow_runs"] is None


def test_a_list_nothing_has_stood_on_for_as_long_goes_and_the_registry_can_still_be_proved(bureau):
    """The list of run 2 ended in run 3, which is young: undoing that run brings its rows back."""
    assert pruned(bureau)["originals"]["files"] == 1
    assert originals(bureau) == [2, 3]
    assert pruned(bureau)["originals"]["files"] == 0
    with bureau.environment():
        assert check_registry(bureau.home, bureau.config, None, is_check=True)["is_identical"]
        made = make_backup(bureau.home, bureau.config)
    assert (made["originals"], made["missing"]) == (2, 0), "what was let go on purpose is not missed"


def test_without_a_number_of_days_originals_stay_for_ever(bureau):
    (bureau.config / "operations.toml").write_text(SHORT.replace("received_days = 30\n", ""))
    assert pruned(bureau)["originals"]["files"] == 0
    assert originals(bureau) == [1, 2, 3]


STANDS_ON_THE_FIRST_LIST = {
    "row in force": "UPDATE source_row SET to_run = NULL WHERE row_id = (SELECT min(row_id) FROM source_row WHERE from_run = 1)",
    "value carried": """UPDATE elder SET carried = format('{"a.phone": %s}', (SELECT min(row_id) FROM source_row WHERE from_run = 1))
        WHERE person_id = 1""",
    "decision": """INSERT INTO identity_link (link_id, decision_id, kind, source, row_hash, after_run)
        SELECT 1, 1, 'row', source, row_hash, 1 FROM source_row WHERE from_run = 1 LIMIT 1""",
    "open push": "UPDATE outbox SET state = 'unknown' WHERE person_id = 1",
    "finding": """INSERT INTO finding (finding_id, from_run, origin, source, delivery_id, code, severity)
        SELECT 99, 1, 'file', source, delivery_id, 'column-unknown', 'warn' FROM delivery WHERE received_run = 1""",
    "list not taken": "UPDATE delivery SET state = 'held' WHERE received_run = 1",
    "list that may be taken again": "UPDATE delivery SET state = 'undone' WHERE received_run = 1",
    "another source's": """INSERT INTO delivery SELECT 99, 'village_survey', sha256, file_name, size, 3, now(), 'accepted', 3, '{}'
        FROM delivery WHERE received_run = 1""",
}  # fmt: skip


@pytest.mark.parametrize("statement", STANDS_ON_THE_FIRST_LIST.values(), ids=STANDS_ON_THE_FIRST_LIST)
def test_a_list_on_which_something_stands_stays_whatever_its_age(bureau, statement):
    execute(bureau.url, statement)
    assert pruned(bureau)["originals"]["files"] == 0
    assert 1 in originals(bureau)


def test_reports_and_platform_files_of_old_runs_go_and_others_stay(bureau):
    reports, outgoing = bureau.home / "reports", bureau.home / "outgoing"
    for folder in (
        reports / "reconcile/20200101T020000", reports / "scorecard/2020-01", reports / "notes", outgoing / "1-2", outgoing / "x",
    ):  # fmt: skip
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"1234")
    before = sorted(path.name for path in outgoing.iterdir())
    assert before == ["1", "1-2", "2", "3", "x"]
    found = pruned(bureau)
    assert {path.name for path in reports.iterdir() if path.is_dir()} == {"3", "notes", "reconcile", "scorecard"}
    assert sorted(path.name for path in outgoing.iterdir()) == ["3", "x"]
    assert list((reports / "reconcile").iterdir()) == list((reports / "scorecard").iterdir()) == []
    assert found["outgoing"]["bytes"] >= 4


def test_files_a_night_put_away_go_and_those_it_refused_stay(bureau):
    inbox = bureau.inbox(INCAPACITY)
    [taken] = list(inbox.glob("*"))
    for folder in ("已处理", "处理失败"):
        (inbox / folder).mkdir()
        shutil.copy(taken, inbox / folder)
    (bureau.config / "operations.toml").write_text(SHORT.replace("[backup]", "put_away_days = 10\n[backup]"))
    assert pruned(bureau, in_days=9)["put_away"]["files"] == 0
    assert pruned(bureau, in_days=11, write=False)["put_away"] == {"files": 1, "bytes": taken.stat().st_size}
    assert pruned(bureau, in_days=11)["put_away"]["files"] == 1
    assert list((inbox / "已处理").iterdir()) == []
    assert [path.name for path in (inbox / "处理失败").iterdir()] == [taken.name]


def test_platform_files_whose_outcome_nobody_knows_stay(bureau):
    execute(bureau.url, "UPDATE outbox SET state = 'unknown', sent_run = 1 WHERE person_id = 1")
    pruned(bureau)
    assert "1" in {path.name for path in (bureau.home / "outgoing").iterdir()}


def test_the_newest_run_keeps_its_report_even_where_nothing_happened_for_a_year(bureau):
    execute(bureau.url, "UPDATE run SET started_at = started_at - interval '400 days'")
    pruned(bureau)
    assert {path.name for path in (bureau.home / "reports").iterdir() if path.is_dir()} == {"3"}


def test_logs_go_after_the_time_the_law_wants_them_and_those_in_use_stay(bureau):
    logs = Home(bureau.home).logs
    for name, days in (("eldersync.log", 300), ("eldersync.log.1", 201), ("eldersync.log.2", 199)):
        (logs / name).write_text("line")
        then = time.time() - days * 86400
        os.utime(logs / name, (then, then))
    pruned(bureau)
    left = {path.name for path in logs.iterdir()}
    assert {"eldersync.log", "eldersync.log.2"} <= left
    assert "eldersync.log.1" not in left


def test_the_newest_backups_stay_and_originals_none_of_them_names_go(bureau):
    with bureau.environment():
        first = make_backup(bureau.home, bureau.config)
        assert first["originals"] == 3
        for _ in range(3):
            made = back_up_nightly(bureau.home, bureau.config)
    folder = bureau.home / "backups"
    assert made["is_good"]
    assert len(backups_in(folder)) == 2
    named = {part.name for backup in backups_in(folder) for part in read_manifest(backup).originals}
    assert {path.name for path in pool_of(folder).glob("*/*")} == named
    assert len(named) == 2, "the list of run 1 was let go after the first of these backups"


def test_nothing_goes_while_a_run_is_active_and_the_nightly_backup_does_not_mind(bureau):
    with connect_registry(bureau.home, bureau.url) as engine, run_lock(engine):
        with pytest.raises(AnotherRunIsActive):
            pruned(bureau)
        with bureau.environment():
            made = back_up_nightly(bureau.home, bureau.config)
    assert (made["is_good"], made["pruned"], originals(bureau)) == (True, {}, [1, 2, 3])


def test_a_list_that_was_let_go_may_come_again(bureau):
    pruned(bureau)
    bureau.deliver(INCAPACITY, [incapacity_row(who, 联系电话="13700000000") for who in people(4)])
    bureau.night(TODAY + timedelta(days=NIGHTS))
    with bureau.environment():
        assert make_backup(bureau.home, bureau.config)["missing"] == 0
