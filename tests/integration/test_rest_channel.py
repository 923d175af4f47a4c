"""A source asked over REST, with real servers: whole and believed, or nothing at all."""

import base64
import datetime as dt
import gzip
import json
import logging
import ssl
import stat
import threading
import time
from dataclasses import replace

import pytest
from rest_server import Authority, Reply, answering, envelope, speaking, tls_context

from connectors.http_calls.signing import gateway_signature, national_signature
from connectors.keeping import Fetched
from connectors.reading.contents import DeliveryRefusedError
from connectors.reading.layout import ReadingLimits, TableLayout
from connectors.reading.text.json_lines import read_json_lines
from connectors.rest.pull import fetch_records
from connectors.rest.session import Clockwork
from schemas.channel_rest import RestChannel
from schemas.errors import RunStopped, SourceNotBelieved, SourceRefusesUs, SourceUnavailable

COUNTED = {
    "paging": {"kind": "page", "parameter": "pageNum", "size_parameter": "pageSize", "size": 2},
    "envelope": {"records": "data.list", "success": [{"path": "code", "values": [200]}], "total": "data.total"},
}
PEOPLE = [{"rowId": n, "name": f"张{n}", "idCard": f"44142119450312{n:04d}"} for n in range(5)]


class Clock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.seconds, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds

    def work(self):
        return Clockwork(now, elapsed=lambda: self.seconds, sleep=self.sleep)


def now():
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def pull(tmp_path):
    """Pulls from a server; where that fails, nothing may be left behind."""

    def pull_from(served, *, secrets=None, position=None, clock=None, **changes):
        url = served.url + changes.pop("root", "")
        document = {"kind": "rest", "base_url": url, "path": "/elders", "allow_plain_http_on_loopback": True}
        channel = RestChannel.model_validate({**document, **COUNTED, **changes})
        before = kept_files(tmp_path)
        try:
            return fetch_records(
                channel, tmp_path / "received", secrets=secrets or {}, name="health_incapacity", position=position or {},
                now=now, clockwork=(clock or Clock()).work(),
            )  # fmt: skip
        except RunStopped:
            assert kept_files(tmp_path) == before
            raise

    return pull_from


def kept_files(tmp_path):
    return sorted(path for path in (tmp_path / "received").rglob("*") if path.is_file())


def paged(people=PEOPLE, **more):
    def script(asked):
        number, size = int(asked.query["pageNum"]), int(asked.query["pageSize"])
        return envelope(people[(number - 1) * size : number * size], total=len(people), **more)

    return script


def lines(fetched: Fetched):
    (kept,) = fetched.deliveries
    return [json.loads(line) for line in kept.kept_path.read_text(encoding="utf-8").splitlines()]


def test_all_pages_become_one_delivery(pull):
    with answering(paged()) as served:
        fetched = pull(served, root="/ebus", query={"unit": "441403"})
    assert lines(fetched) == PEOPLE
    assert [(asked.path, asked.query["pageNum"]) for asked in served.asked] == [("/ebus/elders", n) for n in "123"]
    (kept,) = fetched.deliveries
    assert kept.original_name == "health_incapacity.jsonl"
    assert stat.S_IMODE(kept.kept_path.stat().st_mode) == 0o600
    assert fetched.position == {}


def test_the_same_answers_are_the_same_delivery(pull):
    with answering(paged()) as served:
        assert pull(served).deliveries[0].sha256 == pull(served).deliveries[0].sha256


def test_a_server_that_gives_smaller_pages_than_asked_for_is_asked_to_the_end(pull):
    def script(asked):
        number = int(asked.query["pageNum"])
        return envelope(PEOPLE[number - 1 : number])

    with answering(script) as served:
        fetched = pull(served, envelope={"records": "data.list"})
    assert lines(fetched) == PEOPLE


