"""Backups, restores, prunings and upgrades on a terminal."""

from datetime import datetime
from typing import Any

from flows.commands.print_parts import plain_console

__all__ = ["print_backup", "print_backups", "print_check", "print_pruned", "print_restore", "print_upgrade"]

_KINDS = {
    "originals": "名单原件", "put_away": "收件夹“已处理”文件", "reports": "报告", "outgoing": "平台文件", "logs": "日志", "backups": "过期备份",
}  # fmt: skip
_PROBLEMS = {"missing": "缺失", "damaged": "已损坏"}


def print_backup(found: dict[str, Any]) -> None:
    """Prints what was backed up, and what needs a look."""
    print_check(found)
    if found["copied"]:
        _say(f"  其中新增名单原件 {found['copied']:,} 份")
    if lacking := found["missing"] + found["damaged"]:
        _say(f"  - {lacking:,} 份名单原件在本机已缺失或被改动，未能备份；请从较早的备份或来源单位取回")
    if found["is_same_disk"]:
        _say("  - 备份与数据在同一块磁盘：磁盘损坏时一并丢失。请在 operations.toml 的 [backup] folder 指定另一块磁盘")


def print_check(found: dict[str, Any]) -> None:
    """Prints what a backup holds and whether it is whole."""
    rows = found["rows"]
    _say(f"备份 {found['backup']}")
    _say(f"  {_local(found['made_at'])}，数据库结构 {found['schema']}，{_run(found['newest_run'])}")
    _say(
        f"  人员记录 {rows.get('elder', 0):,} 条（含已退出），运行 {rows.get('run', 0):,} 次，数据行共 {sum(rows.values()):,}，"
        f"名单原件 {found['originals']:,} 份，{_size(found['bytes'])}"
    )
    for problem in found["problems"][:20]:
        _say(f"  - {problem['part']}：{_PROBLEMS[problem['problem']]}")
    _say(
        "  校验通过"
        if found["is_whole"]
        else f"  校验不通过：{len(found['problems']):,} 处，此备份不能用于恢复，请另做一份"
    )


def print_backups(found: dict[str, Any]) -> None:
    """Prints the backups of a folder, a line each."""
    _say(f"{found['folder']}：备份 {len(found['backups'])} 份")
    for backup in found["backups"]:
        _say(
            f"  {backup['name']}  {_local(backup['made_at'])}  {_run(backup['newest_run'])}  人员记录 {backup['elders']:,} 条"
        )


def print_restore(found: dict[str, Any]) -> None:
    """Prints what a restore has done or would do, and what comes next."""
    print_check(found)
    _say(f"{'已恢复到' if found['is_done'] else '将恢复到'} {found['home']}")
    steps = [f"使用恢复出的配置：--config {found['config']}"]
    if found["secrets"]:
        steps.append(f"密钥不在备份内，须重新放入 {found['home']}/secrets（0600）：{'、'.join(found['secrets'])}")
    if found["missing"]:
        steps.append(f"备份时已有 {found['missing']:,} 份名单原件缺失，未恢复")
    if found["must_reconcile"]:
        told = f"（备份内已告知 {found['told']:,} 人）" if found["is_done"] else ""
        steps.append(f"恢复的登记册比省级平台旧{told}：对账之前不上报、不给新人员编号。先执行 eldersync reconcile")
    if found["has_no_list"]:
        steps.append(
            "本单位以导入文件上报，平台没有名单可对：恢复之前写出的平台文件一律不要再导入，并请平台方核对现有人员"
        )
    for number, step in enumerate(steps, start=1):
        _say(f"  {number}. {step}")
    if not found["is_done"]:
        _say("尚未恢复。核对无误后加 --yes")


def print_pruned(found: dict[str, Any]) -> None:
    """Prints what was let go, or would be."""
    _say("已清理" if found["is_done"] else "按保存期限可清理：")
    for kind, label in _KINDS.items():
        _say(f"  {label}：{found[kind]['files']:,} 个文件，{_size(found[kind]['bytes'])}")
    runs = found["flow_runs"]
    _say("  Prefect 运行记录：服务未启动，未清理" if runs is None else f"  Prefect 运行记录：{runs:,} 条")
    if not found["is_done"]:
        _say("尚未清理。核对无误后加 --yes")


def print_upgrade(found: dict[str, Any]) -> None:
    """Prints which version the tables have now."""
    if not found["migrated"]:
        _say(f"数据库结构已是 {found['after']}，无须升级")
        return
    _say(f"数据库结构已由 {found['before'] or '空库'} 升级到 {found['after']}")


def _run(newest: dict[str, Any] | None) -> str:
    return f"最近一次是第 {newest['run_id']} 次运行（{newest['business_date']}）" if newest else "尚未运行过"


def _local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M}"


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:,.0f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def _say(line: str) -> None:
    """A line on a terminal on which square brackets are just that and long paths stay whole."""
    plain_console().print(line, soft_wrap=True)
