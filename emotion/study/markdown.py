"""The study as a page of tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emotion.study import paper
from emotion.study.cells import ends, mean_std, p_value, percent, table
from emotion.study.missing import ANY
from emotion.study.scoring import ENOUGH, Row
from emotion.study.soft import Raters


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

    @property
    def short(self) -> str:
        """The protocol in a few words, for table rows."""
        if self.folds:
            scored = f"each of {len(self.folds)} sessions held out"
        elif self.scored == "test":
            scored = f"test, {self.counts['test'][0]} utterances"
        else:
            scored = f"validation only, {self.counts['validation'][0]} utterances"
        return f"mean of {_seeds(self.seeds)}; epoch chosen on validation; corpus {self.corpus}, {scored}"


def page(about: About, rows: Sequence[Row], *, raters: Raters | None, missing: Sequence[Mapping[str, object]]) -> str:
    """The whole page.

    Args:
        about: what the study is of.
        rows: from `scoring.score`.
        raters: of the scored utterances, where what they say is known.
        missing: rows of missing.csv.
    """
    models = [row for row in rows if row.name == row.record.variant.full]
    reduced = [row for row in rows if row.name != row.record.variant.full]
    parts = [_head(about), _main(models, about.scored)]
    if len(models) > 1:
        parts.append(_comparisons(models, "Compared with the reference", about.scored))
    parts += [_per_class(models, about), _table_2(models, about) if about.labels == paper.CLASSES else ""]
    if reduced:
        parts.append(_comparisons(reduced, "Ablations", about.scored))
    if missing:
        parts.append(_missing(missing, about.scored))
    parts += [_calibration(models, about.scored), _soft(models, raters) if raters else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(about: About) -> str:
    counts = ", ".join(
        f"{split} {utterances} utterances in {dialogues} dialogues"
        for split, (utterances, dialogues) in about.counts.items()
        if utterances
    )
    lines = [
        "# Study",
        "",
        f"Corpus {about.corpus}: {counts}. {_seeds(about.seeds)} per model. The epoch of every run is the one with the "
        "best weighted F1 on its validation utterances. Figures are per cent.",
    ]
    if about.folds:
        lines += [
            "",
            f"Protocol: leave one session out. Each of {', '.join(about.folds)} is held out once; scores are means "
            "over the held-out sessions. Dialogues for validation come from the other sessions. This is honest where "
            "the features were not fitted on the corpus itself; encoders fitted on its training sessions have seen the "
            "held-out ones.",
        ]
    elif about.scored == "validation":
        lines += [
            "",
            "The features hold no test utterances, so everything is scored on the validation utterances, on which the "
            "epoch was chosen too: these figures are too high for new data.",
        ]
    return "\n".join(lines)


def _main(rows: Sequence[Row], scored: str) -> str:
    header = [
        *("model", "members", "validation weighted F1", "test weighted F1", "95 % interval", "accuracy", "macro F1"),
        *("ensemble of seeds", "claim if the epoch is chosen on test", "inflation"),
    ]
    lines = [
        [
            row.name,
            str(row.figures["members"]),
            mean_std(row, "validation_weighted_f1"),
            mean_std(row, "test_weighted_f1"),
            ends(row, f"{scored}_weighted_f1_ci_low", f"{scored}_weighted_f1_ci_high"),
            mean_std(row, f"{scored}_accuracy"),
            percent(row.figures[f"{scored}_macro_f1"]),
            percent(row.figures[f"{scored}_ensemble_weighted_f1"]),
            percent(row.figures["peek_weighted_f1"]),
            percent(row.figures["peek_inflation"], signed=True),
        ]
        for row in rows
    ]
    notes = (
        f"Mean ± standard deviation over seeds. From the interval to the right: {scored} utterances, except the last "
        "two. The interval is of the mean over seeds, by a bootstrap over dialogues; weighted F1 is what is resampled. "
        "Ensemble: the seeds' probabilities averaged. Claim: the best test weighted F1 of all epochs, mean over runs, "
        "as reported where the epoch is chosen on the test set; inflation: by how much that is above the honest figure."
        " Members: copies that are trained side by side and vote within one run, as the recipe says."
    )
    if len({row.figures["members"] for row in rows}) > 1:
        notes += (
            " As they differ here, a difference between models is one of architecture and of voting; "
            "`--ablate members` shows the model with one member."
        )
    return f"## Models\n\n{table(header, lines)}\n\n{notes}"


def _comparisons(rows: Sequence[Row], title: str, scored: str) -> str:
    header = ["model", "weighted F1", "against", "difference", "95 % interval", "p, bootstrap", "p, Wilcoxon"]
    lines = [
        [
            row.name,
            percent(row.figures[f"{scored}_weighted_f1"]),
            str(row.figures["compared_with"]),
            percent(row.figures["difference"], signed=True),
            ends(row, "difference_ci_low", "difference_ci_high", signed=True),
            p_value(row.figures["bootstrap_p_holm"]),
            p_value(row.figures["wilcoxon_p_holm"]),
        ]
        for row in rows
        if row.comparison is not None
    ]
    notes = (
        f"Difference of the mean {scored} weighted F1 over seeds, in points. Bootstrap: paired over dialogues; "
        "Wilcoxon: signed ranks over seeds (with n seeds its p is at least 2 / 2^n). Both p-values are two-sided and "
        "Holm-corrected over the lines of this table that are against the same model."
    )
    return f"## {title}\n\n{table(header, lines)}\n\n{notes}"


def _per_class(rows: Sequence[Row], about: About) -> str:
    header = ["model", *about.labels]
    parts = []
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        lines = [[row.name, *(percent(row.per_class[label][name]) for label in about.labels)] for row in rows]
        parts.append(f"{title}:\n\n{table(header, lines)}")
    support = [f"{label} {rows[0].per_class[label]['support']:.0f}" for label in about.labels]
    pooled = " Each seed's held-out sessions are counted together." if about.folds else ""
    head = f"Means over seeds, {about.scored} utterances: {', '.join(support)}.{pooled}"
    return "\n\n".join(["## Per class", head, *parts])


def _table_2(rows: Sequence[Row], about: About) -> str:
    """The paper's figures beside ours, each with its protocol."""
    by_model = {row.name: row for row in rows}
    f1, other = [], []
    for line in paper.TABLE_2:
        f1.append([f"{line.title} (paper)", *(f"{value:.1f}" for value in line.f1), "A"])
        other.append([f"{line.title} (paper)", line.acc_is, *(f"{value:.1f}" for value in line.acc), "A"])
        row = by_model.get(line.model)
        if row is not None:
            mean = percent(row.figures[f"{about.scored}_weighted_f1"], digits=1)
            f1.append([f"`{row.name}` (here)", *_classes(row, "f1"), mean, "B"])
            accuracy = percent(row.figures[f"{about.scored}_accuracy"], digits=1)
            other += [
                [f"`{row.name}` (here)", name, *_classes(row, name), accuracy, "B"] for name in ("precision", "recall")
            ]
    for row in rows:
        if row.name not in {line.model for line in paper.TABLE_2}:
            mean = percent(row.figures[f"{about.scored}_weighted_f1"], digits=1)
            f1.append([f"`{row.name}` (here)", *_classes(row, "f1"), mean, "B"])
    pooled = " Of B, figures per class count all held-out sessions together; the last of a row is a mean over sessions."
    parts = [
        "## The paper's Table 2",
        "F1:",
        table(["method", *paper.CLASSES, "weighted F1", "protocol"], f1),
        'What the paper calls "Acc" per class, which is precision for its own model and recall for its baselines:',
        table(["method", "per class", *paper.CLASSES, "accuracy", "protocol"], other),
        f"Protocols: A = {paper.PROTOCOL}. B = {about.short}.{pooled if about.folds else ''} "
        "Different protocols or features do not compare.",
    ]
    return "\n\n".join(parts)


