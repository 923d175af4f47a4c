"""The SFTP channel: fetching the files of a server's folder that are new and have arrived there whole.

How the server is reached is in ``connectors.sftp.connection``, what counts as a delivery in ``connectors.sftp.listing``, one file's way
here in ``connectors.sftp.download``; files a night is done with are moved on the server by ``connectors.sftp.after``.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from connectors.delivered_names import shown_name
from connectors.keeping import Fetched, KeptDelivery, adopt
from connectors.sftp.connection import Login, connected
from connectors.sftp.download import download
from connectors.sftp.listing import Listing, companion_suffixes, list_folder, path_of
from connectors.sftp.remote_files import READ_AT_ONCE, RemoteFiles, RemoteState, ServerRefuses
from schemas.channels import SftpChannel
from schemas.errors import SourceNotBelieved, SourceUnavailable

__all__ = ["Remembered", "fetch_sftp", "name_digest", "remembered"]

_STALE_SECONDS = 7 * 86_400
_CHECKSUM = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")

Remembered = tuple[int, int, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
"""A file fetched before: its size, when it was modified by the server's clock, and its SHA-256."""

_REMEMBERED = TypeAdapter(dict[str, Remembered])


def fetch_sftp(
    channel: SftpChannel,
    received: Path,
    *,
    password: str | None,
    private_key: str | None,
    passphrase: str | None,
    position: Mapping[str, object],
    wait: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Fetches and keeps the files of the channel's folder that are new and have arrived there whole.

    SFTP does not tell the server's clock, so no age is known: a new file is looked at twice, ``settle_seconds`` apart, and
    before and after it is read. What changes is left alone and counted, as are unfinished names, names no file can
    have, and files without the companions that ``done_suffix`` and ``checksum_suffix`` ask for. A download that breaks off is
    gone on with the next time. Where it raises, nothing of the folder counts tonight: part of a list is no list.

    Args:
        channel: where, and within which limits.
        received: ``<home>/received``.
        password: what ``channel.password`` names.
        private_key: the text of the key that ``channel.private_key`` names.
        passphrase: what ``channel.passphrase`` names.
        position: what ``Fetched.position`` was the last time.
        wait: lets seconds pass.

    Raises:
        SourceRefusesUs: wrong credentials, a host key that is not pinned, no such folder.
        SourceUnavailable: the server cannot be reached, is silent, or takes longer than ``deadline_seconds``.
        SourceNotBelieved: more files or bytes than the channel allows, or no SFTP.
    """
    _clear_stale(received)
    known = remembered(position)
    with connected(channel, Login(password, private_key, passphrase)) as server:
        listing = list_folder(server, channel)
        still = _still_there(channel, listing, known, received)
        others = {name: state for name, state in sorted(listing.files.items()) if name not in still}
        wanted = {name: state for name, state in others.items() if _is_ready(channel, name, state, listing)}
        places = _brought(server, channel, wanted, received, wait)
    kept = {name: _kept(name, wanted[name], place, received) for name, place in places.items()}
    entries = {**still, **{name: _entry(wanted[name], file.sha256) for name, file in kept.items()}}
    return Fetched(
        deliveries=list(kept.values()),
        still_there=[sha256 for _, _, sha256 in still.values()],
        position={"files": {name_digest(channel, name): list(entry) for name, entry in entries.items()}},
        left_alone=listing.left_alone + len(others) - len(kept),
    )


def remembered(position: Mapping[str, object]) -> dict[str, Remembered]:
    """Files fetched before, by the digest of their names."""
    return _REMEMBERED.validate_python(position.get("files", {}))


def name_digest(channel: SftpChannel, name: bytes) -> str:
    """What stands for a name of a server's folder where the name itself must not: it may name a person."""
    place = f"{channel.host}:{channel.port}\0{channel.folder}\0".encode()
    return hashlib.sha256(place + name).hexdigest()[:32]


def _still_there(
    channel: SftpChannel, listing: Listing, known: Mapping[str, Remembered], received: Path
) -> dict[bytes, Remembered]:
    """Files that lie there as they were fetched, and whose content is still kept here."""
    entries = ((name, state, known.get(name_digest(channel, name))) for name, state in listing.files.items())
    return {
        name: entry
        for name, state, entry in entries
        if entry is not None and (state.size, state.modified) == entry[:2] and _is_here(received, entry)
    }


def _is_here(received: Path, entry: Remembered) -> bool:
    size, _, sha256 = entry
    kept = received / sha256[:2] / sha256
    return kept.is_file() and kept.stat().st_size == size


def _is_ready(channel: SftpChannel, name: bytes, state: RemoteState, listing: Listing) -> bool:
    """Whether the server tells enough of a file to see it change, and its companions are there."""
    told = state.size is not None and state.modified is not None
    return told and all(name + suffix in listing.beside for suffix in companion_suffixes(channel))


def _brought(
    server: RemoteFiles,
    channel: SftpChannel,
    wanted: Mapping[bytes, RemoteState],
    received: Path,
    wait: Callable[[float], None],
) -> dict[bytes, Path]:
    """Where the wanted files lie now, those that were whole; they are not yet kept, so that a break loses none."""
    _check_amount(channel, [state.size or 0 for state in wanted.values()])
    if wanted:
        wait(channel.settle_seconds)
    places = {}
    for name, state in wanted.items():
        path, place = path_of(channel.folder, name), received / f".resuming-{_version(channel, name, state)}"
        if download(server, path, state, place) and _agrees(server, channel, path, place):
            places[name] = place
    return places


def _check_amount(channel: SftpChannel, sizes: list[int]) -> None:
    too_large = sum(size > channel.file_megabytes * 1_000_000 for size in sizes)
    if too_large:
        raise SourceNotBelieved(
            f"{too_large} files on the SFTP server are larger than {channel.file_megabytes} MB (file_megabytes)"
        )
    if sum(sizes) > channel.total_megabytes * 1_000_000:
        raise SourceNotBelieved(
            f"new files on the SFTP server are larger than {channel.total_megabytes} MB together (total_megabytes)"
        )


def _version(channel: SftpChannel, name: bytes, state: RemoteState) -> str:
    """Names one state of one file: what is here of another state is never gone on with."""
    return hashlib.sha256(f"{name_digest(channel, name)} {state.size} {state.modified}".encode()).hexdigest()[:32]


def _agrees(server: RemoteFiles, channel: SftpChannel, path: bytes, place: Path) -> bool:
    """Whether the checksum beside a file, where one is asked for, is that of what came."""
    if channel.checksum_suffix is None:
        return True
    try:
        with server.opened(path + channel.checksum_suffix.encode()) as handle:
            stated = _CHECKSUM.findall(server.read(handle, 0, READ_AT_ONCE))
    except ServerRefuses:
        return False
    with place.open("rb") as file:
        agrees = {digest.decode().lower() for digest in stated} == {hashlib.file_digest(file, "sha256").hexdigest()}
    if not agrees:
        place.unlink()
    return agrees


def _kept(name: bytes, state: RemoteState, place: Path, received: Path) -> KeptDelivery:
    modified_at = datetime.fromtimestamp(state.modified or 0, UTC)
    try:
        return adopt(place, received, name=shown_name(name), modified_at=modified_at)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    raise SourceUnavailable(f"a fetched file cannot be kept: {reason}")


def _entry(state: RemoteState, sha256: str) -> Remembered:
    return (state.size or 0, state.modified or 0, sha256)


def _clear_stale(received: Path) -> None:
    """Makes the folder, and removes what broke off long ago and was never gone on with."""
    received.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in received.glob(".resuming-*"):
        if time.time() - place.stat().st_mtime > _STALE_SECONDS:
            place.unlink()
