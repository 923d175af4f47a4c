import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import FEWER, id_number
from told_changes import PROFILE, changes, result, results, told

from schemas.errors import ContractBroken
from transforms.columns import texts
from transforms.receipts import BIN_WORDS, Bin, match_receipts


def bins(rows, sent, **more):
    return match_receipts(rows, sent, more.pop("profile", PROFILE), **more).bins.tolist()


def outcomes(matched):
    frame = matched.outcomes.astype(object).where(matched.outcomes.notna(), None)
    return {(row.person_id, row.revision): (row.state, row.code, row.words, row.receipt) for row in frame.itertuples()}


def takes_whole_files():
    return PROFILE.model_copy(update={"receipts": PROFILE.receipts.model_copy(update={"takes": "whole-file"})})


def test_each_row_ends_in_the_bin_of_what_it_says():
    rows = results(
        result(1, "成功", receipt="R-1"),
        result(2, "失败", code="1004", words="出生日期有误"),
        result(3, "处理中"),
        result(4, "已登簿"),
        result(5),
        result(99, "成功"),
    )
    matched = match_receipts(rows, changes(*(told(person) for person in range(1, 7))), PROFILE)
    assert matched.bins.tolist() == ["accepted", "rejected", "processing", "unreadable", "blank", "unknown-person"]
    assert outcomes(matched) == {
        (1, 1): ("accepted", "", "", "R-1"), (2, 1): ("rejected", "1004", "出生日期有误", None)
    }  # fmt: skip
    assert matched.unmentioned == 1  # 6; of 3, 4 and 5 the file speaks, and they stay sent


@pytest.mark.parametrize("cell", ["41", "41.0", "４１", " 41 ", "'41", "0041"])
def test_a_persons_number_is_read_however_a_spreadsheet_keeps_it(cell):
    assert bins(results(result(cell, "成功")), changes(told(41))) == ["accepted"]


@pytest.mark.parametrize("cell", ["41人", "4 1", "1E+05", "99999999999999999999", "-41", "41.5"])
def test_what_is_no_number_of_ours_is_nobody(cell):
    assert bins(results(result(cell, "成功")), changes(told(41))) == ["unknown-person"]


@pytest.mark.parametrize(
    ("state", "said", "bin_"),
    [
        ("accepted", "成功", "repeated"), ("accepted", "失败", "contradicts"), ("accepted", "处理中", "repeated"),
        ("rejected", "失败", "repeated"), ("rejected", "成功", "contradicts"), ("superseded", "成功", "repeated"),
        ("processing", "成功", "accepted"), ("unknown", "失败", "rejected"), ("pending", "成功", "ambiguous"),
        ("inflight", "成功", "ambiguous"), ("held", "失败", "ambiguous"),
    ],
)  # fmt: skip
def test_what_is_settled_stays_and_what_waits_for_somebody_else_is_left(state, said, bin_):
    matched = match_receipts(results(result(1, said)), changes(told(1, state=state)), PROFILE)
    assert matched.bins.tolist() == [bin_]
    assert len(matched.outcomes) == (bin_ in {"accepted", "rejected"})


def test_rows_that_say_the_same_twice_settle_once_with_every_reason():
    rows = results(result(1, "失败", words="姓名为空"), result(1, "失败", words="地址过长", code="1002"))
    matched = match_receipts(rows, changes(told(1)), PROFILE)
    assert matched.bins.tolist() == ["rejected", "repeated"]
    assert outcomes(matched) == {(1, 1): ("rejected", "1001", "姓名为空；地址过长", None)}


@pytest.mark.parametrize("second", ["失败", "处理中"])
def test_rows_that_disagree_settle_nothing(second):
    matched = match_receipts(results(result(1, "成功"), result(1, second)), changes(told(1)), PROFILE)
    assert matched.bins.tolist() == ["contradicts", "contradicts"]
    assert matched.outcomes.empty


def test_of_a_run_the_newest_is_meant_and_older_ones_are_superseded():
    sent = changes(told(1, 3, run=5), told(1, 4, run=7), told(1, 5, run=7))
    matched = match_receipts(results(result(1, "成功")), sent, PROFILE, run=7)
    assert outcomes(matched) == {
        (1, 3): ("superseded", "", "", None), (1, 4): ("superseded", "", "", None), (1, 5): ("accepted", "", "", None)
    }  # fmt: skip


def test_a_refusal_leaves_what_was_handed_in_before_as_it_was():
    matched = match_receipts(results(result(1, "失败")), changes(told(1, 3, run=5), told(1, 4)), PROFILE, run=7)
    assert list(outcomes(matched)) == [(1, 4)]
    assert matched.unmentioned == 1


def test_a_person_of_two_runs_is_of_the_run_all_others_are_of():
    sent = changes(told(1, 3, run=5), told(1, 4, run=7), told(2, run=5), told(3, run=5))
    matched = match_receipts(results(result(1, "成功"), result(2, "成功"), result(3, "失败")), sent, PROFILE)
    assert (1, 3) in outcomes(matched)
    assert (1, 4) not in outcomes(matched)


