"""What a platform's interface consists of: paths, signature, names in requests and answers, words and codes.

How these go together is ``schemas.platform_api``. A path such as ``data.items`` leads into JSON by its keys. What is left
out is as the stand-in platform has it (``docs/simulated-province.md``).
"""

from itertools import permutations
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

__all__ = [
    "AnswerNames", "ApiPaths", "CodeMeaning", "Condition", "ItemCodeMeaning", "Keys", "ListingNames", "LookupNames", "Name",
    "ReceiptNames", "RecordNames", "RequestNames", "Signing", "Strict", "Value",
]  # fmt: skip

Operation = Literal["new", "changed", "withdrawn"]

_KEYS = r"[^.\s]+(\.[^.\s]+)*"
_URL_PATH = r"/[^\s?#{}\\%\x00-\x20\x7f]*"

Keys = Annotated[str, Field(pattern=f"^{_KEYS}$")]
MaybeKeys = Annotated[str, Field(pattern=f"^({_KEYS})?$")]
Name = Annotated[str, Field(pattern=r"^\S*$", max_length=100)]
"""The key of a member of an item; empty where it is not sent."""

Value = StrictBool | StrictInt | StrictStr
"""A value as JSON has it: ``200``, ``"200"`` and ``true`` are three."""

Values = Annotated[tuple[Value, ...], Field(min_length=1)]

CodeMeaning = Literal["later", "stop", "split", "unknown", "auth"]
"""What the code of a whole answer says of a batch.

* later: nothing took effect, it may come again later
* stop: what took effect is not known, and nothing more is sent until a person has looked
* split: nothing took effect because of an item; it may come again in halves
* unknown: what took effect is not known; it is read back
* auth: we were not let in, nothing took effect; nothing more is sent until a person has looked
"""

ItemCodeMeaning = Literal["rejected", "later", "read-back", "stop"]
"""What the code of a rejected item says: a person has to act, it may come again, what is held is to be looked at, or no more is sent."""


