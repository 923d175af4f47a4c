"""Turning pages: the first call, and the call after each answer."""

from urllib.parse import urljoin, urlsplit

from connectors.http_calls.line import Origin
from connectors.rest.ask import Ask
from connectors.rest.envelope import MISSING, Page, at_path, plain_value
from schemas.channel_rest import RestChannel
from schemas.errors import SourceNotBelieved

__all__ = ["Pager"]


class Pager:
    """Knows what to ask for next; whether there is a next page at all is for ``connectors.rest.belief``."""

    def __init__(self, channel: RestChannel, ask: Ask) -> None:
        """At the first page.

        Args:
            channel: as declared.
            ask: the call without page, offset or cursor.
        """
        self._paging, self._where = channel.paging, channel.puts_parameters_in
        self._origin = Origin.of(channel.base_url)
        self._ask = ask
        if self._paging.kind != "none" and self._paging.size_parameter is not None:
            self._ask = ask.having(self._where, self._paging.size_parameter, self._paging.size)

    def first(self) -> Ask:
        """The first call."""
        match self._paging.kind:
            case "page":
                return self._ask.having(self._where, self._paging.parameter, self._paging.first)
            case "offset":
                return self._ask.having(self._where, self._paging.parameter, 0)
            case "cursor" if self._paging.first is not None:
                return self._ask.having(self._where, self._paging.parameter, self._paging.first)
            case _:
                return self._ask

    def pointer(self, page: Page) -> str | None:
        """The cursor or link to the next page that an answer gives; None where it gives none.

        Raises:
            SourceNotBelieved: it is neither text nor number.
        """
        if self._paging.kind not in {"cursor", "next_link"}:
            return None
        found = at_path(page.envelope, self._paging.next)
        if found is MISSING or found is None or found == "":
            return None
        if isinstance(found, bool) or plain_value(found) is None:
            raise SourceNotBelieved(f"what an answer has at {self._paging.next} is no pointer to a next page")
        return str(found)

    def following(self, before: Ask, *, pages: int, records: int, pointer: str | None) -> Ask:
        """The call after some pages with some records.

        Raises:
            SourceNotBelieved: the link leads to another server.
        """
        match self._paging.kind:
            case "page":
                return self._ask.having(self._where, self._paging.parameter, self._paging.first + pages)
            case "offset":
                return self._ask.having(self._where, self._paging.parameter, records)
            case "cursor":
                return self._ask.having(self._where, self._paging.parameter, pointer or "")
            case "next_link":
                return self._linked(before, pointer or "")
            case _:
                return self._ask

    def _linked(self, before: Ask, link: str) -> Ask:
        plain = link.isascii() and link.isprintable() and not set(link) & set(" \\")
        try:
            url = urljoin(f"{self._origin}{before.path}", link)
            parts = urlsplit(url)
            same = plain and Origin.of(url) == self._origin and "@" not in parts.netloc
        except ValueError:
            same = False
        if not same:
            raise SourceNotBelieved("the link to the next page leads to another server")
        return Ask(
            self._ask.method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), self._ask.headers
        )
