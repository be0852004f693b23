"""What stands beside the figures of a study: its head, and a note under each table; docs/results.md has these once.

In the notes `scored` is the split that counts, `over` what is resampled.
"""

from collections.abc import Mapping, Sequence

from emotion.core.tables import markdown_text
from emotion.corpus.shared import told
from emotion.evaluation import paper
from emotion.evaluation.calibration import FEWEST_IN_BIN
from emotion.evaluation.scores import FEWEST
from emotion.evaluation.significance import PAIRS
from emotion.study.about import About, seeds_text
from emotion.study.missing import ANY, more_with_less, rises

_NO_TEST = "The features hold no test utterances"
UNDER = (
    "Models",
    "Compared with the reference",
    "The paper's Table 2",
    "Ablations",
    "Missing modalities",
    "Calibration",
    "Gaps between groups",
)
"""Sections of study.md that end with a note of this file."""
AGAINST = "Models compared with the reference"
UNDER_SEVERAL = (
    *("All utterances", "Scripted dialogues", "Improvised dialogues"),
    *(AGAINST, "Differences between protocols"),
)
"""The same where it sets several protocols beside each other."""
WHY = "**Why hiding a modality can raise a score.**"


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
        parts.append(_protocol(about))
    if about.scored == "validation":
        why = "Test utterances were left out (--validation-only)" if about.validation_only else _NO_TEST
        parts.append(
            f"{why}, so everything is scored on the validation utterances, on which the epoch was chosen too: these "
            "figures are too high for new data."
        )
    return "\n\n".join([*parts, *shares(about), *chosen(about), *warnings(about)])


def _protocol(about: About) -> str:
    """What is held out in turn."""
    sessions = ", ".join(about.sessions)
    if about.protocol == "session":
        title = f"Protocol: leave one session out. Each of {sessions} is held out once"
    elif not sessions:
        title = "Protocol: scenario. Each group of scenarios is held out once; all dialogues share their speakers"
    else:
        left = {
            "scenario": "all dialogues that play a tested scenario are left out of training and validation",
            "random": "as many dialogues as `scenario` leaves out of training and validation are left out at random",
        }
        title = (
            f"Protocol: {about.protocol}. Each of {sessions} is held out once for each group of scenarios "
            f"({len(about.folds)} folds); {left[about.protocol]}"
        )
    return (
        f"{title}; scores are means over the held-out sessions. Dialogues for validation come from the other sessions. "
        "This is honest where the features were not fitted on the corpus itself; encoders fitted on its training "
        "sessions have seen the held-out ones."
    )


def shares(about: About) -> list[str]:
    """The protocol by its name, and what it shares; [] where that is not known."""
    if not about.shared:
        return []
    folds = " Of several folds: what is shared in any of them." if len(about.folds) > 1 else ""
    said = [told(split, counts) for split, counts in about.shared.items()]
    return [f"Protocol `{about.protocol}`. {' '.join(f'{one[0].upper()}{one[1:]}.' for one in said)}{folds}"]


def chosen(about: About) -> list[str]:
    """Who chose the settings of each model; [] where that is not known."""
    if not about.chosen:
        return []
    said = "; ".join(f"{markdown_text(model)}: {markdown_text(by)}" for model, by in about.chosen.items())
    return [f"Who chose the settings, on what. {said}."]


def warnings(about: About) -> list[str]:
    """What makes the figures less than they seem."""
    found = []
    if about.unknown_training:
        names = markdown_text(", ".join(about.unknown_training))
        found.append(
            f"Encoders: unknown training utterances ({names}). The features were imported, and nobody knows which "
            "utterances trained their encoders; scored ones may be among them, which would make every figure here too "
            "high."
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


def models(scored: str, *, over: str, differ: bool) -> str:
    """Under the table of all models; over '' = there is no interval, `differ`: in their numbers of members."""
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
    """Under a table of differences."""
    return (
        f"Difference of the mean {scored} weighted F1 over seeds, in points. Bootstrap: paired over {over}; Wilcoxon: "
        f"signed ranks over seeds (with n seeds its p is at least 2 / 2^n, so below {PAIRS} seeds it cannot reach 0.05 "
        "and is left out). Both p-values are two-sided and Holm-corrected over the lines of this table that are "
        "against the same model."
    )


def table_2(here: str, *, folds: bool) -> str:
    """Under the paper's figures and ours, whose protocol is `here`, with sessions held out in turn or not."""
    pooled = " Of B, figures per class count all held-out sessions together; the last of a row is a mean over sessions."
    return (
        f"Protocols: A = {paper.PROTOCOL}. B = {here}.{pooled if folds else ''} "
        "Different protocols or features do not compare."
    )


def p_text(value: float) -> str:
    """A p-value with three digits."""
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def protocols(*, over: str) -> str:
    """Under the tables of protocols and models."""
    return (
        "Mean ± standard deviation over seeds; none for one seed. A score is the mean over held-out sessions, "
        f"its interval a bootstrap over {over}; pooled: all utterances counted together, one matrix for each seed. No "
        "features: the commonest label of training and validation, of all utterances or of those with the same "
        "scenario (of all where nothing there plays it)."
    )


def against(*, over: str) -> str:
    """Under the models' differences to the reference."""
    return (
        f"In points of weighted F1 on all utterances, under the same protocol, paired over {over}; p-values are "
        "two-sided and Holm-corrected over the models of a protocol. Models that vote or are refit differ in that, too."
    )


def between(*, over: str) -> str:
    """Under the differences between protocols."""
    return (
        f"In points of weighted F1, the same model and utterances, paired over {over}; p-values are two-sided and "
        "Holm-corrected over the lines of the same utterances. random - scenario is what knowing the play is worth; "
        "session - random is what the dialogues are worth that `scenario` has to leave out, as data of any kind."
    )


def calibration(scored: str) -> str:
    """Under the table of temperatures."""
    same = " They are the same utterances here." if scored == "validation" else ""
    return (
        f"Expected calibration error on the {scored} utterances, mean over seeds; the temperature is fitted on the "
        f"validation utterances.{same} See reliability.png; bins with fewer than {FEWEST_IN_BIN} utterances, all seeds "
        "together, are left out of it."
    )


def raters() -> str:
    """Under the tables of the raters' votes."""
    return (
        "Probabilities against the distribution of the raters' votes. Cross-entropy (nats) and Jensen-Shannon distance "
        '(0 to 1): the lower, the nearer. "A rater says so": per cent of predictions that some rater gave. In brackets '
        "the 95 % interval over dialogues, where there are enough. The last line is the human ceiling: each rater's "
        "vote against the others', and the models against the same others. One vote cannot hedge, so probabilities may "
        "come nearer than a rater does; its cross-entropy would be infinite, and in its place stands the entropy of "
        "all votes, below which nothing can come. Weighted F1 to the others' majority: where more than half of the "
        "others agree. The last column is the score of the table of models, on utterances with a class."
    )


def gaps(*, over: str) -> str:
    """Under the tables of gaps between groups."""
    return (
        "Weighted F1 of a group's utterances together, mean over seeds; then that less the weighted F1 of all others "
        f"together. Intervals resample {over}, jointly for both sides; with fewer than {FEWEST} {over} on a side there "
        "is none: too few to say anything of the group. p-values are two-sided and Holm-corrected over the groups of a "
        "model. The largest gap is between the best and the worst group that have enough; these were chosen by their "
        "scores, so it is larger than it would be again. Groups differ in what they say and feel too: a gap is not yet "
        "an injustice. Speakers are numbered in the order of their ids."
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
