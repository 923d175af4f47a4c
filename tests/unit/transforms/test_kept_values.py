"""An empty cell never deletes a filled one of the same source and person, unless its source's rule says so."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import CONFIGURATION, DISABILITY, FEWER, INCAPACITY, SURVEY, id_number
from records import Nights

from transforms.merge import source_letters
from transforms.merging.kept_values import KEPT_FIELDS

NUMBER, OTHER, THIRD = (id_number(serial=serial) for serial in (121, 232, 343))
WHO = {
    "name": "张玉梅",
    "household_village": "大黄村",
    "household_town": "程江镇",
    "household_county": "梅县区",
    "categories": "独居",
}
PHONE = "13900000001"


def survey(number=NUMBER, **cells):
    return SURVEY, WHO | {"id_number": number} | cells


def certified(**cells):
    return DISABILITY, WHO | {"id_number": NUMBER, "disability_certificate_number": NUMBER + "41"} | cells


def assessed(**cells):
    return INCAPACITY, WHO | {"id_number": NUMBER} | cells


def with_empty_deletes(*fields):
    source = CONFIGURATION.sources[SURVEY].model_copy(update={"empty_deletes": fields})
    return CONFIGURATION.model_copy(update={"sources": CONFIGURATION.sources | {SURVEY: source}})


def test_a_value_is_kept_over_many_nights_and_said_to_be_of_the_row_that_had_it():
    nights = Nights()
    nights.night([survey(phone=PHONE)])
    for remarks in ("二", "三", "三"):
        elder = nights.night([survey(remarks=remarks)])[NUMBER]
        assert (elder["phone"], elder["remarks"], elder["carried"]) == (PHONE, remarks, '{"d.phone": 1}')
    elder = nights.night([survey(phone="13900000002")])[NUMBER]
    assert (elder["phone"], elder["carried"]) == ("13900000002", None)


def test_a_value_that_loses_is_kept_too_and_wins_when_the_other_source_is_gone():
    nights = Nights()
    nights.night([survey(phone=PHONE), assessed(phone="13900000005")])
    elder = nights.night([survey(phone=PHONE), assessed(remarks="二")])[NUMBER]
    assert (elder["phone"], elder["carried"]) == (PHONE, '{"c.phone": 2}')
    elder = nights.night([assessed(remarks="二")])[NUMBER]
    assert (elder["phone"], elder["carried"]) == ("13900000005", '{"c.phone": 2}')


def test_nothing_is_kept_of_a_source_that_does_not_list_the_person_any_more():
    nights = Nights()
    nights.night([survey(phone=PHONE), certified()])
    assert nights.night([certified()])[NUMBER]["phone"] is None
    assert nights.night([certified(), survey()])[NUMBER]["phone"] is None


def test_nothing_is_kept_of_somebody_who_had_left():
    nights = Nights()
    nights.night([survey(phone=PHONE)])
    assert nights.night([survey()], status="withdrawn")[NUMBER]["phone"] is None


@pytest.mark.parametrize(("fields", "phone", "gas"), [
    ((), PHONE, "no"), (("phone",), None, "no"), (("*",), None, None), (("gas_safe",), PHONE, None),
], ids=["nothing", "phones", "everything", "gas"])  # fmt: skip
def test_a_source_may_say_that_its_empty_cells_delete(fields, phone, gas):
    nights = Nights(with_empty_deletes(*fields))
    nights.night([survey(phone=PHONE, gas_safe="否")])
    elder = nights.night([survey()])[NUMBER]
    assert (elder["phone"], elder["gas_safe"]) == (phone, gas)


CONTACT = {"emergency_contact_name": "李建国", "emergency_contact_phone": PHONE}
CERTIFICATE = {"certificate_expiry_date": "2029-01-01", "certificate_issued_date": "2019-01-01"}
ASSESSMENT = {"ability_level": "3", "ability_assessed_date": "2024-01-01", "ability_assessor": "评估中心"}
OLD = {"household_town": "程江镇", "household_village": "大黄村"}


@pytest.mark.parametrize(("statement", "before", "after", "field", "kept"), [
    (survey, CONTACT, {"emergency_contact_name": "李建国"}, "emergency_contact_phone", PHONE),
    (survey, CONTACT, {"emergency_contact_name": "王志强"}, "emergency_contact_phone", None),
    (survey, CONTACT, {}, "emergency_contact_name", "李建国"),
    (certified, CERTIFICATE, {}, "certificate_expiry_date", "2029-01-01"),
    (certified, CERTIFICATE, {"disability_certificate_number": NUMBER + "42"}, "certificate_expiry_date", None),
    (certified, CERTIFICATE, {"certificate_status": "注销"}, "certificate_expiry_date", None),
    (certified, CERTIFICATE | {"certificate_status": "注销"}, CERTIFICATE, "certificate_status", "cancelled"),
    (assessed, ASSESSMENT, {"ability_assessed_date": "2024-01-01"}, "ability_level", "3"),
    (assessed, ASSESSMENT, {"ability_assessed_date": "2024-05-01"}, "ability_level", None),
    (survey, OLD, {"household_town": "扶大镇", "household_village": None}, "household_village", None),
    (survey, OLD, {"household_town": None, "household_village": None, "household_county": None}, "household_village", "大黄村"),
    (survey, {"remarks": "备注"}, {}, "remarks", None),
], ids=["same contact", "other contact", "no contact", "same certificate", "other certificate", "cancelled", "was cancelled",
        "same assessment", "other assessment", "part of a place", "no place", "remarks"])  # fmt: skip
def test_what_is_one_thing_is_kept_as_one(statement, before, after, field, kept):
    nights = Nights()
    nights.night([statement(**before)])
    assert nights.night([statement(**after, phone="13900000007")])[NUMBER][field] == kept


def test_a_statement_that_is_only_judged_again_is_taken_as_it_is_judged_now():
    """The same cells, of which today's rules make nothing: that emptiness is ours."""
    nights = Nights()
    nights.night([survey(phone=PHONE)])
    first = nights.every_row
    again = first.assign(row_id=9, phone=first["phone"].where(first["row_id"] < 0))
    nights.rows = lambda _statements: again
    assert nights.night([])[NUMBER]["phone"] is None


