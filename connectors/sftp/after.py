"""Moving files a night is done with to another folder of their SFTP server, where the channel's ``after`` says so.

Called after the night has recorded what it took; until then, and wherever ``after`` is ``leave``, nothing on a server is changed.
"""

from collections.abc import Collection, Mapping
from itertools import chain, count

from connectors.sftp.connection import Login, connected
from connectors.sftp.fetch import name_digest, remembered
from connectors.sftp.listing import Listing, companion_suffixes, list_folder, path_of
from connectors.sftp.remote_files import RemoteFiles, ServerRefuses
from schemas.channels import SftpChannel
from schemas.errors import SourceRefusesUs

__all__ = ["move_fetched"]


def move_fetched(
    channel: SftpChannel,
    *,
    password: str | None,
    private_key: str | None,
    passphrase: str | None,
    position: Mapping[str, object],
    done: Collection[str],
) -> int:
    """Moves fetched files, with their companions, to the folder that ``after`` names; it must be there.

    A file that is no longer as it was fetched stays where it is. Nothing is overwritten, a file of the same name gets a
    number. Doing it again, or after it was cut short, moves what is left.

    Args:
        channel: where.
        password: what ``channel.password`` names.
        private_key: the text of the key that ``channel.private_key`` names.
        passphrase: what ``channel.passphrase`` names.
        position: what ``Fetched.position`` was.
        done: SHA-256 of the files to move.

    Returns:
        How many files were moved; none where ``after`` is ``leave``.

    Raises:
        SourceRefusesUs, SourceUnavailable: as fetching; or the server refuses to move some, the others have been.
    """
    files = {digest: entry for digest, entry in remembered(position).items() if entry[2] in done}
    if channel.after == "leave" or not files:
        return 0
    target = _target(channel)
    moved, refused = 0, 0
    with connected(channel, Login(password, private_key, passphrase)) as server:
        server.look(target.encode())
        listing = list_folder(server, channel)
        for name, state in listing.files.items():
            if (state.size, state.modified) == files.get(name_digest(channel, name), ())[:2]:
                try:
                    _move(server, channel, target, name, listing)
                    moved += 1
                except ServerRefuses as refusal:
                    refused += not refusal.is_missing  # what is missing, somebody else took
    if refused:
        raise SourceRefusesUs(f"the SFTP server does not let us move {refused} files to the folder that after names")
    return moved


def _target(channel: SftpChannel) -> str:
    folder = channel.after.removeprefix("move:")
    return folder if folder.startswith("/") else f"{channel.folder.rstrip('/')}/{folder}"


def _move(server: RemoteFiles, channel: SftpChannel, target: str, name: bytes, listing: Listing) -> None:
    """Moves companions first: one that stayed behind would vouch for the next file of its name, however little of it is there."""
    new = _free_name(server, target, name)
    for suffix in companion_suffixes(channel):
        if name + suffix in listing.beside:
            server.move(path_of(channel.folder, name + suffix), path_of(target, new + suffix))
    server.move(path_of(channel.folder, name), path_of(target, new))


def _free_name(server: RemoteFiles, target: str, name: bytes) -> bytes:
    stem, point, ending = name.rpartition(b".")
    numbered = (stem + b"(%d)" % number + point + ending for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if not _exists(server, path_of(target, candidate)))


def _exists(server: RemoteFiles, path: bytes) -> bool:
    try:
        server.look(path)
    except ServerRefuses as refusal:
        if refusal.is_missing:
            return False
        raise
    return True
