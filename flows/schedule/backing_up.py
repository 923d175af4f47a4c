"""The nightly backup as a Prefect flow. A night may be at work meanwhile: the backup holds what was committed."""

from flows.context import default_config, default_home
from flows.keeping.backup import back_up_nightly
from flows.schedule.flow_endings import Ending, State, ended, flow, named

__all__ = ["backup"]


@flow(name="backup", flow_run_name=named("backup"), persist_result=False, retries=0)
def backup() -> State[None]:
    """Backs up registry, ledger, originals and configuration, checks the copy, and then removes what is kept no longer."""
    return ended(_back_up)


def _back_up() -> Ending:
    made = back_up_nightly(default_home(), default_config())
    counts = f"{sum(made['rows'].values())} rows, {made['originals']} originals, {made['copied']} of them copied now"
    if not made["is_whole"]:
        return Ending("yellow", f"the backup is not whole: {len(made['problems'])} problems; {counts}")
    if not made["is_good"]:
        return Ending("yellow", f"{made['missing']} originals are missing, {made['damaged']} damaged; {counts}")
    return Ending("green", counts)
