"""The monthly scorecard of sources as a Prefect flow."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from flows.accounts.scorecard import scorecard as write_scorecard
from flows.context import default_config, default_home
from flows.schedule.flow_endings import Ending, State, bureau_now, ended, flow, named

__all__ = ["scorecard"]

Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


@flow(name="scorecard", flow_run_name=named("scorecard"), persist_result=False, retries=0)
def scorecard(month: Month | None = None) -> State[None]:
    """Writes the scorecard of sources of a month, as a page and a workbook.

    Args:
        month: 月份，如 2026-01；不填为上月。The month, YYYY-MM; the one before this if left out.
    """
    return ended(lambda: _score(month))


def _score(month: str | None) -> Ending:
    before = bureau_now().replace(day=1) - timedelta(days=1)
    found = write_scorecard(default_home(), default_config(), month or f"{before:%Y-%m}")
    if found["run_id"] is None:
        return Ending("skipped", f"no night of {found['month']} finished")
    return Ending(
        "green",
        f"{found['month']}: {found['sources']} sources, {found['villages']} villages, as of run {found['run_id']}",
    )
