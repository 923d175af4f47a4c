"""What goes over the line for an elder is what was agreed on, byte by byte, for each shipped profile."""

import json

import pytest
from golden_samples import ELDER, GOLDEN, PROFILES, changes_of, samples

from schemas.fields import FIELDS
from schemas.platform_profile import OPERATIONS
from transforms.render import render_rows

FILES = ("elders.json", "payloads.jsonl", "upsert.json", "withdraw.json", "headers.json")

SIGNED = {
    "example": "x-tif-signature",
    "example_flat": "x-rio-signature",
}
"""The header that carries our own vector: the token TESTTOKEN, the nonce abc123, at 1700000000."""


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", PROFILES)
def test_elders_go_over_the_line_as_the_golden_sample_shows(name, file):
    assert samples(PROFILES[name])[file] == (GOLDEN / name / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PROFILES)
def test_the_golden_signature_is_the_known_one(name):
    headers = json.loads((GOLDEN / name / "headers.json").read_text(encoding="utf-8"))
    assert headers[SIGNED[name]] == "5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", PROFILES)
def test_every_required_column_is_filled_in_for_a_complete_elder_and_missed_for_an_empty_one(name, operation):
    profile = PROFILES[name]
    required = {column.header for column in profile.columns if operation in column.required}
    rows, incomplete = render_rows(changes_of(ELDER | {"operation": operation, "reason": "not-listed"}), profile)
    assert incomplete.empty
    assert all(rows.iloc[0][sorted(required)] != "")
    missing = render_rows(changes_of({"operation": operation, "revision": 1}), profile).incomplete
    assert set(missing["header"]) == required - {
        column.header for column in profile.columns if column.field == "operation"
    }


@pytest.mark.parametrize("name", PROFILES)
def test_every_word_of_every_code_list_has_a_code_of_the_platform(name):
    coded = [column for column in PROFILES[name].columns if column.field in FIELDS and column.type == "code"]
    assert coded
    for column in coded:
        elders = [ELDER | {"person_id": 100 + place, column.field: word} for place, word in enumerate(column.labels)]
        rows, incomplete = render_rows(changes_of(*elders), PROFILES[name])
        assert incomplete.empty, column.header
        assert rows[column.header].tolist() == [column.codes[word] for word in column.labels]


def test_the_two_profiles_have_no_name_in_common_but_the_obvious():
    ours = {column.key for column in PROFILES["example"].columns}
    theirs = {column.key for column in PROFILES["example_flat"].columns}
    assert ours & theirs == set()
