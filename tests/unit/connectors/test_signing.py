"""Signatures agree with published vectors, never repeat, and clocks are compared fairly."""

import datetime as dt

import pytest

from connectors.http_calls.signing import (
    SKEW_REFUSED,
    SKEW_SAID,
    clock_skew,
    forwarded_signature,
    gateway_headers,
    gateway_signature,
    http_date,
    national_headers,
    national_signature,
    new_nonce,
    opened_secret,
)

AT = dt.datetime.fromtimestamp(1_700_000_000.25, dt.UTC)


def test_a_call_of_ours_is_signed_as_the_gateway_expects():
    expected = "5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354"
    assert gateway_signature("TESTTOKEN", timestamp="1700000000", nonce="abc123") == expected


def test_a_forwarded_call_is_signed_with_the_user():
    expected = "9A33E21994EA1417B5A3919342AAA2E20F66E05883FFB7EBFD27A0B7BC7B8191"
    user = {"uid": "u1", "uinfo": "i1", "ext": "e1"}
    assert forwarded_signature("TESTTOKEN", timestamp="1700000000", nonce="abc123", **user) == expected


def test_a_call_to_the_national_platform_is_signed_in_milliseconds():
    expected = "zwmpUiZaJrQlqzQbuN+6IJ3I8hn8olcz5Kj23rZfZTQ="
    assert national_signature("SECRET", sid="SID", rid="RID", rtime="1700000000000") == expected
    headers = national_headers(
        rid="RID", sid="SID", secret="SECRET", at=dt.datetime.fromtimestamp(1_700_000_000, dt.UTC)
    )
    assert headers == {
        "gjgxjhpt_rid": "RID",
        "gjgxjhpt_sid": "SID",
        "gjgxjhpt_rtime": "1700000000000",
        "gjgxjhpt_sign": expected,
    }


@pytest.mark.parametrize("family", ["tif", "rio"])
def test_gateway_headers_carry_whole_seconds(family):
    headers = gateway_headers(family, paas_id="elders", token="TESTTOKEN", at=AT, nonce="abc123")
    assert headers == {
        f"x-{family}-paasid": "elders",
        f"x-{family}-timestamp": "1700000000",
        f"x-{family}-nonce": "abc123",
        f"x-{family}-signature": "5D26B25D52E76B7CE922010EBE3779B36ED0154016F416EB5BA62695C0354354",
    }


def test_no_two_nonces_are_the_same():
    assert len({new_nonce() for _ in range(10_000)}) == 10_000


def test_a_service_secret_opens_with_the_app_key_only():
    # openssl enc -aes-128-ecb -base64 -K <first 16 bytes of sha1(sha1("made-up-app-key"))>
    sealed = "LQQ+sL4FsMcRuIjQTAx7iS0EPrC+BbDHEbiI0EwMe4lw1dVQ5Hzm4fI4swk+6IR2"
    assert opened_secret("made-up-app-key", sealed) == "0123456789abcdef0123456789abcdef"
    assert opened_secret("another-app-key", sealed) is None


@pytest.mark.parametrize("rubbish", ["", "x", "====", "AAAA", "5byg5LiJ", "AAAAAAAAAAAAAAAAAAAAAA=="])
def test_what_is_not_sealed_does_not_open(rubbish):
    assert opened_secret("made-up-app-key", rubbish) is None


@pytest.mark.parametrize("text", [None, "", "yesterday", "-5", "99999999999", "Sun, 99 Nov 1994 08:49:37 GMT", "\x00"])
def test_a_date_that_is_none_is_none(text):
    assert http_date(text) is None


@pytest.mark.parametrize("seconds", [-90_000, -181, -121, 121, 171, 181, 90_000], ids=lambda seconds: f"{seconds:+} s")
def test_the_skew_of_two_clocks_has_no_sign(seconds):
    theirs = (AT.replace(microsecond=0) + dt.timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    at = AT.replace(microsecond=0)
    assert clock_skew(theirs, began=at, ended=at) == dt.timedelta(seconds=abs(seconds))


def test_a_slow_answer_is_no_wrong_clock():
    theirs = AT.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert clock_skew(theirs, began=AT - dt.timedelta(seconds=1), ended=AT + dt.timedelta(minutes=10)) == dt.timedelta()


def test_a_server_without_a_clock_is_not_suspected():
    assert clock_skew(None, began=AT, ended=AT) == clock_skew("nonsense", began=AT, ended=AT) == dt.timedelta()


def test_we_stop_before_the_gateway_would():
    assert dt.timedelta(seconds=120) <= SKEW_SAID < SKEW_REFUSED < dt.timedelta(seconds=180)
