"""``eldersync backup check``: every part of a backup read again and compared with its digest."""

from pathlib import Path
from typing import Any

from flows.keeping.backup_store import FilePart, original_path, pool_of, read_manifest, sha256_of

__all__ = ["check_backup"]


def check_backup(backup: Path) -> dict[str, Any]:
    """Looks through a whole backup.

    Args:
        backup: its folder, as it lies among the others: its originals are beside it.

    Returns:
        ``backup made_at schema newest_run rows originals bytes``, ``is_whole``, and ``problems``: ``part`` and ``problem``
        (``missing``, ``damaged``).

    Raises:
        ConfigurationInvalid: the folder is no backup.
        BackupFailed: its manifest is not the one that was written.
    """
    backup = backup.expanduser().resolve()
    manifest = read_manifest(backup)
    pool = pool_of(backup.parent)
    parts = [(backup / part.name, part) for part in manifest.files]
    parts += [(original_path(pool, part.name), part) for part in manifest.originals]
    problems = [{"part": part.name, "problem": problem} for path, part in parts if (problem := _problem(path, part))]
    return {
        "backup": str(backup),
        "made_at": manifest.made_at.isoformat(timespec="seconds"),
        "schema": manifest.schema_version,
        "newest_run": manifest.newest_run,
        "rows": {part.name: part.rows for part in manifest.tables},
        "originals": len(manifest.originals),
        "bytes": manifest.size,
        "is_whole": not problems,
        "problems": problems,
    }


def _problem(path: Path, part: FilePart) -> str:
    try:
        if path.stat().st_size == part.size and sha256_of(path) == part.sha256:
            return ""
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "damaged"
    return "damaged"
