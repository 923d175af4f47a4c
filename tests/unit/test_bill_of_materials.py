"""The bill of materials names every package of a wheelhouse by name, version, digest and licence."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from scripts.write_sbom import bill_of_materials, main


def wheel(folder: Path, name: str, version: str, *headers: str) -> Path:
    """A wheel that holds nothing but its description."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    described = "\n".join(
        ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *headers, "", "Words: none."]
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", described)
        archive.writestr(f"{name}/other.dist-info/METADATA", "Name: vendored")
    return path


def test_every_package_is_in_it_and_the_program_depends_on_them(tmp_path: Path) -> None:
    made = wheel(tmp_path, "Made_Up.Package", "1.2")
    wheel(tmp_path, "another", "3")
    main(tmp_path)
    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert [component["purl"] for component in bill["components"]] == [
        "pkg:pypi/made-up-package@1.2", "pkg:pypi/another@3",
    ]  # fmt: skip
    assert bill["components"][0]["hashes"] == [
        {"alg": "SHA-256", "content": hashlib.sha256(made.read_bytes()).hexdigest()}
    ]
    assert bill["dependencies"] == [
        {"ref": "eldersync", "dependsOn": ["pkg:pypi/made-up-package@1.2", "pkg:pypi/another@3"]}
    ]


@pytest.mark.parametrize(
    ("headers", "licences"),
    [
        (["License-Expression: MIT OR Apache-2.0"], [{"expression": "MIT OR Apache-2.0"}]),
        (
            ["Classifier: Programming Language :: Python", "Classifier: License :: OSI Approved :: BSD License"],
            [{"license": {"name": "BSD License"}}],
        ),
        (["License: Apache 2"], [{"license": {"name": "Apache 2"}}]),
        (["License: A long text", "        of several lines"], None),
        ([], None),
    ],
    ids=["expression", "classifier", "words", "whole text", "none"],
)
def test_a_licence_is_as_the_package_states_it(tmp_path: Path, headers: list[str], licences: object) -> None:
    wheel(tmp_path, "made_up", "1", *headers)
    assert bill_of_materials(tmp_path)["components"][0].get("licenses") == licences


def test_the_same_packages_make_the_same_bill(tmp_path: Path) -> None:
    wheel(tmp_path, "made_up", "1")
    assert bill_of_materials(tmp_path) == bill_of_materials(tmp_path)
