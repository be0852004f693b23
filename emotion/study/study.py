"""Several models, several seeds, one honest table: `emotion study`.

Every finished run is one file; a study that was interrupted goes on with the runs that are not there yet, and ends with
the same tables as one that was not.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from emotion import statistics
from emotion.cache import Cache
from emotion.corpus.utterance import SPLITS
from emotion.errors import EmotionError
from emotion.files import write_text
from emotion.journal import Busy, lock, unlock
from emotion.progress import track
from emotion.study import pictures
from emotion.study.folds import Fold, make_folds, truth
from emotion.study.markdown import About, page
from emotion.study.missing import conditions
from emotion.study.plan import Run, runs, variants
from emotion.study.pool import train_all
from emotion.study.run import read_result
from emotion.study.scoring import Row, score
from emotion.study.sheets import Record, record
from emotion.study.soft import raters_of, read_votes

Recipe = Callable[[str], Mapping[str, Any]]


def study(
    features: Path,
    *,
    models: Sequence[str],
    recipe: Recipe,
    out: Path,
    seeds: int = 10,
    reference: str = "",
    ablate: Sequence[str] = (),
    ablate_models: Sequence[str] = (),
    missing: bool = False,
    protocol: str = "split",
    epochs: int | None = None,
    annotators: Path | None = None,
    workers: int = 1,
) -> None:
    """Train what is not trained yet, then write the tables and pictures.

    Args:
        features: folder with `index.csv` and `features/*.h5`.
        models: names of `emotion.models.registry`.
        recipe: model -> history, future and the arguments of `emotion.fuse.fit`.
        out: folder for the results; `runs/` in it holds the finished runs.
        seeds: runs per model, with seeds 1, 2, ...
        reference: the model that the others are compared with; '' = the first.
        ablate: see `plan.ABLATIONS`.
        ablate_models: which models to ablate; () = the reference.
        missing: score with modalities missing too.
        protocol: see `folds.make_folds`.
        epochs: instead of the recipes' number, for a quick look.
        annotators: the raters' votes; None = `annotators.csv` in `features`, where it exists.
        workers: processes. Does not change a result.

    Raises:
        EmotionError: names, files and options do not fit together.
    """
    _check(models, seeds=seeds, epochs=epochs, reference=reference, ablate_models=ablate_models)
    reference = reference or models[0]
    caches = _caches(features)
    folds = make_folds(features / "index.csv", protocol=protocol)
    train = folds[0].rows("train")
    plan = variants(
        {model: recipe(model) for model in models},
        modalities=list(caches),
        ablate=ablate,
        ablated=ablate_models or [reference],
        epochs=epochs,
        length=len(train) / len({row.dialogue for row in train}),
    )
    known = annotators or (features / "annotators.csv" if (features / "annotators.csv").is_file() else None)
    votes = read_votes(known, folds[0].index.labels) if known else None
    with _alone(out):
        every = runs(plan, folds, seeds=seeds, features=caches, conditions=missing, folder=out / "runs")
        _train(every, folds, caches, workers=workers)
        labels = truth(features / "index.csv")
        records = [record(variant, every, folds, labels) for variant in plan]
        rows = score(records, reference=reference, labels=folds[0].index.labels, votes=votes)
        about = _about(folds, caches, protocol=protocol, seeds=seeds, reference=reference, scored=records[0].scored)
        whole = [item for item in records if item.variant.name == item.variant.full]
        lost = [line for item in whole for line in _missing_rows(item)] if missing else []
        raters = raters_of(rows[0].sheet, votes) if votes else None
        _write(out, rows, lost, page(about, rows, raters=raters, missing=lost), about)


def _check(
    models: Sequence[str], *, seeds: int, epochs: int | None, reference: str, ablate_models: Sequence[str]
) -> None:
    if not models or len(set(models)) != len(models):
        raise EmotionError(f"models are {','.join(models)!r}, expected different names with commas")
    for name in (reference, *ablate_models):
        if name and name not in models:
            raise EmotionError(f"{name!r} is not among the models of the study: {', '.join(models)}")
    for what, value in (("seeds", seeds), ("epochs", epochs)):
        if value is not None and not 1 <= value <= 100_000:
            raise EmotionError(f"{what} is {value}, expected a whole number from 1 to 100000")


def _caches(features: Path) -> dict[str, Path]:
    """Modality -> cache, sorted."""
    if not features.is_dir():
        raise EmotionError(f"{features}: no such folder; expected one with index.csv and features/*.h5")
    found = {path.stem: path for path in sorted((features / "features").glob("*.h5"))}
    if not found:
        raise EmotionError(
            f"{features / 'features'}: holds no .h5 file; extract features (dvc repro) or import a pickle "
            f"(emotion import FILE --out {features})"
        )
    return found


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Two studies never write to the same folder."""
    path = out / ".lock"
    if out.exists() and not out.is_dir():
        raise EmotionError(f"{out}: is a file, expected a folder to write to")
    try:
        held = lock(path)
    except Busy:
        raise EmotionError(f"{out}: another study is writing there; wait for it or choose another --out") from None
    try:
        yield
    finally:
        unlock(held, path)


