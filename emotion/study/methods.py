"""The methods paragraph of a paper, from what ran, and the references that it needs."""

from collections.abc import Mapping, Sequence

from emotion.core.latex import latex_text
from emotion.core.text import counted
from emotion.corpus.shared import told
from emotion.evaluation.scores import RESAMPLES
from emotion.study import citing
from emotion.study.about import About, seeds_text
from emotion.study.scoring import Row


def methods(about: About, rows: Sequence[Row]) -> tuple[str, list[str]]:
    """The paragraph in LaTeX, and the keys of what it cites.

    Args:
        about: what the study is of.
        rows: of its models and their ablations.
    """
    whole = [row for row in rows if not row.ablation]
    parts = [
        _models(about, whole),
        _data(about),
        _protocol(about),
        _training(about, whole),
        _settings(about),
        _scores(about),
    ]
    keys = [key for _, cited in parts for key in cited]
    return "% Written by `emotion study`, from what ran.\n" + "\n".join(text for text, _ in parts if text) + "\n", keys


_Part = tuple[str, Sequence[str]]


def _models(about: About, rows: Sequence[Row]) -> _Part:
    keys = [key for row in rows for key in citing.of_model(row.variant.model)]
    named = [f"{latex_text(row.name)}{citing.cite(citing.of_model(row.variant.model))}" for row in rows]
    corpus = citing.of_corpus(about.corpus)
    what = f"We compare {_listed(named)}" if len(named) > 1 else f"We use {named[0]}"
    return f"{what} on the corpus {latex_text(about.corpus)}{citing.cite(corpus)}.", [*keys, *corpus]


def _data(about: About) -> _Part:
    counts = [
        f"{utterances} utterances in {dialogues} dialogues{'' if split == 'all' else f' ({split})'}"
        for split, (utterances, dialogues) in about.counts.items()
        if utterances
    ]
    keys: list[str] = []
    features = []
    for modality, size in about.features.items():
        family = about.encoders.get(modality, "")
        own = citing.of_family(family)
        keys += own
        by = f", {latex_text(family)}{citing.cite(own)}" if family and family != "ours" else citing.cite(own)
        features.append(f"{latex_text(modality)} ({size} dimensions{by})")
    text = f"We use {_listed(counts)} and the classes {_listed([latex_text(label) for label in about.labels])}."
    text += f" Features are of {_listed(features)}."
    if about.unknown_training:
        names = _listed([latex_text(name) for name in about.unknown_training])
        text += f" Which utterances trained the encoders is not known ({names})."
    return text, keys


def _protocol(about: About) -> _Part:
    sessions = _listed([latex_text(name) for name in about.sessions if name])
    text = {
        "session": f"Each of {sessions} is held out once.",
        "scenario": "A session and a group of scenarios are held out together: what plays them leaves training, too "
        f"({len(about.folds)} folds).",
        "random": "A session is held out, and as many dialogues at random as the protocol scenario leaves out "
        f"({len(about.folds)} folds).",
    }.get(about.protocol, "The split is the corpus's own.")
    if about.folds:
        text += " Scores are means over the held-out sessions."
    said = [latex_text(told(split, counts)) for split, counts in about.shared.items()]
    return " ".join([text, *(f"{one[0].upper()}{one[1:]}." for one in said)]), ()


def _training(about: About, rows: Sequence[Row]) -> _Part:
    epochs: dict[int, list[str]] = {}
    for row in rows:
        epochs.setdefault(int(row.variant.settings["epochs"]), []).append(latex_text(row.name))
    most = _listed(
        [
            counted(count, "epochs") + (f" ({_listed(names)})" if len(epochs) > 1 else "")
            for count, names in epochs.items()
        ]
    )
    text = (
        f"Each model is trained with {seeds_text(about.seeds)} for {most} at most; of every run the epoch with "
        "the best weighted F1 on validation utterances is kept."
    )
    voting = {latex_text(row.name): row.figures["members"] for row in rows if row.figures["members"] > 1}
    keys = citing.ENSEMBLE if voting else ()
    if voting:
        named = _listed([f"{count} copies of {name}" for name, count in voting.items()])
        text += f" Within a run {named} vote{citing.cite(keys)}."
    if about.scored == "test":
        return f"{text} Test labels were read once, after all runs.", keys
    return f"{text} The scores are on these validation utterances, so they are too high for other data.", keys


def _settings(about: About) -> _Part:
    if about.tuned:
        trials = sorted({int(row["trials"]) for row in about.tuned})
        inside = "in every fold, inside its own training part" if about.folds else "on the training part"
        return (
            f"The settings of every model were searched for {inside}, with {_listed(list(map(str, trials)))} trials "
            f"each of a tree-structured Parzen estimator{citing.cite(citing.TUNING)} that begins with the model's "
            "recipe; a trial below the median of the others was stopped. The score of a trial is its mean weighted F1 "
            f"on held-out groups of that training part. {_who(about.chosen)}",
            citing.TUNING,
        )
    return _who(about.chosen), ()


def _who(chosen: Mapping[str, str]) -> str:
    said = "; ".join(f"{latex_text(model)}: {latex_text(by)}" for model, by in chosen.items())
    return f"Who chose the settings, on what: {said}." if said else ""


def _scores(about: About) -> _Part:
    if not about.interval.given:
        return f"There are no intervals: {latex_text(about.interval.counted)} are too few.", ()
    return (
        f"Intervals are of the mean over seeds, from a bootstrap over {latex_text(about.interval.over)} "
        f"({RESAMPLES} resamples){citing.cite(citing.BOOTSTRAP)}; differences are paired. P-values are corrected for "
        f"several comparisons{citing.cite(citing.HOLM)}.",
        [*citing.BOOTSTRAP, *citing.HOLM],
    )


def _listed(names: Sequence[str]) -> str:
    """E.g. `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
