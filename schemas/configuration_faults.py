"""Reading one configuration file: what it says, or everything that is wrong with it, by line and key.

What the files may say is in ``schemas.configuration`` and beside it. A fault never quotes what stands in a file.
"""

import csv
import difflib
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import ConfigurationInvalid
from schemas.toml_lines import KeyPath, key_lines, line_of
from schemas.written_secrets import written_secrets

__all__ = ["Fault", "FileFaults", "nearest", "read_model", "read_table"]

Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")

_EXPECTED = "Value error, "
_UNKNOWN = "extra_forbidden"


class Fault(NamedTuple):
    """One thing in a configuration file that is not as it must be.

    Attributes:
        file: where.
        words: what is expected instead.
        key: which key, as ``brake.people``; empty where the file as a whole is meant.
        line: where it stands, if it stands anywhere.
    """

    file: Path
    words: str
    key: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """The fault in one line, as an error tells it."""
        return ": ".join(filter(None, [str(self.file), self.key, self.words]))


class FileFaults(ConfigurationInvalid):
    """A file is not as it must be; the message tells the first fault, ``faults`` has all of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        more = f" (and {len(faults) - 1} more: eldersync config check)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


def read_model(path: Path, model: type[Model], **given: str) -> Model:
    """A file as its model.

    Args:
        path: of the TOML file.
        model: what it may say.
        given: keys that are not in the file, such as its name.

    Raises:
        FileFaults: with everything that is missing, unknown, contradictory, or a secret.
    """
    text = _text(path)
    data = _parsed(path, text)
    errors: list[ErrorDetails] = []
    secrets = list(written_secrets(data))
    try:
        found = model.model_validate({**given, **data})
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    else:
        if not secrets:
            return found
    lines = key_lines(text)
    written = [Fault(path, _WRITTEN_OUT, _joined(secret), line_of(lines, secret)) for secret in secrets]
    raise FileFaults([*written, *(_fault(path, model, data, lines, error) for error in errors)])


def read_table(path: Path, read: Callable[[Sequence[str]], Read]) -> Read:
    """A CSV file as what ``read`` makes of its lines.

    Raises:
        FileFaults: it is missing or not UTF-8, or what ``read`` says of it (``ValueError``).
    """
    lines = _text(path).removeprefix("\ufeff").splitlines(keepends=True)
    try:
        return read(lines)
    except (ValueError, csv.Error) as error:
        problem = str(error)
    raise FileFaults([Fault(path, problem)])


def nearest(word: str, known: Sequence[str]) -> str:
    """Words that suggest the known one a wrong one was probably meant to be; empty where none is near.

    >>> nearest("minimum_aeg", ["minimum_age", "off"])
    '; did you mean minimum_age?'
    """
    found = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problem = "the file is missing"
    except UnicodeDecodeError:
        problem = "not readable as UTF-8"
    except OSError as error:
        problem = f"not readable: {error.strerror}"
    raise FileFaults([Fault(path, problem)])


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"not readable as TOML: {error}"
    raise FileFaults([Fault(path, problem)])


_WRITTEN_OUT = (
    "looks like a password or key itself; write it into <home>/secrets/NAME (chmod 600), and only NAME here, under the key that "
    "takes one (…_secret), or ${NAME} in what is sent"
)


def _fault(
    path: Path, model: type[BaseModel], data: Mapping[str, Any], lines: Mapping[KeyPath, int], error: ErrorDetails
) -> Fault:
    key: KeyPath = error["loc"]
    words = error["msg"].removeprefix(_EXPECTED)
    if error["type"] == _UNKNOWN:
        words += nearest(str(key[-1]), _keys_beside(model, key))
    return Fault(path, words, _joined(_written(data, key)), line_of(lines, key))


def _joined(path: KeyPath) -> str:
    return ".".join(map(str, path))


def _written(data: Any, path: KeyPath) -> KeyPath:
    """A key without the tags pydantic puts between a table and its kind."""
    kept: KeyPath = ()
    for place, part in enumerate(path):
        is_tag = isinstance(data, Mapping) and data.get("kind") == part and part not in data and place + 1 < len(path)
        if is_tag:
            continue
        kept = (*kept, part)
        data = _entry(data, part)
    return kept


def _entry(data: Any, part: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _keys_beside(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that are known where an unknown one stands."""
    kinds: list[Any] = [model]
    for part in path[:-1]:
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    return [name for kind in kinds if _is_model(kind) for name in kind.model_fields]


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    """The types of what stands under a key of a value of a type; a tag of a union picks its member."""
    if _is_model(kind):
        if part in kind.model_fields:
            yield from _alternatives(kind.model_fields[str(part)].annotation)
        elif "kind" in kind.model_fields and part in get_args(kind.model_fields["kind"].annotation):
            yield kind
    elif get_origin(kind) in {dict, tuple, list}:
        yield from _alternatives(get_args(kind)[1 if get_origin(kind) is dict else 0])


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
