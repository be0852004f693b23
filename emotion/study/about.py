"""What a study is of, and what must be known to read its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emotion.core.tables import markdown_text
from emotion.evaluation.scores import FEWEST
from emotion.evaluation.significance import PAIRS


@dataclass(frozen=True)
class Interval:
    """What the intervals and p-values of the scored split rest on.

    Attributes:
        over: `dialogues`, `speakers` or `utterances`: what is resampled.
        count: how many there are.
        given: whether these are enough; else there is neither interval nor p-value.
    """

    over: str
    count: int
    given: bool

    @property
    def counted(self) -> str:
        """E.g. `12 dialogues`."""
        return f"{self.count} {self.over if self.count > 1 else self.over[:-1]}"


@dataclass(frozen=True)
class About:
    """What a page says about its study.

    Attributes:
        corpus: name.
        protocol: `split` or `leave-one-session-out`.
        labels: names of the classes.
        features: modality -> dimensions.
        counts: split -> (utterances, dialogues).
        folds: names of the held-out sessions; [] for one split.
        seeds: how many.
        reference: the model that the others are compared with.
        scored: the split that counts.
        interval: what is resampled.
        absent: where (e.g. `training`) -> the classes that have no utterance there.
        unknown: modalities of which nobody knows what their encoders were trained on.
    """

    corpus: str
    protocol: str
    labels: tuple[str, ...]
    features: Mapping[str, int]
    counts: Mapping[str, tuple[int, int]]
    folds: list[str]
    seeds: int
    reference: str
    scored: str
    interval: Interval
    absent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unknown: Sequence[str] = ()

    @property
    def short(self) -> str:
        """The protocol in a few words, for table rows."""
        if self.folds:
            scored = f"each of {len(self.folds)} sessions held out"
        elif self.scored == "test":
            scored = f"test, {self.counts['test'][0]} utterances"
        else:
            scored = f"validation only, {self.counts['validation'][0]} utterances"
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


def head(about: About) -> str:
    """Title, corpus and protocol, and what stands beside all figures."""
    counts = ", ".join(
        f"{split} {utterances} utterances in {dialogues} dialogues"
        for split, (utterances, dialogues) in about.counts.items()
        if utterances
    )
    parts = [
        "# Study",
        f"Corpus {markdown_text(about.corpus)}: {counts}. {seeds_text(about.seeds)} per model. The epoch of every run "
        "is the one with the best weighted F1 on its validation utterances. Figures are per cent.",
    ]
    if about.folds:
        parts.append(
            f"Protocol: leave one session out. Each of {', '.join(about.folds)} is held out once; scores are means "
            "over the held-out sessions. Dialogues for validation come from the other sessions. This is honest where "
            "the features were not fitted on the corpus itself; encoders fitted on its training sessions have seen the "
            "held-out ones."
        )
    elif about.scored == "validation":
        parts.append(
            "The features hold no test utterances, so everything is scored on the validation utterances, on which the "
            "epoch was chosen too: these figures are too high for new data."
        )
    return "\n\n".join([*parts, *_warnings(about)])


def _warnings(about: About) -> list[str]:
    found = []
    if about.unknown:
        found.append(
            f"Encoders: unknown training utterances ({markdown_text(', '.join(about.unknown))}). The features were "
            "imported, and nobody knows which utterances trained their encoders; scored ones may be among them, which "
            "would make every figure here too high."
        )
    for where, labels in about.absent.items():
        if labels:
            found.append(f"Classes without a {where} utterance: {markdown_text(', '.join(labels))}.")
    if not about.interval.given:
        where = f" in {len(about.folds)} sessions" if about.folds else ""
        found.append(
            f"No intervals and no bootstrap p-values: the figures rest on {about.interval.counted}{where}, and fewer "
            f"than {FEWEST} independent ones say too little of how they would change with others."
        )
    return found
