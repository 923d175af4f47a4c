"""Whether each source can be reached by its channel, without taking anything."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.folder.inbox import list_inbox
from flows.context import Home
from flows.settings.secret_store import database_url, read_secret
from flows.watching.doctor_machine import Noted
from schemas.channels import DatabaseChannel, FolderChannel, RestChannel, SftpChannel
from schemas.configuration import Configuration, Source

__all__ = ["source_looks"]

_FOLDER = "让收件夹可以读写：chown 给运行账户"
_SERVER = "按所列原因核对网络、账号口令和对方的设置，见操作员手册“取件渠道”；一时不通的，文件可以手工放进收件夹"


def source_looks(rooms: Home, configuration: Configuration) -> Iterator[tuple[str, Callable[[], str], str]]:
    """A name, a look and a remedy for each source; one that is a server is asked when its look is called."""
    zone = ZoneInfo(configuration.bureau.timezone)
    for name, source in configuration.sources.items():
        remedy = _FOLDER if isinstance(source.channel, FolderChannel) else _SERVER
        yield f"source {name}", partial(_look, rooms.path, source, zone), remedy


def _look(home: Path, source: Source, zone: ZoneInfo) -> str:
    """What the source's channel has; the library that speaks to it is loaded only where a source needs it."""
    channel, inbox = source.channel, home / "inbox" / source.name
    waiting = len(list_inbox(inbox))
    dropped = f"{waiting} files in its inbox"
    match channel:
        case FolderChannel():
            return dropped if inbox.is_dir() else Noted("it has no inbox yet")
        case SftpChannel():
            from connectors.sftp.look import look_at_folder

            secrets = {name: read_secret(home, secret) if secret else None for name, secret in _login(channel).items()}
            return f"{look_at_folder(channel, **secrets)} files on its server, {dropped}"
        case DatabaseChannel():
            from connectors.database.look import look_at_view

            columns = look_at_view(channel, url=database_url(home, channel), name=source.name)
            return f"its view has {columns} columns, {dropped}"
        case RestChannel():
            from connectors.rest.look import look_at_records

            secrets_named = {name: read_secret(home, name) for name in channel.secret_names}
            records = look_at_records(channel, secrets=secrets_named, name=source.name, now=lambda: datetime.now(zone))
            return f"its first page has {records} records, {dropped}"


def _login(channel: SftpChannel) -> dict[str, str | None]:
    return {"password": channel.password, "private_key": channel.private_key, "passphrase": channel.passphrase}
