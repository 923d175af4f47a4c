"""Whether the pages of one pull add up: what contradicts itself is discarded whole, for part of a list is no list.

Everything said here is counts and paths.
"""

import hashlib
import re

from connectors.rest.envelope import Page, at_path, plain_value
from schemas.channel_rest import RestChannel
from schemas.errors import SourceNotBelieved

__all__ = ["Belief"]

_FLAGS = {"true": True, "1": True, "y": True, "false": False, "0": False, "n": False}
_COUNT = re.compile(r"[0-9]{1,12}")


class Belief:
    """What the pages taken so far say together."""

    def __init__(self, channel: RestChannel) -> None:
        self._channel, self._envelope = channel, channel.envelope
        self.pages = self.records = self._repeated = 0
        self._total: int | None = None
        self._digests: set[bytes] = set()
        self._pointers: set[str] = set()
        self._keys: set[str] = set()

    def take(self, page: Page) -> None:
        """Adds a page.

        Raises:
            SourceNotBelieved: it repeats an earlier one, or there are too many, or its total is another.
        """
        records = page.records or []
        self.pages += 1
        self.records += len(records)
        if self.pages > self._channel.limits.pages:
            raise SourceNotBelieved(f"there is no end after {self.pages} pages with {self.records} records")
        self._agree_on_total(page)
        digest = hashlib.blake2b("\n".join(records).encode(), digest_size=16).digest()
        if records and digest in self._digests:
            raise SourceNotBelieved(f"page {self.pages} has the same {len(records)} records as an earlier one")
        self._digests.add(digest)
        if self._channel.key is not None:
            self._count_repeated(self._channel.key, page)

    def has_more(self, page: Page, pointer: str | None) -> bool:
        """Whether there is a page after the one just taken.

        Where nothing says so, it is asked for until a page is empty: a server may give fewer records than it was asked for, so
        that a short page is not the last one.

        Raises:
            SourceNotBelieved: there is said to be more, and nothing comes, or what comes came before.
        """
        more = self._is_said_to_go_on(page, pointer)
        if more and not page.records:
            raise SourceNotBelieved(f"page {self.pages} is empty and said not to be the last")
        if more and pointer is not None:
            if pointer in self._pointers:
                raise SourceNotBelieved(f"page {self.pages} leads back to an earlier page")
            self._pointers.add(pointer)
        return more

    def _is_said_to_go_on(self, page: Page, pointer: str | None) -> bool:
        said, kind = self._flag(page), self._channel.paging.kind
        leads_on = kind in {"page", "offset"} or pointer is not None
        if said is not None:
            if said and not leads_on:
                raise SourceNotBelieved(f"page {self.pages} says that there is more, and not where")
            return said
        if not leads_on:
            return False
        if self._total is not None:
            return self.records < self._total
        return bool(page.records) or kind in {"cursor", "next_link"}

    def settle(self) -> None:
        """The end of the pull.

        Raises:
            SourceNotBelieved: records are missing, or too many came twice.
        """
        if self._total is not None and self._total != self.records:
            raise SourceNotBelieved(f"{self.records} records came of {self._total} announced")
        if self._repeated > self._channel.repeated_share * self.records:
            raise SourceNotBelieved(f"{self._repeated} of {self.records} records have a key that came before")

    def _agree_on_total(self, page: Page) -> None:
        if self._envelope.total is None:
            return
        said = plain_value(at_path(page.envelope, self._envelope.total))
        if said is None or not _COUNT.fullmatch(said):
            raise SourceNotBelieved(f"page {self.pages} has no count at {self._envelope.total}")
        total = int(said)
        if self._total not in {None, total}:
            raise SourceNotBelieved(f"the total was {self._total} and is {total} on page {self.pages}")
        self._total = total

    def _flag(self, page: Page) -> bool | None:
        path = self._envelope.has_more
        if path is None:
            return None
        said = plain_value(at_path(page.envelope, path))
        if said is None or said.lower() not in _FLAGS:
            raise SourceNotBelieved(f"page {self.pages} does not say at {path} whether there is more")
        return _FLAGS[said.lower()]

    def _count_repeated(self, path: str, page: Page) -> None:
        keys = [plain_value(value) for value in page.noted[path]]
        if None in keys:
            raise SourceNotBelieved(f"{keys.count(None)} records of page {self.pages} have no key at {path}")
        for key in keys:
            if key in self._keys:
                self._repeated += 1
            elif key is not None:
                self._keys.add(key)
