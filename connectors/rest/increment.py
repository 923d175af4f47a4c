"""Asking only for what changed: where the last pull ended, and what to ask for so that nothing late is missed."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.rest.envelope import Page, plain_value
from schemas.channel_rest_parts import Increment
from schemas.errors import SourceNotBelieved

__all__ = ["Since"]

_PER_SECOND = {"unix_seconds": 1, "unix_milliseconds": 1000}


class Since:
    """The newest change seen, as a number (seconds since 1970, or the source's own count).

    It never goes back, and never beyond our own clock: a record dated in the future would hide all changes until then.
    """

    def __init__(
        self, increment: Increment, position: Mapping[str, object], *, asked: object = "", now: Callable[[], datetime]
    ) -> None:
        """Where the last pull ended.

        Args:
            increment: as declared.
            position: what :meth:`position` gave then; that of another declaration, or of something else asked, is not used.
            asked: what is asked and where, as JSON: changes of a trial system say nothing of the real one's.
            now: our clock.
        """
        self._increment, self._now = increment, now
        self._of = hashlib.sha256(json.dumps([increment.form, increment.field, asked]).encode()).hexdigest()[:16]
        self._zone = ZoneInfo(increment.timezone)
        newest = position.get("newest") if position.get("of") == self._of else None
        self._newest = newest if isinstance(newest, int | float) else None

    def value(self) -> str:
        """What to ask for: the newest change less the lag, or the declared start."""
        if self._newest is None:
            return self._increment.start
        wanted = self._newest - self._increment.lag
        match self._increment.form:
            case "time":
                return datetime.fromtimestamp(wanted, self._zone).strftime(self._increment.time_format)
            case "number":
                return str(int(wanted))
            case form:
                return str(int(wanted * _PER_SECOND[form]))

    def see(self, page: Page) -> None:
        """Takes note of a page.

        Raises:
            SourceNotBelieved: records do not tell when they changed.
        """
        told = [self._read(value) for value in page.noted[self._increment.field]]
        clear = [value for value in told if value is not None]
        if len(clear) < len(told):
            unclear = f"{len(told) - len(clear)} of {len(told)} records"
            raise SourceNotBelieved(f"{unclear} do not tell at {self._increment.field} when they changed")
        if self._newest is not None:
            clear.append(self._newest)
        self._newest = max(clear, default=None)

    def position(self) -> dict[str, object]:
        """Where the next pull goes on."""
        if self._newest is None:
            return {}
        newest = self._newest
        if self._increment.form != "number":
            newest = min(newest, self._now().timestamp())
        return {"newest": newest, "of": self._of}

    def _read(self, value: object) -> float | None:
        text = plain_value(value)
        try:
            match self._increment.form:
                case "time":
                    return self._instant(text or "").timestamp()
                case "number":
                    return int(text or "")
                case form:
                    return int(text or "") / _PER_SECOND[form]
        except (ValueError, OverflowError):
            return None

    def _instant(self, text: str) -> datetime:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            instant = datetime.strptime(text, self._increment.time_format)  # noqa: DTZ007 - its zone comes next
        return instant if instant.tzinfo else instant.replace(tzinfo=self._zone)
