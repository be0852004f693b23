"""A tuned study: each outer fold searches for every model's settings inside its own training part.

OUT/tuned/Ses01/trials.sqlite    finished trials of the fold, see `tune`
         /split/...              of the index's own split
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from emotion.core.tables import markdown_table
from emotion.study.folds import Fold
from emotion.study.tune import Search, Tuned, tune

Nested = Mapping[str, Mapping[str, Tuned]]
"""Fold -> model -> what was chosen."""


def tune_folds(
    folds: Sequence[Fold],
    features: Mapping[str, Path],
    searches: Mapping[str, Search],
    *,
    protocol: str,
    data: Path,
    out: Path,
    workers: int,
) -> Nested:
    """Search in every fold for every model's settings, each with the same number of trials.

    The inner folds hold out what the protocol does: scenarios too where it is `scenario`, else sessions or people.

    Args:
        folds: the outer ones; their test rows take no part.
        features: modality -> cache, where a fold has none of its own.
        searches: model -> search.
        protocol: of the outer folds.
        data: folder of the caches.
        out: folder for finished trials.
        workers: processes. Does not change the result.

    Raises:
        EmotionError: see `tune`.
    """
    inside = "scenario" if protocol == "scenario" else "session"
    return {
        fold.name: {
            model: tune(
                fold.index,
                {**features, **fold.features},
                replace(search, protocol=inside),
                data=data,
                work=out / (fold.name or "split"),
                votes=fold.votes,
                title=f"tune {model}, {fold.name} held out" if fold.name else f"tune {model}",
                workers=workers,
            )
            for model, search in searches.items()
        }
        for fold in folds
    }


def chosen(nested: Nested) -> dict[str, str]:
    """Model -> who chose its settings, on what."""
    first = next(iter(nested.values()))
    whose = "of the training part" if "" in nested else "of each fold's training part"
    return {model: found.chosen.replace("of the training part", whose) for model, found in first.items()}


def lines(nested: Nested) -> list[dict[str, Any]]:
    """Rows of tuned.csv: each model and fold, with the settings that the search chose."""
    return [
        {
            "model": model,
            "held_out": fold,
            "trials": found.search.trials,
            "stopped": found.stopped,
            "best_trial": found.best,
            "score": found.score,
            "score_of_recipe": found.default,
            "settings": " ".join(f"{key}={found.recipe[key]}" for key in found.search.space),
        }
        for fold, models in nested.items()
        for model, found in models.items()
    ]


def section(rows: Sequence[Mapping[str, Any]]) -> str:
    """The part of study.md with what was chosen where."""
    header = ["model", "held out", "trials", "stopped early", "best trial", "score", "of the recipe", "settings"]
    cells = [
        [
            row["model"],
            row["held_out"],
            *(str(row[name]) for name in ("trials", "stopped", "best_trial")),
            *(f"{100 * row[name]:.2f}" for name in ("score", "score_of_recipe")),
            row["settings"],
        ]
        for row in sorted(rows, key=lambda row: str(row["model"]))
    ]
    note = (
        "Every model had the same number of trials in every fold; trial 0 is its recipe. The score is the mean "
        "weighted F1 on held-out groups of the fold's training part, on which the epoch was chosen too: it chose the "
        "settings, and is no result. tuned.csv has these lines."
    )
    return f"## Settings that each fold chose\n\n{markdown_table(header, cells)}\n\n{note}"
