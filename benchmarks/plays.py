"""What the study of protocols says in a sentence: how much of a score is knowing the play."""

from pathlib import Path

from benchmarks.study_page import rows, summary
from emotion.study.about import seeds_text
from emotion.study.baselines import SCENARIO


def known_plays(folder: Path) -> str:
    """The sentence on the three protocols."""
    lines = [row for row in rows(folder / "protocols.csv") if row["utterances"] == "all"]
    by = {(row["model"], row["protocol"]): row for row in lines}
    models_ = [model for model in dict.fromkeys(row["model"] for row in lines) if not model.startswith("no features")]
    falls = [
        f"`{model}` has {percent(by[model, 'session']['weighted_f1'])} by session, "
        f"{percent(by[model, 'random']['weighted_f1'])} with less data of any kind and "
        f"{percent(by[model, 'scenario']['weighted_f1'])} without the tested scenarios"
        for model in models_
    ]
    guess, seeds = by[SCENARIO, "session"], seeds_text(summary(folder)["seeds"])
    return (
        f"Much of these figures is knowing the play ({seeds}): {', '.join(falls)}, while the commonest label of the "
        f"scenario, without any feature, has {percent(guess['weighted_f1'])} (all sessions counted together "
        f"{percent(guess['pooled_weighted_f1'])})."
    )


def percent(share: str) -> str:
    """A share of a CSV file."""
    return f"{100 * float(share):.2f}"
