"""``sbom.json`` of a wheelhouse: every package in it by name, version, digest and licence, as CycloneDX 1.5.

Only the standard library is used, for it runs before anything is installed. The same wheels give the same bytes: there is no time in it.
"""

import hashlib
import json
import re
import sys
import uuid
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

__all__ = ["bill_of_materials", "main"]


def bill_of_materials(folder: Path) -> dict[str, Any]:
    """The bill of a folder of wheels."""
    components = [_component(wheel) for wheel in sorted(folder.glob("*.whl"))]
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "eldersync", "name": "eldersync"}},
        "components": components,
        "dependencies": [{"ref": "eldersync", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def _component(wheel: Path) -> dict[str, Any]:
    described = _described(wheel)
    name, version = _plain(described["Name"]), described["Version"]
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        **_licences(described),
    }


def _described(wheel: Path) -> Any:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def _licences(described: Any) -> dict[str, Any]:
    """The licence as an SPDX expression where the package states one, else in its own words."""
    if expression := described["License-Expression"]:
        return {"licenses": [{"expression": expression}]}
    classified = [line.rpartition(" :: ")[2] for line in described.get_all("Classifier", []) if line[:9] == "License :"]
    stated = (described["License"] or "").strip()
    words = classified or ([stated] if stated and "\n" not in stated else [])
    return {"licenses": [{"license": {"name": name}} for name in words]} if words else {}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(folder: Path) -> None:
    """Writes the bill into the folder."""
    text = json.dumps(bill_of_materials(folder), ensure_ascii=False, indent=1) + "\n"
    (folder / "sbom.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