def _classes(row: Row, name: str) -> list[str]:
    return [percent(row.per_class[label][name], digits=1) for label in paper.CLASSES]


def _missing(rows: Sequence[Mapping[str, object]], scored: str) -> str:
    """Two tables: subsets, and shares of utterances."""
    parts = ["## Missing modalities"]
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    here = [row for row in rows if row["kind"] == "present"]
    names = list(dict.fromkeys(str(row["modalities"]) for row in here))
    cells = {(row["model"], row["modalities"]): float(str(row["weighted_f1"])) for row in here}
    lines = [[model, *(percent(cells[model, name]) for name in names)] for model in models]
    parts += [f"Mean {scored} weighted F1 of the trained classifiers, given only:", table(["model", *names], lines)]
    gone = [row for row in rows if row["kind"] == "missing"]
    shares = list(dict.fromkeys(float(str(row["share"])) for row in gone))
    found = {
        (row["model"], row["modalities"], float(str(row["share"]))): float(str(row["weighted_f1"])) for row in gone
    }
    lines = [
        [model, "any one" if name == ANY else name, *(percent(found[model, name, share]) for share in shares)]
        for model in models
        for name in dict.fromkeys(str(row["modalities"]) for row in gone)
    ]
    parts += [
        "With a modality missing for a share of the utterances, drawn once for all models and seeds:",
        table(["model", "missing", *(f"{100 * share:.0f} %" for share in shares)], lines),
    ]
    return "\n\n".join(parts)


def _calibration(rows: Sequence[Row], scored: str) -> str:
    header = ["model", "temperature", "ECE as trained", "ECE with the temperature"]
    lines = [
        [
            row.name,
            f"{row.figures['temperature']:.2f}",
            percent(row.figures["ece_before"]),
            percent(row.figures["ece_after"]),
        ]
        for row in rows
    ]
    same = " They are the same utterances here." if scored == "validation" else ""
    notes = (
        f"Expected calibration error on the {scored} utterances, mean over seeds; the temperature is fitted on the "
        f"validation utterances.{same} See reliability.png; bins with fewer than {ENOUGH} utterances, all seeds "
        "together, are left out of it."
    )
    return f"## Calibration\n\n{table(header, lines)}\n\n{notes}"


def _soft(rows: Sequence[Row], raters: Raters) -> str:
    ceiling = raters.ceiling
    if not ceiling.n:
        return "## Against the raters\n\nNo scored utterance has two raters or more, so nothing is compared with them."
    header = ["", "cross-entropy", "Jensen-Shannon divergence", "cosine"]
    names = ("cross_entropy", "js", "cosine")
    lines = [
        [row.name, *(f"{row.figures[f'soft_{name}']:.3f}" for name in names)]
        for row in rows
        if row.figures["soft_js"] is not None
    ]
    lines.append(["raters", *(f"{getattr(ceiling, name):.3f}" for name in names)])
    notes = (
        "Probabilities against the distribution of the raters' votes; nats, lower is better; for the cosine higher is. "
        f"Raters: how well they agree themselves, on {ceiling.n} utterances: each against the mean of the others (as a "
        "single vote cannot hedge, probabilities may come nearer); for the cross-entropy the entropy of the "
        f"distribution, below which nothing can come. {raters.dropped} of the {raters.labels} labels that raters gave "
        "to the scored utterances are of no class and left out; the others of the same rater share the vote."
    )
    return f"## Against the raters\n\n{table(header, lines)}\n\n{notes}"


def _seeds(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"
