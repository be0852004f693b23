"""Errors that users can mend, shown as one line instead of a traceback."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class EmotionError(ValueError):
    """Something the user can mend: the message names the file or utterance, found, expected and the mend."""


class MediaError(EmotionError):
    """Audio or video of one utterance cannot be used; the message is kept as the reason of the missing modality."""


ABSENT = "the corpus has none for this utterance"
"""How the reason of a missing modality ends where the corpus itself lacks it: that is no fault of the media."""


def absent_everywhere(reasons: Sequence[str]) -> bool:
    """Whether no utterance has the modality, because the corpus has none: e.g. a table of sound files without video."""
    return bool(reasons) and all(reason.endswith(ABSENT) for reason in reasons)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print `EmotionError` and `OSError` as one line on stderr and exit with 1; Ctrl-C exits with 130.

    With the environment variable `EMOTION_TRACEBACK=1` the traceback is shown as well.
    """
    try:
        yield
    except (EmotionError, OSError) as error:
        if os.environ.get("EMOTION_TRACEBACK") == "1":
            raise
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: run the same command again to continue\n")
        raise SystemExit(130) from None
