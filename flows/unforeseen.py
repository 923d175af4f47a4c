"""What may be told of an error nobody foresaw."""

import traceback
from pathlib import Path

__all__ = ["place_of"]

_ROOT = Path(__file__).resolve().parents[1]


def place_of(error: BaseException) -> str:
    """The kind of an error and the last place in our own code, never its text: that may quote a cell."""
    ours = [
        f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_ROOT) and ".venv" not in Path(frame.filename).parts
    ]
    # What the operating system says of itself quotes nobody, its file names might.
    reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__} at {ours[-1] if ours else 'an unknown place'}{reason}"
