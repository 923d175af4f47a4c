"""What the platform is told, as bytes that do not change: whole or in part, there and back."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ContractBroken
from schemas.fields import ELDER_FIELDS
from schemas.platform_profile import PlatformProfile, load_profile
from transforms.payloads import payload_table, render_payloads

PROFILE = load_profile(Path(__file__).parents[3] / "config/platform/example.toml")
CHANGED_ONLY = PROFILE.model_copy(update={"sends": "changed"})

ELDER = {
    "person_id": 41, "revision": 1, "operation": "new", "name": "测试甲", "sex": "female",
    "id_number": "11010519491231002X", "birth_date": "1949-12-31", "phone": "13800001234",
    "categories": "living_alone|severely_disabled", "changed_on": "2026-01-05",
}  # fmt: skip
COLUMNS = ["person_id", "revision", "operation", "told_payload", "told_as", "run_id", "changed_on", "reason"]

# Texts that JSON, line-wise readers or type guessing could trip over; PostgreSQL holds no lone surrogates.
HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', "\\", "\\u0000", "\x00", "a\nb\r\n", "\u2028\u2029", "null", "true", "1e5", "2024-01-01T00:00:00Z", "},{", '",', ",,", "😀"]
)  # fmt: skip


def changes_of(*people: dict[str, object], fields: tuple[str, ...] = ELDER_FIELDS) -> pd.DataFrame:
    """Changes as the registry plans them: texts but for the numbers."""
    changes = pd.DataFrame(people).reindex(columns=list(dict.fromkeys([*COLUMNS, *fields])))
    texts = changes.columns.difference(["person_id", "revision"])
    return changes.astype(dict.fromkeys(texts, "str"))


def told(payload: str, **changed: object) -> dict[str, object]:
    """Somebody the platform was told of with ``payload``, and what is different since."""
    return ELDER | {"revision": 2, "operation": "changed", "told_payload": payload} | changed


def profile_of(*columns: dict[str, object], sends: str = "whole") -> PlatformProfile:
    given = PROFILE.model_dump() | {"columns": columns, "reasons": {}, "exchange": None, "sends": sends}
    return PlatformProfile.model_validate(given)


def payload_of(profile: PlatformProfile, **changed: object) -> str:
    """The payload of somebody new."""
    return str(render_payloads(changes_of(ELDER | changed), profile).planned["payload"].iloc[0])


def test_a_payload_is_every_column_in_the_profiles_order_without_blanks() -> None:
    (planned,) = render_payloads(changes_of(ELDER), PROFILE).planned.to_dict("records")
    cells = json.loads(planned["payload"])
    assert tuple(cells) == PROFILE.headers
    assert (cells["姓名"], cells["人员类型"], cells["退出日期"], cells["类别变更"]) == ("测试甲", "8,17", "", "否")
    assert planned["payload"] == json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
    assert planned["digest"] == hashlib.sha256(f"new\n{planned['payload']}".encode()).hexdigest()
    assert (planned["person_id"], planned["revision"], planned["sent_as"]) == (41, 1, "new")
    assert pd.isna(planned["sent_fields"])


def test_a_payload_names_columns_as_the_interface_does() -> None:
    profile = profile_of({"header": "姓名", "name": "xm", "field": "name"}, {"header": "电话", "field": "phone"})
    payload = payload_of(profile)
    assert payload == '{"xm":"测试甲","电话":"13800001234"}'
    assert payload_table(pd.Series([payload]), profile).to_dict("records") == [
        {"姓名": "测试甲", "电话": "13800001234"}
    ]


def test_someone_withdrawn_is_told_whole_with_reason_and_day() -> None:
    gone = told(payload_of(PROFILE), operation="withdrawn", reason="no-category", categories=None)
    for profile in (PROFILE, CHANGED_ONLY):
        (planned,) = render_payloads(changes_of(gone), profile).planned.to_dict("records")
        cells = json.loads(planned["payload"])
        assert (cells["操作类型"], cells["退出原因"], cells["退出日期"]) == (
            "退出", "不再属于特殊困难老年人六类对象", "2026-01-05",
        )  # fmt: skip
        assert (cells["姓名"], cells["人员类型"], cells["类别变更"]) == ("测试甲", "", "否")
        assert pd.isna(planned["sent_fields"])


def test_leaving_does_not_wait_for_a_value_it_does_not_need() -> None:
    before = payload_of(PROFILE, phone="13800001234")
    gone = told(before, operation="withdrawn", reason="not-listed", phone="1" * 31, categories="retired")
    planned, incomplete = render_payloads(changes_of(gone), PROFILE)
    assert incomplete.empty
    cells = json.loads(planned["payload"].iloc[0])
    assert (cells["联系电话"], cells["人员类型"]) == ("13800001234", "8,17")
    assert render_payloads(changes_of(gone | {"name": None}), PROFILE).incomplete["header"].tolist() == ["姓名"]


def test_every_change_is_planned_or_explained_and_nothing_is_told_of_nothing() -> None:
    people = [ELDER | {"person_id": n, "name": "测试" if n % 3 else None} for n in range(1, 31)]
    silent = [ELDER | {"person_id": n, "operation": "nothing", "name": None} for n in (40, 50)]
    changes = changes_of(*people, *silent).sample(frac=1, random_state=5)
    planned, incomplete = render_payloads(changes, PROFILE)
    assert sorted([*planned["person_id"], *incomplete["person_id"]]) == [*range(1, 31), 40, 50]
    nothing = planned[planned["sent_as"] == "nothing"]
    assert sorted(nothing["person_id"]) == [40, 50]
    assert nothing[["payload", "sent_fields", "digest"]].isna().all(axis=None)
    order = [person for person in changes["person_id"] if person in set(planned["person_id"])]
    assert planned["person_id"].tolist() == order
    for person, payload in zip(planned["person_id"], planned["payload"], strict=True):
        assert pd.isna(payload) or json.loads(payload)["人员编号"] == str(person)


def test_no_changes_make_no_payloads() -> None:
    planned, incomplete = render_payloads(changes_of(ELDER).head(0), CHANGED_ONLY)
    assert list(planned.columns) == ["person_id", "revision", "sent_as", "payload", "sent_fields", "digest"]
    assert planned.empty
    assert incomplete.empty
    assert payload_table(planned["payload"], PROFILE).empty


def test_how_changes_are_cut_into_parts_does_not_matter() -> None:
    before = payload_of(PROFILE)
    people = [told(before if n % 2 else None, person_id=n, name=f"测试{n % 5}") for n in range(1, 41)]
    changes = changes_of(*people)
    whole = render_payloads(changes, CHANGED_ONLY).planned
    parts = [render_payloads(changes.iloc[start : start + 7], CHANGED_ONLY).planned for start in range(0, 40, 7)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


def test_only_what_is_required_or_differs_is_sent_of_a_change() -> None:
    before = payload_of(CHANGED_ONLY)
    changes = changes_of(told(before, phone="13900000000", sex="male"), told(None, person_id=42))
    first, second = render_payloads(changes, CHANGED_ONLY).planned.to_dict("records")
    assert json.loads(first["sent_fields"]) == {
        "操作类型": "变更", "人员编号": "41", "姓名": "测试甲", "性别": "0", "证件号码": "11010519491231002X",
        "联系电话": "13900000000", "人员类型": "8,17",
    }  # fmt: skip
    assert first["digest"] == hashlib.sha256(f"changed\n{first['sent_fields']}".encode()).hexdigest()
    assert pd.isna(second["sent_fields"])  # never told: all of it differs


def test_a_column_the_platform_was_never_told_is_sent() -> None:
    short = profile_of({"header": "姓名", "field": "name"})
    longer = profile_of({"header": "姓名", "field": "name"}, {"header": "备注", "field": "remarks"}, sends="changed")
    planned = render_payloads(changes_of(told(payload_of(short))), longer).planned
    assert planned["sent_fields"].tolist() == ['{"备注":""}']


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("living_alone", "living_alone", "否"),
        ("living_alone", "living_alone|empty_nest", "是"),
        ("living_alone|empty_nest", "empty_nest", "是"),
    ],
    ids=["same", "one-more", "one-less"],
)
def test_a_change_of_types_is_flagged(before: str, after: str, said: str) -> None:
    payload = payload_of(PROFILE, categories=before)
    planned = render_payloads(changes_of(told(payload, categories=after, phone="13900000000")), PROFILE).planned
    assert json.loads(planned["payload"].iloc[0])["类别变更"] == said


def test_a_change_of_nothing_the_platform_takes_is_not_told() -> None:
    payload = payload_of(PROFILE)
    changes = changes_of(
        told(payload, remarks="搬家", changed_on="2026-02-01"), told(payload, person_id=41, name="测试乙")
    )
    for profile in (PROFILE, CHANGED_ONLY):
        planned, incomplete = render_payloads(changes, profile)
        assert planned["sent_as"].tolist() == ["nothing", "changed"]
        assert planned.loc[0, ["payload", "sent_fields", "digest"]].isna().all()
        assert incomplete.empty


def test_types_in_another_order_are_the_same_types() -> None:
    payload = payload_of(PROFILE).replace('"8,17"', '"17,8"')
    planned = render_payloads(changes_of(told(payload, phone="13900000000")), PROFILE).planned
    assert json.loads(planned["payload"].iloc[0])["类别变更"] == "否"


WINS = {
    # whose value stands · operation · ours before (None: unknown) · ours · theirs · what is told
    "ours": ("ours", "clears", "changed", None, "乙", "甲", "乙"),
    "ours-empty-clears": ("ours", "clears", "changed", None, None, "甲", ""),
    "ours-empty-keeps": ("ours", "keeps", "changed", None, None, "甲", "甲"),
    "ours-empty-keeps-when-they-come-back": ("ours", "keeps", "new", None, None, "甲", "甲"),
    "theirs": ("theirs", "clears", "changed", None, "乙", "甲", "甲"),
    "theirs-of-someone-new": ("theirs", "clears", "new", None, "乙", "甲", "乙"),
    "theirs-empty-stands": ("theirs", "clears", "changed", None, "乙", "", ""),
    "theirs-never-told": ("theirs", "clears", "changed", None, "乙", None, "乙"),
    "theirs-of-someone-withdrawn": ("theirs", "clears", "withdrawn", None, "乙", "甲", "甲"),
    "both-and-nothing-known-of-before": ("both", "clears", "changed", None, "乙", "甲", "乙"),
    "both-and-ours-is-as-it-was": ("both", "clears", "changed", "乙", "乙", "甲", "甲"),
    "both-and-ours-changed": ("both", "clears", "changed", "丙", "乙", "甲", "乙"),
    "both-and-ours-was-cleared": ("both", "clears", "changed", "丙", None, "甲", ""),
    "both-and-ours-was-cleared-but-keeps": ("both", "keeps", "changed", "丙", None, "甲", "甲"),
    "both-of-someone-new": ("both", "clears", "new", "乙", "乙", "甲", "乙"),
}


@pytest.mark.parametrize(("wins", "empty", "operation", "then", "ours", "theirs", "said"), WINS.values(), ids=WINS)
def test_whose_value_stands_is_said_by_the_profile(
    wins: str, empty: str, operation: str, then: str | None, ours: str | None, theirs: str | None, said: str
) -> None:
    named = {"header": "帮扶人", "field": "assistance_person", "wins": wins, "empty": empty}
    profile = profile_of({"header": "姓名", "field": "name", "required": True}, named, sends="changed")
    payload = json.dumps({"姓名": "曾用名"} | ({} if theirs is None else {"帮扶人": theirs}), ensure_ascii=False)
    changes = changes_of(told(payload, operation=operation, assistance_person=ours))
    if then is not None:
        changes = changes.assign(told_assistance_person=then)
    (planned,) = render_payloads(changes, profile).planned.to_dict("records")
    assert json.loads(planned["payload"])["帮扶人"] == said
    if operation == "changed":
        sent = planned["payload"] if pd.isna(planned["sent_fields"]) else planned["sent_fields"]
        assert ("帮扶人" in json.loads(sent)) == (said != theirs)


def test_a_value_of_theirs_is_not_judged_again() -> None:
    named = {"header": "帮扶人", "field": "assistance_person", "wins": "theirs", "max_length": 2, "required": True}
    profile = profile_of({"header": "姓名", "field": "name"}, named)
    changes = changes_of(told('{"姓名":"曾用名","帮扶人":"他们的人"}', assistance_person=None))
    planned, incomplete = render_payloads(changes, profile)
    assert incomplete.empty
    assert json.loads(planned["payload"].iloc[0])["帮扶人"] == "他们的人"


FREE = ("remarks", "assistance_measures")
FREE_TEXTS = profile_of(
    {"header": "列", "field": "remarks", "max_length": 1000},
    {"header": "二", "name": '名"\\一', "field": "assistance_measures", "max_length": 1000},
)


@given(st.lists(st.fixed_dictionaries({"列": HOSTILE, '名"\\一': HOSTILE}), min_size=1, max_size=8))
def test_a_payload_read_back_and_told_again_is_the_same_bytes(cells: list[dict[str, str]]) -> None:
    people = [ELDER | {"remarks": row["列"], "assistance_measures": row['名"\\一']} for row in cells]
    planned = render_payloads(changes_of(*people, fields=FREE), FREE_TEXTS).planned
    table = payload_table(planned["payload"], FREE_TEXTS)
    blank = [{name: text if text.strip() else "" for name, text in row.items()} for row in cells]
    assert table.to_dict("records") == [{"列": row["列"], "二": row['名"\\一']} for row in blank]
    assert [json.loads(payload) for payload in planned["payload"]] == blank
    again = table.rename(columns={"列": "remarks", "二": "assistance_measures"})
    changes = changes_of(*([ELDER] * len(cells)), fields=FREE).assign(**{name: again[name] for name in again})
    pd.testing.assert_frame_equal(render_payloads(changes, FREE_TEXTS).planned, planned)
    for payload, digest in zip(planned["payload"], planned["digest"], strict=True):
        assert digest == hashlib.sha256(b"new\n" + payload.encode()).hexdigest()


VALUES = st.none() | HOSTILE
RULES = st.tuples(st.sampled_from(["ours", "theirs", "both"]), st.sampled_from(["clears", "keeps"]), st.booleans())


@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=6), RULES, RULES)
def test_what_is_sent_over_what_was_told_is_the_payload(
    rows: list[tuple[str | None, ...]], first: tuple[str, str, bool], second: tuple[str, str, bool]
) -> None:
    columns = [
        {"header": header, "field": field, "wins": wins, "empty": empty, "required": ["changed"] if due else False}
        for header, field, (wins, empty, due) in (("甲", "remarks", first), ("乙", "assistance_measures", second))
    ]
    profile = profile_of(*columns, sends="changed")
    payloads = [
        json.dumps({key: text for key, text in (("甲", a), ("乙", b)) if text is not None}) for a, b, _, _ in rows
    ]
    changes = changes_of(
        *(
            told(payload, person_id=place, remarks=c, assistance_measures=d)
            for place, (payload, (_, _, c, d)) in enumerate(zip(payloads, rows, strict=True))
        ),
        fields=FREE,
    )
    for planned in render_payloads(changes, profile).planned.to_dict("records"):
        before = json.loads(payloads[planned["person_id"]])
        if planned["sent_as"] == "nothing":
            assert set(before) == {"甲", "乙"}
            continue
        whole = json.loads(planned["payload"])
        assert before != whole
        sent = whole if pd.isna(planned["sent_fields"]) else json.loads(planned["sent_fields"])
        assert before | sent == whole
        assert pd.isna(planned["sent_fields"]) or sent != whole


@pytest.mark.parametrize(
    "payload",
    ["", "[]", '{"姓名":1}', '{"姓名":["secret"]}', '{"姓名":"secret"', '{"姓名":"secret"}\n{"姓名":"secret"}', "{}{}"],
    ids=["empty", "list", "number", "nested", "cut", "two-lines", "two-objects"],
)
def test_a_told_payload_that_is_no_object_of_texts_is_our_own_fault_and_not_quoted(payload: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        render_payloads(changes_of(told(payload), told('{"姓名":"测试甲"}', person_id=42)), PROFILE)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_payload_longer_than_a_block_of_the_reader_is_read() -> None:
    long = "长" * (1 << 20)
    profile = profile_of({"header": "备注", "field": "remarks", "max_length": 32_767})
    payloads = pd.Series([json.dumps({"备注": text}, ensure_ascii=False) for text in ("", long, "x", long)])
    assert payload_table(payloads, profile)["备注"].tolist() == ["", long, "x", long]


def test_told_payloads_are_asked_for() -> None:
    with pytest.raises(ContractBroken, match="told_payload"):
        render_payloads(changes_of(ELDER).drop(columns="told_payload"), PROFILE)
