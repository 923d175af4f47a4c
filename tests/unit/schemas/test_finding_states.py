"""What a person may decide of a finding follows from the catalogue."""

import pytest

from schemas.finding_states import STATE_WORDS, Closing, FindingState, may_be_confirmed, may_be_waived
from schemas.findings import CATALOGUE, ID_NUMBER_JUDGED_IN_ORDER, Finding, Severity


def test_every_state_has_its_words() -> None:
    assert set(STATE_WORDS) == set(FindingState)


def test_what_a_person_decides_is_a_state() -> None:
    assert set(map(str, Closing)) < set(map(str, FindingState))


@pytest.mark.parametrize("code", ID_NUMBER_JUDGED_IN_ORDER)
def test_a_faulty_number_is_closed_by_nobody(code: Finding) -> None:
    assert not may_be_confirmed(code)
    assert not any(may_be_waived(code, severity) for severity in Severity)


@pytest.mark.parametrize("code", [code for code, rule in CATALOGUE.items() if rule.severity is Severity.REJECT])
def test_what_is_rejected_by_the_catalogue_is_closed_by_nobody(code: Finding) -> None:
    assert not may_be_confirmed(code)
    assert not may_be_waived(code, Severity.WARN)


def test_of_what_is_held_only_what_a_document_shows_is_confirmed() -> None:
    held = {code for code, rule in CATALOGUE.items() if rule.severity is Severity.HOLD}
    assert {code for code in held if may_be_confirmed(code)} == {
        Finding.AGE_IMPLAUSIBLE, Finding.CERTIFICATE_ID_MISMATCH,
    }  # fmt: skip


def test_a_warning_that_the_bureau_made_graver_is_confirmed_but_not_waived() -> None:
    assert may_be_confirmed(Finding.PHONE_FORMAT)
    assert not may_be_waived(Finding.PHONE_FORMAT, Severity.HOLD)
