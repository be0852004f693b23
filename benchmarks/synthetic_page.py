"""The page that benchmarks/synthetic.py writes."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.synthetic_scenarios import section
from emotion.core.limits import MODALITIES

SEEDS = (1, 2, 3)
FOLDS = 4
EVERYTHING = ",".join(MODALITIES)
SUBSETS = (EVERYTHING, *MODALITIES)


_MADE = """\
Five sessions of two actors, six dialogues each, in IEMOCAP's release layout; `synthesize.seed` fixes every byte.

- **Emotions** follow each other: speakers keep their emotion or catch the other's, more often than not. Each emotion
  comes at least eight times in a session.
- **Face, voice and words** show the emotion in about every other turn each; in every turn at least one of them does.
  Some lines fit two similar emotions or all six, and single pictures of a face do not tell similar emotions apart.
- **Scenarios** come again in every session; the dialogue's name has them. `script01` and `script02` are scripted: the
  same role says the same lines in the same order, and feels what the script says in two turns of three. `impro01` to
  `impro03` are improvised: other lines about the same people, places and things. Each role of a scenario has emotions
  that come more often than others; over the dialogues of a session these even out.
- **Actors** have habits: a mood, how easily they catch the other's emotion, whether face, voice or words show theirs,
  what they make most of (melody, force or pace; brows, mouth or head), and words that end their improvised lines.
  Over the ten actors habits even out.
"""


class Scores:
    """What was measured: name -> one value per seed."""

    def __init__(self) -> None:
        self.values: dict[str, dict[int, float]] = {}

    def add(self, seed: int, values: dict[str, float]) -> None:
        """Take in the values of one seed."""
        for name, value in values.items():
            self.values.setdefault(name, {})[seed] = value

    def of(self, name: str) -> list[float]:
        """The values in the order of the seeds."""
        return [self.values[name][seed] for seed in SEEDS]

    def mean(self, name: str) -> float:
        """Mean over the seeds."""
        return statistics.mean(self.of(name))


def page(scores: Scores, *, count: int, index: Path) -> str:
    """The Markdown page."""
    parts = [head(count), section(index), _modalities(scores), _fronts(scores), _folds(scores, count)]
    return "\n".join(line for part in parts for line in part) + "\n"


def head(count: int) -> list[str]:
    """What the page is about, and how the corpus is made."""
    return [
        "# The generated corpus",
        "",
        "Test weighted F1 on session 5, whose two actors are never seen in training. Encoders and fusion are fitted",
        f"again for each seed; {count} test utterances, six classes. Written by `python -m benchmarks.synthetic`,",
        "which `make docs` runs.",
        "",
        "## How it is made",
        "",
        *_MADE.splitlines(),
        "",
    ]


def _modalities(scores: Scores) -> list[str]:
    rows = {_said(subset): scores.of(f"plain {subset}") for subset in SUBSETS}
    rows |= {f"{_said(subset)}; training labels shuffled": scores.of(f"shuffled {subset}") for subset in SUBSETS}
    gain = scores.mean(f"plain {EVERYTHING}") - max(scores.mean(f"plain {name}") for name in MODALITIES)
    return [
        "## Modalities",
        "",
        "The paper's three encoders, `model: fusion`. Training labels shuffled, for encoders and fusion alike, show",
        "what chance is.",
        "",
        *_table("modalities", rows),
        "",
        f"All modalities together gain {gain:+.3f} over the best single one. A single modality uses the context too.",
        "",
    ]


def _fronts(scores: Scores) -> list[str]:
    rows = {
        f"{front}: {_said(subset)}": scores.of(f"{name} {subset}")
        for subset in ("audio", EVERYTHING)
        for front, name in (("waveform", "plain"), ("logmel", "logmel"))
    }
    gain = scores.mean("logmel audio") - scores.mean("plain audio")
    return [
        "## The audio encoder's front end",
        "",
        "`audio.front`: learned filters on the waveform, or log-mel energies with SpecAugment.",
        "",
        *_table("front end, modalities", rows),
        "",
        f"Alone, `logmel` is {gain:+.3f} against `waveform`.",
        "",
    ]


def _folds(scores: Scores, count: int) -> list[str]:
    rows = {
        "folds: 1": scores.of(f"plain {EVERYTHING}"),
        f"folds: {FOLDS}": scores.of(f"folds {EVERYTHING}"),
    }
    pairs = zip(*rows.values(), strict=True)
    gains = [more - one for one, more in pairs]
    leak = [
        "| encoder | training, seen in fitting | training, left out | validation |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | "
            + " | ".join(f"{scores.mean(f'{what} {name}'):.3f}" for what in ("seen", "left out", "validation"))
            + " |"
            for name in MODALITIES
        ),
    ]
    said = ", ".join(f"{gain:+.3f}" for gain in gains)
    return [
        "## Features without leakage",
        "",
        "Weighted F1 of each encoder with its own linear head, mean of the seeds. An encoder knows what it has seen",
        "in fitting better than what it meets later, and with `fit.folds: 1` the fusion stage is trained on just that:",
        "",
        *leak,
        "",
        f"With `fit.folds: {FOLDS}` each training utterance is extracted by an encoder that has not seen its session.",
        "A rotation, scale and shift bring its vectors closest to those of the encoder that extracts validation and",
        "test. Test weighted F1 of the fusion of all modalities:",
        "",
        *_table("", rows),
        "",
        f"The difference is {said} for the seeds, {statistics.mean(gains):+.3f} on average; a score on {count}",
        f"utterances has a sampling error of about {_error(statistics.mean(rows['folds: 1']), count):.3f}.",
    ]


def _error(share: float, count: int) -> float:
    """Standard error of a share of so many utterances."""
    return float((share * (1 - share) / count) ** 0.5)


def _said(subset: str) -> str:
    return subset.replace(",", ", ")


def _table(title: str, rows: dict[str, list[float]]) -> Sequence[str]:
    lines = [
        f"| {title} | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean | standard deviation |",
        "| --- |" + " --- |" * (len(SEEDS) + 2),
    ]
    for name, values in rows.items():
        figures = [*values, statistics.mean(values), statistics.stdev(values)]
        lines.append(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    return lines
