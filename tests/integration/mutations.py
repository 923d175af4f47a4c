"""Ways to damage a file: bytes anywhere, and the things a format's readers trust: parts of archives, attributes, lengths."""

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

import olefile
from made_up_binary import ole_container

__all__ = ["mutated"]

_HOSTILE = (
    b"",
    b"-1",
    b"0",
    b"4294967296",
    b"1048577",
    b"99999999999999999999",
    b"NaN",
    b"XFD1048576",
    b"\x00",
    b"&#0;",
    b"'\"<",
    b"\xff\xfe",
)


def mutated(content: bytes, picked: random.Random) -> bytes:
    """A damaged copy."""
    ways: list[Callable[[bytes, random.Random], bytes]] = [_flip, _flip, _cut, _move, _noise]
    if content.startswith(b"PK"):
        ways += [_in_part] * 5 + [_swap_parts, _drop_part]
    elif content.startswith(b"\xd0\xcf"):
        ways += [_in_records] * 4
    elif content[:200].isascii() is False or b"<" in content[:200]:
        ways += [_attribute] * 2
    return picked.choice(ways)(content, picked)


def _flip(content: bytes, picked: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(picked.choice((1, 1, 2, 5, 30))):
        changed[picked.randrange(len(changed))] = picked.randrange(256)
    return bytes(changed)


def _cut(content: bytes, picked: random.Random) -> bytes:
    return content[: picked.randrange(len(content))]


def _move(content: bytes, picked: random.Random) -> bytes:
    start, length, to = (picked.randrange(len(content)) for _ in range(3))
    piece = content[start : start + length % 300]
    return content[:to] + piece + content[to:] if picked.random() < 0.5 else content.replace(piece or b"x", b"", 1)


def _noise(content: bytes, picked: random.Random) -> bytes:
    place = picked.randrange(len(content))
    noise = picked.choice(
        [*_HOSTILE, picked.randbytes(20), b'"', b"\n", b",", b"\r", "\u3000".encode(), b"\x1a", b'"' * 50]
    )
    return content[:place] + noise + content[place:]


def _attribute(content: bytes, picked: random.Random) -> bytes:
    """Another value in one attribute of a text of tags."""
    found = list(re.finditer(rb"""[\w:]+\s*=\s*["']?([^"'>\s]*)["']?""", content))
    if not found:
        return _noise(content, picked)
    one = picked.choice(found)
    return content[: one.start(1)] + picked.choice(_HOSTILE) + content[one.end(1) :]


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def _in_part(content: bytes, picked: random.Random) -> bytes:
    """One part damaged and packed again, so that its checksum holds."""
    try:
        parts = _parts(content)
    except (RuntimeError, zipfile.BadZipFile, zlib.error):  # a locked one
        return _flip(content, picked)
    name = picked.choice([name for name, part in parts.items() if part])
    ways = [_flip, _cut, _move, _noise]
    if parts[name].startswith(b"<"):
        ways += [_attribute] * 6
    if parts[name].startswith(b"PK"):
        ways = [_in_part, _flip]
    return _packed({**parts, name: picked.choice(ways)(parts[name], picked)})


def _swap_parts(content: bytes, picked: random.Random) -> bytes:
    try:
        parts = _parts(content)
    except (RuntimeError, zipfile.BadZipFile, zlib.error):
        return _flip(content, picked)
    one, other = picked.choice(list(parts)), picked.choice(list(parts))
    return _packed({**parts, one: parts[other], other: parts[one]})


def _drop_part(content: bytes, picked: random.Random) -> bytes:
    try:
        parts = _parts(content)
    except (RuntimeError, zipfile.BadZipFile, zlib.error):
        return _flip(content, picked)
    del parts[picked.choice(list(parts))]
    return _packed(parts)


def _in_records(content: bytes, picked: random.Random) -> bytes:
    """A record of a workbook with another length, another kind, or wild numbers."""
    with olefile.OleFileIO(io.BytesIO(content)) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        if name is None:
            return _flip(content, picked)
        stream = bytearray(container.openstream(name).read())
    starts, position = [], 0
    while position + 4 <= len(stream):
        starts.append(position)
        position += 4 + struct.unpack_from("<H", stream, position + 2)[0]
    for _ in range(picked.choice((1, 1, 3))):
        start = picked.choice(starts)
        place = start + picked.choice((0, 2, 4, 6, 8, 12))
        stream[place : place + 2] = struct.pack(
            "<H", picked.choice((0, 1, 255, 256, 8224, 65535, picked.randrange(65536)))
        )
    return ole_container({name: bytes(stream)})
