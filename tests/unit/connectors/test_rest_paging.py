"""Pages are turned as declared and believed only where they add up."""

import pytest

from connectors.rest.ask import ask_of
from connectors.rest.belief import Belief
from connectors.rest.envelope import Page
from connectors.rest.pace import Pace
from connectors.rest.paging import Pager
from schemas.channel_rest import RestChannel
from schemas.errors import SourceNotBelieved


def declared(**changes):
    return RestChannel.model_validate(
        {
            "kind": "rest",
            "base_url": "https://gateway.example/ebus",
            "path": "/elders",
            "envelope": {"records": "list"},
            **changes,
        }
    )


def pager(channel, secrets=None):
    return Pager(channel, ask_of(channel, "/ebus", secrets or {}))


def page(records=("{}",), noted=None, **envelope):
    return Page({"list": [], **envelope}, list(records), noted or {})


PAGING = {"kind": "page", "parameter": "pageNum", "size_parameter": "pageSize", "size": 100}


def test_pages_are_counted_from_the_first():
    turning = pager(declared(paging=PAGING))
    first = turning.first()
    assert (first.path, first.query) == ("/ebus/elders", {"pageSize": "100", "pageNum": "1"})
    second = turning.following(first, pages=1, records=100, pointer=None)
    assert second.query == {"pageSize": "100", "pageNum": "2"}


def test_an_offset_follows_what_came_and_not_what_was_asked_for():
    turning = pager(declared(paging={"kind": "offset", "size_parameter": "limit", "size": 500}))
    assert turning.first().query == {"limit": "500", "offset": "0"}
    assert turning.following(turning.first(), pages=2, records=150, pointer=None).query["offset"] == "150"


def test_parameters_go_into_the_body_of_a_post_below_their_keys():
    channel = declared(
        method="POST",
        body={"page": {"sort": "id"}, "unit": "${unit_name}"},
        paging={"kind": "page", "parameter": "page.current", "size_parameter": "page.size", "size": 10},
    )
    ask = pager(channel, {"unit_name": "梅县区"}).first()
    assert ask.body == {"page": {"sort": "id", "size": 10, "current": 1}, "unit": "梅县区"}
    request = ask.written({"Authorization": "x"})
    assert request.target == "/ebus/elders"
    assert request.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert request.body.decode() == '{"page": {"sort": "id", "size": 10, "current": 1}, "unit": "梅县区"}'


def test_a_form_and_a_query_are_escaped():
    channel = declared(method="POST", body={"名称": "a&b=c"}, body_as="form", query={"q": "x y&z"})
    request = pager(channel).first().written({})
    assert request.body == b"%E5%90%8D%E7%A7%B0=a%26b%3Dc"
    assert request.target == "/ebus/elders?q=x%20y%26z"


def test_a_cursor_that_names_a_secret_does_not_get_it():
    channel = declared(
        headers={"X-Key": "${api_key}"}, paging={"kind": "cursor", "next": "next", "parameter": "cursor"}
    )
    turning = pager(channel, {"api_key": "hush"})
    pointer = turning.pointer(page(next="${api_key}"))
    request = turning.following(turning.first(), pages=1, records=1, pointer=pointer).written({})
    assert request.headers["X-Key"] == "hush"
    assert request.target == "/ebus/elders?cursor=%24%7Bapi_key%7D"


LINKED = {"paging": {"kind": "next_link", "next": "next"}}


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://gateway.example/ebus/elders?page=2", "/ebus/elders?page=2"),
        ("HTTPS://GATEWAY.EXAMPLE:443/ebus/elders?page=2", "/ebus/elders?page=2"),
        ("/ebus/elders?page=2", "/ebus/elders?page=2"),
        ("?page=2", "/ebus/elders?page=2"),
        ("more/2", "/ebus/more/2"),
    ],
)
def test_a_link_on_the_same_server_is_followed(link, target):
    turning = pager(declared(query={"size": "5"}, **LINKED))
    assert turning.following(turning.first(), pages=1, records=1, pointer=link).written({}).target == target


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/ebus/elders",
        "http://gateway.example/ebus/elders",
        "https://gateway.example:8443/ebus/elders",
        "https://gateway.example.elsewhere.example/",
        "https://user@gateway.example/",
        "https://gateway.example@elsewhere.example/",
        "https://gateway.example\\@elsewhere.example/",
        "//elsewhere.example/ebus",
        "\\\\elsewhere.example\\ebus",
        "/\\elsewhere.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://gateway.example:99999/",
        "https://[::1/",
        "/ebus/elders?name=张三",
        "/ebus/elders\r\nHost: elsewhere.example",
        "/ebus/elders x",
    ],
)
def test_a_link_to_anywhere_else_is_not_believed_and_not_quoted(link):
    turning = pager(declared(**LINKED))
    with pytest.raises(SourceNotBelieved) as failure:
        turning.following(turning.first(), pages=1, records=1, pointer=link)
    assert str(failure.value) == "the link to the next page leads to another server"


@pytest.mark.parametrize("found", [True, [], {}], ids=repr)
def test_a_pointer_is_text_or_number(found):
    with pytest.raises(SourceNotBelieved, match="no pointer"):
        pager(declared(**LINKED)).pointer(page(next=found))


