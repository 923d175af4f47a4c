"""The encoding of a text, decided strictly over the whole of it, and its lines as UTF-8, some megabytes at a time.

A mark at its beginning decides, then what was agreed, else UTF-8 if it is that throughout, else GB18030 (a superset of GBK and
GB 2312). Nothing is guessed: Latin-1 never fails and turns names into rubbish, and what software guesses from few names is
Big5 or Korean. A text some lines of which are another encoding is refused, with the first of those lines (``mixed_text``).
"""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.reading.formats.raw import Raw
from connectors.reading.formats.refusal import hostile, refused
from connectors.reading.text.mixed_text import contains_utf8_lines, explain
from schemas.findings import Finding

__all__ = ["MARKS", "TextEncoding", "agreed_codec", "encoding_of", "utf8_pieces"]

_BLOCK = 8 << 20
_LONGEST_LINE = 32 << 20
_CTRL_Z = b"\x1a"  # where old programs end a text

_BYTEWISE = frozenset({"utf-8", "gb18030"})
_NAMES = {
    "utf-8": "UTF-8",
    "gb18030": "GB18030",
    "utf-16-le": "UTF-16（低位在前）",
    "utf-16-be": "UTF-16（高位在前）",
}
MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ALSO_CALLED = {
    "utf8": "utf-8", "utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb-2312": "gb18030", "cp936": "gb18030",
    "windows-936": "gb18030", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """An encoding, the mark that a text begins with, whether something said so, and whether the whole text was seen to be in it."""

    codec: str
    mark: bytes = b""
    is_stated: bool = False
    is_certain: bool = False

    @property
    def label(self) -> str:
        """The name that officers read."""
        return _NAMES[self.codec] + ("，有标记" if self.mark else "")


def encoding_of(raw: Raw, declared: str = "") -> TextEncoding:
    """The encoding of a text.

    Args:
        raw: the text.
        declared: the encoding that was agreed on or that the text itself names, empty where there is none.

    Raises:
        DeliveryRefusedError: its mark contradicts what was declared, or it is in no encoding that is taken. Whether a text in
            GB18030 or UTF-16 is whole is told by `utf8_pieces`.
    """
    start = raw.start(4)
    agreed = agreed_codec(declared)
    if start in {b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"}:
        raise refused(Finding.ENCODING_UNDECODABLE, "UTF-32")
    for mark, codec in MARKS:
        if start.startswith(mark):
            if agreed and agreed != codec:
                raise refused(Finding.ENCODING_UNDECODABLE, f"约定为 {_NAMES[agreed]}，实为 {_NAMES[codec]}")
            return TextEncoding(codec, mark, is_stated=True)
    if agreed:
        return TextEncoding(agreed, is_stated=True)
    return TextEncoding("utf-8", is_certain=True) if _is_utf8(raw) else TextEncoding("gb18030")


def utf8_pieces(raw: Raw, encoding: TextEncoding) -> Iterator[bytes]:
    r"""A text as UTF-8, in pieces that end with a line; lines end in ``\n``, and there is no mark.

    Raises:
        DeliveryRefusedError: the text is not in its encoding throughout.
    """
    blocks = _blocks(raw, len(encoding.mark))
    if encoding.codec.startswith("utf-16"):
        blocks = _from_utf16(blocks, encoding.codec)
    kept = b""
    for piece in _whole_lines(blocks):
        if kept:
            yield kept
        kept = _plain(piece, raw, encoding)
    yield kept.rstrip(_CTRL_Z) if kept.endswith(_CTRL_Z) else kept


def agreed_codec(declared: str) -> str:
    """The codec of an encoding by one of its names, empty where none was agreed on."""
    if not declared:
        return ""
    name = declared.strip().lower().replace("_", "-")
    name = _ALSO_CALLED.get(name, name)
    if name not in _NAMES:
        raise refused(Finding.ENCODING_UNDECODABLE, f"所称编码不受支持：{_known(name)}")
    return name


def _known(name: str) -> str:
    """The name of an encoding that there is; anything else a file says is not repeated."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return "无此编码"


def _is_utf8(raw: Raw) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(raw):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(raw: Raw, after: int = 0) -> Iterator[bytes]:
    with raw.open() as file:
        file.seek(after)
        while block := file.read(_BLOCK):
            yield block


def _from_utf16(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        pass
    else:
        return
    raise refused(Finding.ENCODING_UNDECODABLE, f"并非完整的 {_NAMES[codec]}")


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Blocks cut behind a line end; ``\r`` ends a line where no ``\n`` does. No encoding here has either inside a character."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = text.rfind(b"\n") + 1 or text.rfind(b"\r", 0, len(text) - 1) + 1
        rest = text[end:]
        if len(rest) > _LONGEST_LINE:
            raise hostile("一行的内容过长")
        if end:
            yield text[:end]
    if rest:
        yield rest


def _plain(piece: bytes, raw: Raw, encoding: TextEncoding) -> bytes:
    if b"\x00" in piece:
        raise refused(Finding.ENCODING_UNDECODABLE, _about_nulls(piece))
    if encoding.codec in _BYTEWISE and not encoding.is_certain:
        piece = _transcoded(piece, raw, encoding)
    return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in piece else piece


def _transcoded(piece: bytes, raw: Raw, encoding: TextEncoding) -> bytes:
    try:
        text = piece.decode(encoding.codec)
    except UnicodeDecodeError:
        text = None
    if text is None or (encoding.codec == "gb18030" and contains_utf8_lines(piece)):
        raise explain(raw, encoding.codec if encoding.is_stated else "")
    return piece if encoding.codec == "utf-8" else text.encode()


def _about_nulls(piece: bytes) -> str:
    return "疑为没有字节序标记的 UTF-16" if piece.count(b"\x00") * 10 > len(piece) else "含有空字符"
