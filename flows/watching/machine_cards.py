"""Cards about the machine: disk, backup, clock and messages. What needs the database is ``flows.watching.night_cards``', the server ``flows.watching.server_cards``'."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from flows.keeping.backup_store import backup_folder, newest_backup_at
from flows.watching.cards import Card, card
from flows.watching.told import Told
from schemas.operations import Operations

__all__ = ["machine_cards"]

_GIGABYTE = 1e9


def machine_cards(
    home: Path, operations: Operations, *, now: datetime, told: Told, nights: Sequence[sa.RowMapping] = ()
) -> list[Card]:
    """Every card the machine gives cause for.

    Args:
        home: of the installation.
        operations: its limits.
        now: in the bureau's time zone.
        told: what the watchdog remembers.
        nights: those that finished, newest first: before there is one, nothing has to be backed up.
    """
    cards = [*_disk(home, operations), *_clock(operations, now, told), *_messages(told, now)]
    oldest = nights[-1]["started_at"] if nights else None
    if oldest is not None and now - oldest > timedelta(days=operations.watch.backup_days):
        cards += _backup(home, operations, now)
    return cards


def _disk(home: Path, operations: Operations) -> Iterator[Card]:
    if not home.exists():
        return
    usage = shutil.disk_usage(home)
    if usage.free < operations.watch.free_gigabytes * _GIGABYTE:
        free, total = usage.free / _GIGABYTE, usage.total / _GIGABYTE
        yield card(
            "disk-low", f"剩余 {free:.1f} GB（共 {total:.0f} GB），限度 {operations.watch.free_gigabytes:g} GB。"
        )


def _clock(operations: Operations, now: datetime, told: Told) -> Iterator[Card]:
    if told.skew is not None and told.skew.seconds > operations.watch.skew_seconds:
        words = f"{told.skew.asked_at.astimezone(now.tzinfo):%m-%d %H:%M} 与省平台相差 {told.skew.seconds:.0f} 秒。"
        yield card("clock-off", words, since=told.skew.asked_at.astimezone(now.tzinfo))
    if told.jump is not None and told.jump.at.astimezone(now.tzinfo).date() == now.date():
        forward = "拨快" if told.jump.seconds > 0 else "拨慢"
        words = f"被{forward} {abs(told.jump.seconds):,.0f} 秒。"
        yield card("clock-jumped", words, since=told.jump.at.astimezone(now.tzinfo))


def _messages(told: Told, now: datetime) -> Iterator[Card]:
    if told.failing is not None:
        yield card("message-failed", f"原因：{told.failing.why}", since=told.failing.since.astimezone(now.tzinfo))


def _backup(home: Path, operations: Operations, now: datetime) -> Iterator[Card]:
    made_at = newest_backup_at(backup_folder(home, operations))
    if made_at is None:
        yield card("backup-old", "还没有任何备份。")
    elif now - made_at > timedelta(days=operations.watch.backup_days):
        days = (now - made_at) / timedelta(days=1)
        words = f"最近一次备份是 {days:.1f} 天前，限度 {operations.watch.backup_days} 天。"
        yield card("backup-old", words, since=made_at.astimezone(now.tzinfo))
