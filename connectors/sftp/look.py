"""Whether an SFTP folder can be reached and listed, without taking anything."""

from connectors.sftp.connection import Login, connected
from connectors.sftp.listing import list_folder
from schemas.channels import SftpChannel

__all__ = ["look_at_folder"]

_SECONDS = 20.0


def look_at_folder(
    channel: SftpChannel, *, password: str | None, private_key: str | None, passphrase: str | None
) -> int:
    """How many files lie in the channel's folder that may be deliveries.

    Raises:
        SourceRefusesUs, SourceUnavailable, SourceNotBelieved: as ``fetch_sftp``; it waits for twenty seconds at most.
    """
    hasty = channel.model_copy(
        update={"deadline_seconds": _SECONDS, "stall_seconds": min(channel.stall_seconds, _SECONDS / 2)}
    )
    with connected(hasty, Login(password, private_key, passphrase)) as server:
        return len(list_folder(server, hasty).files)