@pytest.mark.parametrize(
    "others", [(), (told(2, run=5), told(3, run=7))], ids=["nobody else in the file", "others of both runs"]
)
def test_a_person_of_two_runs_is_not_guessed(others):
    sent = changes(told(1, 3, run=5), told(1, 4, run=7), *others)
    rows = results(result(1, "成功"), *(result(other["person_id"], "成功") for other in others))
    assert bins(rows, sent)[0] == "ambiguous"
    assert bins(rows, sent, run=5)[0] == "accepted"


def test_a_row_that_repeats_what_it_answers_says_which_change_it_means():
    before, after = (
        json.dumps({"姓名": "张玉梅", "联系电话": phone, "建档日期": "2024-01-05"}) for phone in ("1", "2")
    )
    sent = changes(told(1, 3, run=5, payload=before), told(1, 4, run=7, payload=after))
    repeated = {"repeated:姓名": "张 玉梅", "repeated:联系电话": "2.0", "repeated:建档日期": "2024/1/5"}
    rows = results(result(1, "成功")).assign(**{name: texts([cell]) for name, cell in repeated.items()})
    assert outcomes(match_receipts(rows, sent, PROFILE))[1, 4][0] == "accepted"
    assert outcomes(match_receipts(rows, sent, PROFILE, run=5))[1, 3][0] == "accepted"
    other = rows.assign(**{"repeated:联系电话": texts(["3"])})
    assert bins(other, sent) == ["ambiguous"]
    same = changes(told(1, 3, run=5, payload=after), told(1, 4, run=7, payload=after))
    assert bins(rows, same) == ["ambiguous"]


def test_somebody_who_was_not_in_the_named_run_is_not_guessed():
    assert bins(results(result(1, "成功")), changes(told(1, run=5)), run=7) == ["ambiguous"]


def test_operation_receipt_and_key_say_which_change_is_meant():
    sent = changes(
        told(1, 3, run=5, receipt="A"), told(1, 4, run=7, sent_as="withdrawn", receipt="B", key="k4"),
        told(1, 5, run=8, key="k5"),
    )  # fmt: skip
    for cells, revision in (
        ({"operation": "退出"}, 4), ({"receipt": "A"}, 3), ({"receipt": "B"}, 4), ({"key": "k5"}, 5)
    ):  # fmt: skip
        matched = match_receipts(results(result(1, "失败", **cells)), sent, PROFILE)
        assert list(outcomes(matched)) == [(1, revision)], cells
    assert bins(results(result(1, "失败", key="k9")), sent) == ["ambiguous"]
    assert bins(results(result(1, "失败", operation="新增")), sent) == ["ambiguous"]


def test_a_number_beside_somebody_elses_id_number_is_not_believed():
    mine, other = id_number(serial=121), id_number(serial=232)
    sent = changes(told(1, id_number=mine), told(2, id_number=other))
    assert bins(results(result(1, "成功", id_number=other)), sent) == ["ambiguous"]
    assert bins(results(result(1, "成功", id_number=mine.lower())), sent) == ["accepted"]
    assert bins(results(result(1, "成功", id_number=mine[:4] + "*" * 10 + mine[-4:])), sent) == ["accepted"]


def test_an_id_number_a_person_had_before_is_still_the_persons():
    before, now = id_number(serial=121), id_number(serial=232)
    sent = changes(told(1, 1, run=5, state="accepted", id_number=before), told(1, 2, id_number=now))
    assert bins(results(result(1, "成功", id_number=before)), sent, run=7) == ["accepted"]


def test_an_id_number_stands_in_for_a_missing_number_of_ours():
    sent = changes(told(1, id_number=id_number(serial=121)), told(2, id_number=id_number(serial=232)))
    matched = match_receipts(results(result(None, "成功", id_number=id_number(serial=232))), sent, PROFILE)
    assert list(outcomes(matched)) == [(2, 1)]


def test_a_sentence_tells_the_reason_and_is_a_refusal_by_itself():
    rows = results(result(1, feedback="第 5 行 身份证号格式错误"), result(2, "成功"))
    matched = match_receipts(rows, changes(told(1), told(2)), PROFILE)
    assert outcomes(matched)[1, 1] == ("rejected", "1007", "第 5 行 身份证号格式错误", None)
    strict = PROFILE.receipts.model_copy(update={"reason_rejects": False})
    assert bins(rows, changes(told(1), told(2)), profile=PROFILE.model_copy(update={"receipts": strict})) == [
        "unreadable", "accepted",
    ]  # fmt: skip


def test_a_sentence_that_names_a_row_is_about_whoever_stood_there():
    handed_in = pd.DataFrame({"row_number": [4, 5], "person_number": pd.Series(["1", "2"], dtype="str")})
    rows = results(result(feedback="第 ５ 行 身份证号格式错误"), result(feedback="第 6 行 姓名不能为空"))
    matched = match_receipts(rows, changes(told(1), told(2)), PROFILE, handed_in=handed_in)
    assert matched.bins.tolist() == ["rejected", "unknown-person"]
    assert list(outcomes(matched)) == [(2, 1)]
    assert bins(rows, changes(told(1), told(2))) == ["unknown-person"] * 2


