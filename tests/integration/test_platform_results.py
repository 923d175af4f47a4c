"""The platform's result workbook: read by the limited child, matched with what was handed in, and settled; refusals become findings."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import xlsxwriter
from nights import (
    DISABILITY,
    SHIPPED_CONFIG,
    SURVEY,
    TODAY,
    Bureau,
    copied,
    disability_row,
    fresh_database,
    people,
    survey_row,
)
from result_files import answered, handed_in, write_results

from connectors.platform_results import read_results
from connectors.reading import ReadingLimits
from flows.telling.receipts import import_receipts
from schemas.errors import ConfigurationInvalid, RunStopped
from schemas.platform_profile import load_profile

RECEIPTS = load_profile(SHIPPED_CONFIG / "platform/example.toml").receipts
ACCEPTED = {"处理结果": "成功", "回执号": "R2024-7"}


def refused(**cells):
    return {"处理结果": "失败", **cells}


@pytest.fixture
def read(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir(mode=0o700)

    def read_file(path):
        results = read_results(path, RECEIPTS, repeated=("备注",), limits=ReadingLimits(), workspace=workspace)
        assert list(workspace.iterdir()) == []
        return results

    return read_file


def made_up_rows(count=3):
    numbers = [who.number for who in people(count)]
    rows = [
        {"操作类型": "新增", "人员编号": str(n), "姓名": f"张{n}", "证件号码": number, "备注": "审核"}
        for n, number in enumerate(numbers, start=1)
    ]
    return answered(rows, {"1": ACCEPTED, "2": refused(错误代码="1007"), "3": {"错误信息": "第 6 行 身份证号格式错误"}})


@pytest.mark.parametrize("name", ["results.xlsx", "results.xls", "results.csv"])
def test_rows_come_back_whatever_kind_of_file_it_is(tmp_path, read, name):
    results = read(write_results(tmp_path / name, made_up_rows()))
    assert not results.refused
    rows = results.rows.to_pylist()
    assert [row["row_number"] for row in rows] == [4, 5, 6, 7]
    assert [row["person_number"] for row in rows] == ["1", "2", "3", None]
    assert [row["result"] for row in rows] == ["成功", "失败", None, None]
    assert (rows[0]["receipt"], rows[1]["code"], rows[2]["feedback"]) == ("R2024-7", "1007", "第 6 行 身份证号格式错误")
    assert [row["id_number"] for row in rows[:3]] == [who.number for who in people(3)]
    assert rows[0]["repeated:备注"] == "审核"
    assert (results.broken, results.left_sheets) == (0, int(name.endswith("xlsx")))


def test_a_row_that_begins_like_a_footer_is_a_row(tmp_path, read):
    rows = [{"处理结果": "审核通过", "人员编号": "1"}, {"处理结果": "合计", "人员编号": ""}]
    results = read(write_results(tmp_path / "results.xlsx", rows, footer=False))
    assert results.rows["result"].to_pylist() == ["审核通过", "合计"]


def test_every_sheet_that_is_a_list_of_results_is_read(tmp_path, read):
    with xlsxwriter.Workbook(tmp_path / "results.xlsx") as book:
        for name, header in (("成功", ["人员编号", "处理结果"]), ("失败", ["人员编号", "失败原因"])):
            page = book.add_worksheet(name)
            page.write_row(0, 0, header)
            page.write_row(1, 0, [1, "成功" if name == "成功" else "姓名为空"])
        hidden = book.add_worksheet("旧结果")
        hidden.write_row(0, 0, ["人员编号", "处理结果"])
        hidden.write_row(1, 0, [2, "失败"])
        hidden.hide()
    results = read(tmp_path / "results.xlsx")
    assert [(row["sheet"], row["result"], row["words"]) for row in results.rows.to_pylist()] == [
        ("成功", "成功", None), ("失败", None, "姓名为空"),
    ]  # fmt: skip
    assert results.left_sheets == 1


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (["人员编号", "姓名", "证件号码"], "header-not-found"),
        (["姓名", "处理结果"], "header-not-found"),
        (["人员编号", "处理结果", "导入结果"], "column-duplicated"),
    ],
    ids=["no result", "nobody", "two results"],
)
def test_a_workbook_that_does_not_say_who_and_what_is_refused(tmp_path, read, header, code):
    rows = [dict.fromkeys(header, "1")]
    assert [found.code for found in read(write_results(tmp_path / "results.xlsx", rows)).findings] == [code]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_a_damaged_file_is_refused_and_kills_nobody(tmp_path, read, content):
    path = tmp_path / "results.xlsx"
    path.write_bytes(content)
    assert read(path).refused


def test_lines_that_are_no_rows_are_counted(tmp_path, read):
    path = tmp_path / "results.csv"
    path.write_text("人员编号,处理结果,失败原因\n1,成功,\n2,失败,甲,乙,丙\n3,成功,\n", encoding="utf-8")
    results = read(path)
    assert results.rows["person_number"].to_pylist() == ["1", "3"]
    assert results.broken == 1


EVERYBODY = people(5)


class Desk(Bureau):
    """A bureau that hands workbooks in and gets results back."""

    def import_file(self, path, **options):
        with self.environment():
            return import_receipts(self.home, self.config, path, **{"write": False, **options})

    def results(self, run_id, results):
        rows = answered(handed_in(self.home, run_id), results)
        return write_results(self.home.parent / "results.xlsx", rows)

    def execute(self, statement):
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text(statement))

    def states(self):
        return {
            row["person_id"]: row["state"]
            for row in self.query("SELECT person_id, state FROM outbox ORDER BY revision")
        }

    def push_findings(self):
        return self.query(
            "SELECT source, delivery_id, sheet, row_number, header, field, code, severity, seen FROM finding "
            "WHERE origin = 'push' AND to_run IS NULL ORDER BY finding_id"
        )


@pytest.fixture(scope="module")
def evening(server_engine, tmp_path_factory):
    """A desk whose first workbook was handed in, to be copied for each test."""
    with fresh_database(server_engine) as url:
        desk = Desk(tmp_path_factory.mktemp("evening") / "home", url)
        desk.deliver(SURVEY, [survey_row(who) for who in EVERYBODY])
        desk.deliver(DISABILITY, [disability_row(who) for who in EVERYBODY[:2]])
        desk.night(expect="green")
        yield desk


@pytest.fixture
def desk(evening, server_engine, tmp_path):
    with copied(evening, server_engine, tmp_path) as desk:
        yield desk


def bins(found):
    return {part["bin"]: part["rows"] for part in found["bins"]}


ANSWERS = {
    "1": ACCEPTED, "2": refused(错误代码="1002", 失败原因="残疾人证号过长"), "3": refused(错误信息="第 6 行 手机号码位数不对"),
    "4": {"处理结果": "处理中"},
}  # fmt: skip


def test_without_being_told_to_it_only_says_what_it_would_settle(desk):
    before = desk.content()
    found = desk.import_file(desk.results(1, ANSWERS))
    assert bins(found) == {"accepted": 1, "rejected": 2, "processing": 1, "blank": 2}  # 5, and the line of totals
    assert found["settled"] == {"accepted": 1, "rejected": 2}
    assert (found["rows"], found["unmentioned"], found["waits"], found["is_settled"]) == (6, 0, 2, False)
    assert [part["numbers"] for part in found["bins"]] == [["4"], ["5–6"], ["7"], ["8–9"]]
    assert desk.content() == before


def test_what_is_settled_is_settled_and_refusals_are_findings_where_the_value_came_from(desk):
    found = desk.import_file(desk.results(1, ANSWERS), write=True)
    assert found["is_settled"]
    assert found["findings"] == {"begun": 2, "ended": 0}
    assert desk.states() == {1: "accepted", 2: "rejected", 3: "rejected", 4: "sent", 5: "sent"}
    (settled,) = desk.query("SELECT * FROM outbox WHERE person_id = 1")
    assert settled["receipt"] == "R2024-7"
    assert settled["settled_at"] is not None
    certificate, phone = desk.push_findings()
    assert (certificate["source"], certificate["header"], certificate["row_number"]) == (DISABILITY, "残疾人证号", 3)
    assert (phone["source"], phone["header"], phone["row_number"]) == (SURVEY, "联系电话", 4)
    assert {finding["code"] for finding in (certificate, phone)} == {"platform-rejected"}
    again = desk.import_file(desk.results(1, ANSWERS), write=True)
    assert bins(again) == {"repeated": 3, "processing": 1, "blank": 2}
    assert again["findings"] == {"begun": 0, "ended": 0}


def test_a_finding_ends_when_the_corrected_record_is_accepted(desk):
    desk.import_file(desk.results(1, {"3": refused(错误信息="手机号码位数不对")}), write=True)
    rows = [survey_row(who) for who in EVERYBODY]
    rows[2]["联系电话"] = "13900009999"
    desk.deliver(SURVEY, rows)
    second = desk.night(TODAY + timedelta(days=1))["run_id"]
    assert [finding["header"] for finding in desk.push_findings()] == ["联系电话"]
    found = desk.import_file(desk.results(second, {"3": ACCEPTED}), write=True)
    assert found["findings"] == {"begun": 0, "ended": 1}
    assert desk.push_findings() == []
    (older,) = desk.query("SELECT payload FROM outbox WHERE person_id = 3 AND state = 'rejected'")
    assert older["payload"] is None


def test_an_answer_to_the_run_before_does_not_settle_what_was_handed_in_since(desk):
    first = desk.results(1, dict.fromkeys("12345", ACCEPTED))
    rows = [survey_row(who) for who in EVERYBODY]
    rows[2]["联系电话"] = "13900009999"
    desk.deliver(SURVEY, rows)
    desk.night(TODAY + timedelta(days=1))
    desk.import_file(first, write=True)
    states = desk.query("SELECT state, sent_run FROM outbox WHERE person_id = 3 ORDER BY revision")
    assert [(row["state"], row["sent_run"]) for row in states] == [("accepted", 1), ("sent", 2)]


def test_where_a_bad_row_refuses_the_file_the_others_are_in_the_next_one(desk):
    desk.own_configuration()
    desk.set_rule('takes = "whole-file"', instead_of='takes = "each-row" ', file="platform/example.toml")
    results = dict.fromkeys("1245", ACCEPTED) | {"3": refused(错误代码="1002")}
    found = desk.import_file(desk.results(1, results), write=True)
    assert bins(found) == {"not-taken": 4, "rejected": 1, "blank": 1}
    assert desk.states() == {1: "pending", 2: "pending", 3: "rejected", 4: "pending", 5: "pending"}
    second = desk.night(TODAY + timedelta(days=1))["run_id"]
    assert [row["人员编号"] for row in handed_in(desk.home, second)] == ["1", "2", "4", "5"]


def test_a_list_of_failures_that_only_names_rows_is_about_who_stood_there(desk):
    rows = [
        {"工作表": "1", "错误信息": "第 6 行 手机号码位数不对", "处理结果": "失败"},
        {"工作表": "1", "错误信息": "第 90 行 姓名为空", "处理结果": "失败"},
    ]
    path = write_results(desk.home.parent / "failures.xlsx", rows, footer=False)
    assert bins(desk.import_file(path)) == {"unknown-person": 2}
    assert bins(desk.import_file(path, run=1, write=True)) == {"rejected": 1, "unknown-person": 1}
    assert [row["人员编号"] for row in handed_in(desk.home, 1)][6 - 4] == "3"  # two notes and a header above the first
    assert desk.states()[3] == "rejected"


def test_nothing_of_anybody_is_in_findings_and_in_what_is_said(desk):
    one, other = EVERYBODY[2], EVERYBODY[3]
    words = f"{one.name}({' '.join(one.name)})的号码{one.number}、{one.phone}与{other.number}重复,{one.phone[:3]} {one.phone[3:]}"
    found = desk.import_file(desk.results(1, {"3": refused(错误代码=one.number, 失败原因=words)}), write=True)
    (finding,) = desk.push_findings()
    for text in (json.dumps(found, ensure_ascii=False), finding["seen"]):
        for secret in (one.name, one.name[1:], " ".join(one.name), one.number, one.phone, one.phone[3:], other.number):
            assert secret not in text
    assert "重复" in finding["seen"]


def test_a_change_a_sender_is_asking_about_is_left_to_it_and_nothing_is_settled(desk):
    path = desk.results(1, ANSWERS)
    desk.execute(
        "UPDATE outbox SET state = 'unknown', fence = 1, lease_until = now() + interval '1 hour' WHERE person_id = 1"
    )
    before = desk.content()
    with pytest.raises(RunStopped, match="3 changes were to be settled, 2 could be"):
        desk.import_file(path, write=True)
    assert desk.content() == before
    desk.execute("UPDATE outbox SET lease_until = now() - interval '1 hour' WHERE person_id = 1")
    desk.import_file(path, write=True)
    assert desk.states()[1] == "accepted"


def test_a_file_that_cannot_be_used_settles_nothing_and_says_why(desk, tmp_path):
    path = tmp_path / "results.xlsx"
    path.write_bytes(b"PK\x03\x04")
    found = desk.import_file(path, write=True)
    assert [fault["code"] for fault in found["faults"]] == ["file-unreadable"]
    assert not found["is_settled"]
    with pytest.raises(ConfigurationInvalid, match="FILE is not a file"):
        desk.import_file(tmp_path / "nothing.xlsx")