def test_an_id_number_sent_as_a_number_is_marked_and_keeps_its_letters(pull):
    body = b'{"code": 200, "data": {"total": 1, "list": [{"name": "\xe5\xbc\xa0\xe4\xb8\x89", "idCard": 441421194503120123}]}}'
    with answering(lambda _: Reply(body=body)) as served:
        (kept,) = pull(served).deliveries
    table = TableLayout(columns={"name": ("name",), "id_number": ("idCard",)}, required=("name", "id_number"))
    grid, unknown = read_json_lines(kept.kept_path, table, ReadingLimits())
    assert grid.columns[1].to_pylist() == ["441421194503120123"]
    assert grid.stored_as_number[1].to_pylist() == [True]
    assert unknown == []


def test_no_records_at_all_are_a_delivery_that_is_refused(pull):
    with answering(paged([])) as served:
        (kept,) = pull(served).deliveries
    assert kept.size == 0
    table = TableLayout(columns={"name": ("name",)}, required=("name",))
    with pytest.raises(DeliveryRefusedError, match="file-empty"):
        read_json_lines(kept.kept_path, table, ReadingLimits())


def test_compressed_pages_are_read(pull):
    def script(asked):
        plain = paged()(asked)
        assert asked.headers["accept-encoding"] == "gzip"
        return replace(plain, body=gzip.compress(plain.body), headers={**plain.headers, "Content-Encoding": "gzip"})

    with answering(script) as served:
        assert lines(pull(served)) == PEOPLE


def test_links_and_cursors_lead_through_the_pages(pull):
    def linked(asked):
        at = int(asked.query.get("at", "0"))
        return envelope(PEOPLE[at : at + 2], next=f"?at={at + 2}" if at < 4 else None)

    def with_cursor(asked):
        at = int(json.loads(asked.body)["page"].get("cursor", "0"))
        return envelope(PEOPLE[at : at + 2], next=at + 2 if at < 4 else "")

    plain = {"records": "data.list"}
    with answering(linked) as served:
        assert lines(pull(served, envelope=plain, paging={"kind": "next_link", "next": "data.next"})) == PEOPLE
    with answering(with_cursor) as served:
        paging = {"kind": "cursor", "parameter": "page.cursor", "next": "data.next"}
        assert lines(pull(served, envelope=plain, paging=paging, method="POST", body={"page": {}})) == PEOPLE


# What changed


INCREMENT = {"parameter": "since", "field": "at", "start": "2020-01-01 00:00:00", "lag": 3600}


def test_only_what_changed_is_asked_for_the_next_time(pull):
    changed = [{"rowId": n, "at": f"2025-11-0{n} 08:00:00"} for n in (1, 3, 2)]
    with answering(paged(changed)) as served:
        first = pull(served, increment=INCREMENT)
        second = pull(served, increment=INCREMENT, position=json.loads(json.dumps(first.position)))
    assert {asked.query["since"] for asked in served.asked[:2]} == {"2020-01-01 00:00:00"}
    assert {asked.query["since"] for asked in served.asked[2:]} == {"2025-11-03 07:00:00"}
    assert second.position == first.position


def test_when_nothing_changed_there_is_no_delivery(pull):
    changed = [{"rowId": 1, "at": "2025-11-03 08:00:00"}]
    with answering(paged(changed)) as served:
        first = pull(served, increment=INCREMENT)
        changed.clear()
        second = pull(served, increment=INCREMENT, position=first.position)
    assert (second.deliveries, second.position) == ([], first.position)


# Being let in


BEARER = {
    "kind": "bearer",
    "call": {"path": "/token", "body": {"app": "elders", "key": "${app_key}"}, "answer": "data"},
}
SECRETS = {"app_key": "hush", "password": "hush"}


def tokens(good_for):
    """A server whose tokens are good for so many calls, and the script that counts them."""
    given = []

    def script(asked):
        if asked.path == "/token":
            assert asked.document == {"app": "elders", "key": "hush"}
            given.append(good_for)
            return Reply(body=json.dumps({"code": 200, "data": f"token-{len(given)}"}).encode())
        if asked.headers["authorization"] != f"Bearer token-{len(given)}" or not given[-1]:
            return Reply(401)
        given[-1] -= 1
        return paged()(asked)

    return script, given


