"""How a bureau's return letters are numbered, how long a sender has, and whom the sender may ask: ``returns.toml``."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import ConfigurationInvalid

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
    if not path.is_file():
        return ReturnLetters()
    try:
        return ReturnLetters.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        problem = f"not readable as TOML: {error}"
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, UnicodeDecodeError):
        problem = "not readable as UTF-8"
    raise ConfigurationInvalid(f"{path}: {problem}")
