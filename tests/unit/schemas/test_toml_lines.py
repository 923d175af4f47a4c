"""On which line a key of a TOML file stands, whatever way it is written."""

import tomllib
from pathlib import Path

import pytest

from schemas.toml_lines import KeyPath, key_lines, line_of

CONFIG = Path(__file__).resolve().parents[3] / "config"
TEXT = '''\
# a comment with [brackets] and an = sign
name = "first"
"quoted key" = 1
a.b.c = 2

[table]          # the table
list = [
  "[not a table]",   # in a list
  "x = 1",
]
words = """
[nor this]
key = 1
"""
inline = { one = 1, two = { three = 3 } }
[table.inner]
last = true

[[rows]]
header = "first"
[rows.codes]
x = "1"
[[rows]]
header = "second"
[rows.codes]
y = "2"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("quoted key",), 3),
        (("a", "b", "c"), 4),
        (("a", "b"), 4),
        (("table",), 6),
        (("table", "list"), 7),
        (("table", "list", 1), 7),
        (("table", "words"), 11),
        (("table", "inline", "two", "three"), 15),
        (("table", "inner", "last"), 17),
        (("rows", 0, "header"), 20),
        (("rows", 0, "codes", "x"), 22),
        (("rows", 1), 23),
        (("rows", 1, "header"), 24),
        (("rows", 1, "codes", "y"), 26),
        (("rows", 1, "missing"), 23),
        (("table", "tag", "inner", "last"), 17),
        (("nowhere",), None),
    ],
    ids=str,
)
def test_a_key_stands_on_its_line_and_a_missing_one_on_that_of_its_table(path: KeyPath, line: int | None) -> None:
    tomllib.loads(TEXT)
    assert line_of(key_lines(TEXT), path) == line


@pytest.mark.parametrize("file", sorted(CONFIG.rglob("*.toml")), ids=lambda file: str(file.relative_to(CONFIG)))
def test_every_key_of_the_shipped_configuration_is_found_on_a_line_that_names_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines, known = text.splitlines(), key_lines(text)
    top = [key for key in tomllib.loads(text) if not key.startswith("_")]
    assert [key for key in top if key not in lines[(line_of(known, (key,)) or 1) - 1]] == []