@pytest.mark.parametrize("envelope", [{}, {"next": None}, {"next": ""}], ids=repr)
def test_no_pointer_means_the_last_page(envelope):
    assert pager(declared(**LINKED)).pointer(page(**envelope)) is None


# What pages say together: (channel, pages with their pointers, what is said at the end; None where all is believed).
COUNTED = {"envelope": {"records": "list", "total": "total"}, "paging": PAGING}
FLAGGED = {"envelope": {"records": "list", "has_more": "more"}, "paging": PAGING}
PLAIN = {"paging": PAGING}
CURSOR = {"paging": {"kind": "cursor", "next": "next"}}
KEYED = {**PLAIN, "key": "id"}


def one(number, **envelope):
    return page([f'{{"id": {number}}}'], {"id": [str(number)]}, **envelope)


EMPTY = page([], {"id": []})
CASES = {
    "counted": (COUNTED, [one(1, total="2"), one(2, total="2")], None),
    "counted, as text or number": (COUNTED, [one(1, total="2"), one(2, total="2.0")], None),
    "counted none": (COUNTED, [page([], total="0")], None),
    "total changes": (COUNTED, [one(1, total="3"), one(2, total="4")], "total was 3 and is 4"),
    "total not reached": (COUNTED, [one(1, total="3"), page([], total="3")], "empty and said not to be the last"),
    "more than the total": (COUNTED, [page(["{}", "{ }"], total="1")], "2 records came of 1"),
    "total gone": (COUNTED, [one(1, total="3"), one(2)], "no count at total"),
    "total negative": (COUNTED, [one(1, total="-1")], "no count at total"),
    "total absurd": (COUNTED, [one(1, total="9" * 5000)], "no count at total"),
    "flagged": (FLAGGED, [one(1, more=True), one(2, more="1"), one(3, more="false")], None),
    "flag gone": (FLAGGED, [one(1)], "does not say at more"),
    "flag unclear": (FLAGGED, [one(1, more="maybe")], "does not say at more"),
    "flagged for ever, empty": (FLAGGED, [one(1, more=True), page([], more=True)], "empty and said not to be the last"),
    "flagged for ever": (FLAGGED, [one(n, more=True) for n in range(12)], "no end after 11 pages"),
    "until empty": (PLAIN, [one(1), one(2), EMPTY], None),
    "the last page again and again": (PLAIN, [one(1), one(2), one(2)], "page 3 has the same 1 records"),
    "cursor": (CURSOR, [one(1, next="a"), one(2, next="b"), one(3)], None),
    "cursor in a circle": (CURSOR, [one(1, next="a"), one(2, next="b"), one(3, next="a")], "leads back"),
    "cursor without end": (CURSOR, [one(1, next="a"), page([], next="b")], "empty and said not to be the last"),
    "cursor missing": (
        {**CURSOR, "envelope": {"records": "list", "has_more": "more"}},
        [one(1, more=True)],
        "more, and not where",
    ),
    "cursor left over": (
        {**CURSOR, "envelope": {"records": "list", "total": "total"}},
        [one(1, next="a", total="2"), one(2, next="b", total="2")],
        None,
    ),
    "one answer": ({}, [one(1)], None),
    "one answer of several": (
        {"envelope": {"records": "list", "has_more": "more"}},
        [one(1, more=True)],
        "more, and not where",
    ),
    "keys": (KEYED, [one(1), one(2), EMPTY], None),
    "keys overlap": (
        KEYED,
        [one(1), page(["{ }"], {"id": ["1"]}), EMPTY],
        "1 of 2 records have a key that came before",
    ),
    "keys missing": (KEYED, [page(noted={"id": [None]})], "1 records of page 1 have no key"),
}


@pytest.mark.parametrize(("changes", "pages", "words"), CASES.values(), ids=CASES)
def test_pages_are_believed_as_far_as_they_add_up(changes, pages, words):
    channel = declared(**changes, limits={"pages": 10})
    turning, belief = pager(channel), Belief(channel)
    said = None
    try:
        more = True
        for came in pages:
            assert more, "nothing more was to be asked for"
            belief.take(came)
            more = belief.has_more(came, turning.pointer(came))
        assert not more
        belief.settle()
    except SourceNotBelieved as problem:
        said = str(problem)
    assert (said is None) == (words is None)
    assert (words or "") in (said or "")


def test_a_few_repeated_keys_can_be_allowed():
    channel = declared(**KEYED, repeated_share=0.5)
    belief = Belief(channel)
    for came in (one(1), page(["{ }"], {"id": ["1"]})):
        belief.take(came)
    belief.settle()


def test_a_burst_passes_and_the_rest_is_spread():
    now = [0.0]
    pace = Pace(2.0, 3, clock=lambda: now[0])
    delays = []
    for _ in range(6):
        delays.append(pace.delay())
        now[0] += delays[-1]
    assert delays == [0.0, 0.0, 0.0, 0.5, 0.5, 0.5]
    now[0] += 100.0
    assert [pace.delay() for _ in range(3)] == [0.0, 0.0, 0.0]
