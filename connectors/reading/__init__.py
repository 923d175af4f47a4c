"""Reading deliveries: a file from outside becomes Arrow tables with every row accounted for, or findings that say why not.

Files are read by a process that may be killed by them (``child``), started and collected by ``parent``. What cells mean
is not known here; that is ``transforms``.

* ``layout``: what a delivery should look like. ``contents``: what came out.
* ``gate``: format and bounds, before anything is parsed.
* ``workbook``: cells of sheets (``sheets``). ``delimited`` with ``lines`` and ``records``: the rows of a text.
* ``header_search`` with ``header_lines``: where a header is. ``header``: which column is which field.
* ``sheet_choice``: which sheets hold a list. ``tables``: what stands below their headers (``grid``). ``blocks``: where
  another table begins further down.
* ``rows``: the records of a grid. ``no_records``: which rows are none. ``filling``: cells that mean what another says.
  ``rowhash``: their fingerprints.
"""

from connectors.reading.contents import DeliveryContents, FileFinding, ReadingNote, TableContents
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.parent import PendingRead, read_delivery, start_reading

__all__ = [
    "DeliveryContents", "DeliveryLayout", "FileFinding", "PendingRead", "ReadingLimits", "ReadingNote",
    "TableContents", "TableLayout", "read_delivery", "start_reading",
]  # fmt: skip
