"""Whether a REST source lets us in and answers as agreed: its first page is asked for once, and nothing of it is kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from connectors.http_calls.call import HttpCaller
from connectors.http_calls.line import Origin
from connectors.rest.ask import ask_of
from connectors.rest.increment import Since
from connectors.rest.paging import Pager
from connectors.rest.session import Clockwork, RestSession
from schemas.channel_rest import RestChannel

__all__ = ["look_at_records"]

_SECONDS = 20.0


def look_at_records(channel: RestChannel, *, secrets: Mapping[str, str], name: str, now: Callable[[], datetime]) -> int:
    """How many records the first page has.

    Args:
        channel: as declared.
        secrets: the value of each of ``channel.secret_names``.
        name: of the source.
        now: our clock.

    Raises:
        SourceUnavailable, SourceRefusesUs, SourceNotBelieved: as ``fetch_records``; it is asked once, for twenty seconds at most.
    """
    limits = channel.limits.model_copy(
        update={"tries": 1, "pull_seconds": _SECONDS, "call_seconds": min(channel.limits.call_seconds, _SECONDS)}
    )
    hasty = channel.model_copy(update={"limits": limits})
    ask = ask_of(hasty, urlsplit(hasty.base_url).path, secrets)
    if hasty.increment is not None:
        asked = [hasty.base_url, hasty.path, hasty.query, hasty.body]
        start = Since(hasty.increment, {}, asked=asked, now=now).value()
        ask = ask.having(hasty.puts_parameters_in, hasty.increment.parameter, start)
    with HttpCaller(Origin.of(hasty.base_url), ca_file=hasty.ca_file) as caller:
        session = RestSession(hasty, caller, name=name, secrets=secrets, clockwork=Clockwork(now))
        return len(session.page(Pager(hasty, ask).first(), []).records or [])