def test_a_token_is_got_once_and_again_when_it_has_run_out(pull):
    script, given = tokens(good_for=2)
    with answering(script) as served:
        assert lines(pull(served, auth=BEARER, secrets=SECRETS)) == PEOPLE
    assert len(given) == 2


@pytest.mark.parametrize(
    "refusal",
    [Reply(401), Reply(403), Reply(body=b'{"code": 401, "msg": "x"}'), Reply(500, b'{"code": "401"}')],
    ids=["401", "403", "code-401", "500-with-code-401"],
)
def test_a_token_that_is_never_taken_is_got_exactly_twice(pull, refusal):
    script, given = tokens(good_for=0)
    with answering(lambda asked: script(asked) if asked.path == "/token" else refusal) as served:
        with pytest.raises(SourceRefusesUs):
            pull(served, auth=BEARER, secrets=SECRETS)
        assert (len(given), len(served.asked)) == (2, 4)


@pytest.mark.parametrize("status", [401, 403])
def test_without_a_token_there_is_nothing_to_try_twice(pull, status):
    auth = {"kind": "basic", "user": "elders", "password_secret": "password"}
    with answering(lambda _: Reply(status)) as served, pytest.raises(SourceRefusesUs, match=str(status)):
        pull(served, auth=auth, secrets=SECRETS)
    (asked,) = served.asked
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"elders:hush"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Reply(body=b'{"code": 200}'), SourceRefusesUs),
        (Reply(body=b'{"data": ""}'), SourceRefusesUs),
        (Reply(body=b'{"data": "a\\r\\nX-Evil: 1"}'), SourceNotBelieved),
        (Reply(401), SourceRefusesUs),
        (Reply(503), SourceUnavailable),
        (Reply(302, headers={"Location": "/elsewhere"}), SourceRefusesUs),
    ],
    ids=["none", "empty", "two-lines", "401", "503", "redirect"],
)
def test_a_call_for_a_token_that_gives_none_ends_the_pull(pull, answer, error):
    with answering(lambda _: answer) as served:
        with pytest.raises(error):
            pull(served, auth=BEARER, secrets=SECRETS)
        assert {asked.path for asked in served.asked} == {"/token"}


GATEWAY = {"kind": "gateway", "family": "tif", "paas_id": "elders", "token_secret": "password"}


def is_signed(asked):
    timestamp, nonce = asked.headers["x-tif-timestamp"], asked.headers["x-tif-nonce"]
    expected = gateway_signature("hush", timestamp=timestamp, nonce=nonce)
    fresh = abs(now().timestamp() - int(timestamp)) < 180
    return fresh and asked.headers["x-tif-signature"] == expected and asked.headers["x-tif-paasid"] == "elders"


def test_every_call_through_the_gateway_is_signed_anew(pull):
    faults = iter([Reply(503), Reply(502)])

    def script(asked):
        if not is_signed(asked):
            return Reply(500, json.dumps({"code": 400001, "msg": "鉴权失败，鉴权信息有误。"}).encode())
        return next(faults, None) or paged()(asked)

    with answering(script) as served:
        assert lines(pull(served, auth=GATEWAY, secrets=SECRETS)) == PEOPLE
        assert len({asked.headers["x-tif-nonce"] for asked in served.asked}) == len(served.asked) == 5
        with pytest.raises(SourceRefusesUs, match=r"400001.*clock or token"):
            pull(served, auth=GATEWAY, secrets={"password": "another"})
        assert len(served.asked) == 6, "a refused signature is not tried again"


