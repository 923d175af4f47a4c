"""The stand-in's gateway lets a signed request through once, within three minutes, and says little of all others."""

import pytest

from simulator.province.signature import FAILED, INCOMPLETE, SignatureCheck, expected_signature

NOW = 1_700_000_000
TOKEN = "TESTTOKEN"


class Gate:
    """A gate, and a clock that stands until it is moved."""

    def __init__(self):
        self.now = float(NOW)
        self._check = SignatureCheck(paas_id="elders", token="TESTTOKEN", clock=lambda: self.now)

    def say(self, headers):
        return self._check.fault_of(headers)


@pytest.fixture
def gate():
    return Gate()


def signed(at=NOW, nonce="abc123", family="tif", token=TOKEN, **more):
    given = {"paasid": "elders", "timestamp": str(at), "nonce": nonce}
    user = tuple(more.get(name, "") for name in ("uid", "uinfo", "ext")) if more else None
    given |= {"signature": expected_signature(token, str(at), nonce, user), **more}
    return {f"x-{family}-{name}": value for name, value in given.items()}


def test_the_signature_of_a_call_is_the_published_one():
    expected = "5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354"
    assert expected_signature("TESTTOKEN", "1700000000", "abc123") == expected


def test_the_signature_of_a_forwarded_call_covers_the_user():
    expected = "9A33E21994EA1417B5A3919342AAA2E20F66E05883FFB7EBFD27A0B7BC7B8191"
    assert expected_signature("TESTTOKEN", "1700000000", "abc123", ("u1", "i1", "e1")) == expected


@pytest.mark.parametrize("family", ["tif", "rio"])
def test_either_family_of_headers_is_let_through(gate, family):
    assert gate.say(signed(family=family)) is None


def test_the_case_of_a_signature_does_not_matter(gate):
    headers = signed()
    assert gate.say(headers | {"x-tif-signature": headers["x-tif-signature"].lower()}) is None


def test_a_forwarded_call_is_let_through_and_a_tampered_one_is_not(gate):
    assert gate.say(signed(uid="u1", uinfo="i1", ext="e1")) is None
    assert gate.say(signed(nonce="other", uid="u1", uinfo="i1", ext="e1") | {"x-tif-uid": "u2"}) == FAILED


@pytest.mark.parametrize("seconds", [-181, -180, -179, 0, 179, 180, 181], ids=lambda seconds: f"{seconds:+} s")
def test_a_clock_may_be_three_minutes_off_and_no_more(gate, seconds):
    assert gate.say(signed(at=NOW + seconds)) == (FAILED if abs(seconds) > 180 else None)


def test_a_nonce_is_not_taken_twice_within_ten_minutes(gate):
    assert gate.say(signed()) is None
    assert gate.say(signed()) == FAILED
    gate.now += 600
    assert gate.say(signed(at=NOW + 600)) == FAILED
    gate.now += 1
    assert gate.say(signed(at=NOW + 601)) is None


def test_what_was_refused_does_not_use_a_nonce_up(gate):
    assert gate.say(signed(token="WRONG")) == FAILED
    assert gate.say(signed()) is None


@pytest.mark.parametrize("name", ["paasid", "timestamp", "nonce", "signature"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_all_four_headers_are_needed(gate, name, how):
    headers = signed()
    del headers[f"x-tif-{name}"]
    assert gate.say(headers if how == "missing" else headers | {f"x-tif-{name}": ""}) == INCOMPLETE


def test_headers_of_two_families_do_not_make_one(gate):
    tif, rio = signed(), signed(family="rio")
    assert gate.say({name: value for name, value in tif.items() if name != "x-tif-nonce"} | {
        "x-rio-nonce": rio["x-rio-nonce"]}) == INCOMPLETE  # fmt: skip
    assert gate.say({}) == INCOMPLETE


@pytest.mark.parametrize(("name", "value"), [
    ("paasid", "others"), ("timestamp", "yesterday"), ("timestamp", "1700000000.0"), ("timestamp", "１７００００００００"),
    ("timestamp", "9" * 5000), ("nonce", "changed"), ("signature", "0" * 64), ("signature", "签名"),
], ids=["paasid", "words", "fraction", "full width", "digits without end", "nonce", "zeros", "Chinese"])  # fmt: skip
def test_what_is_not_signed_so_is_refused(gate, name, value):
    assert gate.say(signed() | {f"x-tif-{name}": value}) == FAILED
