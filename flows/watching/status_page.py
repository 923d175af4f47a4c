"""The status as a page under the reports: written after every night, and whenever somebody asks."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.watching.bill import BillLine
from reports.status_page import StatusBillLine, StatusCard, StatusPage, write_status_page

__all__ = ["PAGE", "write_status"]

log = logging.getLogger("eldersync")

PAGE = "status.html"


def write_status(home: Path, bureau: str, found: dict[str, Any], now: datetime) -> Path | None:
    """Writes what ``eldersync status`` says as a page.

    Args:
        home: of the installation.
        bureau: whose it is.
        found: of ``flows.accounts.inspect_runs.current_status``.
        now: in the bureau's time zone.

    Returns:
        The page; ``None`` where it could not be written, which stops nothing.
    """
    folder = home / "reports"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return write_status_page(_page(bureau, found, now, folder), folder / PAGE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    log.warning("the status page could not be written: %s", reason)
    return None


def _page(bureau: str, found: dict[str, Any], now: datetime, folder: Path) -> StatusPage:
    run = found["latest_run"]
    report = f"{run['run_id']}/index.html" if run else ""
    return StatusPage(
        bureau=bureau,
        lamp=found["lamp"],
        headline=found["headline"],
        written_at=now,
        bill=[_bill_line(line) for line in found["bill"]],
        cards=[StatusCard(**one) for one in found["cards"]],
        report=report if report and (folder / report).is_file() else "",
    )


def _bill_line(line: dict[str, Any]) -> StatusBillLine:
    parts = tuple(line["parts"].items())
    whole = BillLine(line["label"], line["total"], line["unit"], parts, is_counted=line["is_counted"])
    return StatusBillLine(whole.label, whole.total, whole.unit, parts, whole.verdict, whole.difference)