def test_the_national_platform_gives_a_secret_first(pull):
    # openssl enc -aes-128-ecb -base64 -K <first 16 bytes of sha1(sha1("made-up-app-key"))>
    sealed = "LQQ+sL4FsMcRuIjQTAx7iS0EPrC+BbDHEbiI0EwMe4lw1dVQ5Hzm4fI4swk+6IR2"
    runs_out = iter([True])

    def script(asked):
        key = "made-up-app-key" if asked.path == "/refresh" else "0123456789abcdef0123456789abcdef"
        values = {name: asked.headers[f"gjgxjhpt_{name}"] for name in ("sid", "rid", "rtime")}
        if asked.headers["gjgxjhpt_sign"] != national_signature(key, **values):
            return Reply(403)
        if asked.path == "/refresh":
            assert asked.document["gjgxjhpt_rid"] == "requester"
            return Reply(body=json.dumps({"code": "0", "data": {"secret": sealed, "secretEndTime": "1"}}).encode())
        return Reply(401) if next(runs_out, False) else paged()(asked)

    auth = {"kind": "national", "rid": "requester", "sid": "service", "key_secret": "app", "refresh_path": "/refresh"}
    with answering(script) as served:
        assert lines(pull(served, auth=auth, secrets={"app": "made-up-app-key"})) == PEOPLE
        assert [asked.path for asked in served.asked].count("/refresh") == 2
        with pytest.raises(SourceRefusesUs):
            pull(served, auth=auth, secrets={"app": "another"})


# The clock


@pytest.mark.parametrize("skew", [-90_000, -181, -171, 171, 181, 31_536_000], ids=lambda skew: f"{skew:+} s")
def test_where_calls_are_signed_a_wrong_clock_ends_the_pull(pull, skew):
    with answering(lambda asked: dated(paged()(asked), skew)) as served:
        with pytest.raises(SourceRefusesUs, match=r"are \d+ s apart; set the clock"):
            pull(served, auth=GATEWAY, secrets=SECRETS)
        assert len(served.asked) == 1


@pytest.mark.parametrize(
    ("auth", "skew"), [(GATEWAY, 150), (GATEWAY, -150), ({"kind": "none"}, 90_000)], ids=["+150", "-150", "unsigned"]
)
def test_a_clock_that_is_off_is_said_once(pull, caplog, auth, skew):
    with answering(lambda asked: dated(paged()(asked), skew)) as served:
        assert lines(pull(served, auth=auth, secrets=SECRETS)) == PEOPLE
    (said,) = caplog.records
    assert "are" in said.getMessage()
    assert "s apart" in said.getMessage()


@pytest.mark.parametrize("skew", [-100, 100, 0])
def test_a_clock_that_is_nearly_right_is_not_spoken_of(pull, caplog, skew):
    with answering(lambda asked: dated(paged()(asked), skew)) as served:
        pull(served, auth=GATEWAY, secrets=SECRETS)
    assert caplog.records == []


def dated(reply, skew):
    return replace(reply, date=now() + dt.timedelta(seconds=skew))


# Trying again


def test_a_server_that_recovers_is_asked_again_politely(pull):
    faults = iter([Reply(503), Reply(500), Reply(429, headers={"Retry-After": "7"})])
    clock = Clock()
    with answering(lambda asked: next(faults, None) or paged()(asked)) as served:
        assert lines(pull(served, clock=clock)) == PEOPLE
    assert len(served.asked) == 6
    assert len(clock.slept) == 3
    assert clock.slept[0] <= 2
    assert clock.slept[1] <= 4
    assert 7 <= clock.slept[2] <= 8


def test_a_dead_server_is_asked_a_few_times(pull):
    clock = Clock()
    with answering(lambda _: Reply(503)) as served:
        with pytest.raises(SourceUnavailable, match=r"HTTP 503 \(4 tries\)"):
            pull(served, clock=clock)
        assert len(served.asked) == 4
    assert sum(clock.slept) <= 2 + 4 + 8


@pytest.mark.parametrize("wait", ["61", "9999999999", "9" * 15], ids=["beyond-the-cap", "ten-digits", "fifteen-digits"])
def test_a_wait_that_is_too_long_is_not_waited_for(pull, wait):
    clock = Clock()
    with answering(lambda _: Reply(429, headers={"Retry-After": wait})) as served:
        with pytest.raises(SourceUnavailable, match="later than we may wait"):
            pull(served, clock=clock)
        assert (len(served.asked), clock.slept) == (1, [])


