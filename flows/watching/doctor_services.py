"""What the doctor asks of others: the registry's database, the platform, the Prefect server, where messages go; and whether all secrets are there."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.platform_api.outcomes import Verdict
from flows.context import Home, open_registry
from flows.schedule.server_processes import read_processes
from flows.settings.installation import check_installation
from flows.settings.secret_store import read_secret
from flows.telling.targets import exchange_tables_of, platform_api_of
from flows.watching.doctor_machine import Noted
from flows.watching.server_cards import server_cards
from flows.watching.told import read_told
from registry.engine import transaction
from schemas.channels import Channel, DatabaseChannel, FolderChannel, RestChannel, SftpChannel
from schemas.configuration import Configuration
from schemas.errors import PrefectUnavailable, PushFailed, SecretMissing
from schemas.operations import Operations
from schemas.platform_profile import PlatformProfile, profile_in_force

__all__ = [
    "Profiles",
    "database",
    "messages",
    "permissions",
    "platform",
    "secrets_of_channel",
    "secrets_seen",
    "server",
]

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class Profiles:
    """The platform's format in force today; read when it is asked for, since it may be faulty."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def today(self) -> PlatformProfile:
        """The profile of today.

        Raises:
            ConfigurationInvalid: naming file and key.
        """
        bureau = self._configuration.bureau
        return profile_in_force(
            self._configuration.folder, bureau.platform, datetime.now(ZoneInfo(bureau.timezone)).date()
        )

    def seen(self) -> str:
        """Its name and version."""
        profile = self.today()
        words = f"{profile.name} {profile.version}"
        return f"{words} (an example: not the platform's own format)" if profile.is_example else words


def permissions(home: Path, configuration: Configuration) -> str:
    """Whether nobody else can read secrets or write the configuration, and test and production are told apart."""
    check_installation(home, configuration)
    return "only we can"


def secrets_seen(home: Path, configuration: Configuration, operations: Operations, profiles: Profiles) -> str:
    """Whether every password and key that is named is there; nothing of them is shown."""
    names = sorted(
        {*_of_sources(configuration), *_of_platform(configuration, profiles.today()), *_of_operations(operations)}
    )
    problems = [problem for name in names if (problem := _problem_of(home, name))]
    if problems:
        raise SecretMissing("; ".join(problems))
    return f"{len(names)} named, all there"


def _problem_of(home: Path, name: str) -> str:
    try:
        read_secret(home, name)
    except SecretMissing as missing:
        return str(missing)
    return ""


def _of_sources(configuration: Configuration) -> set[str]:
    sources = configuration.sources.values()
    passwords = {source.password_secret for source in sources if source.password_secret}
    return passwords.union(*(secrets_of_channel(source.channel) for source in sources))


def secrets_of_channel(channel: Channel) -> set[str]:
    """Names of the secrets a channel needs."""
    match channel:
        case RestChannel():
            return set(channel.secret_names)
        case SftpChannel():
            return set(filter(None, (channel.password, channel.private_key, channel.passphrase)))
        case DatabaseChannel():
            return set(filter(None, (channel.url_secret, channel.password_secret)))
        case FolderChannel():
            return set()


def _of_platform(configuration: Configuration, profile: PlatformProfile) -> set[str]:
    target = configuration.bureau.target
    if target == "api" and profile.api is not None and profile.api.signing.scheme != "none":
        return {profile.api.signing.token_secret}
    if target == "exchange" and profile.exchange is not None:
        return set(filter(None, (profile.exchange.url_secret, profile.exchange.password_secret)))
    return set()


def _of_operations(operations: Operations) -> set[str]:
    """Those of the messages and of Prefect's database; the server's own password is made where it is missing."""
    notify, names = operations.notify, [operations.server.database_secret]
    if notify.kind in {"wecom", "dingtalk"}:
        names += [notify.url_secret, notify.sign_secret]
    if notify.kind == "email":
        names.append(notify.smtp_password_secret)
    return set(filter(None, names))


def database(rooms: Home, configuration: Configuration) -> str:
    """Whether the registry's database is there, keeps what is committed, and holds Chinese."""
    with open_registry(rooms, configuration) as engine, transaction(engine) as connection:
        version = connection.execute(sa.text("SHOW server_version")).scalar_one()
        settings = {
            name: connection.execute(sa.text(f"SHOW {name}")).scalar_one() for name in (*_DURABLE, "server_encoding")
        }
    if loose := [name for name in _DURABLE if settings[name] == "off"]:
        raise OSError(0, f"{', '.join(loose)} is off: what is committed could be lost")
    if settings["server_encoding"] != "UTF8":
        raise OSError(0, f"its encoding is {settings['server_encoding']}, not UTF8")
    return f"PostgreSQL {version}, durable, UTF8"


def platform(rooms: Home, configuration: Configuration, operations: Operations, profiles: Profiles) -> str:
    """Whether the platform is there, lets us in and has the time we have; nothing has an effect on it."""
    profile = profiles.today()
    match configuration.bureau.target:
        case "workbook":
            return "told by workbooks that somebody hands in"
        case "api":
            with platform_api_of(rooms, profile)() as there:
                outcome = there.check(now=lambda: datetime.now(UTC))
            if outcome.verdict != Verdict.OK:
                raise PushFailed(outcome.words)
            seconds = outcome.skew.total_seconds()
            if seconds > operations.watch.skew_seconds:
                raise PushFailed(f"answers, but its clock and ours are {seconds:.0f} s apart")
            return f"answers; clocks {seconds:.0f} s apart"
        case "exchange":
            if faults := exchange_tables_of(rooms, profile).check():
                raise PushFailed("; ".join(faults))
            return "the exchange table is as it must be"


def messages(home: Path, operations: Operations) -> str:
    """Where messages go, and whether the last one left. None is sent for the asking."""
    kind = operations.notify.kind
    if kind == "none":
        return Noted("没有设置（operations.toml 的 [notify]）")
    if (failing := read_told(home).failing) is not None:
        raise OSError(0, f"{kind}：{failing.why}")
    if kind == "file" and operations.notify.file is not None and not operations.notify.file.parent.is_dir():
        raise OSError(0, "file：所在的文件夹不存在")
    return kind


def server(home: Path, operations: Operations, configuration: Configuration) -> str:
    """Whether the Prefect server runs, its worker lives and a night is scheduled."""
    if read_processes(home) is None:
        return Noted("没有启动；夜间运行不会自动开始")
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    if cards := server_cards(home, operations, now=now, is_thorough=True):
        raise PrefectUnavailable("；".join(f"{card.title}（{card.code}）：{card.what}" for card in cards))
    return "server and worker run, a night is scheduled"
