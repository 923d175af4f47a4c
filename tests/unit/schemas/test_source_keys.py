"""What a bureau may say of a source's layout, its files and its brake; and what is a mistake."""

from datetime import time
from pathlib import Path
from shutil import copytree

import pytest

from schemas.configuration import Brake, load_configuration
from schemas.errors import ConfigurationInvalid

SHIPPED = Path(__file__).parents[3] / "config"


@pytest.fixture
def changed(tmp_path):
    def load(line, *, instead_of="", source="village_survey"):
        folder = copytree(SHIPPED, tmp_path / "config")
        file = folder / "sources" / f"{source}.toml"
        text = file.read_text(encoding="utf-8")
        assert instead_of in text
        file.write_text(text.replace(instead_of, line, 1) if instead_of else f"{line}\n{text}", encoding="utf-8")
        return load_configuration(folder)

    return load


def test_as_shipped_hidden_rows_are_taken_hidden_sheets_left_and_nothing_is_filled_in():
    for source in load_configuration(SHIPPED).sources.values():
        assert (source.hidden_rows, source.hidden_sheets, source.other_sheets) == ("take", "leave", "leave")
        assert (source.main.same_as_above, source.main.sheet_name_field, source.encoding) == ((), None, "")
        assert (source.password_secret, source.cut_off, source.fresh_days, source.aliases_version) == (
            None,
            None,
            None,
            1,
        )


def test_every_key_can_be_set(changed):
    keys = (
        'encoding = "gbk"\npassword_secret = "survey_files"\nhidden_rows = "leave"\nhidden_sheets = "take"\n'
        'other_sheets = "take"\naliases_version = 3\ncut_off = "22:00"\nfresh_days = 40\nbrake = {people = 2, share = 0.5}'
    )
    source = changed(keys).sources["village_survey"]
    assert (source.encoding, source.password_secret, source.aliases_version) == ("gbk", "survey_files", 3)
    assert (source.hidden_rows, source.hidden_sheets, source.other_sheets) == ("leave", "take", "take")
    assert (source.cut_off, source.fresh_days, source.brake) == (time(22), 40, Brake(people=2, share=0.5))


def test_a_source_without_limits_of_its_own_has_those_of_all(changed):
    configuration = changed("brake = {people = 2}")
    assert configuration.brake("village_survey").people == 2
    assert configuration.brake("health_incapacity") == configuration.rules.brake


@pytest.mark.parametrize(
    ("line", "instead_of", "complaint"),
    [
        ('hidden_rows = "skip"', "", "hidden_rows"),
        ('encoding = "latin-eins"', "", "encoding: Input should be"),
        ('password_secret = "open sesame"', "", "password_secret"),
        ("fresh_days = 0", "", "fresh_days"),
        ('cut_off = "late"', "", "cut_off"),
        ('ignored = ["性别"]', 'ignored = ["序号"]', "header 性别 is both sex and ignored"),
        ('sex = ["性别", "姓名"]', 'sex = ["性别"]', "header 姓名 is both name and sex"),
        ('same_as_above = ["ability_level"]', 'ignored = ["序号"]', "which has no headers"),
        *[
            (f'{key} = {value}', 'ignored = ["序号"]', "what tells one person from another is never filled in")
            for key, value in [
                ("same_as_above", '["household_village", "name"]'), ("same_as_above", '["id_number"]'),
                ("same_as_above", '["birth_date"]'), ("same_as_above", '["phone"]'),
                ("same_as_above", '["disability_certificate_number"]'), ("sheet_name_field", '"name"'),
            ]
        ],
    ],
)  # fmt: skip
def test_a_mistake_is_named(changed, line, instead_of, complaint):
    with pytest.raises(ConfigurationInvalid, match=complaint):
        changed(line, instead_of=instead_of)


def test_members_of_a_household_may_share_the_number_that_names_it(changed):
    required = 'required = ["elder_id_number", "name"]'
    configuration = changed(f'{required}\nsame_as_above = ["elder_id_number"]', instead_of=required)
    assert configuration.sources["village_survey"].members.same_as_above == ("elder_id_number",)
