"""The weekly comparison with the platform as a Prefect flow. It compares and reports; telling again is for a person to decide."""

from pathlib import Path

from flows.context import Home, default_config, default_home, open_registry
from flows.schedule.flow_endings import Ending, State, bureau_now, ended, flow, named
from flows.telling.reconcile import reconcile as compare
from flows.telling.reconcile_lists import offers_list
from registry import platform_state
from registry.engine import transaction
from schemas.configuration import load_configuration
from schemas.platform_profile import profile_in_force

__all__ = ["reconcile"]


@flow(name="reconcile", flow_run_name=named("reconcile"), persist_result=False, retries=0)
def reconcile() -> State[None]:
    """Compares what the platform holds with what it was told; differences by field go into a workbook."""
    return ended(_compare)


def _compare() -> Ending:
    config = default_config()
    bureau = load_configuration(config).bureau
    if not offers_list(profile_in_force(config, bureau.platform, bureau_now().date()), bureau.target):
        return Ending("skipped", "the platform is told in a way that offers no list to compare with")
    if _is_restored(config, bureau.platform):
        return Ending("skipped", "the registry was restored; what the first comparison does is for a person to choose")
    found = compare(default_home(), config, reassert=False, by="", reason="", write=False)
    counts = ", ".join(f"{count} {place}" for place, count in found["people"].items() if count)
    return Ending(
        "green" if found["agrees"] else "yellow", f"run {found['run_id']}: {found['total']} people compared: {counts}"
    )


def _is_restored(config: Path, profile: str) -> bool:
    configuration, home = load_configuration(config), Home(default_home().expanduser().resolve())
    with open_registry(home, configuration) as engine, transaction(engine) as connection:
        return platform_state.read(connection, profile).must_reconcile