@pytest.mark.parametrize("wait", ["-5", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_our_own(pull, wait):
    clock = Clock()
    with answering(lambda _: Reply(503, headers={"Retry-After": wait})) as served:
        with pytest.raises(SourceUnavailable):
            pull(served, clock=clock)
        assert len(served.asked) == 4
    assert sum(clock.slept) <= 2 + 4 + 8


def test_waits_end_with_the_time_of_the_pull(pull):
    clock = Clock()
    with answering(lambda _: Reply(503, headers={"Retry-After": "40"})) as served:
        with pytest.raises(SourceUnavailable, match="no time left"):
            pull(served, clock=clock, limits={"pull_seconds": 100, "tries": 99})
        assert len(served.asked) == 3
    assert sum(clock.slept) < 100


def test_calls_keep_the_pace_that_was_declared(pull):
    clock = Clock()
    people = [{"rowId": n} for n in range(20)]
    with answering(paged(people)) as served:
        pull(served, clock=clock, limits={"calls_per_second": 2, "burst": 3})
    assert len(served.asked) == 10
    assert sum(clock.slept) == pytest.approx((10 - 3) / 2)


def test_a_connection_that_breaks_is_tried_again(pull):
    good = paged()

    def reset(connection):
        connection.shutdown(2)

    with speaking(reset) as served:
        with pytest.raises(SourceUnavailable, match="broke off"):
            pull(served)
        assert len(served.asked) == 4
    cut = iter([b'{"code": 200, "data": {"list": [{"na', b"", b"null and void"])
    with answering(lambda asked: Reply(body=body) if (body := next(cut, None)) is not None else good(asked)) as served:
        assert lines(pull(served)) == PEOPLE


def test_a_server_that_hangs_up_between_pages_is_called_again(pull):
    def script(asked):
        reply = paged()(asked)
        return replace(reply, headers={**reply.headers, "Connection": "close"})

    with answering(script) as served:
        assert lines(pull(served)) == PEOPLE


def test_a_server_that_is_not_there_is_unavailable(pull):
    with answering(paged()) as served:
        pass
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        pull(served)


# Refusals and disbelief


@pytest.mark.parametrize("status", [400, 404, 405, 410, 415, 451])
def test_a_refusal_is_not_tried_again(pull, status):
    with answering(lambda _: Reply(status)) as served:
        with pytest.raises(SourceRefusesUs, match=f"HTTP {status}"):
            pull(served)
        assert len(served.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/elders2", "//{}/", "http://{}/", "file:///etc/passwd", "http://u:p@{}/"])
def test_a_redirect_leads_nowhere(pull, status, target):
    with answering(paged()) as elsewhere, answering(lambda _: reply) as served:
        location = target.format(elsewhere.url.removeprefix("http://"))
        reply = Reply(status, b"moved" * 100_000, {"Location": location})
        with pytest.raises(SourceRefusesUs, match="redirects are not followed"):
            pull(served)
        assert (len(served.asked), len(elsewhere.asked)) == (1, 0)


def later(reply):
    """The second page is this instead."""
    return lambda asked: reply if asked.query["pageNum"] == "2" else paged()(asked)


PAGE = envelope(PEOPLE[2:4], total=5)
DISBELIEVED = {
    "the first page again": (later(envelope(PEOPLE[:2], total=5)), "same 2 records"),
    "another total": (later(envelope(PEOPLE[2:4], total=6)), "total was 5 and is 6"),
    "no total": (later(envelope(PEOPLE[2:4])), "no count"),
    "empty too early": (later(envelope([], total=5)), "empty and said not to be the last"),
    "too many": (later(envelope(PEOPLE[1:5], total=5)), "6 records came of 5 announced"),
    "a login page": (later(Reply(body=b"<html>", headers={"Content-Type": "text/html"})), "web page"),
    "another type": (later(replace(PAGE, headers={"Content-Type": "text/plain"})), "content type"),
    "no list": (later(Reply(body=b'{"code": 200, "data": {"total": 5}}')), "nothing at data.list"),
    "no objects": (later(envelope(["张三"], total=5)), "1 of 1 records of a page are no objects"),
    "nothing to see": (later(Reply(204)), "HTTP 204"),
    "a business error": (later(Reply(body=b'{"code": 500, "msg": "x"}')), "code is 500"),
}


@pytest.mark.parametrize(("script", "words"), DISBELIEVED.values(), ids=DISBELIEVED)
def test_one_page_that_is_not_as_agreed_takes_the_others_with_it(pull, script, words):
    with answering(script) as served, pytest.raises((SourceNotBelieved, SourceRefusesUs), match=words):
        pull(served)


def test_pages_that_overlap_are_not_believed_where_records_have_keys(pull):
    def shifting(asked):
        at = {"1": 0, "2": 1, "3": 3}[asked.query["pageNum"]]
        return envelope(PEOPLE[at : at + 2], total=6)

    with answering(shifting) as served, pytest.raises(SourceNotBelieved, match="1 of 6 records have a key"):
        pull(served, key="rowId")


def test_more_for_ever_ends_with_the_pages_allowed(pull):
    count = iter(range(1_000_000))
    flagged = {"records": "data.list", "has_more": "data.more"}
    with answering(lambda _: envelope([{"rowId": next(count)}], more=True)) as served:
        with pytest.raises(SourceNotBelieved, match="no end after 21 pages with 21 records"):
            pull(served, envelope=flagged, limits={"pages": 20})
        assert len(served.asked) == 21


def test_more_bytes_than_allowed_end_the_pull(pull):
    count = iter(range(1_000_000))
    flagged = {"records": "data.list", "has_more": "data.more"}
    with answering(lambda _: envelope([{"rowId": next(count), "x": "x" * 400_000}], more=True)) as served:
        with pytest.raises(SourceNotBelieved, match="more than 1 MB"):
            pull(served, envelope=flagged, limits={"pull_megabytes": 1})
        assert len(served.asked) == 3


def test_a_link_to_another_server_is_not_called(pull):
    with answering(paged()) as elsewhere:
        script = lambda _: envelope(PEOPLE[:2], next=f"{elsewhere.url}/elders")  # noqa: E731
        with answering(script) as served, pytest.raises(SourceNotBelieved, match="another server"):
            pull(served, envelope={"records": "data.list"}, paging={"kind": "next_link", "next": "data.next"})
        assert elsewhere.asked == []


# Time, and the right server


def test_a_pull_does_not_outlive_its_time(tmp_path):
    def slowly(connection):
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
            connection.sendall(bytes([letter]))
            time.sleep(0.02)

    limits = {"pull_seconds": 0.8, "call_seconds": 0.3, "tries": 99}
    with speaking(slowly) as served:
        document = {"kind": "rest", "base_url": served.url, "path": "/", "allow_plain_http_on_loopback": True}
        channel = RestChannel.model_validate({**document, **COUNTED, "limits": limits})
        began = time.monotonic()
        with pytest.raises(SourceUnavailable):
            fetch_records(channel, tmp_path / "received", secrets={}, name="x", position={}, now=now)
    assert time.monotonic() - began <= 1.8


def test_over_tls_only_the_server_with_the_right_certificate_is_asked(pull, tmp_path):
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    impostors = [
        ours.certificate("127.0.0.1", days=-1),
        ours.certificate("127.0.0.1", self_signed=True),
        ours.certificate("elsewhere.example"),
        stranger.certificate("127.0.0.1"),
    ]
    trusting = {"ca_file": ours.file, "allow_plain_http_on_loopback": False}
    with answering(paged(), tls=tls_context(ours.certificate("127.0.0.1"))) as served:
        assert lines(pull(served, **trusting)) == PEOPLE
    for certificate in impostors:
        with answering(paged(), tls=tls_context(certificate)) as served:
            with pytest.raises(SourceRefusesUs, match="certificate is not one we trust"):
                pull(served, **trusting)
            assert served.asked == []
    old = tls_context(ours.certificate("127.0.0.1"), newest=ssl.TLSVersion.TLSv1_1)
    with answering(paged(), tls=old) as served, pytest.raises(SourceRefusesUs, match="not speak TLS as it must"):
        pull(served, **trusting)


def test_tls_is_not_left_on_the_way(pull, tmp_path):
    ours = Authority(tmp_path)
    with answering(paged()) as plain:
        moved = Reply(301, headers={"Location": f"{plain.url}/elders"})
        linked = envelope(PEOPLE[:2], next=f"{plain.url}/elders", total=5)
        answers = iter([moved, linked])
        with answering(lambda _: next(answers), tls=tls_context(ours.certificate("127.0.0.1"))) as served:
            for error in (SourceRefusesUs, SourceNotBelieved):
                with pytest.raises(error):
                    pull(served, ca_file=ours.file, paging={"kind": "next_link", "next": "data.next"})
        assert plain.asked == []


# Privacy


CANARIES = ["张canary", "441421194503129999", "13800139999", "tok-canary", "key-canary", "query-canary", "loc-canary"]
PERSON = {"name": "张canary", "idCard": "441421194503129999", "phone": "13800139999"}
IMPATIENT = {"silence_seconds": 0.2, "call_seconds": 2.0}
LEAKY = {
    "business error": Reply(body=json.dumps({"code": "441421194503129999", "msg": "张canary"}).encode()),
    "wrong status": Reply(400, json.dumps(PERSON).encode()),
    "redirect": Reply(302, headers={"Location": "https://loc-canary.example/?id=441421194503129999"}),
    "unauthorised": Reply(401, b"tok-canary"),
    "unavailable": Reply(503, json.dumps(PERSON).encode(), {"Retry-After": "13800139999"}),
    "not JSON": Reply(body="张canary 441421194503129999".encode()),
    "cut short": Reply(body=json.dumps({"code": 200, "data": {"list": [PERSON]}}).encode()[:-2]),
    "login page": Reply(body="<html>张canary".encode(), headers={"Content-Type": "text/html; id=13800139999"}),
    "wrong encoding": Reply(body=b"\xff", headers={"Content-Type": "application/json; charset=tok-canary"}),
    "not records": Reply(body=json.dumps({"code": 200, "data": {"list": ["张canary"], "total": 1}}).encode()),
    "total": Reply(body=json.dumps({"code": 200, "data": {"list": [PERSON], "total": "张canary"}}).encode()),
    "strange length": Reply(headers={"Content-Length": "张canary-13800139999".encode().decode("latin-1")}),
    "strange encoding": Reply(body=b"13800139999", headers={"Content-Encoding": "gzip"}),
    "strange header": Reply(headers={"X-13800139999 tok-canary\r\n441421194503129999": "key-canary"}),
}


@pytest.mark.parametrize("reply", LEAKY.values(), ids=LEAKY)
def test_neither_messages_nor_logs_quote_what_was_sent_or_answered(pull, caplog, capfd, reply):
    auth = {"kind": "bearer", "call": {"path": "/token", "query": {"key": "${key}"}, "answer": "data"}}
    token = Reply(body=b'{"data": "tok-canary"}')
    caplog.set_level(logging.DEBUG)
    with answering(lambda asked: token if asked.path == "/token" else reply) as served:
        with pytest.raises(RunStopped) as failure:
            pull(served, auth=auth, query={"unit": "query-canary"}, secrets={"key": "key-canary"}, limits=IMPATIENT)
        assert len(served.asked) >= 2
    error = failure.value
    assert error.__cause__ is None
    said = [str(error), repr(error), caplog.text, *capfd.readouterr()]
    while error.__context__ is not None:
        error = error.__context__
        said.append(str(error))
    assert not [canary for canary in CANARIES for text in said if canary in text]


def test_the_canaries_would_be_found(pull, caplog):
    logging.getLogger("somewhere").warning("received %s", PERSON)
    assert any(canary in caplog.text for canary in CANARIES)


def test_pulls_side_by_side_do_not_share_a_line(pull, tmp_path):
    results = {}

    def run(prefix):
        people = [{"rowId": n, "name": f"{prefix}{n}"} for n in range(6)]
        with answering(paged(people)) as served:
            results[prefix] = [record["name"] for record in lines(pull(served))]

    threads = [threading.Thread(target=run, args=(prefix,)) for prefix in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {prefix: [f"{prefix}{n}" for n in range(6)] for prefix in "abcd"}
