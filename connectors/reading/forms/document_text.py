"""What a paragraph of a Word document shows: its words, boxes and ticks; not what is deleted, hidden, struck out or printed as a hint."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.etree import QName
from lxml.etree import _Element as Element

from connectors.reading.forms.tick_marks import SYMBOL_FONTS, symbol

__all__ = ["UNSEEN_CONTROL", "child", "is_on", "local_name", "paragraph_text", "value"]

UNSEEN_CONTROL = "\ufffc"
"""Stands for a control whose state is in another part of the file: whether it is ticked is not known."""

_SKIPPED = frozenset({
    "del", "moveFrom", "rPr", "pPr", "sdtPr", "rt", "delText", "delInstrText", "ffData", "tbl", "Fallback", "tcPr", "trPr",
})  # fmt: skip
_PLAIN = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_OFF = frozenset({"0", "false", "off"})
_OVERSTRIKE = re.compile(r"^\s*eq\s*\\o\s*(?:\\a[clr]\s*)?\((.*)\)\s*$", re.IGNORECASE | re.DOTALL)
_TICKS, _CROSSES, _BOXES = frozenset("√✓✔"), frozenset("×✗✕"), frozenset("□☐○〇口")


@dataclass(slots=True, repr=False)
class _Field:
    """A field between its first and last mark: what it instructs, and whether its result has begun."""

    instruction: str = ""
    shows_result: bool = False
    is_answered: bool = False  # by a box or a list, whose result is not stored as text


@dataclass(slots=True, repr=False)
class _Reading:
    fields: list[_Field] = field(default_factory=list)
    font: str = ""

    @property
    def is_shown(self) -> bool:
        return all(field.shows_result and not field.is_answered for field in self.fields)


def local_name(element: Element) -> str:
    """The name of an element without its namespace: transitional and strict documents differ only in that."""
    return QName(element).localname if isinstance(element.tag, str) else ""


def value(element: Element | None, name: str = "val") -> str | None:
    """An attribute by its local name."""
    if element is None:
        return None
    return next((str(text) for key, text in element.attrib.items() if QName(key).localname == name), None)


def is_on(element: Element | None) -> bool:
    """Whether an on-off element is there and not switched off."""
    return element is not None and (value(element) or "1") not in _OFF


def child(element: Element, name: str) -> Element | None:
    """The first child of a local name."""
    return next((found for found in element if local_name(found) == name), None)


def paragraph_text(paragraph: Element) -> str:
    """The text of a paragraph with that of the text boxes anchored in it; tables in these are read with their cells.

    A box of a content control or of an old form field is ☑ or □. Where its state and the sign it shows contradict each
    other it is neither.
    """
    return "".join(_pieces(paragraph))


def _pieces(paragraph: Element) -> Iterator[str]:
    reading = _Reading()
    left = [*reversed(paragraph)]
    while left:
        element = left.pop()
        name = local_name(element)
        if name in _SKIPPED or (name == "r" and _is_unseen(element)):
            continue
        if name == "sdt" and (shown := _control(element)) is not None:
            yield shown if reading.is_shown else ""
            continue
        if name == "r":
            reading.font = _symbol_font(element)
        yield from _shown(element, name, reading)
        if name not in {"t", "instrText", "fldChar", "sym"}:
            left += reversed(element)


def _shown(element: Element, name: str, reading: _Reading) -> Iterator[str]:
    if name == "fldChar":
        yield from _field_mark(element, reading)
    elif name == "instrText":
        if reading.fields:
            reading.fields[-1].instruction += element.text or ""
    elif not reading.is_shown:
        return
    elif name == "t":
        yield _in_font(element.text or "", reading.font)
    elif name == "sym":
        yield symbol(value(element, "font") or "", _code(value(element, "char")))
    elif name == "control":
        yield UNSEEN_CONTROL
    elif name == "fldSimple":
        yield _overstruck(value(element, "instr") or "")
    elif name == "p":
        yield "\n"
    else:
        yield _PLAIN.get(name, "")


def _is_unseen(run: Element) -> bool:
    properties = child(run, "rPr")
    if properties is None:
        return False
    return any(is_on(child(properties, name)) for name in ("vanish", "strike", "dstrike"))


def _symbol_font(run: Element) -> str:
    properties = child(run, "rPr")
    fonts = None if properties is None else child(properties, "rFonts")
    names = (value(fonts, "ascii"), value(fonts, "hAnsi"))
    return next((name for name in names if name and name.replace(" ", "").casefold() in SYMBOL_FONTS), "")


def _in_font(text: str, font: str) -> str:
    if not font:
        return text
    is_sign = ((ord(sign) < 0x100 and not sign.isspace()) or 0xF000 <= ord(sign) <= 0xF0FF for sign in text)
    return "".join(symbol(font, ord(sign)) if its else sign for sign, its in zip(text, is_sign, strict=True))


def _control(sdt: Element) -> str | None:
    """What a content control shows where that is not its text: a box, or a hint that nobody has replaced."""
    properties = child(sdt, "sdtPr")
    if properties is None:
        return None
    box = child(properties, "checkbox")
    if box is not None:
        return _box(sdt, box)
    return "" if is_on(child(properties, "showingPlcHdr")) else None


def _box(sdt: Element, box: Element) -> str:
    content = child(sdt, "sdtContent")
    shown = "" if content is None else "".join(map(_sign_of, content.iter())).strip()
    is_checked = is_on(child(box, "checked"))
    signs = {
        state: _sign(child(box, f"{name}State"), default)
        for state, name, default in ((True, "checked", "☒"), (False, "unchecked", "☐"))
    }
    if shown == signs[not is_checked]:
        return UNSEEN_CONTROL
    return shown if shown and shown != signs[is_checked] else "☑" if is_checked else "□"


def _sign_of(element: Element) -> str:
    name = local_name(element)
    if name == "sym":
        return symbol(value(element, "font") or "", _code(value(element, "char")))
    return element.text or "" if name == "t" else ""


def _sign(state: Element | None, default: str) -> str:
    """The sign a box shows in a state."""
    if value(state) is None:
        return default
    font, code = value(state, "font") or "", _code(value(state))
    return symbol(font, code) if font.replace(" ", "").casefold() in SYMBOL_FONTS else chr(code)


def _code(text: str | None) -> int:
    """A character's number in hexadecimal; 0 where it is none."""
    return int(text, 16) if text and re.fullmatch(r"[0-9A-Fa-f]{1,5}", text) else 0


