"""How a bureau's return letters are numbered, how long a sender has, and whom the sender may ask: ``returns.toml``."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.configuration_faults import read_model

__all__ = ["ReturnLetters", "load_return_letters"]


class ReturnLetters(BaseModel):
    """What ``returns.toml`` may say; every key has a default, and the file may be missing.

    ``reference`` is the first part of a letter's number, before 〔2026〕第1号. ``names`` are the senders' full names by
    body, as a letter addresses them, where they are not as in ``bureau.toml``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Annotated[str, Field(min_length=1, max_length=20)] = "民数退"
    working_days: Annotated[int, Field(ge=1, le=60)] = 10
    contact: str = ""
    telephone: str = ""
    names: dict[str, str] = {}


def load_return_letters(folder: Path) -> ReturnLetters:
    """Reads ``returns.toml`` of a configuration folder; the defaults where there is none.

    Raises:
        ConfigurationInvalid: naming the file and the key.
    """
    path = folder / "returns.toml"
    return read_model(path, ReturnLetters) if path.is_file() else ReturnLetters()
