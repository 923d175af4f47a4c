"""The site of reports on real nights: its pages, its masked rows, its figures as of the night, and the monthly scorecard."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from nights import (
    DISABILITY,
    INCAPACITY,
    SURVEY,
    TODAY,
    Bureau,
    Person,
    disability_row,
    incapacity_row,
    member_row,
    people,
    person,
    survey_row,
)

from flows import cli
from flows.accounts.scorecard import measured_codes
from flows.context import Home, open_registry
from flows.returning.dispatches import awaiting_sender, send_back
from registry.engine import transaction
from registry.findings import findings_of_run
from reports.scorecard import RETURN_COUNTS
from schemas.configuration import load_configuration
from schemas.findings import CATALOGUE

FAULTY = "12345"


@pytest.fixture
def bureau(tmp_path: Path, fresh_url: str) -> Bureau:
    return Bureau(tmp_path / "home", fresh_url)


def command(bureau: Bureau, capsys: pytest.CaptureFixture[str], *words: str | int | Path) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    with bureau.environment():
        code = cli.call([*map(str, words), "--home", str(bureau.home), "--config", str(bureau.config), "--json"])
    return code, json.loads(capsys.readouterr().out)


def embedded(page: Path) -> dict[str, Any]:
    found = re.search(r'(?s)id="findings-data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]


def words_of(page: Path) -> str:
    html = re.sub(r"(?s)<(style|script)\b.*?</\1>", "", page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def faulty_lists(bureau: Bureau) -> list[Person]:
    """Two villages with a fault each, a member without a number, and a certificate of somebody else."""
    here, there = people(4), people(4, first=10, town="扶大镇", village="三葵村")
    bureau.deliver_workbook(
        SURVEY,
        {
            "服务对象": [survey_row(here[0], 联系电话=FAULTY), *map(survey_row, [*here[1:], *there[:3]]), survey_row(there[3], 对象类型="")],
            "家庭成员": [member_row(there[0], "吴户主", there[0].number, "户主"), member_row(there[0], "吴小明", "1", "子")],
        },
    )  # fmt: skip
    bureau.deliver(DISABILITY, [disability_row(there[1], 残疾人证号=f"{here[3].number}41"), disability_row(person(40))])
    return [*here, *there]


def test_a_night_leaves_a_page_for_every_body_town_and_rule_and_each_finding_is_on_all_of_its_own(
    bureau: Bureau,
) -> None:
    faulty_lists(bureau)
    page = Path(bureau.night()["report"])
    names = {file.name for file in page.parent.iterdir()}
    codes = bureau.codes()
    assert {name for name in names if name.startswith("rule-")} == {f"rule-{code}.html" for code in codes}
    assert {name for name in names if name.startswith("town-")} == {"town-441403132.html", "town-441403133.html"}
    assert {name for name in names if name.startswith("body-")} == {f"body-{number}.html" for number in (1, 2, 3)}
    assert embedded(page)["count"] == sum(codes.values())
    for kind in ("rule", "town", "body"):
        assert sum(embedded(file)["count"] for file in page.parent.glob(f"{kind}-*.html")) == sum(codes.values())
    assert (page.parent.parent / "index.html").is_file()
    assert all(f'id="{code}"' in (page.parent.parent / "rules.html").read_text(encoding="utf-8") for code in CATALOGUE)
    for file in page.parent.parent.rglob("*.html"):
        links = re.findall(r'href="([^"#:]+)(?:#[^"]*)?"', file.read_text(encoding="utf-8"))
        assert [link for link in links if not (file.parent / link).resolve().is_file()] == []


def test_rows_stand_beside_their_findings_masked_members_too(bureau: Bureau) -> None:
    everybody = faulty_lists(bureau)
    page = Path(bureau.night()["report"])
    data = embedded(page.parent / "rule-household-member-id.html")
    [place] = data["numbers"]["row"]
    row = {label: words[data["rows"]["at"][label][place]] for label, words in data["rows"]["words"].items()}
    assert row["姓名"] == "吴**"
    assert row["服务对象身份证号码"] == f"4414**********{everybody[4].number[-4:]}"
    assert row["与户主关系"] == "子"
    text = "".join(file.read_text(encoding="utf-8") for file in page.parent.parent.rglob("*.html"))
    for one in everybody:
        assert one.name not in text
        assert one.number not in text
        assert one.phone not in text


def test_a_page_written_again_is_the_same_and_what_a_night_no_longer_has_goes(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty_lists(bureau)
    folder = Path(bureau.night()["report"]).parent
    before = {file.name: file.read_bytes() for file in folder.glob("*.html")}
    front = (folder.parent / "index.html").read_bytes()
    (folder / "town-441403133.html").unlink()
    (folder / "rule-line-broken.html").write_text("of an earlier writing")
    assert command(bureau, capsys, "report", 1) == (0, {"report": str(folder / "index.html")})
    assert {file.name: file.read_bytes() for file in folder.glob("*.html")} == before
    (folder.parent / "index.html").unlink()
    assert command(bureau, capsys, "report", 1)[0] == 0
    assert (folder.parent / "index.html").read_bytes() == front
    assert command(bureau, capsys, "report", 2)[0] == 2


def test_an_earlier_night_is_written_again_with_the_elders_of_then_and_leaves_the_front_page_to_the_newest(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = faulty_lists(bureau)
    folder = Path(bureau.night()["report"]).parent
    then = (folder / "town-441403133.html").read_bytes()
    bureau.deliver(
        INCAPACITY, [incapacity_row(one) for one in [*everybody[4:], *people(5, 60, town="扶大镇", village="三葵村")]]
    )
    bureau.night(TODAY + timedelta(days=1))
    front = (folder.parent / "index.html").read_bytes()
    assert "第 2 次，业务日期 2024-07-01" in words_of(folder.parent / "index.html")
    (folder / "town-441403133.html").unlink()
    assert command(bureau, capsys, "report", 1)[0] == 0
    assert (folder / "town-441403133.html").read_bytes() == then
    assert (folder.parent / "index.html").read_bytes() == front
    now = words_of(folder.parent / "2" / "town-441403133.html")
    assert "在册老年人 4 人" not in now
    assert "在册老年人 3 人" in words_of(folder / "town-441403133.html")  # one has no category


def test_a_run_that_took_nothing_says_that_nothing_came(bureau: Bureau) -> None:
    page = Path(bureau.night()["report"])
    assert "没有收到资料。" in words_of(page.parent / "body-2.html")
    assert "没有需要处理的事项。" in words_of(page.parent / "body-2.html")
    assert words_of(page.parent.parent / "index.html").count("没有收到资料") == 4


def send(bureau: Bureau, run_id: int, now: datetime) -> date:
    """A letter about what the survey is asked to correct; until when."""
    configuration = load_configuration(bureau.config)
    with (
        bureau.environment(),
        open_registry(Home(bureau.home.resolve()), configuration) as engine,
        transaction(engine) as connection,
    ):
        found = awaiting_sender(findings_of_run(connection, run_id))
        sent = send_back(
            connection, configuration, run_id=run_id, source=SURVEY, findings=found[found["source"] == SURVEY],
            folder=bureau.home / "letters", attachments=[], now=now,
        )  # fmt: skip
    return sent.due_on


def scores(path: Path, sheet: str) -> dict[str, dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].values
    return {str(row[0]): dict(zip(map(str, header), row, strict=True)) for row in rows}


def test_the_scorecard_counts_what_it_says_it_counts(
    bureau: Bureau, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # 10 rows: one faulty telephone, one sex that contradicts the number, one person twice.
    ten = people(9)
    rows = [survey_row(ten[0], 联系电话=FAULTY), survey_row(ten[1], 性别="女" if ten[1].sex == "男" else "男"), *map(survey_row, ten[2:]),
            survey_row(ten[8])]  # fmt: skip
    bureau.deliver(SURVEY, rows)
    bureau.night(date(2024, 6, 3))
    due = send(bureau, 1, datetime(2024, 6, 3, 9, tzinfo=UTC))
    assert due.month == 6
    bureau.deliver(
        SURVEY, [survey_row(ten[0], 联系电话=FAULTY + "6"), *map(survey_row, ten[1:])]
    )  # one of two corrected
    bureau.night(date(2024, 6, 5))
    send(bureau, 2, datetime(2024, 6, 5, 9, tzinfo=UTC))
    bureau.night(date(2024, 6, 29))

    code, given = command(bureau, capsys, "scorecard", "--month", "2024-06", "--to", tmp_path / "card.xlsx")
    assert (code, given["run_id"], given["sources"], given["villages"]) == (0, 3, 4, 1)
    assert Path(given["page"]) == bureau.home / "reports" / "scorecard" / "2024-06" / "index.html"
    survey = scores(tmp_path / "card.xlsx", "按来源")["村(居)摸底登记表"]
    assert (survey["行数"], survey["规范性（%）"], survey["唯一性（%）"], survey["一致性（%）"]) == (9, 88.9, 100, 100)
    assert (survey["重复出错（%）"], survey["及时性（%）"]) == (100, 100)
    assert [survey[f"{word}（处）"] for word in RETURN_COUNTS.values()] == [1, 1, 0]
    asked = bureau.query("SELECT count(*) AS n FROM finding_dispatch")[0]["n"]
    assert (asked, survey["按期办结（%）"]) == (
        3,
        33.3,
    )  # the telephone is asked for twice and stands, the sex is right
    assert survey["完整性（%）"] == pytest.approx(100 * filled(rows[2], bureau), abs=0.1)
    village = scores(tmp_path / "card.xlsx", "按村居")["大黄村"]
    assert {key: village[key] for key in list(village)[2:]} == {key: survey[key] for key in list(survey)[2:]}
    assert scores(tmp_path / "card.xlsx", "按来源")["残联持证残疾人名单"]["及时性（%）"] is None


def filled(row: dict[str, Any], bureau: Bureau) -> float:
    """Share of the columns a village is asked for that a row has; nobody here is disabled, and the town tells the county."""
    columns = load_configuration(bureau.config).sources[SURVEY].main.columns
    asked = [
        headers
        for field, headers in columns.items()
        if field not in {"remarks", "birth_date", "disability_certificate_number"} and not field.startswith("life_")
    ]
    return (1 + sum(any(row.get(header) for header in headers) for headers in asked)) / len(asked)


def test_a_month_without_a_night_and_a_month_that_is_none(bureau: Bureau, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(bureau, capsys, "scorecard", "--month", "2024-05")[1]["run_id"] is None
    assert command(bureau, capsys, "scorecard", "--month", "2024-13")[0] == 2
    assert command(bureau, capsys, "scorecard", "--month", "2024-05", "--to", "card.csv")[0] == 2


def test_no_code_counts_in_two_measures_of_rows() -> None:
    codes = [code for codes in measured_codes().values() for code in codes]
    assert len(codes) == len(set(codes))
    assert set(codes) <= set(map(str, CATALOGUE))
