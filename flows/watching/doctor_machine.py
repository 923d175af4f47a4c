"""What the doctor looks at on the machine itself: home, disk, clock, account, encoding, fonts, versions, backups."""

import locale
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.context import Home
from flows.keeping.backup_store import backup_folder, newest_backup_at
from schemas.configuration import Configuration
from schemas.errors import ConfigurationInvalid
from schemas.operations import Operations

__all__ = [
    "Noted", "account", "backup", "chinese_fonts", "clock", "disk", "encoding", "home_seen", "installed_versions", "watchdog",
]  # fmt: skip

_BUILT_IN = datetime(2026, 1, 1, tzinfo=UTC)
_LOCK = Path(__file__).resolve().parents[2] / "locks" / "run.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
_FONT_NAMES = re.compile(
    r"(?i)cjk|wqy|wenquan|source.?han|noto.?sans.?sc|simsun|simhei|uming|ukai|fangsong|droid.*fallback"
)
_WATCH_EVERY = timedelta(minutes=30)


class Noted(str):
    """Something seen that stops nothing, and is worth a look."""

    __slots__ = ()


def home_seen(rooms: Home, configuration: Configuration) -> str:
    """The home, once its folders are there; nobody else may look in."""
    rooms.prepare(list(configuration.sources))
    mode = rooms.path.stat().st_mode & 0o777
    if mode & 0o066:
        raise PermissionError(0, f"{rooms.path} can be read or written by others (mode {mode:o})")
    if not os.access(rooms.path, os.W_OK):
        raise PermissionError(0, f"{rooms.path} cannot be written")
    return str(rooms.path)


def disk(home: Path, operations: Operations) -> str:
    """How much of the disk is free."""
    free, least = shutil.disk_usage(home).free / 1e9, operations.watch.free_gigabytes
    if free < least:
        raise OSError(0, f"{free:.1f} GB free, {least:g} GB are wanted (operations.toml: free_gigabytes)")
    return f"{free:.0f} GB free"


def clock(configuration: Configuration) -> str:
    """What the clock says, in the bureau's time zone."""
    now = datetime.now(ZoneInfo(configuration.bureau.timezone))
    if now < _BUILT_IN:
        raise OSError(0, f"the clock says {now:%Y-%m-%d}, before this program was written")
    return f"{now:%Y-%m-%d %H:%M} {configuration.bureau.timezone}"


def account() -> str:
    """Who runs it."""
    if os.geteuid() == 0:
        return Noted("root：对全机有写权限，不宜长期使用")
    return f"uid {os.geteuid()}"


def encoding() -> str:
    """How texts and file names are encoded."""
    found = locale.getpreferredencoding(do_setlocale=False)
    if found.upper().replace("-", "") != "UTF8":
        raise ConfigurationInvalid(f"texts are encoded in {found}, not UTF-8")
    return "UTF-8"


def chinese_fonts() -> str:
    """Whether Chinese can be shown and printed on this machine."""
    if lister := shutil.which("fc-list"):
        done = subprocess.run(
            [lister, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False, errors="replace"
        )
        found = sorted({line.split(",")[0].strip() for line in done.stdout.splitlines() if line.strip()})
    else:
        files = (path for folder in _FONT_FOLDERS for path in Path(folder).rglob("*.tt[cf]"))
        found = sorted({path.stem for path in files if _FONT_NAMES.search(path.name)})
    return f"{len(found)} 种中文字体" if found else Noted("没有中文字体；在别的电脑上看报告不受影响")


def installed_versions() -> str:
    """Whether what is installed is what was tested together."""
    if not _LOCK.is_file():
        return Noted("没有 locks/run.lock，无法核对")
    pinned = _PINNED.findall(_LOCK.read_text(encoding="utf-8"))
    other = [
        f"{name} {found or 'missing'} (locked: {wanted})"
        for name, wanted in pinned
        if (found := _version(name)) != wanted
    ]
    if other:
        raise ConfigurationInvalid(f"{len(other)} of {len(pinned)} packages are not as locked: {', '.join(other[:5])}")
    return f"{len(pinned)} packages as locked"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def backup(home: Path, operations: Operations, configuration: Configuration) -> str:
    """How old the newest backup is, and whether it would survive the disk."""
    folder = backup_folder(home, operations)
    made_at = newest_backup_at(folder)
    if made_at is None:
        return Noted("还没有备份")
    local = made_at.astimezone(ZoneInfo(configuration.bureau.timezone))
    words = f"最近一次 {local:%Y-%m-%d %H:%M}"
    if datetime.now(UTC) - made_at > timedelta(days=operations.watch.backup_days):
        raise OSError(0, f"{words}，超过 {operations.watch.backup_days} 天")
    is_same_disk = folder.stat().st_dev == home.stat().st_dev
    return Noted(f"{words}，与工作目录在同一磁盘") if is_same_disk else words


def watchdog(home: Path) -> str:
    """Whether the watchdog has looked lately."""
    try:
        looked_at = datetime.fromtimestamp((home / "watch" / "told.json").stat().st_mtime, UTC)
    except OSError:
        return Noted("看守程序还没有看过")
    minutes = (datetime.now(UTC) - looked_at) / timedelta(minutes=1)
    words = f"{minutes:.0f} 分钟前看过"
    return Noted(words) if timedelta(minutes=minutes) > _WATCH_EVERY else words
