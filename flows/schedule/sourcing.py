"""One source now, as a Prefect flow: a night that takes one list only. The others stand as they are."""

from datetime import date

from flows.drafting.source_names import SourceName
from flows.nightly import night_as_flow
from flows.schedule.flow_endings import State, flow

__all__ = ["source"]


@flow(name="source", flow_run_name="source {source}", persist_result=False, retries=0)
def source(source: SourceName, business_date: date | None = None, *, push: bool = True) -> State[None]:
    """Takes what has come of one source, and merges, plans, tells and reports as a night does.

    Args:
        source: 来源。The source to take.
        business_date: 业务日期；不填为今天。The day it is for; today in the bureau's time zone if left out.
        push: 是否报送省平台。Whether to tell the platform.
    """
    return night_as_flow(business_date, [source], send=push, waits=False)
