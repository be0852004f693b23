"""`python -m benchmarks.performance`: how fast extraction is, into benchmarks/results.json and docs/performance.md.

Ratios compare what ran by turns in one process. Time per core is processor time, so that it can be measured on a
machine that does other things as well; the best of a few repetitions counts.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import robustness
from benchmarks.figures import Figure
from benchmarks.performance_cache import cache
from benchmarks.performance_gpu import gpu
from benchmarks.performance_media import audio, faces
from benchmarks.performance_text import text
from benchmarks.record import read, record

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
PARTS: dict[str, Callable[[Path], list[Figure]]] = {
    "faces": faces,
    "audio": audio,
    "text": text,
    "cache": cache,
    "gpu": gpu,
}
HEAD = ["area", "what", "measured", "target", ""]


def page(figures: Sequence[Figure], machine: dict[str, str | int]) -> str:
    """The document."""
    cells = [HEAD, ["---"] * len(HEAD), *(figure.shown() for figure in figures)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in cells)
    about = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in machine.items())
    missed = [figure for figure in figures if not figure.good]
    verdict = f"Targets missed: {len(missed)}." if missed else "All targets are met."
    return f"""# Speed of extraction, and what it withstands

Written by `python -m benchmarks.performance`; do not edit. Ratios compare what ran by turns in one process. Time per
core is processor time, and the best of a few repetitions counts. {verdict}

{table}

## What was measured

- faces: a generated video of 5 minutes, 720x480, 30 frames/s, XVID in AVI, with two drawn actors; turns of 2 to 7 s
  fill its whole length. Clips of 48x48 px at 15 frames/s, the bundled Haar detector. Where the face is gets
  known of every fifth frame; while it stands still the detector looks at every 20th.
- audio: an hour of speech in 16 kHz wav through the paper's encoder with random weights, from the index to the cache.
- text: 384 sentences of random words, 12 on average, through 12 layers of 768 with random weights in float32. All ways
  give the same vectors. sentence-transformers sorts by length and pads batches of 32; ours are not padded. The more
  texts there are, the less it pads: its batches have 45 % more tokens than the texts here, 17 % more where there are
  7433, as in IEMOCAP; of those every 19th batch was measured. With several cores the stage has a worker on each, the
  others have torch's threads; wall clock.
- growth: a cheap audio encoder, so that what the engine itself costs shows.

## Machine

{about}

{robustness.section()}
"""


def write_page() -> None:
    """Write the document from the figures that benchmarks/results.json holds."""
    found = read()["performance"]
    figures = [Figure.from_json(one) for one in found["figures"]]
    DOCUMENT.write_text(page(figures, found["machine"]).rstrip() + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print, write; with names of areas as arguments only these, the others stay as they were."""
    wanted = sys.argv[1:] or list(PARTS)
    before = [Figure.from_json(one) for one in read().get("performance", {}).get("figures", [])]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, part in PARTS.items():
            kept = [figure for figure in before if figure.part == name]
            figures += [replace(one, part=name) for one in part(Path(folder))] if name in wanted else kept
    record("performance", {"figures": [figure.to_json() for figure in figures]})
    write_page()
    shown = Table(*HEAD)
    for figure in figures:
        shown.add_row(*figure.shown())
    Console(width=140).print(shown)
    missed = sum(not figure.good for figure in figures)
    Console().print(f"{len(figures)} figures, {missed} targets missed -> {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
