"""Pictures for the documents, kept in ``docs/images`` with ``ELDERSYNC_WRITE_SCREENSHOTS=1``; those kept must be of the same pages in the same size.

Pixels are not compared: fonts differ from machine to machine.
"""

import os
import struct
import zlib
from pathlib import Path

__all__ = ["assert_is_kept"]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 33  # the signature and the first chunk, which says the size


def assert_is_kept(name: str, taken: bytes, *, title: str, size: tuple[int, int]) -> None:
    """Keeps a picture where that is wished, and compares the one that is kept with it.

    Args:
        name: of its file, without an ending.
        taken: the picture (PNG).
        title: of the page it is of.
        size: width and height it must have.
    """
    picture = titled(taken, title)
    if os.environ.get("ELDERSYNC_WRITE_SCREENSHOTS") == "1":
        (IMAGES / f"{name}.png").write_bytes(picture)
    assert size_and_title(picture)[0] == size
    assert size_and_title((IMAGES / f"{name}.png").read_bytes()) == size_and_title(picture)


def titled(picture: bytes, title: str) -> bytes:
    """The picture with a title in it (PNG, chunk ``iTXt``)."""
    said = b"iTXt" + b"Title\x00\x00\x00\x00\x00" + title.encode()
    chunk = struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said))
    return picture[:_HEAD] + chunk + picture[_HEAD:]


def size_and_title(picture: bytes) -> tuple[tuple[int, int], str]:
    """Width, height and title of a picture of :func:`titled`."""
    assert picture[:8] == _SIGNATURE
    width, height = struct.unpack(">II", picture[16:24])
    (length,) = struct.unpack(">I", picture[_HEAD : _HEAD + 4])
    kind, said = picture[_HEAD + 4 : _HEAD + 8], picture[_HEAD + 8 : _HEAD + 8 + length]
    return (width, height), said.removeprefix(b"Title\x00\x00\x00\x00\x00").decode() if kind == b"iTXt" else ""