CELLS = {
    "phone": st.none() | st.sampled_from([PHONE, "13900000002"]),
    "gas_safe": st.none() | st.sampled_from(["是", "否"]),
    "emergency_contact_name": st.none() | st.sampled_from(["李建国", "王志强"]),
    "emergency_contact_phone": st.none() | st.sampled_from([PHONE, "13900000003"]),
    "household_village": st.none() | st.sampled_from(["大黄村", "小黄村"]),
    "registered_date": st.none() | st.sampled_from(["2020-01-01", "2024-01-01"]),
}
NIGHTS = st.lists(
    st.fixed_dictionaries({number: st.none() | st.fixed_dictionaries(CELLS) for number in (NUMBER, OTHER)}),
    min_size=1,
    max_size=5,
)
ALONE = ("phone", "gas_safe", "registered_date")


@FEWER
@given(NIGHTS)
def test_empty_never_deletes_and_filled_always_replaces(several):
    nights, remembered = Nights(), {}
    for night in several:
        listed = {number: cells for number, cells in night.items() if cells is not None}
        elders = nights.night([survey(number, **cells) for number, cells in listed.items()] or [survey(THIRD)])
        remembered = {number: remembered.get(number, {}) for number in listed}
        for number, cells in listed.items():
            for field in ALONE:
                said = {"是": "yes", "否": "no"}.get(cells[field], cells[field])
                remembered[number][field] = said or remembered[number].get(field)
                assert elders[number][field] == remembered[number][field]


@FEWER
@given(NIGHTS)
def test_every_kept_value_stands_in_the_row_it_is_said_to_be_of_and_the_night_again_changes_nothing(several):
    nights = Nights()
    letters = {letter: name for name, letter in source_letters(CONFIGURATION).items()}
    for night in several:
        statements = [survey(number, **cells) for number, cells in night.items() if cells is not None] or [
            survey(THIRD)
        ]
        elders = nights.night(statements)
        rows = nights.every_row.set_index("row_id")
        for elder in elders.values():
            for place, row_id in json.loads(elder["carried"] or "{}").items():
                letter, field = place.split(".")
                assert field in KEPT_FIELDS
                assert (rows.loc[row_id, "source"], rows.loc[row_id, "id_number"]) == (
                    letters[letter],
                    elder["id_number"],
                )
                assert rows.loc[row_id, field] == elder[field]
                assert str(row_id) not in elder["row_ids"].strip("{}").split(",")
        before = nights.merged.elders
        nights.night(statements)
        assert nights.merged.elders.equals(before)
