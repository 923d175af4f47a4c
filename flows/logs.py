"""Log lines: counts, columns, codes, ids of ours. One file per home, rotated, open to its owner only."""

import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["log_to_file"]


@contextmanager
def log_to_file(folder: Path) -> Iterator[None]:
    """Sends this program's log lines to ``folder/eldersync.log`` for as long as the block lasts."""
    handler = logging.handlers.RotatingFileHandler(
        folder / "eldersync.log", maxBytes=5_000_000, backupCount=20, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("eldersync")
    logger.setLevel(min(logging.INFO, logger.level or logging.INFO))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
