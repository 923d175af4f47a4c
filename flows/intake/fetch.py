"""Looking at a source's channel: what lies in its inbox, and what its server has, becomes kept files before any transaction.

Each channel is spoken by a module of ``connectors``; here are only its secrets, its memory and the clock. The inbox is looked at
for every source: where a server is away for days, the office's file can be dropped by hand. What a night is done with is
put away where the channel says so.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from connectors.folder.done import move_done, refused_files
from connectors.folder.inbox import fetch_folder
from connectors.keeping import Fetched
from flows.context import Night
from flows.settings.secret_store import database_url, read_secret
from registry.engine import transaction
from registry.runs import delivered, last_done_run
from schemas.channels import DatabaseChannel, FolderChannel, RestChannel, SftpChannel
from schemas.configuration import Source
from schemas.errors import RunStopped

__all__ = ["fetch", "is_pulled", "put_away", "puts_away"]

Position = Mapping[str, object]


def is_pulled(source: Source) -> bool:
    """Whether a source is asked what it says now, so that what it brings lies nowhere and does not come again by itself."""
    return isinstance(source.channel, DatabaseChannel | RestChannel)


def fetch(night: Night, source_name: str) -> dict[str, Fetched]:
    """What a source's inbox and its server bring tonight, kept in ``received/``; the ledger does not know of it yet.

    Raises:
        SourceUnavailable, SourceRefusesUs, SourceNotBelieved, SecretMissing: nothing of the source is used tonight.
    """
    source = night.configuration.sources[source_name]
    with transaction(night.engine) as connection:
        _, received = last_done_run(connection, "receive", source_name, before=night.run_id)
        _, taken = last_done_run(connection, "take", source_name, before=night.run_id)
    position: dict[str, Any] = received.get("position", {})
    if is_pulled(source):  # changes that were pulled and not taken are asked for again
        position = {"server": taken.get("standing", {}).get("position", {})}
    folder = source.channel if isinstance(source.channel, FolderChannel) else FolderChannel()
    inbox = night.home.inbox / source_name
    dropped = fetch_folder(inbox, folder, night.home.received, position=position.get("folder", {}))
    fetched = {"folder": replace(dropped, still_there=refused_files(inbox)) if folder.move_done else dropped}
    if not isinstance(source.channel, FolderChannel):
        fetched["server"] = _from_server_or_without(night, source, position.get("server", {}), dropped)
    return fetched


def _from_server_or_without(night: Night, source: Source, position: dict[str, Any], dropped: Fetched) -> Fetched:
    """What the server has; where it fails and a file was dropped by hand, the night goes on with that file and says so."""
    try:
        return _from_server(night, source, position)
    except RunStopped as stopped:
        if not dropped.deliveries:
            raise
        return Fetched([], position=position, problem=str(stopped))


def _from_server(night: Night, source: Source, position: Position) -> Fetched:
    """What the channel's server has; the library that speaks to it is loaded only where a source needs it."""
    channel, received = source.channel, night.home.received
    if isinstance(channel, SftpChannel):
        from connectors.sftp.fetch import fetch_sftp

        return fetch_sftp(channel, received, **_login(night, channel), position=position)
    if isinstance(channel, DatabaseChannel):
        from connectors.database.view import fetch_view

        url = database_url(night.home.path, channel)
        return fetch_view(channel, received, url=url, name=source.name, position=position, now=night.now())
    assert isinstance(channel, RestChannel)  # noqa: S101  no other kind is left
    from connectors.rest.pull import fetch_records

    secrets = {name: read_secret(night.home.path, name) for name in channel.secret_names}
    return fetch_records(channel, received, secrets=secrets, name=source.name, position=position, now=night.now)


class _Login(TypedDict):
    """What an SFTP server is shown."""

    password: str | None
    private_key: str | None
    passphrase: str | None


def _login(night: Night, channel: SftpChannel) -> _Login:
    def secret(name: str | None) -> str | None:
        return read_secret(night.home.path, name) if name else None

    return _Login(
        password=secret(channel.password),
        private_key=secret(channel.private_key),
        passphrase=secret(channel.passphrase),
    )


def puts_away(source: Source) -> bool:
    """Whether files that were taken are moved out of the way, so that not to lie there says nothing of them."""
    channel = source.channel
    return (isinstance(channel, FolderChannel) and channel.move_done) or (
        isinstance(channel, SftpChannel) and channel.after != "leave"
    )


def put_away(night: Night, source_name: str) -> int:
    """Moves what a night took or refused out of the way, where the source's channel says so; gives how many files moved.

    Called after the night's decision is committed. Cut short, the next night moves what is left.

    Raises:
        SourceUnavailable, SourceRefusesUs: some could not be moved; they lie where they were.
    """
    channel = night.configuration.sources[source_name].channel
    with transaction(night.engine) as connection:
        found = delivered(connection, source_name)
        _, received = last_done_run(connection, "receive", source_name, before=night.run_id + 1)
    taken = {sha256 for sha256, state in found.items() if state in {"accepted", "superseded"}}
    refused = {sha256 for sha256, state in found.items() if state == "refused"}
    if isinstance(channel, FolderChannel) and channel.move_done:
        return move_done(night.home.inbox / source_name, taken=taken, refused=refused)
    if isinstance(channel, SftpChannel) and channel.after != "leave":
        from connectors.sftp.after import move_fetched

        position = received.get("position", {}).get("server", {})
        return move_fetched(channel, **_login(night, channel), position=position, done=taken)
    return 0
