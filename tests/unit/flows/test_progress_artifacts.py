"""The bar on a flow run's page: a server that does not take it costs the night nothing but the picture."""

import pytest

from flows.schedule.prefect_server import quieten_telemetry
from flows.schedule.progress_artifacts import ProgressBar, shown_on_the_server

quieten_telemetry()  # before Prefect is loaded: it reads its settings then

from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: E402


class Night:
    """As much of a night as a bar names."""

    run_id = 7


def test_a_server_that_is_away_is_said_once_and_the_stages_are_performed(caplog: pytest.LogCaptureFixture) -> None:
    done: list[tuple[str, str]] = []

    def perform(_: object, stage: str, source: str) -> dict[str, object]:
        done.append((stage, source))
        return {"stage": stage}

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        told = shown_on_the_server(perform, stages=3)
        for stage, source in (("take", "village_survey"), ("merge", ""), ("report", "")):
            assert told(Night(), stage, source) == {"stage": stage}  # type: ignore[arg-type]
        ProgressBar("night-waiting").tell(50, "等待")
    assert done == [("take", "village_survey"), ("merge", ""), ("report", "")]
    warnings = [record.getMessage().partition(": ")[0] for record in caplog.records if record.name == "eldersync"]
    assert warnings == ["Prefect took no progress of night-progress", "Prefect took no progress of night-waiting"]
