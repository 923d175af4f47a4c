"""The push between nights as a Prefect flow: what had to wait for an instant, an approval or the platform is told when it may be.

A push never waits for anything itself (``flows.telling.push_online``): this schedule is what comes back to what is due.
"""

from flows.context import default_config, default_home
from flows.schedule.flow_endings import named
from flows.schedule.prefect_server import quieten_telemetry
from flows.telling.push_now import push_now
from flows.unforeseen import place_of
from schemas.errors import AnotherRunIsActive, EldersyncError, StageFailed

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect import flow  # noqa: E402
from prefect.client.schemas.objects import State as FlowState  # noqa: E402
from prefect.states import Completed, Failed  # noqa: E402

__all__ = ["push"]


@flow(name="push", flow_run_name=named("push", "%Y-%m-%d %H:%M"), persist_result=False, retries=0)
def push() -> FlowState[None]:
    """Tells the platform what is planned, released and due; finds out what became of what it was told before."""
    try:
        found = push_now(default_home(), default_config())
    except AnotherRunIsActive:
        return Completed(name="Skipped", message="another run is active; the next push does what is left")
    except EldersyncError as error:
        message = f"{type(error).__name__}: {error}"
    except Exception as error:  # what a flow raises Prefect pickles into its storage; only the place may be told
        message = f"{StageFailed.__name__}: {place_of(error)}"
    else:
        counts = ", ".join(f"{count} {name}" for name, count in found["push"].items())
        return Completed(name=found["status"].capitalize(), message=f"run {found['run_id']}: {counts}")
    return Failed(message=message)
