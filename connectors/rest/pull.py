"""A source asked over REST: its pages become one delivery, a record on each line as it was received, or nothing at all.

A pull is believed whole or not at all: where pages contradict each other, nothing is kept and the position stays. How the
parts work is in the other modules of ``connectors.rest``; what a record says is for ``connectors.reading.text.json_lines``.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from connectors.http_calls.call import HttpCaller
from connectors.http_calls.line import Origin, Resolve, look_up
from connectors.keeping import Arriving, Fetched, arriving
from connectors.rest.ask import Ask, ask_of
from connectors.rest.belief import Belief
from connectors.rest.envelope import Page
from connectors.rest.increment import Since
from connectors.rest.paging import Pager
from connectors.rest.session import Clockwork, RestSession
from schemas.channel_rest import RestChannel
from schemas.errors import SourceNotBelieved

__all__ = ["fetch_records"]


def fetch_records(
    channel: RestChannel,
    received: Path,
    *,
    secrets: Mapping[str, str],
    name: str,
    position: Mapping[str, object],
    now: Callable[[], datetime],
    resolve: Resolve = look_up,
    clockwork: Clockwork | None = None,
) -> Fetched:
    """Pulls all records that a source has, or all that changed since the last pull.

    No records at all are an empty delivery, which reading refuses as ``file-empty``: a source that had three thousand elders
    and answers ``[]`` is not believed in silence. Only where changes are asked for is nothing simply nothing.

    Args:
        channel: as declared.
        received: ``<home>/received``.
        secrets: the value of each of ``channel.secret_names``.
        name: of the source; the delivery is called ``<name>.jsonl``.
        position: what the last pull gave.
        now: our clock.
        resolve: finds the addresses of a host.
        clockwork: clocks to run by, if not this machine's.

    Raises:
        SourceUnavailable: the server cannot be reached, is busy, or does not come to an end in time.
        SourceRefusesUs: it does not let us in, is not the one we know, or does not know what we ask for.
        SourceNotBelieved: what it answers is not as agreed, or contradicts itself.
        ConfigurationInvalid: ``ca_file`` or a secret cannot be used.
    """
    asked = [channel.base_url, channel.path, channel.query, channel.body]
    since = Since(channel.increment, position, asked=asked, now=now) if channel.increment else None
    belief = Belief(channel)
    with HttpCaller(Origin.of(channel.base_url), ca_file=channel.ca_file, resolve=resolve) as caller:
        session = RestSession(channel, caller, name=name, secrets=secrets, clockwork=clockwork or Clockwork(now))
        with arriving(received) as arrival:
            for page in _pages(channel, session, _first_ask(channel, secrets, since), belief):
                if since is not None:
                    since.see(page)
                _write(page, arrival, channel.limits.pull_megabytes)
            belief.settle()
            if since is not None and not belief.records:
                return Fetched([], position=since.position())
            kept = arrival.keep(name=f"{name}.jsonl", modified_at=now())
    return Fetched([kept], position={} if since is None else since.position())


def _first_ask(channel: RestChannel, secrets: Mapping[str, str], since: Since | None) -> Ask:
    ask = ask_of(channel, urlsplit(channel.base_url).path, secrets)
    if channel.increment is None or since is None:
        return ask
    return ask.having(channel.puts_parameters_in, channel.increment.parameter, since.value())


def _pages(channel: RestChannel, session: RestSession, ask: Ask, belief: Belief) -> Iterator[Page]:
    """Page after page, each believed."""
    pager = Pager(channel, ask)
    note = [path for path in (channel.key, channel.increment and channel.increment.field) if path]
    ask, has_more = pager.first(), True
    while has_more:
        page = session.page(ask, note)
        belief.take(page)
        yield page
        pointer = pager.pointer(page)
        has_more = belief.has_more(page, pointer)
        if has_more:
            ask = pager.following(ask, pages=belief.pages, records=belief.records, pointer=pointer)


def _write(page: Page, arrival: Arriving, most_megabytes: int) -> None:
    for record in page.records or []:
        arrival.write(f"{record}\n".encode())
    if arrival.size > most_megabytes * 1_000_000:
        raise SourceNotBelieved(f"more than {most_megabytes} MB of records came, without an end")
