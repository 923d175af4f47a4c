"""When faults happen: those of a script, taken in order as requests match, and those by chance, drawn from a seed."""

import random
import threading
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, ValidationError, field_validator

from schemas.errors import ConfigurationInvalid
from simulator.province.behaviour import Behaviour, Endpoint, Strict
from simulator.province.faults import PASSING, Fault, Kind
from simulator.province.items import Item

__all__ = ["Chance", "FaultScript", "Rehearsal", "ScriptedFault", "first_mistake", "load_rehearsal"]


class ScriptedFault(Fault):
    """A fault, which requests it waits for, and how often it happens."""

    times: Annotated[int, Field(gt=0)] = 1
    endpoint: Endpoint | None = None
    person: Annotated[str | None, Field(description="only batches in which this person is")] = None
    key: Annotated[str | None, Field(description="only batches in which this key is")] = None
    least_items: Annotated[int, Field(ge=0, description="only batches of at least so many items")] = 0

    def fits(self, endpoint: Endpoint, items: Sequence[Item]) -> bool:
        """Whether a request is one it waits for."""
        return (
            self.kind is not Kind.RESET_ON_CONNECT
            and self.endpoint in {None, endpoint}
            and len(items) >= max(self.least_items, int(self.facts.needs_batch))
            and (self.person is None or any(item.person == self.person for item in items))
            and (self.key is None or any(item.key == self.key for item in items))
        )


class Chance(Strict):
    """Faults by chance: how often, and which."""

    probability: Annotated[float, Field(ge=0, le=1)]
    seed: int = 1
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = PASSING
    endpoints: tuple[Endpoint, ...] = tuple(Endpoint)

    @field_validator("kinds")
    @classmethod
    def _while_connected(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if Kind.RESET_ON_CONNECT in kinds:
            raise ValueError(f"{Kind.RESET_ON_CONNECT} comes from a script only")
        return kinds


class Rehearsal(Strict):
    """A file for a rehearsal: how the platform behaves, and what goes wrong."""

    behaviour: Behaviour = Behaviour()
    faults: tuple[ScriptedFault, ...] = ()
    chance: Chance | None = None


class _Left(NamedTuple):
    fault: ScriptedFault
    times: int


class FaultScript:
    """Says of each request whether something goes wrong with it. Safe to change from another thread."""

    def __init__(self, faults: Iterable[ScriptedFault] = (), chance: Chance | None = None) -> None:
        self._guard = threading.Lock()
        self._left = [_Left(fault, fault.times) for fault in faults]
        self.set_chance(chance)

    def add(self, *faults: ScriptedFault) -> None:
        """Puts faults behind those that are still to come."""
        with self._guard:
            self._left += [_Left(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        """Nothing goes wrong from here on."""
        with self._guard:
            self._left.clear()
        self.set_chance(None)

    def set_chance(self, chance: Chance | None) -> None:
        """Begins to draw by chance, anew from the seed; or ends it."""
        self._chance = chance
        self._random = random.Random(chance.seed if chance else None)  # noqa: S311 - a rehearsal, to be repeated

    @property
    def left(self) -> int:
        """How many scripted faults are still to come."""
        with self._guard:
            return sum(times for _, times in self._left)

    def refuses_connection(self) -> bool:
        """Whether the next connection is refused."""
        return self._taken(lambda fault: fault.kind is Kind.RESET_ON_CONNECT) is not None

    def fault_for(self, endpoint: Endpoint, items: Sequence[Item]) -> Fault | None:
        """The fault of this request: the first of the script that fits, else by chance."""
        return self._taken(lambda fault: fault.fits(endpoint, items)) or self._drawn(endpoint, items)

    def _taken(self, fits: Callable[[ScriptedFault], bool]) -> Fault | None:
        with self._guard:
            for place, (fault, times) in enumerate(self._left):
                if fits(fault):
                    self._left[place : place + 1] = [_Left(fault, times - 1)] if times > 1 else []
                    return fault
        return None

    def _drawn(self, endpoint: Endpoint, items: Sequence[Item]) -> Fault | None:
        chance = self._chance
        if chance is None or endpoint not in chance.endpoints or self._random.random() >= chance.probability:
            return None
        fault = Fault(kind=self._random.choice(chance.kinds))
        if fault.facts.needs_batch and not items:
            return None
        return fault.model_copy(update={"moment": self._random.choice(fault.facts.moments)})


def load_rehearsal(path: Path) -> Rehearsal:
    """Reads a file of behaviour and faults.

    Raises:
        ConfigurationInvalid: naming the file and the key that is wrong.
    """
    try:
        with path.open("rb") as file:
            return Rehearsal.model_validate(tomllib.load(file))
    except OSError as error:
        problem = f"not readable: {error.strerror}"
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        problem = "not readable as TOML"
    except ValidationError as invalid:
        problem = first_mistake(invalid)
    raise ConfigurationInvalid(f"{path}: {problem}")


def first_mistake(invalid: ValidationError) -> str:
    """The first thing wrong, by its key; no value is quoted."""
    first = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    return ": ".join(filter(None, [key, first["msg"].removeprefix("Value error, ")]))
