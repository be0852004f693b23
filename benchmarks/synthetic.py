"""Write docs/synthetic.md: what modalities, encoders and their fusion reach on the generated corpus, over three seeds.

Every figure comes from the pipeline's own stages, run in scratch folders on the index, videos and face clips of the
last `dvc repro`, with the seeds of encoders and fusion changed together. As a check, everything is fitted once more
with the labels shuffled within the training split: what is left then is chance. Two runs at a time, a thread each; a
run that was stopped goes on with the stage that it was in, as long as neither code, parameters nor data have changed.
"""

import csv
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.synthetic_page import EVERYTHING, FOLDS, SEEDS, SUBSETS, Scores, page
from benchmarks.workspace import CODE, ROOT, Workspace
from emotion.core.limits import MODALITIES
from emotion.core.progress import track
from emotion.store.trained import read_record, write_record

DOCUMENT = ROOT / "docs" / "synthetic.md"
SCRATCH = ROOT / ".cache" / "benchmarks" / "synthetic"
AT_ONCE = 2
ONE_THREAD = {"OMP_NUM_THREADS": "1", "EMOTION_WORKERS": "1"}


def shuffle_training_labels(path: Path, *, seed: int) -> None:
    """Permute the labels of the training rows among themselves; the other rows stay as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    train = [row for row in rows if row["split"] == "train"]
    labels = np.random.default_rng(seed).permutation([row["label"] for row in train])
    for row, label in zip(train, labels.tolist(), strict=True):
        row["label"] = label
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def drop_folds(fitted: Path) -> None:
    """Make of a fitted folder what `folds: 1` makes: the encoder fitted on all training data is the same."""
    (fitted / "folds.json").unlink(missing_ok=True)
    shutil.rmtree(fitted / "folds", ignore_errors=True)
    write_record(fitted, read_record(fitted, remedy="fit it again"))


def scores(workspace: Workspace, seed: int, *, shuffled: bool) -> Iterator[tuple[str, Any]]:
    """Name and value of all that is measured with one seed."""
    seeds = {"seed": seed, **{f"{name}__seed": seed for name in MODALITIES}}

    def encoders(name: str, modalities: tuple[str, ...], **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        found = []
        for modality in modalities:
            stages = [f"fit_{modality}", f"extract_{modality}"]
            report = f"metrics/{modality}_encoder.json"
            found.append(workspace.step(f"fit {name} {modality}", stages, report, **seeds, **changes))
        return found

    def fused(name: str, modalities: str) -> tuple[str, float]:
        how = {**seeds, "modalities": modalities}
        metrics = workspace.step(f"fuse {name} {modalities}", ["fuse", "evaluate"], "metrics/metrics.json", **how)
        return f"{name} {modalities}", metrics["test"]["weighted_f1"]

    if shuffled:
        encoders("shuffled", MODALITIES)
        yield from (fused("shuffled", subset) for subset in SUBSETS)
        return
    for modality, report in zip(MODALITIES, encoders("folds", MODALITIES, fit__folds=FOLDS), strict=True):
        yield f"seen {modality}", report["folds"]["training_weighted_f1_seen"]
        yield f"left out {modality}", report["folds"]["training_weighted_f1_left_out"]
        yield f"validation {modality}", report["validation_weighted_f1"]
    yield fused("folds", EVERYTHING)
    for modality in MODALITIES:
        drop = partial(drop_folds, workspace.folder / "models" / "encoders" / modality)
        workspace.step(f"one {modality}", [f"extract_{modality}"], prepare=drop)
    yield from (fused("plain", subset) for subset in SUBSETS)
    encoders("logmel", ("audio",), audio__front="logmel")
    yield from (fused("logmel", subset) for subset in (EVERYTHING, "audio"))


def key() -> str:
    """Names the runs after all that they depend on."""
    digest = hashlib.sha256()
    code = [path for name in CODE for path in sorted((ROOT / name).rglob("*")) if path.suffix in (".py", ".yaml")]
    data = [ROOT / "params.yaml", ROOT / "data" / "index.csv", ROOT / "data" / "faces.h5"]
    for path in [*code, *data]:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    """Fit, score, write."""
    if not (ROOT / "data" / "faces.h5").exists():
        sys.exit("data/faces.h5 is missing: run `make repro` first")
    place, found = SCRATCH / key(), Scores()
    jobs = [(seed, shuffled) for seed in SEEDS for shuffled in (False, True)]

    def work(job: tuple[int, bool]) -> tuple[int, dict[str, Any]]:
        seed, shuffled = job
        workspace = Workspace(place / f"{seed}{'-shuffled' if shuffled else ''}", environment=ONE_THREAD)
        if shuffled:
            workspace.step("labels", [], prepare=partial(shuffle_training_labels, workspace.index, seed=seed))
        return seed, dict(scores(workspace, seed, shuffled=shuffled))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(work, job) for job in jobs]
        for future in track(as_completed(futures), total=len(jobs), title="synthetic", unit="runs"):
            seed, values = future.result()
            found.add(seed, values)
    count = json.loads((ROOT / "metrics" / "metrics.json").read_text(encoding="utf-8"))["test"]["n"]
    DOCUMENT.write_text(page(found, count=count, index=ROOT / "data" / "index.csv"), encoding="utf-8")
    shutil.rmtree(SCRATCH)
    sys.stderr.write(f"written to {DOCUMENT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
