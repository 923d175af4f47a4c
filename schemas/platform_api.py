"""The platform's interface as configuration: address, signing, names in requests and answers, what is success.

``connectors.platform_api`` speaks it; for another platform only the section ``[api]`` of a profile is another. Its parts are in
``schemas.platform_api_parts``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.platform_api_parts import (
    AnswerNames,
    ApiPaths,
    CodeMeaning,
    ItemCodeMeaning,
    ListingNames,
    LookupNames,
    ReceiptNames,
    RecordNames,
    RequestNames,
    Signing,
    Strict,
)
from schemas.service_address import plain_address

__all__ = ["ApiFormat"]

_CODES: dict[str, CodeMeaning] = {
    "400001": "auth", "401": "auth", "403": "auth", "429": "later", "2001": "unknown", "3001": "stop", "3002": "later",
}  # fmt: skip
_ITEM_CODES: dict[str, ItemCodeMeaning] = {"2001": "read-back", "2003": "read-back", "2005": "read-back"}


class ApiFormat(Strict):
    """The platform's interface.

    ``keys_hours``: how long the platform is known to answer a key it has had with its first answer, and to let nothing happen
    again; 0 where that is not known. ``no_content``: what HTTP 204 says of a batch. What is being processed is asked about
    every ``poll_seconds``, for ``poll_hours``; then it is read back. ``codes`` and ``item_codes`` say what a code means for us.
    """

    url: str
    ca_file: Path | None = None
    batch_items: Annotated[int, Field(gt=0, le=1000)] = 100
    connections: Annotated[int, Field(gt=0, le=32)] = 8
    connect_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    call_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    answer_megabytes: Annotated[int, Field(gt=0, le=100)] = 10
    keys_hours: Annotated[float, Field(ge=0)] = 0
    no_content: Literal["unknown", "accepted"] = "unknown"
    poll_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60
    poll_hours: Annotated[float, Field(gt=0)] = 48
    paths: ApiPaths = ApiPaths()
    signing: Signing = Signing()
    request: RequestNames = RequestNames()
    answer: AnswerNames = AnswerNames()
    record: RecordNames = RecordNames()
    lookup: LookupNames = LookupNames()
    listing: ListingNames = ListingNames()
    receipts: ReceiptNames = ReceiptNames()
    codes: dict[str, CodeMeaning] = Field(default_factory=_CODES.copy)
    item_codes: dict[str, ItemCodeMeaning] = Field(default_factory=_ITEM_CODES.copy)

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        return plain_address(url)

    @field_validator("ca_file")
    @classmethod
    def _absolute(cls, ca_file: Path | None) -> Path | None:
        if ca_file is not None and not ca_file.is_absolute():
            raise ValueError("is not an absolute path")
        return ca_file

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.answer.batch and not self.request.batch:
            raise ValueError("answer.batch: a batch that is not sent is not echoed")
        if self.paths.upsert == self.paths.withdraw and not self.request.operation:
            raise ValueError("request.operation: upsert and withdraw have one path, so it must be sent")
        if self.paths.receipts and not self.answer.receipt:
            raise ValueError("answer.receipt: receipts are asked for and never given")
        if taken := set(self.request.also) & self._asking_names:
            raise ValueError(f"request.also.{min(taken)}: is the place of something else")
        return self

    @property
    def _asking_names(self) -> set[str]:
        listing = self.listing
        return {self.lookup.asks, self.receipts.asks, listing.page, listing.size, listing.state}

    def clashing(self, columns: Iterable[str]) -> str:
        """The first column whose name is that of another member of an item; empty where there is none."""
        taken = set() if self.request.fields else set(self.request.of_item)
        return next((column for column in columns if column in taken), "")