def test_where_one_bad_row_refuses_the_file_the_good_ones_go_out_again():
    rows = results(result(1, "成功"), result(2, "失败"), result(3, "成功"))
    sent = changes(told(1), told(2), told(3, state="accepted"))
    matched = match_receipts(rows, sent, takes_whole_files())
    assert matched.bins.tolist() == ["not-taken", "rejected", "contradicts"]
    assert outcomes(matched) == {(1, 1): ("pending", "", "", None), (2, 1): ("rejected", "", "", None)}
    again = changes(told(1, state="pending"), told(2, state="rejected"), told(3, state="accepted"))
    assert bins(rows, again, profile=takes_whole_files()) == ["repeated", "repeated", "contradicts"]


def test_a_whole_file_without_a_bad_row_is_taken():
    assert bins(results(result(1, "成功")), changes(told(1)), profile=takes_whole_files()) == ["accepted"]


def test_no_rows_and_nothing_sent_are_no_trouble():
    assert match_receipts(results(), changes(), PROFILE).counts == dict.fromkeys(Bin, 0)
    assert bins(results(result(1, "成功")), changes()) == ["unknown-person"]
    assert match_receipts(results(), changes(told(1)), PROFILE).unmentioned == 1


def test_a_profile_without_receipts_cannot_match():
    with pytest.raises(ContractBroken, match=r"has no \[receipts\]"):
        match_receipts(results(), changes(), PROFILE.model_copy(update={"receipts": None}))


def test_every_bin_has_words():
    assert list(BIN_WORDS) == list(Bin)


CELLS = st.fixed_dictionaries(
    {
        "person_number": st.none() | st.sampled_from(["1", "2", "3", "4", "9", "x"]),
        "result": st.none() | st.sampled_from(["成功", "失败", "处理中", "怪"]),
        "operation": st.none() | st.sampled_from(["变更", "退出", "?"]),
        "receipt": st.none() | st.sampled_from(["A", "B"]),
        "words": st.none() | st.sampled_from(["姓名为空", "超长"]),
        "feedback": st.none() | st.sampled_from(["第 4 行 已存在", "第 5 行"]),
    }
)
STATES = ["sent", "processing", "unknown", "accepted", "rejected", "superseded", "pending", "inflight", "held"]
TOLD = st.lists(
    st.builds(
        told, st.integers(1, 4), st.integers(1, 3), run=st.none() | st.integers(5, 7), state=st.sampled_from(STATES),
        receipt=st.none() | st.sampled_from(["A", "B"]),
    ),
    max_size=8, unique_by=lambda one: (one["person_id"], one["revision"]),
)  # fmt: skip


@FEWER
@given(st.lists(CELLS, max_size=8), TOLD, st.none() | st.integers(5, 7), st.booleans(), st.randoms())
def test_bins_add_up_outcomes_are_open_changes_once_each_and_order_does_not_matter(cells, sent, run, whole, random):
    profile = takes_whole_files() if whole else PROFILE
    rows, known = results(*cells), {(one["person_id"], one["revision"]): one["state"] for one in sent}
    matched = match_receipts(rows, changes(*sent), profile, run=run)
    assert sum(matched.counts.values()) == len(rows) == len(matched.bins)
    settled = outcomes(matched)
    assert len(settled) == len(matched.outcomes)
    assert all(known[change] in {"sent", "processing", "unknown"} for change in settled)
    applied = sum(matched.counts[kind] for kind in (Bin.ACCEPTED, Bin.REJECTED, Bin.NOT_TAKEN))
    assert applied == sum(state != "superseded" for state, *_ in settled.values())
    assert all(
        any(other > revision and known[person, other] and settled.get((person, other), ("",))[0] == "accepted"
            for one, other in known if one == person)
        for (person, revision), (state, *_) in settled.items() if state == "superseded"
    )  # fmt: skip
    order = random.sample(range(len(rows)), len(rows))
    other = random.sample(sent, len(sent))
    shuffled = match_receipts(rows.iloc[order], changes(*other), profile, run=run)
    assert shuffled.bins.loc[rows.index].tolist() == matched.bins.tolist()
    assert outcomes(shuffled) == settled
    assert shuffled.unmentioned == matched.unmentioned


@FEWER
@given(st.lists(CELLS, max_size=8), TOLD, st.booleans())
def test_doing_it_twice_settles_nothing_more(cells, sent, whole):
    profile = takes_whole_files() if whole else PROFILE
    settled = outcomes(match_receipts(results(*cells), changes(*sent), profile, run=6))
    after = [
        {**one, "state": settled.get((one["person_id"], one["revision"]), (one["state"],))[0]} for one in sent
    ]  # fmt: skip
    assert match_receipts(results(*cells), changes(*after), profile, run=6).outcomes.empty
