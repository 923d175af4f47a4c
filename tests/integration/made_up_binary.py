"""Binary formats no package here writes, as small as their readers take them: OLE containers, Excel 5 sheets, xlsb, locked files."""

import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.method.ecma376_standard import ECMA376Standard
from msoffcrypto.method.rc4 import _makekey

__all__ = ["excel5", "ole_container", "rc4_locked", "standard_locked", "xlsb"]

_SECTOR, _FREE, _END, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SMALLEST = 4096  # of a stream that is kept in sectors of its own

Cell = str | float | None


def ole_container(streams: dict[str, bytes], storages: Sequence[str] = ()) -> bytes:
    """An OLE container (MS-CFB, version 3) with streams and empty storages side by side; short streams are filled up."""
    contents = [content.ljust(_SMALLEST, b"\x00") for content in streams.values()]
    sectors = [-(-len(content) // _SECTOR) for content in contents]
    entries = 1 + len(streams) + len(storages)
    directory = -(-entries * 128 // _SECTOR)
    fats = 1
    while fats * 128 < fats + directory + sum(sectors):
        fats += 1
    fat = [_FAT] * fats + [*range(fats + 1, fats + directory), _END]
    starts = []
    for count in sectors:
        starts.append(len(fat))
        fat += [*range(len(fat) + 1, len(fat) + count), _END]
    fat += [_FREE] * (fats * 128 - len(fat))
    header = struct.pack("<8s16x5H6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, fats, fats, 0,
        _SMALLEST, _END, 0, _END, 0)  # fmt: skip
    header += struct.pack("<109I", *range(fats), *[_FREE] * (109 - fats))
    tree = [_entry("Root Entry", 5, _END, 0, child=1)]
    names = [*streams, *storages]
    for place, name in enumerate(names):
        following = place + 2 if place + 1 < len(names) else _FREE
        if place < len(streams):
            tree.append(_entry(name, 2, starts[place], len(contents[place]), right=following))
        else:
            tree.append(_entry(name, 1, 0, 0, right=following))
    body = struct.pack(f"<{len(fat)}I", *fat) + b"".join(tree).ljust(directory * _SECTOR, b"\x00")
    return (
        header + body + b"".join(content.ljust(-(-len(content) // _SECTOR) * _SECTOR, b"\x00") for content in contents)
    )


def _entry(name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE) -> bytes:
    text = f"{name}\x00".encode("utf-16-le")
    return struct.pack("<64sHBB3I36xIQ", text, len(text), kind, 1, _FREE, right, child, start, size)


def excel5(sheets: dict[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook of Excel 5 (BIFF5), its texts in GBK."""
    globals_before = _record(0x0809, struct.pack("<4H", 0x0500, 0x0005, 0, 0)) + _record(0x0042, struct.pack("<H", 936))
    names = [name.encode("gbk") for name in sheets]
    length = len(globals_before) + sum(4 + 7 + len(name) for name in names) + 4
    bodies = [_excel5_sheet(rows) for rows in sheets.values()]
    bounds = b""
    for name, body in zip(names, bodies, strict=True):
        bounds += _record(0x0085, struct.pack("<IHB", length, 0, len(name)) + name)
        length += len(body)
    return ole_container({"Book": globals_before + bounds + _record(0x000A, b"") + b"".join(bodies)})


def _excel5_sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    body = _record(0x0809, struct.pack("<4H", 0x0500, 0x0010, 0, 0))
    width = max(map(len, rows), default=0)
    body += _record(0x0200, struct.pack("<5H", 0, len(rows), 0, width, 0))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, float):
                body += _record(0x0203, struct.pack("<3Hd", row, column, 0, cell))
            elif cell:
                text = cell.encode("gbk")
                body += _record(0x0204, struct.pack("<4H", row, column, 0, len(text)) + text)
    return body + _record(0x000A, b"")


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def rc4_locked(workbook: bytes, password: str) -> bytes:
    """A workbook stream of Excel 97 (BIFF8) in a container, locked with RC4 (MS-XLS 2.2.10, MS-OFFCRYPTO 2.3.6)."""
    salt, verifier = bytes(range(16)), bytes(range(100, 116))
    cipher = Cipher(ARC4(_makekey(password, salt, 0)), mode=None).encryptor()
    locked_verifier = cipher.update(verifier)
    locked_hash = cipher.update(hashlib.md5(verifier).digest())  # noqa: S324 - what the format wants
    filepass = _record(0x002F, struct.pack("<3H", 1, 1, 1) + salt + locked_verifier + locked_hash)
    first = 4 + struct.unpack("<H", workbook[2:4])[0]
    plain = _with_sheets_moved(workbook[:first] + filepass + workbook[first:], len(filepass))
    plain += _record(0, bytes(max(0, _SMALLEST - len(plain) - 4)))  # the reader wants whole records to the end
    return ole_container({"Workbook": _rc4(plain, password, salt)})


def _with_sheets_moved(stream: bytes, by: int) -> bytes:
    moved = bytearray(stream)
    for kind, start, _ in _records(stream):
        if kind == 0x0085:
            moved[start : start + 4] = struct.pack("<I", struct.unpack_from("<I", stream, start)[0] + by)
    return bytes(moved)


def _rc4(stream: bytes, password: str, salt: bytes) -> bytes:
    """Everything but the heads of records, and a few records, changes; the key does every 1,024 bytes."""
    keys = b""
    for block in range(-(-len(stream) // 1024)):
        keys += Cipher(ARC4(_makekey(password, salt, block)), mode=None).encryptor().update(bytes(1024))
    locked = bytearray(stream)
    for kind, start, length in _records(stream):
        if kind in {0x0809, 0x002F, 0x00E1}:
            continue
        first = start + 4 if kind == 0x0085 else start
        for place in range(first, start + length):
            locked[place] ^= keys[place]
    return bytes(locked)


def _records(stream: bytes) -> list[tuple[int, int, int]]:
    found, position = [], 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<2H", stream, position)
        found.append((kind, position + 4, length))
        position += 4 + length
    return found


def standard_locked(package: bytes, password: str) -> bytes:
    """A package locked by standard encryption, AES-128 (MS-OFFCRYPTO 2.3.4.5), as Excel 2007 does."""
    salt, verifier = os.urandom(16), os.urandom(16)
    key = bytes(ECMA376Standard.makekey_from_password(password, 0x660E, 0x8004, 0x18, 128, 16, salt))
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - what the format wants
    digest = hashlib.sha1(verifier).digest().ljust(32, b"\x00")  # noqa: S324 - what the format wants
    provider = "Microsoft Enhanced RSA and AES Cryptographic Provider\x00".encode("utf-16-le")
    header = struct.pack("<8I", 0x24, 0, 0x660E, 0x8004, 128, 0x18, 0, 0) + provider
    verifiers = struct.pack("<I", 16) + salt + cipher.update(verifier) + struct.pack("<I", 20) + cipher.update(digest)
    info = struct.pack("<2HII", 4, 2, 0x24, len(header)) + header + verifiers
    padded = package.ljust(-(-len(package) // 16) * 16, b"\x00")
    return ole_container({
        "EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(package)) + cipher.update(padded),
    })  # fmt: skip


def xlsb(
    sheets: dict[str, Sequence[Sequence[Cell]]],
    *,
    hidden_rows: Sequence[int] = (),
    hidden_sheets: Sequence[str] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
    formula_rows: Sequence[int] = (),
    error_cells: Sequence[tuple[int, int]] = (),
    comments: int = 0,
    dates_from_1904: bool = False,
) -> bytes:
    """A binary workbook (MS-XLSB); the facts are of its first sheet."""
    names = list(sheets)
    workbook = _brt(131) + _brt(153, struct.pack("<III", int(dates_from_1904), 0, 0)) + _brt(143)
    for number, name in enumerate(names, 1):
        state = int(name in hidden_sheets)
        workbook += _brt(156, struct.pack("<II", state, number) + _wide(f"rId{number}") + _wide(name))
    workbook += _brt(144) + _brt(132)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("_rels/.rels", _relations(["xl/workbook.bin"], "officeDocument"))
        archive.writestr("xl/workbook.bin", workbook)
        parts = [f"worksheets/sheet{number}.bin" for number in range(1, len(names) + 1)]
        archive.writestr("xl/_rels/workbook.bin.rels", _relations(parts, "worksheet"))
        for part, rows in zip(parts, sheets.values(), strict=True):
            first = part == parts[0]
            archive.writestr(f"xl/{part}", _xlsb_sheet(
                rows, hidden_rows if first else (), merged if first else (), formula_rows if first else (),
                error_cells if first else (),
            ))  # fmt: skip
        if comments:
            archive.writestr("xl/worksheets/_rels/sheet1.bin.rels", _relations(["../comments1.bin"], "comments"))
            comment = _brt(635, bytes(36)) + _brt(636)
            archive.writestr("xl/comments1.bin", _brt(628) + _brt(633) + comment * comments + _brt(634) + _brt(629))
    return package.getvalue()


def _xlsb_sheet(
    rows: Sequence[Sequence[Cell]],
    hidden: Sequence[int],
    merged: Sequence[tuple[int, int, int, int]],
    formulas: Sequence[int],
    errors: Sequence[tuple[int, int]],
) -> bytes:
    width = max(map(len, rows), default=1)
    body = _brt(129) + _brt(148, struct.pack("<4I", 0, len(rows) - 1, 0, width - 1)) + _brt(145)
    for row, cells in enumerate(rows):
        flags = 0x10 if row in hidden else 0
        body += _brt(0, struct.pack("<IIHBBBI", row, 0, 300, 0, flags, 0, 0))
        for column, cell in enumerate(cells):
            head = struct.pack("<II", column, 0)
            if (row, column) in errors:
                body += _brt(3, head + b"\x2a")
            elif isinstance(cell, float):
                body += _brt(5, head + struct.pack("<d", cell))
            elif cell and row in formulas:
                body += _brt(8, head + _wide(cell) + struct.pack("<HI", 0, 0))
            elif cell:
                body += _brt(6, head + _wide(cell))
    body += _brt(146)
    if merged:
        body += _brt(177, struct.pack("<I", len(merged)))
        for top, left, bottom, right in merged:
            body += _brt(176, struct.pack("<4I", top, bottom, left, right))
        body += _brt(178)
    return body + _brt(130)


def _brt(kind: int, content: bytes = b"") -> bytes:
    return _varying(kind) + _varying(len(content)) + content


def _varying(number: int) -> bytes:
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def _relations(targets: Sequence[str], kind: str) -> str:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{kinds}/{kind}" Target="{target}"/>'
        for number, target in enumerate(targets, 1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'
)
