"""JSON objects out of files that may be damaged or a stranger's: bounded before they are read, one line where wrong."""

import json
from pathlib import Path
from typing import Any

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import quoted, shortened

_MOST = 1 << 20  # bytes
_DEEPEST = 50  # levels


def read_object(path: Path, *, remedy: str, most: int = _MOST) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: the file.
        remedy: what to do where it cannot be used, for messages.
        most: bytes that it may have.

    Raises:
        EmotionError: it is missing, unreadable, too large, no JSON, nested too deeply, or no object.
    """
    check_waits(path)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {remedy}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    if len(content) > most:
        raise EmotionError(f"{path}: larger than {most >> 10} KiB, expected a JSON file of settings; {remedy}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and numbers of thousands of digits are the first
        raise EmotionError(f"{path}: no JSON ({shortened(str(error))}); {remedy}") from None
    if not isinstance(found, dict):
        raise EmotionError(f"{path}: holds {quoted(found, most=40)}, expected a JSON object; {remedy}")
    if depth(found) > _DEEPEST:
        raise EmotionError(f"{path}: nested deeper than {_DEEPEST} levels; {remedy}")
    return found


def depth(value: object) -> int:
    """Levels of lists and objects in a JSON value; 0 of a single value."""
    levels, inside = 0, [value]
    while inside := [item for item in inside if isinstance(item, dict | list)]:
        levels += 1
        inside = [part for item in inside for part in (item.values() if isinstance(item, dict) else item)]
    return levels
