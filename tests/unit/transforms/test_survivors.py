"""Strategies of survivorship: an oracle in plain Python for each, deterministic ties, and what a configuration may ask for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DISABILITY, FAMILY, FEWER, INCAPACITY, SURVEY, id_number, in_force
from pydantic import ValidationError

from schemas.survivorship import CERTIFICATE_FIELDS, Survivorship
from transforms.columns import texts, to_arrow
from transforms.merge import merge

NUMBERS = [id_number(serial=serial) for serial in (121, 232)]
ORDER = [SURVEY, DISABILITY, INCAPACITY, FAMILY]
PLACE = ["household_county", "household_town", "household_village", "household_division_code"]
DAYS = st.none() | st.sampled_from(["2020-01-01", "2023-05-05", "2024-01-01"])
CELLS = {
    "phone": st.none() | st.sampled_from(["13900000001", "13900000002", "13900000003"]),
    "household_town": st.none() | st.sampled_from(["程江镇", "扶大镇"]),
    "household_village": st.none() | st.sampled_from(["大黄村", "小黄村"]),
    "household_address": st.none() | st.sampled_from(["程江镇", "程江镇 一路", "程江镇一路9号"]),
    "gas_safe": st.none() | st.sampled_from(["yes", "no"]),
    "assistance_measures": st.none() | st.sampled_from(["送餐", "送餐；探访", "助浴;送餐", "探访"]),
    "disability_certificate_number": st.none() | st.sampled_from(["一", "二", "三"]),
    "disability_level": st.none() | st.sampled_from(["1", "2"]),
    "certificate_expiry_date": DAYS,
    "certificate_status": st.none() | st.sampled_from(["valid", "cancelled"]),
    "stated_date": DAYS,
}
STATEMENTS = st.lists(
    st.tuples(st.sampled_from(ORDER), st.sampled_from(NUMBERS), st.fixed_dictionaries(CELLS)),
    min_size=1, max_size=8, unique_by=lambda statement: statement[:2],
)  # fmt: skip


def rows_of(statements):
    """Rows with these very cells, whatever columns their sources have."""
    rows = in_force([(source, {"name": "张玉梅", "id_number": number}) for source, number, _ in statements])
    cells = {field: texts([cells[field] for _, _, cells in statements]) for field in CELLS}
    return rows.assign(**cells, filled_count=[sum(v is not None for v in c.values()) for *_, c in statements])


def believing(**fields):
    survivorship = Survivorship.model_validate({"otherwise": ORDER, "fields": fields})
    return CONFIGURATION.model_copy(update={"survivorship": survivorship})


def newest(_field, row):
    return row["stated_date"] or ""


def most_complete(field, row):
    if field in PLACE:
        return sum(row[part] is not None for part in PLACE)
    return len(row[field].replace(" ", "")) if field == "household_address" else row["filled_count"]


def longest_valid(_field, row):
    return row["certificate_status"] != "cancelled", row["certificate_expiry_date"] or ""


def unsafe(field, row):
    return row[field] == "no"


STRATEGIES = {
    "order": ("phone", ["phone"], {"sources": ORDER}, lambda _field, _row: 0),
    "newest": ("phone", ["phone"], {"strategy": "newest"}, newest),
    "newest place": ("household_town", PLACE[:3], {"strategy": "newest"}, newest),
    "most_complete text": ("household_address", ["household_address"], {"strategy": "most_complete"}, most_complete),
    "most_complete place": ("household_village", PLACE[:3], {"strategy": "most_complete"}, most_complete),
    "most_complete code": ("gas_safe", ["gas_safe"], {"strategy": "most_complete"}, most_complete),
    "longest_valid": ("disability_level", CERTIFICATE_FIELDS, {"strategy": "longest_valid"}, longest_valid),
    "any_true": ("gas_safe", ["gas_safe"], {"strategy": "any_true", "value": "no"}, unsafe),
    "turned order": ("phone", ["phone"], {"strategy": "newest", "sources": ORDER[::-1]}, newest),
    "not believed": ("phone", ["phone"], {"strategy": "newest", "sources": ORDER[1:3]}, newest),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
@FEWER
@given(statements=STATEMENTS)
def test_every_strategy_gives_what_plain_python_gives(strategy, statements):
    field, named, belief, score = STRATEGIES[strategy]
    rows = rows_of(statements)
    elders = merge(rows, believing(**dict.fromkeys(named, belief))).elders
    plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
    order = belief.get("sources", ORDER)
    for number, value in zip(elders["id_number"], to_arrow(elders[field]).to_pylist(), strict=True):
        together = PLACE if field in PLACE else [field]
        told = [row for row in plain if row["id_number"] == number and row["source"] in order]
        told = [row for row in told if any(row[part] is not None for part in together)]
        told.sort(key=lambda row: order.index(row["source"]))
        assert value == (max(told, key=lambda row: score(field, row))[field] if told else None)


@FEWER
@given(STATEMENTS)
def test_a_union_has_every_text_once_in_the_order_of_sources(statements):
    rows = rows_of(statements)
    elders = merge(rows, believing(assistance_measures={"strategy": "union"})).elders
    plain = rows.astype(object).where(rows.notna(), None).sort_values("source", key=lambda s: s.map(ORDER.index))
    for number, value in zip(elders["id_number"], to_arrow(elders["assistance_measures"]).to_pylist(), strict=True):
        told = [v for v in plain.loc[plain["id_number"] == number, "assistance_measures"] if v is not None]
        pieces = dict.fromkeys(piece for text in told for piece in text.replace(";", "；").split("；"))
        assert value == (told[0] if len(set(told)) == 1 else "；".join(pieces) or None)


EVERYTHING = {
    "phone": {"strategy": "newest"}, "household_address": {"strategy": "most_complete"},
    "gas_safe": {"strategy": "any_true", "value": "no"}, "assistance_measures": {"strategy": "union"},
    **{part: {"strategy": "most_complete"} for part in PLACE[:3]}, **{part: {"strategy": "longest_valid"} for part in CERTIFICATE_FIELDS},
}  # fmt: skip


@FEWER
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_any_strategy(statements, order: random.Random):
    rows = rows_of(statements)
    turned = list(range(len(rows)))
    order.shuffle(turned)
    configuration = believing(**EVERYTHING)
    shuffled = merge(rows.iloc[turned].reset_index(drop=True), configuration).elders
    assert shuffled.equals(merge(rows, configuration).elders)


@FEWER
@given(STATEMENTS)
def test_merging_what_was_merged_changes_nothing(statements):
    """The merged record, stated by every source, merges into itself."""
    configuration = believing(**EVERYTHING)
    once = merge(rows_of(statements), configuration).elders
    cells = [field for field in CELLS if field != "stated_date"]
    plain = once.astype(object).where(once.notna(), None).to_dict("records")
    again = [(s, e["id_number"], {f: e[f] for f in cells} | {"stated_date": None}) for e in plain for s in ORDER]
    rows = rows_of(again).assign(household_division_code=texts([None] * len(again)))
    assert merge(rows, configuration).elders[cells].equals(once[cells])


@pytest.mark.parametrize(("fields", "words"), [
    ({"phone": {"strategy": "best"}}, "Input should be"),
    ({"nobody": [SURVEY]}, "fields.nobody is not a field"),
    ({"gas_safe": {"strategy": "any_true"}}, "value is for any_true"),
    ({"phone": {"strategy": "newest", "value": "no"}}, "value is for any_true"),
    ({"phone": {"strategy": "any_true", "value": "no"}}, "answered with yes or no"),
    ({"gas_safe": {"strategy": "any_true", "value": "unsafe"}}, "answered with yes or no"),
    ({"name": {"strategy": "union"}}, "of names and addresses one is right"),
    ({"phone": {"strategy": "longest_valid"}}, "for what a certificate says"),
    ({"disability_level": {"strategy": "longest_valid"}}, "parts of a certificate are believed together"),
    ({"household_town": {"strategy": "newest"}}, "parts of a place are believed together"),
    ({"household_town": [DISABILITY]}, "parts of a place are believed together"),
    ({"sex": {"strategy": "newest"}}, "no strategy but order"),
], ids=["unknown strategy", "unknown field", "no value", "value for nothing", "any_true phone", "no such answer", "union of names",
        "longest valid phone", "half a certificate", "half a place", "half a place by order", "sex"])  # fmt: skip
def test_a_rule_that_does_not_suit_its_field_is_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        Survivorship.model_validate({"otherwise": ORDER, "fields": fields})


def test_a_plain_list_is_the_order_of_sources_and_a_strategy_alone_keeps_the_usual_one():
    rule = Survivorship.model_validate(
        {"otherwise": ORDER, "fields": {"name": [FAMILY], "phone": {"strategy": "newest"}}}
    )
    assert (rule.belief("name").strategy, rule.order("name")) == ("order", (FAMILY,))
    assert (rule.belief("phone").strategy, rule.order("phone")) == ("newest", tuple(ORDER))
    assert rule.order("household_division_code") == tuple(ORDER)
