"""What the ``doctor`` looks at, each with what was seen and what to do. A failed check never stops the others.

What is looked at is in ``flows.watching.doctor_machine``, ``flows.watching.doctor_services`` and ``flows.watching.doctor_sources``.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from flows.context import Home
from flows.watching import doctor_machine as machine
from flows.watching import doctor_services as services
from flows.watching.doctor_machine import Noted
from flows.watching.doctor_sources import source_looks
from schemas.configuration import Configuration, load_configuration, load_operations
from schemas.errors import EldersyncError
from schemas.operations import Operations

__all__ = ["examine"]

_AT_A_TIME = 4


class _Check(NamedTuple):
    """A name, a look that says what it sees or raises, and what to do where it is not as it should be."""

    name: str
    look: Callable[[], str]
    remedy: str


def examine(home: Path, config: Path) -> list[dict[str, Any]]:
    """Looks at everything an installation stands on.

    Returns:
        A line each: ``name ok level seen remedy``. ``level`` is ``ok``, ``note`` (worth a look, stops nothing) or ``fail``; of all but ``ok``
        the remedy says what to do.
    """
    rooms = Home(home.expanduser().resolve())
    loaded: list[Configuration] = []
    operations: list[Operations] = []

    def configuration_seen() -> str:
        loaded.append(load_configuration(config))
        operations.append(load_operations(config))
        return f"{len(loaded[0].sources)} sources, {len(loaded[0].divisions)} divisions, rules {loaded[0].digest}"

    lines = [_line(_Check("configuration", configuration_seen, "按所列文件和项目改正，再执行 eldersync doctor"))]
    lines += [_line(check) for check in _of_the_machine(rooms.path)]
    if loaded and operations:
        lines += [_line(check) for check in _of_the_installation(rooms, loaded[0], operations[0])]
        with ThreadPoolExecutor(_AT_A_TIME) as pool:  # a server that is away keeps nobody else waiting
            lines += pool.map(_line, [_Check(*looked) for looked in source_looks(rooms, loaded[0])])
    return lines


def _line(check: _Check) -> dict[str, Any]:
    try:
        seen = check.look()
        level = "note" if isinstance(seen, Noted) else "ok"
    except EldersyncError as problem:
        seen, level = str(problem), "fail"
    except OSError as problem:
        seen, level = problem.strerror or type(problem).__name__, "fail"
    remedy = "" if level == "ok" else check.remedy
    return {"name": check.name, "ok": level != "fail", "level": level, "seen": str(seen), "remedy": remedy}


def _of_the_machine(home: Path) -> list[_Check]:
    return [
        _Check("locale", machine.encoding, "在服务单元或登录环境中设 LANG=C.UTF-8"),
        _Check("fonts", machine.chinese_fonts, "需要在本机打印或截图的，安装中文字体：apt-get install fonts-noto-cjk"),
        _Check("versions", machine.installed_versions, "重新执行 make setup，按锁定的版本安装"),
        _Check("account", machine.account, "改用一个普通账户运行，工作目录归它所有"),
        _Check(
            "watchdog",
            lambda: machine.watchdog(home),
            "安装并启用 eldersync-watch.timer，或每五分钟执行 eldersync watch",
        ),
    ]


def _of_the_installation(rooms: Home, configuration: Configuration, operations: Operations) -> list[_Check]:
    profile = services.Profiles(configuration)
    return [
        _Check("platform profile", profile.seen, "改正平台配置，或在 bureau.toml 中换一个"),
        _Check("home", lambda: machine.home_seen(rooms, configuration), "把工作目录交给运行账户：chown，chmod 700"),
        _Check("permissions", lambda: services.permissions(rooms.path, configuration), "按所列文件改权限，或改正测试与正式环境的设置"),
        _Check("secrets", lambda: services.secrets_seen(rooms.path, configuration, operations, profile), "把所缺的口令写进 secrets/ 下同名文件：chmod 600"),
        _Check("disk", lambda: machine.disk(rooms.path, operations), "清理磁盘，或执行 eldersync prune；仍不够的，把工作目录移到更大的磁盘"),
        _Check("clock", lambda: machine.clock(configuration), "校准时钟并打开自动对时（timedatectl）；业务日期依赖它"),
        _Check("database", lambda: services.database(rooms, configuration), "看工作目录下 logs/postgres.log；用外部数据库的，核对 ELDERSYNC_DATABASE_URL"),
        _Check("platform", lambda: services.platform(rooms, configuration, operations, profile),
               "见 docs/push.md：接口地址、令牌、网络、本机时钟；前置库的，把所列交给平台的数据库管理员"),
        _Check("messages", lambda: services.messages(rooms.path, operations), "按所列原因检查网络、机器人地址或邮箱口令；不设消息的，出了事没有人知道"),
        _Check("backup", lambda: machine.backup(rooms.path, operations, configuration), "执行 eldersync backup；备份最好在另一块磁盘上（operations.toml 的 [backup]）"),
        _Check("server", lambda: services.server(rooms.path, operations, configuration), "执行 eldersync up；日志在 logs/prefect-server.log"),
    ]  # fmt: skip
