"""Reading deliveries: a file from outside becomes Arrow tables with every row accounted for, or findings that say why not.

Files are read by a process that may be killed by them (``child``), started and collected by ``parent``. What cells mean
is not known here; that is ``transforms``.

* ``layout``: what a delivery should look like. ``contents``: what came out.
* ``gate``: format and bounds, before anything is parsed.
* ``workbook``; ``delimited`` with ``lines`` and ``records``: cells as Arrow columns (``grid``).
* ``header``: which column is which field. ``rows`` with ``rowhash``: which rows are records.
"""

from connectors.reading.contents import DeliveryContents, FileFinding, Skipped, TableContents
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.parent import PendingRead, read_delivery, start_reading

__all__ = [
    "DeliveryContents", "DeliveryLayout", "FileFinding", "PendingRead", "ReadingLimits", "Skipped", "TableContents",
    "TableLayout", "read_delivery", "start_reading",
]  # fmt: skip
