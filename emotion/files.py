"""Writing files so that neither a kill nor a full disk leaves half of one in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion.errors import EmotionError


@contextmanager
def writing(path: Path, *failures: type[Exception]) -> Iterator[Path]:
    """Yield a name beside `path` to write to; the file takes its place at the end, or is removed after a failure.

    Args:
        path: the file to write; its folder is made.
        failures: what the writing library raises where the disk is full, besides OSError.

    Raises:
        EmotionError: the file cannot be written; what was at `path` is untouched.
    """
    partial = path.with_name(path.name + ".partial")
    expected: tuple[type[Exception], ...] = (OSError, *failures)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except expected as error:
        cause = " ".join(str(error).split())
        raise EmotionError(f"{path}: cannot be written ({cause}); free some space there and run again") from None
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the line ends it has; see `writing`."""
    with writing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")
