"""Rows known to be bad, put among good ones in lists of every format: the night reports exactly those rows, by their numbers."""

import random
from collections.abc import Callable

import pytest
from made_up_files import BYTES_OF, PASSWORD
from nights import INCAPACITY, Bureau, Row, incapacity_row, people

PEOPLE = 60
FORMATS = [
    "xlsx", "xlsb", "xls", "ods", "page in GBK", "XML spreadsheet", "dBASE", "csv in GB18030", "csv in UTF-16", "tabs",
    "JSON lines", "zip", "locked xlsx",
]  # fmt: skip


def with_other_check_character(number: str) -> str:
    return number[:17] + ("1" if number[17] != "1" else "2")


FAULTS: dict[str, Callable[[Row], Row]] = {
    "id-number-checksum": lambda row: row | {"身份证号": with_other_check_character(str(row["身份证号"]))},
    "id-number-length": lambda row: row | {"身份证号": str(row["身份证号"])[:17]},
    "id-number-missing": lambda row: row | {"身份证号": ""},
    "id-number-birth-date": lambda row: (
        row | {"身份证号": f"{str(row['身份证号'])[:10]}1345{str(row['身份证号'])[14:]}"}
    ),
    "name-missing": lambda row: row | {"姓名": ""},
    "date-format": lambda row: row | {"评估日期": "去年"},
}


@pytest.mark.parametrize("written_as", FORMATS)
def test_exactly_the_bad_rows_are_reported_by_their_numbers(tmp_path, fresh_url, written_as):
    picked = random.Random(written_as)  # noqa: S311 - not a secret
    rows = [incapacity_row(who) for who in people(PEOPLE)]
    bad = dict(zip(picked.sample(range(PEOPLE), 3 * len(FAULTS)), sorted(FAULTS) * 3, strict=True))
    for place, fault in bad.items():
        rows[place] = FAULTS[fault](rows[place])
    bureau = Bureau(tmp_path / "home", fresh_url)
    bureau.own_configuration()
    bureau.set_rule('password_secret = "lists"', file=f"sources/{INCAPACITY}.toml")
    secret = bureau.home / "secrets" / "lists"
    secret.parent.mkdir(mode=0o700, parents=True)
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o600)
    cells = [list(rows[0]), *[[str(cell) for cell in row.values()] for row in rows]]
    bureau.deliver(INCAPACITY, BYTES_OF[written_as](cells))
    summary = bureau.night()
    first = 1 if written_as == "JSON lines" else 2
    found = {(row, code) for code, _, row, _ in bureau.findings() if row is not None}
    assert found == {(place + first, fault) for place, fault in bad.items()}
    assert summary["sources"][INCAPACITY]["received"] == PEOPLE
