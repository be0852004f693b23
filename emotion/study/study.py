"""Several models, several seeds, one honest table: `emotion study`.

Every finished run is one file; a study that was interrupted goes on with the runs that are not there yet, and ends with
the same tables as one that was not.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from emotion.core import logs
from emotion.core.errors import Busy, EmotionError
from emotion.core.locks import hold
from emotion.core.tasks import Tasks
from emotion.corpus.shared import of_folds
from emotion.corpus.utterance import SPLITS
from emotion.evaluation import significance
from emotion.evaluation.annotators import Votes, read_votes
from emotion.evaluation.scores import clusters_of
from emotion.fusion.dataset import check_frames
from emotion.store.cache import Cache
from emotion.study import nested
from emotion.study.about import About, Interval
from emotion.study.citing import family_of
from emotion.study.folds import Fold, make_folds, named, truth
from emotion.study.gaps import gaps
from emotion.study.plan import Run, runs, variants
from emotion.study.refit import refit_features
from emotion.study.report import write
from emotion.study.run import Worker, read_result
from emotion.study.scoring import Row, missing_rows, score
from emotion.study.tune import Search
from emotion.study.votes import AgainstRaters, compared, scores_against_raters
from emotion.training.workers import train_all

Recipe = Callable[[str], Mapping[str, Any]]


class Studied(NamedTuple):
    """What a study of one protocol found: its folds with test labels hidden, every label, what it is of, its tables."""

    folds: list[Fold]
    labels: dict[str, str]
    rows: list[Row]
    about: About
    raters: AgainstRaters | None = None
    gaps: Sequence[Mapping[str, Any]] = ()


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
    validation_only: bool = False,
    epochs: int | None = None,
    annotators: Path | None = None,
    chosen: Callable[[str], str] | None = None,
    search: Callable[[str], Search] | None = None,
    log: Callable[[Run], object] | None = None,
    workers: int = 1,
) -> Studied:
    """Train what is not trained yet, then write the tables and pictures.

    Args:
        features: folder with `index.csv` and `features/*.h5`.
        models: names of `emotion.fusion.models.registry`.
        recipe: model -> history, future and the arguments of `emotion.fusion.train.fit`.
        out: folder for the results; `runs/` in it holds the finished runs.
        seeds: runs per model, with seeds 1, 2, ...
        reference: the model that the others are compared with; '' = the first.
        ablate: see `plan.ABLATIONS`.
        ablate_models: which models to ablate; () = the reference.
        missing: score with modalities missing too.
        protocol: see `folds.make_folds`.
        validation_only: see there.
        epochs: instead of the recipes' number, for a quick look.
        annotators: the raters' votes; None = `annotators.csv` in `features`, where it exists.
        chosen: model -> who chose its settings, on what; None = nothing is said of it.
        search: model -> how each fold searches for its settings in its own training part; None = not at all.
        log: called with each run as soon as its file is there.
        workers: processes. Does not change a result.

    Raises:
        EmotionError: names, files and options do not fit together.
    """
    _check(models, seeds=seeds, epochs=epochs, reference=reference, ablate_models=ablate_models)
    reference = reference or models[0]
    caches = caches_of(features)
    folds = make_folds(features / "index.csv", protocol=protocol, validation_only=validation_only)
    check_frames(models, caches)
    votes = votes_of(annotators or features / "annotators.csv", folds[0].index.labels, needed=annotators is not None)
    folds = [replace(fold, votes=votes.targets(fold.index)) for fold in folds] if votes else folds
    train = folds[0].rows("train")
    make_plan = partial(
        variants,
        modalities=list(caches),
        ablate=ablate,
        ablated=ablate_models or [reference],
        epochs=epochs,
        length=len(train) / len({row.dialogue for row in train}),
    )
    plan = make_plan({model: recipe(model) for model in models})
    with _alone(out):
        folds = refit_features(folds, caches, data=features, out=out / "folds")
        found = _tune(folds, caches, models, search, protocol=protocol, data=features, out=out, workers=workers)
        own = {fold: make_plan({m: one.recipe for m, one in models.items()}) for fold, models in found.items()}
        every = runs(
            plan, folds, seeds=seeds, features=caches, conditions=missing, folder=out / "runs", own=own or None
        )
        _train(every, folds, caches, log=log, workers=workers)
        labels = truth(features / "index.csv", folds)
        rows = score(plan, every, folds, labels, reference=reference)
        about = _about(folds, caches, rows[0], labels, protocol=named(protocol), seeds=seeds, reference=reference)
        by = {model: chosen(model) for model in models} if chosen else {}
        by, tuned = nested.chosen(found) if found else by, nested.lines(found)
        about = replace(about, chosen=by, tuned=tuned, validation_only=validation_only)
        lost = [line for row in rows if not row.ablation for line in missing_rows(row)] if missing else []
        whole = [row for row in rows if not row.ablation]
        raters = scores_against_raters(compared(rows), votes) if votes else None
        between = gaps(whole, folds)
        write(out, about, rows, missing=lost, raters=raters, gaps=between)
    return Studied(folds, labels, rows, about, raters, between)


def _tune(
    folds: Sequence[Fold],
    caches: Mapping[str, Path],
    models: Sequence[str],
    search: Callable[[str], Search] | None,
    *,
    protocol: str,
    data: Path,
    out: Path,
    workers: int,
) -> nested.Nested:
    """What each fold chose; {} where nothing is searched for."""
    if search is None:
        return {}
    searches = {model: search(model) for model in models}
    inside = named(protocol)
    return nested.tune_folds(folds, caches, searches, protocol=inside, data=data, out=out / "tuned", workers=workers)


def _check(
    models: Sequence[str], *, seeds: int, epochs: int | None, reference: str, ablate_models: Sequence[str]
) -> None:
    if not models or len(set(models)) != len(models):
        raise EmotionError(f"models are {','.join(models)!r}, expected different names with commas")
    for name in (reference, *ablate_models):
        if name and name not in models:
            raise EmotionError(
                f"{name!r} is not among the models of the study: {', '.join(models)}; add it to --models"
            )
    for what, value in (("seeds", seeds), ("epochs", epochs)):
        if value is not None and not 1 <= value <= 100_000:
            raise EmotionError(f"{what} is {value}, expected a whole number from 1 to 100000")


def caches_of(features: Path) -> dict[str, Path]:
    """Modality -> cache, sorted.

    Raises:
        EmotionError: there is no such folder, or no cache in it.
    """
    if not features.is_dir():
        what = "is a file" if features.exists() else "no such folder"
        raise EmotionError(f"{features}: {what}, expected a folder with index.csv and features/*.h5; check the path")
    found = {path.stem: path for path in sorted((features / "features").glob("*.h5"))}
    if not found:
        raise EmotionError(
            f"{features / 'features'}: holds no .h5 file; extract features (dvc repro) or import a pickle "
            f"(emotion import FILE --out features/NAME)"
        )
    return found


def votes_of(path: Path, labels: Sequence[str], *, needed: bool = False) -> Votes | None:
    """The raters' votes in a file; None where it holds none, or need not exist and does not."""
    return read_votes(path, labels) if needed or path.exists() else None


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Two studies never write to the same folder."""
    if out.exists() and not out.is_dir():
        raise EmotionError(f"{out}: is a file, expected a folder to write to")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(out / "runs"))
        except Busy:
            raise EmotionError(f"{out}: another study is writing there; wait for it or choose another --out") from None
        yield


def _train(
    every: Sequence[Run],
    folds: Sequence[Fold],
    caches: Mapping[str, Path],
    *,
    log: Callable[[Run], object] | None,
    workers: int,
) -> None:
    todo = []
    for run in every:
        if read_result(run.path) is None:
            if run.path.exists():
                logs.info(f"{run.path}: damaged, the run is done again")
            todo.append(run)
        elif log is not None:
            log(run)
    if not todo:
        return
    logs.info(f"study: {len(todo)} of {len(every)} runs to do, {workers} at a time")
    steps = {run.path: run.epochs for run in every}
    tasks = Tasks("study", "runs", "epochs", steps=steps, todo={run.path for run in todo})
    make = partial(Worker, {fold.name: fold for fold in folds}, dict(caches))
    with tasks.shown():
        for run in train_all(todo, make, workers=workers, told=lambda run, epoch: tasks.reach(run.path, epoch)):
            tasks.finish(run.path)
            if log is not None:
                log(run)


def _about(
    folds: Sequence[Fold],
    caches: Mapping[str, Path],
    row: Row,
    labels: Mapping[str, str],
    *,
    protocol: str,
    seeds: int,
    reference: str,
) -> About:
    index, strata = folds[0].index, row.scored.tally.strata
    held_out = [fold.name for fold in folds if fold.name]
    used = {row.utterance: row for fold in folds for row in fold.index.utterances if row.utterance in labels}
    splits = {"all": list(used.values())}
    if not held_out:
        splits = {split: [row for row in used.values() if row.split == split] for split in SPLITS}
    features, encoders, unknown = {}, {}, []
    for modality, path in caches.items():
        with Cache(path) as cache:
            features[modality], known = cache.shape[-1], cache.attributes
            encoders[modality] = family_of(known)
            if known.get("trained_on") == "unknown" or known.get("encoder") == "imported":
                unknown.append(modality)
    return About(
        corpus=index.corpus,
        protocol=protocol,
        features=features,
        folds=held_out,
        seeds=seeds,
        reference=reference,
        scored=row.split,
        interval=Interval(clusters_of(index)[1], len(strata), significance.enough(strata)),
        labels=index.labels,
        counts={split: (len(rows), len({row.dialogue for row in rows})) for split, rows in splits.items()},
        absent=_absent(folds, labels, scored=row.split),
        unknown_training=unknown,
        encoders=encoders,
        shared={one.split: one.counts() for one in of_folds(fold.index.utterances for fold in folds)},
    )


def _absent(folds: Sequence[Fold], labels: Mapping[str, str], *, scored: str) -> dict[str, list[str]]:
    """Where -> classes of which there is no utterance, fold by fold for training, all together for what is scored."""
    known = {
        f"training ({fold.name} held out)" if fold.name else "training": {row.label for row in fold.rows("train")}
        for fold in folds
    }
    known[scored] = {labels.get(row.utterance, "") for fold in folds for row in fold.rows(scored)}
    absent = {where: [label for label in folds[0].index.labels if label not in there] for where, there in known.items()}
    return {where: missing for where, missing in absent.items() if missing}
