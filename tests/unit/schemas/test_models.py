"""What passes between stages fits the forms that rules declare; a breach is told by column and code and quotes nothing."""

import pandas as pd
import pandera.pandas as pa
import pytest

from schemas.errors import ContractBroken
from schemas.idnumber import check_character
from schemas.models import elders_schema, staged_schema, validated
from schemas.rules_catalogue import RULES

NUMBER = "44142119400506121" + check_character("44142119400506121")
GOOD = {"id_number": NUMBER, "birth_date": "1940-05-06", "sex": "male", "categories": "living_alone|empty_nest",
        "monthly_pension_fen": "12000", "household_division_code": "441421101001"}  # fmt: skip


def rows(**changes):
    return pd.DataFrame({name: [cell] for name, cell in (GOOD | changes).items()}, dtype="str")


@pytest.mark.parametrize(("column", "cell", "code"), [
    ("id_number", NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1"), "id-number-checksum"),
    ("birth_date", "6.5.1940", "date-format"),
    ("sex", "男", "code-unknown"),
    ("categories", "高龄", "category-unknown"),
    ("monthly_pension_fen", "-5", "amount-format"),
    ("household_division_code", "4414", "division-unknown"),
])  # fmt: skip
def test_a_breach_is_told_by_the_code_of_its_rule_and_quotes_nothing(column, cell, code):
    with pytest.raises(ContractBroken) as broken:
        validated(rows(**{column: cell}), staged_schema(tuple(GOOD)))
    assert str(broken.value) == f"staged rows: {column}: {code}: 1"
    assert broken.value.__context__ is None


def test_rows_that_fit_come_back_as_they_are():
    frame = rows(sex=None)
    assert validated(frame, staged_schema(tuple(GOOD))) is frame


def test_every_check_bears_the_code_of_the_rule_that_declares_it():
    declared = {(field, str(rule.code)) for rule in RULES.values() for field, _ in rule.forms}
    in_models = {(name, check.error) for name, column in elders_schema().columns.items() for check in column.checks}
    assert in_models
    assert in_models <= declared


def test_an_elder_stands_once():
    schema: pa.DataFrameSchema = elders_schema()
    assert [name for name, column in schema.columns.items() if column.unique] == ["id_number"]
    assert not staged_schema(tuple(GOOD)).columns["id_number"].unique


@pytest.mark.parametrize("cells", [[5], pd.array([5]), pd.array([5], dtype=object)], ids=["number", "Int64", "object"])
def test_cells_that_are_no_text_are_told_by_the_type_of_their_column(cells):
    frame = rows().assign(sex=cells)
    with pytest.raises(ContractBroken) as broken:
        validated(frame, staged_schema(tuple(GOOD)))
    assert "sex: dtype('string" in str(broken.value)
