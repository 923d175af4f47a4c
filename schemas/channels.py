"""How a source's deliveries come in: dropped into a folder, or fetched by SFTP, from a database view or over REST.

Only what a bureau writes under ``[channel]`` in a source's file. Passwords and keys are named here and kept elsewhere
(``flows.secrets``); how each channel is spoken is in ``connectors``.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Channel", "DatabaseChannel", "FolderChannel", "RestChannel", "SftpChannel"]

SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name in the secret store, never the secret itself."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FolderChannel(_Strict):
    """Files dropped into ``<home>/inbox/<source>/``."""

    kind: Literal["folder"] = "folder"


class SftpChannel(_Strict):
    """Files of a folder on an SFTP server."""

    kind: Literal["sftp"]


class DatabaseChannel(_Strict):
    """Rows of a view in another body's database."""

    kind: Literal["database"]


class RestChannel(_Strict):
    """Records of an interface that answers page by page."""

    kind: Literal["rest"]


Channel = Annotated[FolderChannel | SftpChannel | DatabaseChannel | RestChannel, Field(discriminator="kind")]
