"""How long the page of a corpus of IEMOCAP's size takes, and how large it is: `python -m benchmarks.page`."""

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.planted_run import plant

UTTERANCES, DIALOGUES = 10_039, 151
DIMS = {"audio": 128, "face": 128, "text": 300}  # as the generated corpus has them
SECONDS, MEGABYTES = 20, 25


def lengths() -> list[int]:
    """As many utterances as IEMOCAP has, in as many dialogues."""
    return [UTTERANCES // DIALOGUES + (i < UTTERANCES % DIALOGUES) for i in range(DIALOGUES)]


def measure(folder: Path, *, model: str, context: tuple[int | str, int | str]) -> tuple[float, float]:
    """Seconds and megabytes of a page without media."""
    from emotion.page.build import report

    plant(folder, lengths=lengths(), dims=DIMS, model=model, context=context, hidden=128, heads=4, text=_TEXT)
    before = time.perf_counter()
    size = report(folder, folder / "report.html", media="none")
    return time.perf_counter() - before, size / 1e6


_TEXT = "This is what somebody says in utterance {i} of the corpus, about sixty characters of it."


def main() -> None:
    """Measure the default model, and one that reads whole dialogues."""
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    good = True
    for model, context in (("fusion", (10, 0)), ("speaker_fusion", ("all", "all"))):
        with tempfile.TemporaryDirectory() as folder:
            seconds, size = measure(Path(folder), model=model, context=context)
        good &= seconds <= SECONDS and size <= MEGABYTES
        print(f"{model}: {UTTERANCES} utterances, {seconds:.1f} s, {size:.1f} MB")
    sys.exit(not good)


if __name__ == "__main__":
    main()
