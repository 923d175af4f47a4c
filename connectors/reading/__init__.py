"""Reading deliveries: a file from outside becomes Arrow tables with every row accounted for, or findings that say why not.

Files are read by a process that may be killed by them (``child``), asked for and collected by ``parent``, and forked
(``readers``, ``forking``) from one that has everything loaded. What cells mean is not known here; that is ``transforms``.

* ``layout``: what a delivery should look like. ``contents``: what came out.
* ``formats``: what a file is by its bytes, its bounds, and the cells of its sheets (``sheets``), whatever the format.
* ``text``: the rows of a text, each line accounted for.
* ``layouts``: which sheets and blocks hold a list, which header, which rows below it (``grid``) are records.
* ``forms``: the registration form 附件1, filled in.
* ``looks``: a look at a file nobody has agreed on yet.
"""

from connectors.reading.contents import DeliveryContents, FileFinding, ReadingNote, TableContents
from connectors.reading.layout import DeliveryLayout, ReadingLimits, TableLayout
from connectors.reading.parent import PendingRead, read_delivery, start_reading

__all__ = [
    "DeliveryContents", "DeliveryLayout", "FileFinding", "PendingRead", "ReadingLimits", "ReadingNote",
    "TableContents", "TableLayout", "read_delivery", "start_reading",
]  # fmt: skip
