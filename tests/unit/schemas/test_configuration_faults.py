"""Reading one configuration file: everything wrong with it at once, by line and key, with the key that was probably meant."""

from pathlib import Path

import pytest

from schemas.configuration import Rules, Source
from schemas.configuration_faults import FileFaults, read_model, read_table
from schemas.platform_profile import PlatformProfile

CONFIG = Path(__file__).resolve().parents[3] / "config"


def faults_of(path: Path, model: type) -> list[tuple[int | None, str, str]]:
    with pytest.raises(FileFaults) as found:
        read_model(path, model, **({"name": path.stem} if model is Source else {}))
    return [(fault.line, fault.key, fault.words) for fault in found.value.faults]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_all_faults_of_a_file_are_found_at_once(tmp_path: Path) -> None:
    file = written(
        tmp_path / "rules.toml",
        'minimum_aeg = 60\n\n[brake]\npeople = "ten"\nshare = 2\n\n[push_brake]\nwek_people = 3\n',
    )
    assert faults_of(file, Rules) == [
        (4, "brake.people", "Input should be a valid integer, unable to parse string as an integer"),
        (5, "brake.share", "Input should be less than or equal to 1"),
        (8, "push_brake.wek_people", "Extra inputs are not permitted; did you mean week_people?"),
        (1, "minimum_aeg", "Extra inputs are not permitted; did you mean minimum_age?"),
    ]


def test_the_message_of_a_start_tells_the_first_and_how_many_more(tmp_path: Path) -> None:
    file = written(tmp_path / "rules.toml", "minimum_aeg = 60\nofff = []\n")
    with pytest.raises(FileFaults, match=r"rules\.toml: minimum_aeg: .* \(and 1 more: eldersync config check\)$"):
        read_model(file, Rules)


@pytest.mark.parametrize(
    ("channel", "key", "meant"),
    [
        ('kind = "sftp"\nhst = "a.example"', "channel.hst", "host"),
        ('kind = "database"\nlagminutes = 3', "channel.lagminutes", "lag_minutes"),
        ('kind = "rest"\nlimits = { trys = 3 }', "channel.limits.trys", "tries"),
        ('kind = "rest"\npaging = { kind = "page", parametr = "p" }', "channel.paging.parametr", "parameter"),
        ('kind = "folder"\nsettle = 3', "channel.settle", "settle_seconds"),
    ],
    ids=["sftp", "database", "rest", "paging", "folder"],
)
def test_an_unknown_key_of_a_channel_is_told_with_the_nearest_of_its_kind(
    tmp_path: Path, channel: str, key: str, meant: str
) -> None:
    shipped = (CONFIG / "sources/health_incapacity.toml").read_text(encoding="utf-8")
    file = written(tmp_path / "health_incapacity.toml", f"{shipped}\n[channel]\n{channel}\n")
    told = {key: words for _, key, words in faults_of(file, Source)}
    assert told[key] == f"Extra inputs are not permitted; did you mean {meant}?"


def test_an_unknown_key_inside_a_list_of_tables_is_told_with_its_line(tmp_path: Path) -> None:
    lines = (CONFIG / "platform/example.toml").read_text(encoding="utf-8").splitlines()
    place = [number for number, line in enumerate(lines) if line == "[[columns]]"][3] + 1
    file = written(tmp_path / "example.toml", "\n".join([*lines[:place], 'feild = "name"', *lines[place:]]))
    assert faults_of(file, PlatformProfile) == [
        (place + 1, "columns.3.feild", "Extra inputs are not permitted; did you mean field?")
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"a = = 1", "not readable as TOML"), (b"a = '\xff'", "not readable as UTF-8"), (None, "the file is missing")],
    ids=["toml", "utf-8", "missing"],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "rules.toml").write_bytes(content)
    [(line, key, words)] = faults_of(tmp_path / "rules.toml", Rules)
    assert (line, key) == (None, "")
    assert words.startswith(says)


def test_a_table_says_what_its_reader_says(tmp_path: Path) -> None:
    def refuse(lines: object) -> None:
        raise ValueError("line 2: no")

    with pytest.raises(FileFaults, match=r"variants\.csv: line 2: no"):
        read_table(written(tmp_path / "variants.csv", "variant,standard\n"), refuse)
