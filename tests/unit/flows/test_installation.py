"""Test and production cannot be confused, and files that others may change or read stop every start."""

from pathlib import Path

import pytest
from config_folder import Change, Folder

from flows.settings.installation import check_installation, mark_installation, refuse_made_up_deliveries
from schemas.configuration import load_configuration
from schemas.errors import ConfigurationInvalid

REAL = "gateway.example.gov.cn"
SFTP = """
[channel]
kind = "sftp"
host = "{}"
username = "us"
password = "federation_sftp"
host_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJh2/5kQ7cTUX3CUdZB2fPdHqzGLbTqzIP1HmgP8uT9"]
"""
REST = """
[channel]
kind = "rest"
base_url = "https://{}/ebus"
path = "/list"
envelope = {{ records = "data" }}
"""
DATABASE = """
[channel]
kind = "database"
{}
view = "s.v"
key_columns = ["ID"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def source(text: str) -> Change:
    return lambda folder: folder.add("sources/health_incapacity.toml", text)


def notify(text: str) -> Change:
    return lambda folder: folder.edit("operations.toml", 'kind = "none"', text)


LEADING_TO_THE_REAL_ONE: dict[str, tuple[Change, str]] = {
    "interface": (lambda folder: folder.real_profile(f"https://{REAL}/ebus", "test"), r"platform/example\.toml: api\.url"),
    "interface that is not in use": (
        lambda folder: folder.edit("platform/example.toml", "http://127.0.0.1:8640", f"https://{REAL}"),
        r"platform/example\.toml: api\.url",
    ),
    "exchange table": (
        lambda folder: folder.edit("platform/example.toml", "exchange.invalid", REAL),
        r"platform/example\.toml: exchange\.url",
    ),
    "a later version": (
        lambda folder: (folder.config / "platform/example@2.toml").write_text(
            (folder.config / "platform/example.toml").read_text("utf-8")
            .replace("2024-01-01", "2199-01-01").replace("http://127.0.0.1:8640", f"https://{REAL}"), "utf-8"),
        r"platform/example@2\.toml: api\.url",
    ),
    "sftp": (source(SFTP.format(REAL.upper())), r"sources/health_incapacity\.toml: channel\.host"),
    "rest": (source(REST.format(REAL)), r"sources/health_incapacity\.toml: channel\.base_url"),
    "database": (source(DATABASE.format(f'url = "mysql://us@{REAL}:3306/d"')), r"health_incapacity\.toml: channel\.url"),
    "database behind the question mark": (
        source(DATABASE.format(f'url = "postgresql://us@/d?host=10.9.9.9,{REAL}:5432"')), r"toml: channel\.url"
    ),
    "database whose address is a secret": (
        lambda folder: (
            source(DATABASE.format('url_secret = "health_view"'))(folder),
            folder.secret("health_view", f"postgresql://us:hunter2@{REAL}/d"),
        ),
        r"health_incapacity\.toml: channel\.url_secret",
    ),
    "robot": (
        lambda folder: (
            notify('kind = "wecom"\nurl_secret = "robot_url"')(folder),
            folder.secret("robot_url", f"https://{REAL}/cgi-bin/webhook/send?key=hunter2"),
        ),
        r"operations\.toml: notify\.url_secret",
    ),
    "mail": (
        notify(f'kind = "email"\nsmtp_host = "{REAL}"\nsender = "night@example.org"\nto = ["office@example.org"]'),
        r"operations\.toml: notify\.smtp_host",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", LEADING_TO_THE_REAL_ONE)
def test_a_test_installation_speaks_to_nothing_real(folder: Folder, way: str) -> None:
    change, said = LEADING_TO_THE_REAL_ONE[way]
    change(folder)
    folder.check()
    folder.knows("example.gov.cn")
    with pytest.raises(ConfigurationInvalid, match=said) as refused:
        folder.check()
    assert "this is a test installation" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_test_installation_does_not_open_a_real_registry(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.knows(REAL)
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", f"postgresql://us:hunter2@{REAL}:5432/registry")
    with pytest.raises(ConfigurationInvalid, match=r"environment: ELDERSYNC_DATABASE_URL: leads to") as refused:
        folder.check()
    assert "hunter2" not in str(refused.value)


def test_a_test_installation_takes_no_production_profile(folder: Folder) -> None:
    folder.real_profile("https://trial.example.org")
    with pytest.raises(ConfigurationInvalid, match=r"platform/example\.toml: environment: is production, and"):
        folder.check()


def test_a_production_installation_with_all_of_its_own_is_let_start(folder: Folder) -> None:
    folder.is_production("example.gov.cn", "10.9.0.0/16")
    folder.real_profile(f"https://{REAL}/ebus")
    folder.add("sources/health_incapacity.toml", SFTP.format("10.9.1.1"))
    folder.check()


UNFIT_FOR_PRODUCTION: dict[str, tuple[Change, str]] = {
    "an address of the platform that is not listed": (
        lambda folder: folder.real_profile("https://another.example.org"), r"platform/example\.toml: api\.url: leads to a platform that"
    ),
    "a source that is not listed": (source(SFTP.format("10.8.1.1")), r"health_incapacity\.toml: channel\.host: leads to a source that"),
    "a test profile": (
        lambda folder: folder.real_profile("https://trial.example.org", "test"), r"platform/example\.toml: environment: is test, and"
    ),
    "a test profile with a real address": (
        lambda folder: folder.edit("platform/example.toml", "http://127.0.0.1:8640", f"https://{REAL}"),
        r"""platform/example\.toml: api\.url: .*environment is "test\"""",
    ),
    "the example over an interface": (
        lambda folder: folder.edit("bureau.toml", 'target = "workbook"', 'target = "api"'),
        r"platform/example\.toml: is_example: is true",
    ),
    "the example over an exchange table": (
        lambda folder: folder.edit("bureau.toml", 'target = "workbook"', 'target = "exchange"'),
        r"platform/example\.toml: is_example: is true",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNFIT_FOR_PRODUCTION)
