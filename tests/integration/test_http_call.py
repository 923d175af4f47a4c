"""One call ends in its time and within its bytes, talks to the right server only, and takes nothing from the environment."""

import gzip
import os
import random
import socket
import ssl
import struct
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from rest_server import Authority, Reply, answering, speaking, tls_context

from connectors.http_calls.call import Answer, CallLimits, HttpCaller, HttpRequest, NoAnswer, Why
from connectors.http_calls.line import Origin, look_up
from schemas.errors import ConfigurationInvalid

DEADLINE = 0.6
LIMITS = CallLimits(seconds=DEADLINE, answer_bytes=1_000_000, silence_seconds=0.3, connect_seconds=0.3)
PATIENT = CallLimits(seconds=10.0, answer_bytes=1_000_000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def call(url, *, limits=PATIENT, body=None, headers=None, **how):
    with HttpCaller(Origin.of(url), **how) as caller:
        return caller.call(HttpRequest("POST" if body else "GET", "/elders?x=1", headers or {}, body), limits)


class MemoryWatch(threading.Thread):
    """How many megabytes this process holds at most beyond what it held before; looked at every millisecond."""

    def __init__(self):
        super().__init__(daemon=True)
        self._ended, self._before, self._looks = threading.Event(), self._held(), 0
        self._most = self._before

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()
        self.more = (self._most - self._before) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def run(self):
        while not self._ended.wait(0.001):
            self._most = max(self._most, self._held())
            self._looks += 1

    def look(self):
        """Returns when what is held now has been looked at, however busy the machine is."""
        wanted = self._looks + 2
        while self._looks < wanted:
            time.sleep(0.001)

    @staticmethod
    def _held():
        return int(Path("/proc/self/statm").read_text().split()[1])


# Servers that never come to an end


def drip(data, *, then=b""):
    """Sends letter by letter, each well before a read would time out."""

    def behave(connection):
        for letter in data:
            connection.sendall(bytes([letter]))
            time.sleep(0.05)
        if then:
            connection.sendall(then)

    return behave


def endless(start, piece):
    def behave(connection):
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return behave


def silent(start=b""):
    def behave(connection):
        connection.sendall(start)
        while connection.recv(65536):
            pass

    return behave


def bomb(connection):
    """Ten gigabytes of blanks in ten megabytes of gzip, as fast as they are taken."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + piece)
    for _ in range(10_000):
        connection.sendall(block)


MOVED = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
NEVER_ENDING = {
    "silence": (silent(), Why.TOO_SLOW),
    "a status line letter by letter": (drip(b"HTTP/1.1 200 " + b"O" * 1000), Why.TOO_SLOW),
    "headers letter by letter": (drip(HEAD + b"X-Long: " + b"x" * 1000), Why.TOO_SLOW),
    "one header after another": (endless(HEAD, b"X-Y: z\r\n"), Why.BROKEN_OFF),
    "one endless header": (endless(HEAD + b"X-Long: ", b"x" * 4096), Why.BROKEN_OFF),
    "continue for ever": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Why.TOO_SLOW),
    "a body letter by letter": (drip(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000), Why.TOO_SLOW),
    "a body without end": (endless(HEAD + b"\r\n", b"x" * 65536), Why.TOO_LARGE),
    "a redirect without end": (endless(MOVED, b"x" * 65536), Why.TOO_LARGE),
    "chunks without end": (endless(CHUNKED, b"400\r\n" + b"x" * 0x400 + b"\r\n"), Why.TOO_LARGE),
    "chunks letter by letter": (drip(CHUNKED + b"1\r\nx\r\n" * 300), Why.TOO_SLOW),
    "one endless chunk": (endless(CHUNKED + b"FFFFFFFFFFFF\r\n", b"x" * 65536), Why.TOO_LARGE),
    "a chunk size without end": (endless(CHUNKED, b"0" * 65536), Why.BROKEN_OFF),
    "ten gigabytes announced": (silent(HEAD + b"Content-Length: 10000000000\r\n\r\n"), Why.TOO_LARGE),
    "more digits than a number has": (silent(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"), Why.TOO_LARGE),
    "a body that stops": (silent(HEAD + b"Content-Length: 1000\r\n\r\nxxx"), Why.TOO_SLOW),
    "gzip bomb": (bomb, Why.TOO_LARGE),
}


@pytest.mark.parametrize(("behaviour", "why"), NEVER_ENDING.values(), ids=NEVER_ENDING)
def test_no_call_outlives_its_deadline_or_its_bytes(behaviour, why):
    with speaking(behaviour) as served:
        began = time.monotonic()
        # What ends by its bytes is given the time for them, on a busy machine too.
        seconds = DEADLINE if why is Why.TOO_SLOW else 10 * DEADLINE
        with MemoryWatch() as memory:
            outcome = call(served.url, limits=replace(LIMITS, seconds=seconds))
        took = time.monotonic() - began
    assert outcome == NoAnswer(why, was_sent=True)
    assert took <= seconds + 1.0
    assert memory.more <= 50


def test_silence_counts_against_the_deadline():
    with speaking(silent()) as served:
        began = time.monotonic()
        outcome = call(served.url, limits=replace(LIMITS, silence_seconds=30.0))
    assert outcome == NoAnswer(Why.TOO_SLOW, was_sent=True)
    assert time.monotonic() - began <= DEADLINE + 1.0


@pytest.mark.parametrize(
    "behaviour", [silent(), drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 2000)], ids=["silence", "letter-by-letter"]
)
def test_a_handshake_does_not_outlive_the_time_to_connect(tmp_path, behaviour):
    authority = Authority(tmp_path)
    context = tls_context(authority.certificate("127.0.0.1"))
    with speaking(behaviour, tls=context) as served:
        began = time.monotonic()
        outcome = call(served.url, limits=LIMITS, ca_file=authority.file)
    assert outcome == NoAnswer(Why.TOO_SLOW, was_sent=False)
    assert time.monotonic() - began <= DEADLINE + 1.0


def test_a_server_that_does_not_listen_to_the_end_does_not_hold_us():
    def deaf(connection):
        hung_up.wait(10)

    hung_up = threading.Event()
    with speaking(deaf) as served:
        began = time.monotonic()
        outcome = call(served.url, limits=LIMITS, body=bytes(50_000_000))
        took = time.monotonic() - began
        hung_up.set()
    assert outcome == NoAnswer(Why.TOO_SLOW, was_sent=True)
    assert took <= DEADLINE + 1.0


def test_a_resolver_that_hangs_does_not_hold_us():
    released = threading.Event()

    def hanging(host, port):
        released.wait(10)
        return look_up(host, port)

    began = time.monotonic()
    outcome = call("https://localhost:1", limits=LIMITS, resolve=hanging)
    took = time.monotonic() - began
    released.set()
    assert outcome == NoAnswer(Why.TOO_SLOW, was_sent=False)
    assert took <= DEADLINE + 1.0


def test_bytes_at_random_are_no_answer_and_no_accident():
    pieces = random.Random(20251103)  # noqa: S311 - the same rubbish every time
    for _ in range(60):
        head = pieces.choice([b"", HEAD, HEAD + b"Content-Encoding: gzip\r\n\r\n", CHUNKED, b"HTTP/1.1 "])
        rubbish = head + pieces.randbytes(pieces.randrange(200))

        def babble(connection, rubbish=rubbish):
            connection.sendall(rubbish)

        with speaking(babble) as served:
            outcome = call(served.url, limits=LIMITS)
        assert isinstance(outcome, Answer | NoAnswer)


def test_a_reset_is_told_from_a_server_that_is_not_there():
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with speaking(reset) as served:
        assert call(served.url) == NoAnswer(Why.BROKEN_OFF, was_sent=True)
    assert call(served.url) == NoAnswer(Why.UNREACHABLE, was_sent=False)


def test_many_calls_share_one_connection():
    with answering(lambda _: Reply(body=b"{}")) as served, HttpCaller(Origin.of(served.url)) as caller:
        for number in range(5):
            assert caller.call(HttpRequest("GET", f"/{number}", {}), PATIENT).status == 200
    assert [asked.path for asked in served.asked] == ["/0", "/1", "/2", "/3", "/4"]
    assert len({asked.port for asked in served.asked}) == 1


def test_memory_is_measured():
    with MemoryWatch() as memory:
        taken = bytearray(b"x") * 80_000_000
        memory.look()
        del taken
    assert memory.more > 60


# The right server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def ok(_):
    return Reply(body=b"{}")


def test_a_certificate_of_the_bureaus_own_authority_is_trusted(authority):
    context = tls_context(authority.certificate("127.0.0.1", "localhost"))
    with answering(ok, tls=context) as served:
        assert call(served.url, ca_file=authority.file).body == b"{}"
        assert call(served.url.replace("127.0.0.1", "localhost"), ca_file=authority.file).status == 200


def test_a_stranger_is_not_told_anything(authority, tmp_path):
    stranger = Authority(tmp_path, "stranger")
    impostors = {
        "expired": (authority.certificate("127.0.0.1", days=-1), None, Why.BAD_CERTIFICATE),
        "self-signed": (authority.certificate("127.0.0.1", self_signed=True), None, Why.BAD_CERTIFICATE),
        "another host": (authority.certificate("gateway.example"), None, Why.BAD_CERTIFICATE),
        "another authority": (stranger.certificate("127.0.0.1"), None, Why.BAD_CERTIFICATE),
        "old TLS": (authority.certificate("127.0.0.1"), ssl.TLSVersion.TLSv1_1, Why.BAD_TLS),
    }
    for certificate, newest, why in impostors.values():
        with answering(ok, tls=tls_context(certificate, newest=newest)) as served:
            assert call(served.url, ca_file=authority.file) == NoAnswer(why, was_sent=False)
            assert served.asked == []


def test_without_an_authority_of_its_own_only_public_ones_are_trusted(authority, monkeypatch):
    context = tls_context(authority.certificate("127.0.0.1"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))
    with answering(ok, tls=context) as served:
        assert call(served.url) == NoAnswer(Why.BAD_CERTIFICATE, was_sent=False)


def test_a_server_that_answers_without_tls_is_not_spoken_to(authority):
    with answering(ok) as served:
        outcome = call(served.url.replace("http:", "https:"), ca_file=authority.file)
    assert outcome == NoAnswer(Why.BAD_TLS, was_sent=False)


def test_an_authority_that_cannot_be_read_is_a_mistake_in_the_configuration(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for file in (tmp_path / "ca.pem", tmp_path / "none.pem", tmp_path):
        with pytest.raises(ConfigurationInvalid, match="ca_file"):
            call("https://localhost:1", ca_file=file)


def test_plain_http_is_spoken_to_this_machine_only_whatever_its_name_means():
    turns = iter(["127.0.0.1", "0.0.0.0"])  # noqa: S104 - reaches this machine too, and is no loopback address

    def rebinding(_, port):
        return look_up(next(turns), port)

    hanging_up = Reply(body=b"{}", headers={"Connection": "close"})
    with (
        answering(lambda _: hanging_up) as served,
        HttpCaller(Origin.of(served.url.replace("127.0.0.1", "localhost")), resolve=rebinding) as caller,
    ):
        assert caller.call(HttpRequest("GET", "/", {}), LIMITS).status == 200
        assert caller.call(HttpRequest("GET", "/", {}), LIMITS) == NoAnswer(Why.UNREACHABLE, was_sent=False)
    assert len(served.asked) == 1


def test_the_environment_changes_nothing(authority, tmp_path, monkeypatch):
    context = tls_context(authority.certificate("127.0.0.1"))
    (tmp_path / ".netrc").write_text("default login elders password hush\n")
    (tmp_path / ".netrc").chmod(0o600)
    with answering(ok) as proxy, answering(ok) as plain, answering(ok, tls=context) as served:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert call(served.url, ca_file=authority.file).status == call(plain.url).status == 200
        assert proxy.asked == []
    for asked in (*plain.asked, *served.asked):
        assert asked.path == "/elders"
        assert "authorization" not in asked.headers
    assert not (tmp_path / "keys").exists()
    assert os.environ["HTTPS_PROXY"] == proxy.url


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "张三", " a", "a ", "\x00", "a\x7f"], ids=ascii)
def test_a_header_that_would_become_two_is_not_sent(value):
    with answering(ok) as served:
        with pytest.raises(ConfigurationInvalid) as failure:
            call(served.url, headers={"X-Key": value})
        assert str(failure.value) == "header X-Key holds characters that a header cannot carry"
        assert served.asked == []


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_socket_is_left_open():
    before = open_files()
    with speaking(silent()) as served:
        for _ in range(3):
            call(served.url, limits=LIMITS)
    with answering(ok) as served:
        for _ in range(3):
            call(served.url)
    until = time.monotonic() + 5  # the server's own threads close theirs when they see that we are gone
    while open_files() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert open_files() <= before


def test_compressed_answers_are_opened():
    packed = Reply(body=gzip.compress(b"{}" * 1000), headers={"Content-Encoding": "gzip"})
    with answering(lambda _: packed) as served:
        assert call(served.url).body == b"{}" * 1000
