"""How an installation is run: where it may speak to, its server, alarms, backups and how long things are kept.

None of it changes what a row means, so none of it is part of the rules' version (``Configuration.digest``).
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.channels import SecretName
from schemas.production_hosts import checked_host, is_among

__all__ = ["Backup", "Notify", "Operations", "Retention", "Server", "Watch"]

_Host = Annotated[str, AfterValidator(checked_host)]
_Days = Annotated[int, Field(ge=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Server(_Strict):
    """The Prefect server of this installation, on loopback.

    ``password_secret``: name of the secret ``user:password`` its interface asks for; made by ``eldersync up`` where missing.
    ``database_secret``: name of the secret with the URL of a PostgreSQL for Prefect's own data; SQLite under the home without.
    """

    port: Annotated[int, Field(ge=1024, le=65535)] = 4200
    password_secret: SecretName = "prefect_password"  # noqa: S105  its name
    database_secret: SecretName | None = None


class Notify(_Strict):
    """Where the one message of a night goes; it names nobody.

    ``url_secret``: name of the secret with the address of a group robot (``wecom``, ``dingtalk``).
    """

    kind: Literal["none", "file", "wecom", "dingtalk", "email"] = "none"
    file: Path | None = None
    url_secret: SecretName | None = None
    sign_secret: SecretName | None = None
    smtp_host: str = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 465
    smtp_user: str = ""
    smtp_password_secret: SecretName | None = None
    sender: str = ""
    to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed: dict[str, tuple[str, ...]] = {
            "file": ("file",), "wecom": ("url_secret",), "dingtalk": ("url_secret",), "email": ("smtp_host", "sender", "to"),
        }  # fmt: skip
        for key in needed.get(self.kind, ()):
            if not getattr(self, key):
                raise ValueError(f"notify.{key}: kind {self.kind} needs it")
        return self


class Watch(_Strict):
    """What the watchdog, outside Prefect, takes for an alarm.

    ``done_by``: local time by which the night of the day must have ended. ``hung_minutes``: a run without a finished stage for so long.
    """

    done_by: time = time(6, 0)
    hung_minutes: Annotated[int, Field(ge=1)] = 120
    free_gigabytes: Annotated[float, Field(gt=0)] = 2.0
    skew_seconds: Annotated[int, Field(gt=0)] = 120
    backup_days: Annotated[int, Field(ge=1)] = 2


class Retention(_Strict):
    """How many days things are kept that the registry does not need for its present state.

    What a row, decision or push still stands on is kept whatever its age. ``received_days`` empty: kept originals stay for ever, and so
    ``rebuild`` can be proved; ``put_away_days`` is of files a night moved to 已处理 below its inbox; ``logs_days`` is at least the six
    months of the cybersecurity law (Art. 21).
    """

    received_days: _Days | None = None
    put_away_days: _Days = 90
    reports_days: _Days = 730
    outgoing_days: _Days = 365
    logs_days: Annotated[int, Field(ge=180)] = 200
    prefect_days: _Days = 90


class Backup(_Strict):
    """Where backups go (empty: ``<home>/backups``, which survives a mistake but not the disk), and how many are kept."""

    folder: Path | None = None
    keep: Annotated[int, Field(ge=2)] = 14


class Operations(_Strict):
    """How an installation is run.

    ``production_hosts``: what is real, by name, address or network; a name stands for all names below it. A ``test`` installation
    speaks to none of them, takes no platform profile of the environment ``production``, and opens no home that was a production
    one's. A ``production`` one speaks, over the platform's interface or exchange table and to sources and a registry elsewhere, to
    no others; it takes no example and no ``test`` profile over them, and no made-up deliveries into its inbox.
    """

    installation: Literal["test", "production"] = "test"
    production_hosts: tuple[_Host, ...] = ()
    server: Server = Server()
    notify: Notify = Notify()
    watch: Watch = Watch()
    retention: Retention = Retention()
    backup: Backup = Backup()

    @property
    def is_production(self) -> bool:
        """Whether what this installation does takes effect on real people."""
        return self.installation == "production"

    def is_real(self, host: str) -> bool:
        """Whether a host is one of ``production_hosts``."""
        return is_among(host, self.production_hosts)
