"""The study as a page of tables."""

from collections.abc import Mapping, Sequence
from functools import partial

from emotion.core.tables import markdown_table, markdown_text
from emotion.study import notes, paper
from emotion.study.about import About, head
from emotion.study.cells import ends, mean_std, p_value, percent
from emotion.study.missing import ANY
from emotion.study.scoring import Row
from emotion.study.soft import Raters

table = partial(markdown_table, figures=True)


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
    parts = [head(about), _main(models, about)]
    if len(models) > 1:
        parts.append(_comparisons(models, "Compared with the reference", about))
    parts += [_per_class(models, about), _table_2(models, about) if about.labels == paper.CLASSES else ""]
    if reduced:
        parts.append(_comparisons(reduced, "Ablations", about))
    if missing:
        parts.append(_missing(missing, about))
    parts += [_calibration(models, about.scored), _soft(models, raters) if raters else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def _main(rows: Sequence[Row], about: About) -> str:
    scored = about.scored
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
            ends(row, f"{scored}_weighted_f1_ci_low", f"{scored}_weighted_f1_ci_high", none=about.no_interval),
            mean_std(row, f"{scored}_accuracy"),
            percent(row.figures[f"{scored}_macro_f1"]),
            percent(row.figures[f"{scored}_ensemble_weighted_f1"]),
            percent(row.figures["peek_weighted_f1"]),
            percent(row.figures["peek_inflation"], signed=True),
        ]
        for row in rows
    ]
    over = about.interval.counted if about.interval.given else ""
    note = notes.models(scored, over=over, differ=len({row.figures["members"] for row in rows}) > 1)
    return f"## Models\n\n{table(header, lines)}\n\n{note}"


def _comparisons(rows: Sequence[Row], title: str, about: About) -> str:
    header = ["model", "weighted F1", "against", "difference", "95 % interval", "p, bootstrap", "p, Wilcoxon"]
    lines = [
        [
            row.name,
            percent(row.figures[f"{about.scored}_weighted_f1"]),
            str(row.figures["compared_with"]),
            percent(row.figures["difference"], signed=True),
            ends(row, "difference_ci_low", "difference_ci_high", signed=True, none=about.no_interval),
            p_value(row.figures["bootstrap_p_holm"], none=about.no_interval),
            p_value(row.figures["wilcoxon_p_holm"], none=about.no_ranks),
        ]
        for row in rows
        if row.comparison is not None
    ]
    note = notes.comparisons(about.scored, over=about.interval.over)
    return f"## {title}\n\n{table(header, lines)}\n\n{note}"


def _per_class(rows: Sequence[Row], about: About) -> str:
    header = ["model", *about.labels]
    parts = []
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        lines = [[row.name, *(percent(row.per_class[label][name]) for label in about.labels)] for row in rows]
        parts.append(f"{title}:\n\n{table(header, lines)}")
    support = [f"{markdown_text(label)} {rows[0].per_class[label]['support']:.0f}" for label in about.labels]
    pooled = " Each seed's held-out sessions are counted together." if about.folds else ""
    counts = f"Means over seeds, {about.scored} utterances: {', '.join(support)}.{pooled}"
    return "\n\n".join(["## Per class", counts, *parts])


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
            f1.append([f"{row.name} (here)", *_classes(row, "f1"), mean, "B"])
            accuracy = percent(row.figures[f"{about.scored}_accuracy"], digits=1)
            other += [
                [f"{row.name} (here)", name, *_classes(row, name), accuracy, "B"] for name in ("precision", "recall")
            ]
    for row in rows:
        if row.name not in {line.model for line in paper.TABLE_2}:
            mean = percent(row.figures[f"{about.scored}_weighted_f1"], digits=1)
            f1.append([f"{row.name} (here)", *_classes(row, "f1"), mean, "B"])
    parts = [
        "## The paper's Table 2",
        "F1:",
        table(["method", *paper.CLASSES, "weighted F1", "protocol"], f1),
        'What the paper calls "Acc" per class, which is precision for its own model and recall for its baselines:',
        table(["method", "per class", *paper.CLASSES, "accuracy", "protocol"], other),
        notes.table_2(about.short, folds=bool(about.folds)),
    ]
    return "\n\n".join(parts)


def _classes(row: Row, name: str) -> list[str]:
    return [percent(row.per_class[label][name], digits=1) for label in paper.CLASSES]


def _missing(rows: Sequence[Mapping[str, object]], about: About) -> str:
    """Two tables: subsets, and shares of utterances."""
    parts = ["## Missing modalities"]
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    here = [row for row in rows if row["kind"] == "present"]
    names = list(dict.fromkeys(str(row["modalities"]) for row in here))
    cells = {(row["model"], row["modalities"]): float(str(row["weighted_f1"])) for row in here}
    lines = [[model, *(percent(cells[model, name]) for name in names)] for model in models]
    parts += [
        f"Mean {about.scored} weighted F1 of the trained classifiers, given only:",
        table(["model", *names], lines),
    ]
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
    utterances, _ = about.counts["all" if about.folds else about.scored]
    note = notes.missing(rows, utterances=utterances)
    return "\n\n".join([*parts, note] if note else parts)


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
    return f"## Calibration\n\n{table(header, lines)}\n\n{notes.calibration(scored)}"


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
    note = (
        "Probabilities against the distribution of the raters' votes; nats, lower is better; for the cosine higher is. "
        f"Raters: how well they agree themselves, on {ceiling.n} utterances: each against the mean of the others (as a "
        "single vote cannot hedge, probabilities may come nearer); for the cross-entropy the entropy of the "
        f"distribution, below which nothing can come. {raters.dropped} of the {raters.labels} labels that raters gave "
        "to the scored utterances are of no class and left out; the others of the same rater share the vote."
    )
    return f"## Against the raters\n\n{table(header, lines)}\n\n{note}"
