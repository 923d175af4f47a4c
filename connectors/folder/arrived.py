"""Looking into an inbox without taking anything: which files lie there whole.

Taking them is ``connectors.folder.inbox``'s; here nothing is copied, moved or waited for.
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from connectors.folder.inbox import READ_FLAGS, FileState, list_inbox
from connectors.folder.open_files import is_open_for_writing
from schemas.channels import FolderChannel

__all__ = ["InboxView"]


class InboxView:
    """One inbox, looked at again and again; a file is read once for each state it is seen in."""

    def __init__(
        self,
        folder: Path,
        channel: FolderChannel,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._rest = folder, channel.settle_seconds
        self._now, self._monotonic = now, monotonic
        self._seen: dict[Path, tuple[FileState, float]] = {}
        self._read: dict[FileState, str] = {}

    def fingerprints(self) -> set[str]:
        """SHA-256 of the files that lie there whole: unchanged for ``settle_seconds``, and open to no writer.

        Raises:
            SourceUnavailable: the folder cannot be listed.
        """
        files = list_inbox(self._folder)
        return {fingerprint for path in files if (fingerprint := self._fingerprint(path)) is not None}

    def _fingerprint(self, path: Path) -> str | None:
        try:
            descriptor = os.open(path, READ_FLAGS)
        except OSError:  # taken back since it was listed, or not ours to read: it has not come; the night says why
            return None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            state = FileState.of(os.fstat(descriptor))
            if not self._has_rested(path, state) or state.links > 1 or is_open_for_writing(descriptor):
                return None
            if state not in self._read:
                self._read[state] = hashlib.file_digest(file, "sha256").hexdigest()
            return self._read[state]

    def _has_rested(self, path: Path, state: FileState) -> bool:
        """By its times, or where these say nothing because a clock is wrong, by how long we have seen it so."""
        before, since = self._seen.get(path, (None, 0.0))
        if before != state:
            since = self._monotonic()
            self._seen[path] = state, since
        age = self._now() - max(state.modified_ns, state.changed_ns) / 1e9
        return max(age, self._monotonic() - since) >= self._rest
