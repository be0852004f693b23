"""A clip that people try is predicted, in a worker process that says how far it is."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from emotion.core import processes
from emotion.core.errors import EmotionError
from emotion.core.text import printable
from emotion.page.timeline import write_page
from emotion.predict.media import by_name
from emotion.predict.run import predict
from emotion.predict.talk import Listening
from emotion.timeline.writing import WRITERS, file_name

FILES: Final = tuple(map(file_name, WRITERS))
"""What is made besides the page."""
_BEAT: Final = 0.25  # s between two words to the parent
_STEPS: Final = {"listen": "listening", "watch": "watching", "features": "comparing", "write": "making the page"}


Task = tuple[Path, Path, int | None]
"""The upload, the folder for what is made of it, and how many people speak (None = not known)."""
SoFar = tuple[str, float, float, float]
"""Step, how much of it is done, how much it is, and the s that it has taken; see `in_words`."""


@dataclass(frozen=True)
class Asked:
    """How clips are predicted.

    Attributes:
        model: a packed model's folder.
        how: turns are found.
        faces: look at faces.
        demo: take any recording, though the model was trained on the generated corpus.
    """

    model: Path
    how: Listening
    faces: bool = True
    demo: bool = False


_asked: list[Asked] = []  # of a worker process


def get_ready(asked: Asked) -> None:
    """In a worker process, before the first clip: note how clips are predicted."""
    _asked[:] = [asked]


def predict_one(task: Task) -> str:
    """In a worker process: predict a file into a folder; returns why it cannot be, '' where it was."""
    media, out, speakers = task
    asked, so_far = _asked[0], list[SoFar]()
    since: dict[str, float] = {}

    def progress(step: str, done: float, total: float) -> None:
        so_far[:] = [(step, done, total, time.monotonic() - since.setdefault(step, time.monotonic()))]

    with _telling(so_far):
        try:
            predict(
                [media],
                model=asked.model,
                out=out,
                how=replace(asked.how, speakers=speakers or asked.how.speakers),
                faces=asked.faces,
                formats=(*WRITERS, "html"),
                extras={"html": partial(write_page, files=FILES)},
                demo=asked.demo,
                progress=progress,
            )
        except EmotionError as error:
            return printable(by_name(str(error), [media]))
    return ""


@contextmanager
def _telling(so_far: list[SoFar]) -> Iterator[None]:
    """Meanwhile the parent hears now and then how far it is, also where nothing has changed: it may stop us then."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_BEAT):
            processes.tell(so_far[0] if so_far else ("", 0.0, 0.0, 0.0))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def in_words(step: str, done: float, total: float, seconds: float) -> tuple[str, float | None]:
    """How far a step is, and the share of it that is done.

    Args:
        step: see `predict`; '' = none has begun.
        done: so much of it.
        total: how much it is, 0 = not known.
        seconds: that it has taken.
    """
    if not step:
        return "starting", None
    name = _STEPS.get(step, step)
    if total <= 0:
        return name, None
    share = min(1.0, done / total)
    of = f"{done:.0f} of {total:.0f}" + (" s" if step in ("listen", "watch") else "")
    left = f", {seconds * (1 / share - 1):.0f} s left" if 0 < share < 1 and seconds >= 1 else ""
    return f"{name}: {of}{left}", share