def _field_mark(mark: Element, reading: _Reading) -> Iterator[str]:
    kind = value(mark, "fldCharType")
    if kind == "begin":
        answer = _old_field(child(mark, "ffData"))
        if answer is not None and reading.is_shown:
            yield answer
        reading.fields.append(_Field(is_answered=answer is not None))
    elif reading.fields and kind == "separate":
        reading.fields[-1].shows_result = True
    elif reading.fields and kind == "end":
        ended = reading.fields.pop()
        if reading.is_shown and not ended.shows_result:
            yield _overstruck(ended.instruction)


def _old_field(data: Element | None) -> str | None:
    """The state of an old form field: its box, or the entry chosen from its list."""
    if data is None:
        return None
    box = child(data, "checkBox")
    if box is not None:
        state = child(box, "checked")
        return "☑" if is_on(state if state is not None else child(box, "default")) else "□"
    entries = child(data, "ddList")
    if entries is None:
        return None
    chosen = value(child(entries, "result")) or value(child(entries, "default")) or "0"
    names = [value(entry) or "" for entry in entries if local_name(entry) == "listEntry"]
    return names[int(chosen)] if chosen.isdecimal() and int(chosen) < len(names) else ""


def _overstruck(instruction: str) -> str:
    r"""What a field that prints signs one over the other shows: ``EQ \o\ac(□,√)`` is how a ticked box is often made."""
    found = _OVERSTRIKE.match(instruction)
    if not found:
        return ""
    signs = {sign for sign in found[1] if not sign.isspace()}
    if signs & _BOXES and signs & _TICKS:
        return "☑"
    if signs & _BOXES and signs & _CROSSES:
        return "☒"
    return re.sub(r"[,，;；\s]", "", found[1])