class Strict(BaseModel):
    """Frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Strict):
    """Where an answer says that it succeeded, and the values that mean it."""

    path: Keys
    values: Values


class ApiPaths(Strict):
    """Where what is asked, below ``url``; an empty ``query``, ``list`` or ``receipts`` is not offered."""

    upsert: Annotated[str, Field(pattern=f"^{_URL_PATH}$")] = "/ebus/elders/upsert"
    withdraw: Annotated[str, Field(pattern=f"^{_URL_PATH}$")] = "/ebus/elders/withdraw"
    query: Annotated[str, Field(pattern=f"^({_URL_PATH})?$")] = "/ebus/elders/query"
    list: Annotated[str, Field(pattern=f"^({_URL_PATH})?$")] = "/ebus/elders/list"
    receipts: Annotated[str, Field(pattern=f"^({_URL_PATH})?$")] = "/ebus/elders/receipts"

    @model_validator(mode="after")
    def _one_path_each(self) -> Self:
        offered = [path for path in (self.query, self.list, self.receipts) if path]
        if len({*offered, self.upsert, self.withdraw}) < len(offered) + len({self.upsert, self.withdraw}):
            raise ValueError("two of them are the same; only upsert and withdraw may be")
        return self


class Signing(Strict):
    """How a request is signed, and what the secret is called in the secret store.

    ``tif`` and ``rio`` are the two header families of the provincial gateway, ``national`` is the national data sharing platform;
    with ``refresh_path`` its secret is that of the application, and that of the service is asked for.
    """

    scheme: Literal["tif", "rio", "national", "none"] = "tif"
    paas_id: str = "elders"
    token_secret: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "platform_token"  # noqa: S105 - its name
    rid: str = ""
    sid: str = ""
    refresh_path: Annotated[str, Field(pattern=f"^({_URL_PATH})?$")] = ""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.scheme in {"tif", "rio"} and not self.paas_id:
            raise ValueError(f"paas_id: {self.scheme} needs it")
        if self.scheme == "national" and not (self.rid and self.sid):
            raise ValueError("rid and sid: national needs both")
        if self.refresh_path and self.scheme != "national":
            raise ValueError("refresh_path: belongs to national")
        return self


class RequestNames(Strict):
    """What is called how in a request. With an empty ``fields`` the columns lie beside the other members of their item.

    An empty ``batch``, ``person``, ``revision`` or ``operation`` is not sent. ``also`` is in every request, by paths: who asks,
    and what for.
    """

    batch: MaybeKeys = "batch"
    items: Keys = "items"
    key: Annotated[Name, Field(min_length=1)] = "key"
    person: Name = "person"
    person_as: Literal["text", "number"] = "text"
    revision: Name = "revision"
    revision_as: Literal["text", "number"] = "number"
    operation: Name = "operation"
    operations: dict[Operation, Value] = {"new": "new", "changed": "changed", "withdrawn": "withdrawn"}
    fields: Name = "fields"
    also: dict[Keys, Value] = {}

    @property
    def of_item(self) -> tuple[str, ...]:
        """The members of an item that are sent, without the columns."""
        return tuple(name for name in (self.key, self.person, self.revision, self.operation, self.fields) if name)

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        if len(set(self.of_item)) < len(self.of_item):
            raise ValueError("key, person, revision, operation, fields: two of them have the same name")
        if self.operation and (missing := {"new", "changed", "withdrawn"} - set(self.operations)):
            raise ValueError(f"operations.{min(missing)}: has no word")
        paths = [path for path in (self.batch, self.items, *self.also) if path]
        for path, other in permutations(paths, 2):
            if path == other or path.startswith(f"{other}."):
                raise ValueError(f"{path}: two members have the same place")
        return self


class AnswerNames(Strict):
    """What is called how in the answer to a batch, and which words mean what.

    Every one of ``success`` must hold. ``business_code`` and ``message`` are those of the whole answer, the others of items;
    ``otherwise`` is what a status says that is none of the words.
    """

    success: Annotated[tuple[Condition, ...], Field(min_length=1)] = (Condition(path="code", values=(200,)),)
    business_code: MaybeKeys = "code"
    message: MaybeKeys = "msg"
    batch: MaybeKeys = "data.batch"
    items: Keys = "data.items"
    key: Keys = "key"
    status: Keys = "status"
    accepted: Values = ("accepted",)
    rejected: tuple[Value, ...] = ("rejected",)
    processing: tuple[Value, ...] = ("processing",)
    otherwise: Literal["unknown", "rejected"] = "unknown"
    receipt: MaybeKeys = "receipt"
    code: MaybeKeys = "code"
    reason: MaybeKeys = "reason"

    @model_validator(mode="after")
    def _words_mean_one_thing(self) -> Self:
        words: list[Any] = [(type(word), word) for word in (*self.accepted, *self.rejected, *self.processing)]
        if len(set(words)) < len(words):
            raise ValueError("accepted, rejected, processing: a word means two things")
        return self


class RecordNames(Strict):
    """What is called how in the record of a person, when the platform tells what it holds.

    An empty ``revision`` or ``state`` is not told. With an empty ``fields`` the columns lie beside the other members.
    ``forgets_withdrawn``: someone withdrawn is not there at all.
    """

    person: Keys = "person"
    revision: MaybeKeys = "revision"
    state: MaybeKeys = "state"
    present: Values = ("present",)
    receipt: MaybeKeys = "receipt"
    fields: MaybeKeys = "fields"
    forgets_withdrawn: bool = False


class LookupNames(Strict):
    """How people are asked about: ``asks`` names the list in the request.

    They are asked for by our person number, or by the values of the column ``by``; ``number`` is then where a record has it.
    """

    asks: Keys = "persons"
    by: str = ""
    number: MaybeKeys = ""
    records: Keys = "data.records"

    @model_validator(mode="after")
    def _by_what_is_found(self) -> Self:
        if bool(self.by) != bool(self.number):
            raise ValueError("by and number: the column asked by, and where a record has it, go together")
        return self


class ListingNames(Strict):
    """How everybody is asked for, page by page. ``size`` or ``state`` empty is not sent, ``total`` empty not told."""

    page: Keys = "page"
    first: Annotated[int, Field(ge=0, le=1)] = 1
    size: MaybeKeys = "size"
    page_items: Annotated[int, Field(gt=0, le=10_000)] = 500
    state: MaybeKeys = "state"
    present: Value = "present"
    withdrawn: Value = "withdrawn"
    total: MaybeKeys = "data.total"
    records: Keys = "data.records"


class ReceiptNames(Strict):
    """How the outcome of what was being processed is asked for; statuses and codes are as in the answer to a batch."""

    asks: Keys = "receipts"
    items: Keys = "data.items"
    receipt: Keys = "receipt"
    unknown: tuple[Value, ...] = ("unknown",)
