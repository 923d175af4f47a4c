"""Which part of an xlsx workbook is which sheet, and what the parts beside it say: comments, the date system, what hides.

ECMA-376 part 1, 18.2 (workbook) and part 2 (relationships). Rows hidden by a sheet's default height of zero are not told.
"""

import posixpath
import re
from collections.abc import Mapping

from lxml import etree

from connectors.reading.formats.facts import SheetFacts
from connectors.reading.formats.zip_parts import ZipParts, part_name

__all__ = ["facts_in_order", "parse_small", "relations"]

_COMMENT = re.compile(rb"<(?:\w+:)?comment(?=[\s/>])")
_COMMENTS_PART = re.compile(r"(?:.*/)?comments\d*\.xml")
_TRUE = frozenset({"1", "true", "on"})


def facts_in_order(parts: ZipParts, scanned: Mapping[str, SheetFacts]) -> list[SheetFacts]:
    """Facts of every sheet, in the workbook's order.

    Args:
        parts: of the workbook.
        scanned: what `connectors.reading.formats.xlsx_scan` saw, by the name of the part.
    """
    workbook = parse_small(parts.read("xl/workbook.xml"))
    targets = relations(parts, "xl/workbook.xml")
    from_1904 = any(element.get("date1904") in _TRUE for element in workbook.iterfind("{*}workbookPr"))
    facts = []
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        relation = next((str(value) for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")
        part = targets.get(relation, "")
        known = scanned.get(part, SheetFacts())
        known.dates_from_1904 = from_1904
        beside = [target for target in relations(parts, part).values() if _COMMENTS_PART.fullmatch(target)]
        known.comments = sum(len(_COMMENT.findall(parts.read(target))) for target in beside)
        facts.append(known)
    return facts


def relations(parts: ZipParts, part: str) -> dict[str, str]:
    """The parts that another part refers to, by the relation's id."""
    folder, name = posixpath.split(part)
    content = parts.read(f"{folder}/_rels/{name}.rels")
    if not content:
        return {}
    return {
        relation.get("Id", ""): part_name(posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))))
        for relation in parse_small(content).iterfind("{*}Relationship")
        if relation.get("TargetMode") != "External"
    }


def parse_small(content: bytes) -> etree._Element:
    """The root of a small XML part; nothing outside it is loaded and no entity is expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(content, parser)
