"""What a study is of, and what its intervals rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emotion.core.tables import markdown_text
from emotion.evaluation.significance import PAIRS

_WITHOUT = {
    "session": "",
    "scenario": ", without what plays its scenarios",
    "random": ", without as many other dialogues at random",
}


@dataclass(frozen=True)
class Interval:
    """What intervals and p-values rest on: `count` dialogues, speakers or utterances; not given where these are few."""

    over: str
    count: int
    given: bool

    @property
    def counted(self) -> str:
        """E.g. `12 dialogues`."""
        return f"{self.count} {self.over if self.count > 1 else self.over[:-1]}"


@dataclass(frozen=True)
class About:
    """What a study is of, and what must be known to read its tables.

    Attributes:
        corpus: name.
        protocol: see `folds.PROTOCOLS`.
        features: modality -> dimensions.
        folds: what is held out in turn, see `Fold.name`; [] for one split.
        seeds: how many.
        reference: the model that the others are compared with.
        scored: the split that counts.
        interval: what is resampled.
        labels: names of the classes.
        counts: split -> (utterances, dialogues).
        absent: where (e.g. `training`) -> the classes that have no utterance there.
        unknown_training: modalities of which nobody knows what their encoders were trained on.
        shared: scored split -> what it shares with training, see `Shared.counts`.
        chosen: model -> who chose its settings, on what.
        validation_only: whether test utterances were left out on purpose.
        encoders: modality -> the architecture that made its features; '' = not known.
        tuned: what each fold chose, see `nested.lines`; [] = settings are those of the recipes.
    """

    corpus: str
    protocol: str
    features: Mapping[str, int]
    folds: Sequence[str]
    seeds: int
    reference: str
    scored: str
    interval: Interval
    labels: Sequence[str]
    counts: Mapping[str, tuple[int, int]]
    absent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown_training: Sequence[str] = ()
    shared: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    validation_only: bool = False
    encoders: Mapping[str, str] = field(default_factory=dict)
    tuned: Sequence[Mapping[str, Any]] = ()

    @property
    def sessions(self) -> list[str]:
        """Names of the held-out sessions; '' where only scenarios are held out."""
        if self.protocol == "session":
            return list(self.folds)
        return list(dict.fromkeys(name.rpartition("-")[0] for name in self.folds))

    @property
    def short(self) -> str:
        """The protocol in a few words, for table rows."""
        if self.folds:
            sessions = f"each of {len(self.sessions)} sessions" if self.sessions != [""] else "each group of scenarios"
            scored = f"{sessions} held out{_WITHOUT[self.protocol]}"
        else:
            only = "" if self.scored == "test" else " only"
            scored = f"{self.scored}{only}, {self.counts[self.scored][0]} utterances"
        corpus = markdown_text(self.corpus)
        return f"mean of {seeds_text(self.seeds)}; epoch chosen on validation; corpus {corpus}, {scored}"

    @property
    def no_interval(self) -> str:
        """What stands in the place of an interval or a bootstrap's p-value; '' where they are given."""
        return "" if self.interval.given else f"none ({self.interval.counted})"

    @property
    def no_ranks(self) -> str:
        """What stands in the place of the signed-rank test's p-value where there is none."""
        return f"none ({seeds_text(self.seeds)})" if self.seeds < PAIRS else "none (equal pairs)"


def seeds_text(count: int) -> str:
    """E.g. `3 seeds`."""
    return f"{count} seed{'s' if count > 1 else ''}"
