"""What the figures of the tables mean: a note under each table of study.md, all notes once in docs/results.md."""

from collections.abc import Mapping, Sequence

from emotion.evaluation.significance import PAIRS
from emotion.study import paper
from emotion.study.missing import ANY, more_with_less, rises
from emotion.study.scoring import ENOUGH

# Sections of study.md that end with a note of this file.
UNDER = (
    "Models",
    "Compared with the reference",
    "The paper's Table 2",
    "Ablations",
    "Missing modalities",
    "Calibration",
)
WHY = "**Why hiding a modality can raise a score.**"


def models(scored: str, *, over: str, differ: bool) -> str:
    """Under the table of all models.

    Args:
        scored: the split that counts.
        over: what is resampled, e.g. `12 dialogues`; '' = there is no interval.
        differ: whether the models have different numbers of members.
    """
    interval = f"The interval is of the mean over seeds, by a bootstrap over {over}; weighted F1 is what is resampled. "
    voting = (
        " Where their number differs, a difference between models is one of architecture and of voting; "
        "`--ablate members` shows the model with one member."
    )
    return (
        f"Mean ± standard deviation over seeds. From the interval to the right: {scored} utterances, except the last "
        f"two. {interval if over else ''}Macro F1 is over the classes that occur or are predicted (unweighted recall, "
        "in study.csv, over those that occur). Ensemble: the seeds' probabilities averaged. Claim: the best test "
        "weighted F1 of all epochs, mean over runs, as reported where the epoch is chosen on the test set; inflation: "
        "by how much that is above the honest figure. Members: copies that are trained side by side and vote within "
        f"one run, as the recipe says.{voting if differ else ''}"
    )


def comparisons(scored: str, *, over: str) -> str:
    """Under a table of differences.

    Args:
        scored: the split that counts.
        over: what is resampled, e.g. `dialogues`.
    """
    return (
        f"Difference of the mean {scored} weighted F1 over seeds, in points. Bootstrap: paired over {over}; Wilcoxon: "
        f"signed ranks over seeds (with n seeds its p is at least 2 / 2^n, so below {PAIRS} seeds it cannot reach 0.05 "
        "and is left out). Both p-values are two-sided and Holm-corrected over the lines of this table that are "
        "against the same model."
    )


def table_2(here: str, *, folds: bool) -> str:
    """Under the paper's figures and ours.

    Args:
        here: the protocol of our figures.
        folds: whether sessions are held out in turn.
    """
    pooled = " Of B, figures per class count all held-out sessions together; the last of a row is a mean over sessions."
    return (
        f"Protocols: A = {paper.PROTOCOL}. B = {here}.{pooled if folds else ''} "
        "Different protocols or features do not compare."
    )


def calibration(scored: str) -> str:
    """Under the table of temperatures.

    Args:
        scored: the split that counts.
    """
    same = " They are the same utterances here." if scored == "validation" else ""
    return (
        f"Expected calibration error on the {scored} utterances, mean over seeds; the temperature is fitted on the "
        f"validation utterances.{same} See reliability.png; bins with fewer than {ENOUGH} utterances, all seeds "
        "together, are left out of it."
    )


def missing(rows: Sequence[Mapping[str, object]], *, utterances: int | None = None) -> str:
    """Under the tables of missing modalities: where hiding one raises the score, and why that can be; '' = nowhere.

    Args:
        rows: of missing.csv.
        utterances: how many are scored, where that is known.

    Raises:
        KeyError, ValueError: a row lacks a column or a number.
    """
    found, beaten = rises(rows), more_with_less(rows)
    if not found and not beaten:
        return ""
    said = []
    if found:
        top = found[0]
        what = "any one modality" if top.modalities == ANY else top.modalities
        count = len({(row["model"], row["modalities"]) for row in rows if row["kind"] == "missing"})
        said.append(
            f"In {len(found)} of {count} rows a score rises where more is hidden; most in {top.model}, {what}: "
            f"{100 * top.before:.2f} at {100 * top.low:.0f} %, {100 * top.after:.2f} at {100 * top.high:.0f} %."
        )
    said += [
        f"{one.model} scores {100 * one.after:.2f} with {one.fewer}, {100 * one.before:.2f} with {one.more}."
        for one in beaten
    ]
    why = (
        "What is hidden is set to the mean of training and masked; the model goes by what is left and, if it has "
        "context, by other turns. That helps where the hidden features pointed to a wrong emotion, as a weak modality "
        "often does. All models and seeds lose the same utterances, so a lucky draw shows in many rows. It may be "
        f"chance{_chance(rows, utterances)}. No rise was tested: read none as a gain."
    )
    return " ".join([WHY, *said, why])


def _chance(rows: Sequence[Mapping[str, object]], utterances: int | None) -> str:
    if utterances is None:
        return ""
    shares = [float(str(row["weighted_f1"])) for row in rows]
    error = max((share * (1 - share) / utterances) ** 0.5 for share in shares)
    return (
        f": one of {utterances} utterances is {100 / utterances:.2f} points, and a score has a standard error of "
        f"up to {100 * error:.1f} points"
    )
