"""What lies in the folder of an SFTP server: files that bear the name of a delivery, and the names beside them.

Names are the server's bytes. They are compared, counted and sent back to the server; nothing here is called by them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from connectors.delivered_names import finished_name, is_passed_over, shown_name
from connectors.sftp.remote_files import RemoteFiles, RemoteState
from schemas.channels import SftpChannel
from schemas.errors import SourceNotBelieved

__all__ = ["Listing", "companion_suffixes", "list_folder", "path_of"]


@dataclass(slots=True)
class Listing:
    """A folder's files, the names of companions beside them, and how many names are unfinished or none a file can have."""

    files: dict[bytes, RemoteState] = field(default_factory=dict)
    beside: set[bytes] = field(default_factory=set)
    left_alone: int = 0


def list_folder(server: RemoteFiles, channel: SftpChannel) -> Listing:
    """Lists the channel's folder; what does not match ``pattern`` is forgotten at once, however much it is.

    Raises:
        SourceNotBelieved: more than ``most_files`` match; part of them would be part of a list.
    """
    listing = Listing()
    suffixes = companion_suffixes(channel)
    matches = _matching(channel.pattern)
    for name, state in server.listing(channel.folder.encode()):
        shown = shown_name(name)
        if suffixes and name.endswith(suffixes):
            listing.beside.add(name)
        elif state.is_file and not is_passed_over(shown):
            _place(listing, name, state, shown, matches)
        if len(listing.files) > channel.most_files or len(listing.beside) > len(suffixes) * channel.most_files:
            raise SourceNotBelieved(f"the SFTP server lists more than {channel.most_files} files (most_files)")
    return listing


def _place(listing: Listing, name: bytes, state: RemoteState, shown: str, matches: Callable[[str], bool]) -> None:
    finished = finished_name(shown)
    if not matches(shown if finished is None else finished):
        return
    if finished is not None or any(sign in name for sign in (b"/", b"\\", b"\0")):
        listing.left_alone += 1
    else:
        listing.files[name] = state


def _matching(pattern: str) -> Callable[[str], bool]:
    folded = pattern.casefold()
    return lambda name: fnmatchcase(name.casefold(), folded)


def companion_suffixes(channel: SftpChannel) -> tuple[bytes, ...]:
    """Endings of the files that must lie beside each file."""
    return tuple(suffix.encode() for suffix in (channel.done_suffix, channel.checksum_suffix) if suffix)


def path_of(folder: str, name: bytes) -> bytes:
    """The path of a name on the server."""
    return folder.rstrip("/").encode() + b"/" + name
