"""Reading one file in this process. Use ``parent`` for files from outside: this one can be killed by them."""

from pathlib import Path

from connectors.reading.contents import DeliveryContents, DeliveryRefusedError, FileFinding, TableContents
from connectors.reading.delimited import read_delimited
from connectors.reading.gate import admit
from connectors.reading.grid import Grid
from connectors.reading.layout import DeliveryLayout, ReadingLimits
from connectors.reading.rows import records_of

__all__ = ["read"]


def read(path: Path, layout: DeliveryLayout, limits: ReadingLimits) -> DeliveryContents:
    """The contents of a file, or why it is refused."""
    try:
        grids, findings = _grids(path, layout, limits)
        tables: dict[str, TableContents] = {}
        for name, grid in grids.items():
            tables[name], said = records_of(grid, layout.tables[name])
            findings += said
    except DeliveryRefusedError as refused:
        return DeliveryContents.refusal(*refused.findings)
    return DeliveryContents(refused=False, findings=findings, tables=tables)


def _grids(path: Path, layout: DeliveryLayout, limits: ReadingLimits) -> tuple[dict[str, Grid], list[FileFinding]]:
    if admit(path, limits) == "delimited":
        grid, findings = read_delimited(path, layout.tables["main"], limits)
        return {"main": grid}, findings
    # Only workbooks need calamine and the modules it brings.
    from connectors.reading.workbook import read_workbook

    return read_workbook(path, layout, limits)
