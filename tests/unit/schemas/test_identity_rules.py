from pathlib import Path
from shutil import copytree

import pytest

from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid
from schemas.identity_cases import CASE_LABELS, REASON_LABELS, CaseKind, CaseReason
from schemas.identity_rules import Weights, read_variants

SHIPPED = Path(__file__).parents[3] / "config"


def test_every_kind_and_reason_has_words():
    assert set(CASE_LABELS) == set(CaseKind)
    assert set(REASON_LABELS) == set(CaseReason)
    assert all(word.label for word in (*CaseKind, *CaseReason))


def test_every_reason_has_a_weight():
    assert {str(reason) for reason in CaseReason} <= set(Weights.model_fields)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["a,b"], "line 1: the columns are variant,standard"),
        (["variant,standard", "張,张", "張,章"], "line 3: the variant stands twice"),
        (["variant,standard", "張张,张"], "line 2: two different characters"),
        (["variant,standard", "張"], "line 2: two different characters"),
        (["variant,standard", "张,张"], "line 2: two different characters"),
        (["variant,standard", "張,张", "张,章"], "line 3: the variant is another line's standard"),
    ],
    ids=["headers", "twice", "two characters", "no standard", "itself", "chained"],
)
def test_a_mistake_among_variants_is_named_by_its_line(lines, problem):
    with pytest.raises(ValueError, match=problem):
        read_variants(lines)


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("scores.toml", "review = 0", "review = 'much'", "scores.toml: different_number.review"),
        ("scores.toml", "same_name = 0", "same_nam = 0", "scores.toml: different_number.weights.same_name"),
        ("sounds.toml", 'initials = [["z", "zh"]', 'initials = [["z"]', "sounds.toml: initials.0"),
        ("sounds.toml", '"曾" = "zeng"', '"曾" = "zēng"', "sounds.toml: surnames.曾"),
        ("variants.csv", "variant,standard", "a,b", "variants.csv: line 1"),
    ],
    ids=["no number", "unknown sign", "a group of one", "a tone", "headers"],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path, file, before, after, problem):
    folder = copytree(SHIPPED, tmp_path / "config")
    path = folder / "identity" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=problem):
        load_configuration(folder)


def test_a_missing_file_is_named(tmp_path):
    folder = copytree(SHIPPED, tmp_path / "config")
    (folder / "identity" / "scores.toml").unlink()
    with pytest.raises(ConfigurationInvalid, match=r"scores\.toml: the file is missing"):
        load_configuration(folder)


def test_how_likeness_is_judged_is_part_of_the_version_of_the_rules(tmp_path):
    folder = copytree(SHIPPED, tmp_path / "config")
    scores = folder / "identity" / "scores.toml"
    scores.write_text(scores.read_text(encoding="utf-8").replace("review = 0", "review = 1"), encoding="utf-8")
    assert load_configuration(folder).digest != load_configuration(SHIPPED).digest