def _train(every: Sequence[Run], folds: Sequence[Fold], caches: Mapping[str, Path], *, workers: int) -> None:
    todo = []
    for run in every:
        if read_result(run.path) is None:
            if run.path.exists():
                sys.stderr.write(f"{run.path}: damaged, the run is done again\n")
            todo.append(run)
    if not todo:
        return
    sys.stderr.write(f"study: {len(todo)} of {len(every)} runs to do, {workers} at a time\n")
    finished = train_all(todo, {fold.name: fold for fold in folds}, caches, workers=workers)
    for _ in track(finished, total=len(every), title="study", unit="runs", done=len(every) - len(todo)):
        pass


def _about(
    folds: Sequence[Fold], caches: Mapping[str, Path], *, protocol: str, seeds: int, reference: str, scored: str
) -> About:
    index = folds[0].index
    rows = {split: [row for row in index.utterances if row.split == split] for split in SPLITS}
    counts = {split: (len(found), len({row.dialogue for row in found})) for split, found in rows.items()}
    if folds[0].name:
        counts = {"all": (len(index.utterances), len({row.dialogue for row in index.utterances}))}
    names = [fold.name for fold in folds if fold.name]
    features = {}
    for modality, path in caches.items():
        with Cache(path) as cache:
            features[modality] = cache.shape[-1]
    return About(index.corpus, protocol, index.labels, features, counts, names, seeds, reference, scored)


def _missing_rows(item: Record) -> list[dict[str, Any]]:
    """Mean weighted F1 over seeds under every condition."""
    sheet = item.sheets[item.scored]
    found = []
    for place, condition in enumerate(conditions(item.variant.modalities, 0)):
        scores = sheet.tally_of(sheet.missing[:, place]).scores()[0]
        found.append(
            {
                "model": item.variant.name,
                "kind": condition.kind,
                "modalities": condition.modalities,
                "share": condition.share,
                "weighted_f1": float(scores.mean()),
                "weighted_f1_std": statistics.spread(scores),
            }
        )
    return found


def _write(out: Path, rows: Sequence[Row], lost: Sequence[Mapping[str, Any]], text: str, about: About) -> None:
    """All tables and pictures; only runs.csv holds times."""
    _csv(out / "runs.csv", [entry.cells for row in rows for entry in row.record.entries])
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    _csv(out / "study.csv", [{name: row.figures.get(name) for name in names} for row in rows])
    _csv(
        out / "per_class.csv",
        [{"model": row.name, "class": label, **scores} for row in rows for label, scores in row.per_class.items()],
    )
    models = [row for row in rows if row.name == row.record.variant.full]
    reduced = [row for row in rows if row.name != row.record.variant.full]
    pictures.save(
        pictures.study_figure([*models, *reduced], scored=about.scored, reference=about.reference), out / "study.png"
    )
    pictures.save(pictures.reliability_figure(models, scored=about.scored), out / "reliability.png")
    if lost:
        _csv(out / "missing.csv", lost)
        pictures.save(pictures.missing_figure(lost, scored=about.scored), out / "missing.png")
    else:
        for name in ("missing.csv", "missing.png"):
            (out / name).unlink(missing_ok=True)
    write_text(out / "study.md", text)
    settings = {row.name: row.record.variant.settings for row in rows}
    known = ("corpus", "protocol", "features", "folds", "seeds", "reference", "scored")
    summary = {name: getattr(about, name) for name in known} | {"settings": settings}
    write_text(out / "study.json", json.dumps(summary, indent=2) + "\n")


def _csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    write_text(path, table.getvalue())


def _cell(value: object) -> object:
    """Numbers to 6 decimals; '' where there is none."""
    if isinstance(value, float | np.floating):
        return "" if isnan(value) else f"{value:.6f}"
    return "" if value is None else value
