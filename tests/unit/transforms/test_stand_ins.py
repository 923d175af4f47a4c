"""A held row replaces nothing: what the record rests on stands in for it until it is corrected or gone."""

import numpy as np
import pandas as pd
import pytest
from made_up_rows import CONFIGURATION, INCAPACITY, SURVEY, TODAY, id_number
from records import NOBODY, Nights, registered

from transforms.columns import texts
from transforms.merge import merge
from transforms.merging.stand_ins import stand_ins

NUMBER, OTHER = (id_number(serial=serial) for serial in (121, 232))
WHO = {"name": "张玉梅", "household_village": "大黄村"}
LISTED = SURVEY, WHO | {"id_number": NUMBER, "categories": "独居", "phone": "13900000001"}
HELD = SURVEY, WHO | {"id_number": NUMBER, "categories": None, "phone": "13900000002"}
ASSESSED = INCAPACITY, WHO | {"id_number": NUMBER, "ability_level": "3"}


def standing_in(before, now, *, candidates=NOBODY, disputed=(), minimum_age=60, status="active"):
    """The merge of a first night, the rows of a second one, and what stands in for the held ones among them."""
    nights = Nights()
    nights.night(before)
    rows, record = nights.rows(now), registered(nights.merged, status)
    outcome = np.where(rows["is_held"], "held", "admitted").astype(object)
    added = stand_ins(
        rows, outcome, nights.earlier(rows, record), record, candidates, np.array(disputed, dtype=np.int64),
        minimum_age=minimum_age, today=TODAY,
    )  # fmt: skip
    return nights, rows, added


def candidates(nights_rows, source=SURVEY):
    return pd.DataFrame({"source": texts([source]), "id_key": nights_rows["id_key"].to_numpy(dtype=np.int64)[:1]})


def test_the_earlier_row_stands_in_for_a_held_one_and_the_record_stays_as_it_was():
    nights, rows, added = standing_in([LISTED, ASSESSED], [HELD, ASSESSED])
    assert added[["source", "row_id", "outcome", "is_held", "is_stand_in"]].to_numpy().tolist() == [
        [SURVEY, 1, "admitted", False, True]
    ]
    together = pd.concat([rows[~rows["is_held"]], added], ignore_index=True)
    again = merge(together, CONFIGURATION)
    assert again.elders.equals(nights.merged.elders)
    assert again.categories["row_id"].tolist() == nights.merged.categories["row_id"].tolist()


@pytest.mark.parametrize(("now", "options"), [
    ([LISTED], {}), ([ASSESSED], {}), ([HELD, ASSESSED], {"minimum_age": 90}), ([HELD, ASSESSED], {"status": "withdrawn"}),
    ([HELD, (SURVEY, LISTED[1] | {"phone": "13900000004"})], {}),
], ids=["nothing is held", "gone from the list", "too young by today's rules", "had left", "another row is admitted"])  # fmt: skip
def test_nothing_stands_in(now, options):
    assert standing_in([LISTED, ASSESSED], now, **options)[2].empty


def test_nothing_stands_in_for_people_in_dispute_since_their_records_stay_anyway():
    _, rows, _ = standing_in([LISTED], [HELD])
    assert standing_in([LISTED], [HELD], disputed=rows["id_key"].tolist())[2].empty


def test_the_same_cells_judged_otherwise_by_other_rules_do_not_stand_in_for_themselves():
    nights = Nights()
    nights.night([LISTED])
    record = registered(nights.merged)
    rows = nights.every_row.assign(row_id=9, is_held=True)
    held = np.array(["held"], dtype=object)
    nobody = np.zeros(0, dtype=np.int64)
    added = stand_ins(rows, held, nights.earlier(rows, record), record, NOBODY, nobody, minimum_age=60, today=TODAY)
    assert added.empty


def test_a_row_stands_in_while_a_damaged_one_may_be_the_persons():
    _, rows, added = standing_in([LISTED, ASSESSED], [ASSESSED])
    assert added.empty
    in_question = candidates(rows)
    assert standing_in([LISTED, ASSESSED], [ASSESSED], candidates=in_question)[2]["row_id"].tolist() == [1]
    assert standing_in([LISTED, ASSESSED], [ASSESSED], candidates=candidates(rows, INCAPACITY))[2].empty


def test_a_stand_in_is_the_persons_whatever_number_it_was_written_under():
    nights = Nights()
    nights.night([LISTED])
    record = registered(nights.merged).assign(id_key=pd.array([5], dtype="Int64"))
    rows = nights.rows([HELD]).assign(id_key=pd.array([5], dtype="Int64"))
    outcome = np.array(["held"], dtype=object)
    nobody = np.zeros(0, dtype=np.int64)
    added = stand_ins(rows, outcome, nights.earlier(rows, record), record, NOBODY, nobody, minimum_age=60, today=TODAY)
    assert added["id_key"].tolist() == [5]
