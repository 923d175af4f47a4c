"""How a source's deliveries come in: dropped into a folder, or fetched by SFTP, from a database view or over REST.

Only what a bureau writes under ``[channel]`` in a source's file. Passwords and keys are named here and kept elsewhere
(``flows.settings.secret_store``); how each channel is spoken is in ``connectors``.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.channel_rest import RestChannel
from schemas.database_address import DatabaseAddress
from schemas.host_keys import host_key_bytes

__all__ = ["Channel", "DatabaseChannel", "FolderChannel", "RestChannel", "SftpChannel"]

SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name in the secret store, never the secret itself."""

_SUFFIX = r"^\.[^\x00/\\]+$"
_HOST = r"^([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|[0-9A-Fa-f:]+)$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FolderChannel(_Strict):
    """Files dropped into ``<home>/inbox/<source>/``.

    A file counts when nobody touched it for ``settle_seconds``. With ``move_done`` files that a night took or refused are moved
    to 已处理 or 处理失败 below the inbox.
    """

    kind: Literal["folder"] = "folder"
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    move_done: bool = False


class SftpChannel(_Strict):
    """Files of a folder on an SFTP server that proves itself with a pinned key; nothing there is changed unless ``after`` says so.

    ``done_suffix`` and ``checksum_suffix`` name files beside a file: it counts only when they are there, and the checksum agrees.
    """

    kind: Literal["sftp"]
    host: Annotated[str, Field(pattern=_HOST)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    username: Annotated[str, Field(min_length=1)]
    password: SecretName | None = None
    private_key: SecretName | None = None
    passphrase: SecretName | None = None
    host_keys: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: Annotated[str, Field(pattern=r"^[^\x00]+$")] = "."
    pattern: Annotated[str, Field(pattern=r"^[^\x00/]+$")] = "*"
    done_suffix: Annotated[str, Field(pattern=_SUFFIX)] | None = None
    checksum_suffix: Annotated[str, Field(pattern=_SUFFIX)] | None = None
    settle_seconds: Annotated[float, Field(ge=1, le=3600)] = 10
    most_files: Annotated[int, Field(gt=0, le=10_000)] = 1000
    file_megabytes: Annotated[int, Field(gt=0)] = 200
    total_megabytes: Annotated[int, Field(gt=0)] = 2000
    stall_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    deadline_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1800
    after: Annotated[str, Field(pattern=r"^(leave|move:[^\x00]+)$")] = "leave"

    @field_validator("host_keys")
    @classmethod
    def _are_host_keys(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            host_key_bytes(line)
        return lines

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.password is None and self.private_key is None:
            raise ValueError("password or private_key names the secret to log in with")
        if self.passphrase is not None and self.private_key is None:
            raise ValueError("passphrase opens a private_key, and there is none")
        return self


ColumnName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x22`\[\]]+$", max_length=128)]
"""A column of a view, quoted by the database's own rules; what could end a quotation is no part of it."""


class DatabaseChannel(DatabaseAddress):
    """Rows of a view in another body's database, pulled whole or from where the last pull ended; nothing is written there.

    ``cursor_column`` tells when a row last changed. Rows are committed later than they are stamped, so each pull begins
    ``lag_minutes`` before the newest stamp seen. ``key_columns`` give equal contents equal bytes.
    """

    kind: Literal["database"]
    view: Annotated[str, Field(pattern=r"^[^\W\d][\w$#]*\.[^\W\d][\w$#]*$", max_length=128)]
    columns: tuple[ColumnName, ...] = ()
    key_columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    mode: Literal["full", "cursor"] = "full"
    cursor_column: ColumnName | None = None
    lag_minutes: Annotated[int, Field(ge=0, le=44_640)] = 60
    chunk_rows: Annotated[int, Field(ge=100, le=100_000)] = 5000
    deadline_seconds: Annotated[int, Field(gt=0, le=86_400)] = 1800
    most_rows: Annotated[int, Field(gt=0, le=1_000_000)] = 1_000_000
    most_megabytes: Annotated[int, Field(gt=0)] = 200
    allow_write_account: bool = False

    @model_validator(mode="after")
    def _can_be_pulled(self) -> Self:
        if (self.mode == "cursor") != (self.cursor_column is not None):
            raise ValueError("cursor_column goes with mode = cursor, and only with it")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("columns names a column twice")
        return self


Channel = Annotated[FolderChannel | SftpChannel | DatabaseChannel | RestChannel, Field(discriminator="kind")]
