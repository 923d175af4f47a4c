"""The provincial platform's signed interface: batches sent, their outcomes told apart, what is held read back.

* ``client``: the one door. ``asking``: a signed question and its answer, within one deadline.
* ``decisions``: what an answer as a whole says (the table). ``item_answers``: what it says of each item.
* ``batch``: the bytes that are sent. ``read_back``, ``telling_again``, ``receipts``, ``listing``: what is asked afterwards.

No database, no retries that wait, no clock but the one that is handed in. What follows from an outcome is for ``flows``.
"""

from connectors.platform_api.client import PlatformApi

__all__ = ["PlatformApi"]
