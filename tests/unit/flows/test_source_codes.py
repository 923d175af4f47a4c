"""What a number means belongs to its source: the same 1 in two lists, judged as a night judges it."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from flows.intake.rows import judge_delivered
from schemas.configuration import Source, load_configuration
from schemas.idnumber import check_character

CONFIGURATION = load_configuration(Path(__file__).parents[3] / "config")
TODAY = date(2026, 11, 20)


def number(serial: int) -> str:
    first17 = f"44142119450312{serial:03}"
    return first17 + check_character(first17)


def delivered(source: Source, **cells: list[str]) -> pa.Table:
    """Rows as the reader gives them; fields that are not named are empty."""
    rows = len(cells["name"])
    columns = {field: pa.array(cells.get(field, [None] * rows), pa.large_string()) for field in source.main.columns}
    places = {
        "sheet": pa.array([""] * rows, pa.large_string()), "row_number": pa.array(range(2, rows + 2), pa.int32()),
        "row_hash": pa.array(range(rows), pa.int64()), "delivery_id": pa.array([1] * rows, pa.int64()),
    }  # fmt: skip
    return pa.table({**places, **columns})


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        pytest.param({"1": "male", "2": "female"}, ["male", "female", None], id="1 is 男 here"),
        pytest.param({"1": "female", "0": "male"}, ["female", None, "male"], id="1 is 女 there"),
        pytest.param({}, [None, None, None], id="nobody said what 1 is"),
    ],
)
def test_a_number_means_what_its_source_says(codes, expected):
    source = CONFIGURATION.sources["health_incapacity"].model_copy(update={"codes": {"sex": codes}})
    rows = delivered(
        source, name=["甲某", "乙某", "丙某"], sex=["1", "2", "0"], id_number=[number(n) for n in (121, 122, 123)]
    )
    judged = judge_delivered(CONFIGURATION, source, rows, today=TODAY)
    assert [sex if isinstance(sex, str) else None for sex in judged.rows["sex"]] == expected
    unknown = judged.findings.query("code == 'code-unknown' and field == 'sex'")["position"].tolist()
    assert unknown == [place for place, sex in enumerate(expected) if sex is None]