def test_a_production_installation_takes_nothing_of_a_test(folder: Folder, what: str) -> None:
    change, said = UNFIT_FOR_PRODUCTION[what]
    folder.is_production("example.gov.cn")
    folder.check()
    change(folder)
    with pytest.raises(ConfigurationInvalid, match=said):
        folder.check()


def test_a_registry_elsewhere_is_listed_by_a_production_installation(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.is_production("example.gov.cn")
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", "postgresql://us@database.example.org/registry")
    with pytest.raises(ConfigurationInvalid, match="leads to a registry that is not among production_hosts"):
        folder.check()
    monkeypatch.setenv("ELDERSYNC_DATABASE_URL", "postgresql://us@localhost/registry")
    folder.check()


def test_the_home_of_a_production_installation_is_not_opened_by_a_test_configuration(folder: Folder) -> None:
    mark_installation(folder.home, load_configuration(folder.config))
    folder.check()
    folder.is_production("example.gov.cn")
    mark_installation(folder.home, load_configuration(folder.config))
    folder.check()
    folder.edit("operations.toml", 'installation = "production"', 'installation = "test"')
    with pytest.raises(ConfigurationInvalid, match=r"operations\.toml: installation: is test, and .* production"):
        folder.check()


def test_an_example_cannot_be_called_production(folder: Folder) -> None:
    folder.edit("platform/example.toml", 'environment = "test"', 'environment = "production"')
    with pytest.raises(ConfigurationInvalid, match=r"example\.toml: environment: an example is no production profile"):
        folder.check()


def test_made_up_deliveries_stay_out_of_a_production_home(folder: Folder, tmp_path: Path) -> None:
    refuse_made_up_deliveries(folder.home, folder.config, folder.home / "inbox")
    folder.is_production()
    refuse_made_up_deliveries(folder.home, folder.config, tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to(folder.home)
    for to in (folder.home / "inbox", tmp_path / "link" / "inbox", folder.home):
        with pytest.raises(ConfigurationInvalid, match=r"operations\.toml: installation: is production"):
            refuse_made_up_deliveries(folder.home, folder.config, to)


@pytest.mark.parametrize(
    "place", ["rules.toml", "sources", "platform/example.toml", ""], ids=["file", "folder", "profile", "itself"]
)
def test_a_configuration_that_everybody_can_write_stops_the_start(folder: Folder, place: str) -> None:
    path = folder.config / place
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(ConfigurationInvalid, match=r"can be written by everybody .* chmod go-w"):
        folder.check()


def test_in_production_a_group_may_not_write_the_configuration_either(folder: Folder) -> None:
    (folder.config / "rules.toml").chmod(0o664)
    folder.check()
    folder.is_production()
    with pytest.raises(ConfigurationInvalid, match=r"rules\.toml: can be written by its group"):
        folder.check()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622], ids=oct)
def test_a_secret_that_others_can_read_or_write_stops_the_start(folder: Folder, mode: int) -> None:
    folder.secret("robot_url", "hunter2")
    folder.check()
    folder.secret("robot_url", "hunter2", mode)
    with pytest.raises(ConfigurationInvalid, match=r"secrets/robot_url: can be read .* chmod 600") as refused:
        folder.check()
    assert "hunter2" not in str(refused.value)


def test_a_store_that_others_can_write_stops_the_start(folder: Folder) -> None:
    (folder.home / "secrets").chmod(0o755)
    folder.check()
    (folder.home / "secrets").chmod(0o777)
    with pytest.raises(ConfigurationInvalid, match="secrets: can be written by others"):
        folder.check()


def test_a_home_that_is_no_folder_or_is_not_there_is_left_to_who_opens_it(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for home in (tmp_path / "file", tmp_path / "nowhere"):
        check_installation(home, load_configuration(folder.config))


def test_a_mark_that_cannot_be_written_stops_the_start(folder: Folder, tmp_path: Path) -> None:
    folder.is_production()
    with pytest.raises(ConfigurationInvalid, match="installation cannot be written: No such file or directory"):
        mark_installation(tmp_path / "nowhere", load_configuration(folder.config))
