"""Reading one file in this process. Use ``parent`` for files from outside: this one can be killed by them.

Every format becomes sheets of cells, a text or a document (``documents``, ``sheet_readers``); those become forms (``form``)
or tables (``tables``); tables become records (``rows``).
"""

from pathlib import Path

from connectors.reading.contents import DeliveryContents, DeliveryRefusedError
from connectors.reading.formats.documents import Document, Documents
from connectors.reading.formats.raw import Raw
from connectors.reading.formats.what_is_read import WhatIsRead
from connectors.reading.layout import DeliveryLayout, ReadingLimits

__all__ = ["read"]


def read(path: Path, layout: DeliveryLayout, limits: ReadingLimits) -> DeliveryContents:
    """The contents of a file, or why it is refused."""
    documents, read = Documents(Raw.on_disk(path), layout, limits), WhatIsRead(layout, limits)
    try:
        for document in documents:
            _read_or_leave(document, documents, read)
        documents.check_any()
        return read.contents(documents.notes())
    except DeliveryRefusedError as refused:
        return DeliveryContents.refusal(*refused.findings)


def _read_or_leave(document: Document, documents: Documents, read: WhatIsRead) -> None:
    try:
        read.add(document)
    except DeliveryRefusedError as why:
        problem = why
    else:
        return
    if not document.is_no_list(problem):
        raise document.refusal(problem)
    documents.leave(document)
