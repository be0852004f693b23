"""Write docs/synthetic.md: what each modality and their fusion reach on the generated corpus, over three seeds.

Every figure comes from the pipeline's own stages, run in a scratch folder on the index, videos and face clips of the
last `dvc repro`, with the seeds of encoders and fusion changed together. As a check, everything is fitted once more
with the labels shuffled within the training split: what is left then is chance.
"""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from emotion.params import MODALITIES
from emotion.progress import track

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "synthetic.md"
SEEDS = (1, 2, 3)
EVERYTHING = ",".join(MODALITIES)
SUBSETS = (EVERYTHING, *MODALITIES)


def workspace(folder: Path, *, shuffle_seed: int | None) -> None:
    """Lay out a folder in which the stages from `fit` on can run."""
    for name in ("emotion", "stages"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data").mkdir()
    for name in ("raw", "faces.h5"):
        (folder / "data" / name).symlink_to(ROOT / "data" / name)
    for name in ("index.csv", "index.json"):
        shutil.copy(ROOT / "data" / name, folder / "data" / name)
    if shuffle_seed is not None:
        shuffle_training_labels(folder / "data" / "index.csv", seed=shuffle_seed)


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


def set_params(folder: Path, *, seed: int, modalities: str) -> None:
    """Write params.yaml with other seeds and modalities."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["seed"], params["modalities"] = seed, modalities
    for name in MODALITIES:
        params[name]["seed"] = seed
    yaml.dump(params, folder / "params.yaml")


def run_stage(folder: Path, name: str) -> None:
    """Run one stage script there."""
    environment = os.environ | {"DVC_ROOT": str(folder)}
    result = subprocess.run(
        [sys.executable, "-m", f"stages.{name}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        sys.exit(f"stage {name} failed:\n{result.stderr}")


def scores(seed: int, subsets: Sequence[str], *, shuffled: bool) -> Iterator[tuple[str, float]]:
    """Test weighted F1 of each subset of modalities, encoders and fusion fitted with this seed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace(folder, shuffle_seed=seed if shuffled else None)
        set_params(folder, seed=seed, modalities=EVERYTHING)
        for modality in MODALITIES:
            run_stage(folder, f"fit_{modality}")
            run_stage(folder, f"extract_{modality}")
        for subset in subsets:
            set_params(folder, seed=seed, modalities=subset)
            run_stage(folder, "fuse")
            run_stage(folder, "evaluate")
            metrics = json.loads((folder / "metrics" / "metrics.json").read_text(encoding="utf-8"))
            yield subset, metrics["test"]["weighted_f1"]


def document(plain: dict[str, list[float]], shuffled: list[float]) -> str:
    """The Markdown page."""
    count = json.loads((ROOT / "metrics" / "metrics.json").read_text(encoding="utf-8"))["test"]["n"]
    lines = [
        "# The generated corpus",
        "",
        "Test weighted F1 on session 5, whose two actors are never seen in training. Encoders and fusion are fitted",
        f"anew for each seed; {count} test utterances, six classes. Written by `python -m benchmarks.synthetic`,",
        "which `make docs` runs.",
        "",
        "| modalities | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean | standard deviation |",
        "| --- |" + " --- |" * (len(SEEDS) + 2),
    ]
    rows = {name.replace(",", ", "): values for name, values in plain.items()}
    rows[f"{EVERYTHING.replace(',', ', ')}; training labels shuffled"] = shuffled
    for name, values in rows.items():
        figures = [*values, statistics.mean(values), statistics.stdev(values)]
        lines.append(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    best = max(statistics.mean(plain[name]) for name in MODALITIES)
    gain = statistics.mean(plain[EVERYTHING]) - best
    lines += [
        "",
        f"All modalities together gain {gain:+.3f} over the best single one. A single modality uses the context too.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit, score, write."""
    if not (ROOT / "data" / "faces.h5").exists():
        sys.exit("data/faces.h5 is missing: run `make repro` first")
    plain: dict[str, list[float]] = {subset: [] for subset in SUBSETS}
    shuffled: list[float] = []
    jobs = [(seed, mixed) for seed in SEEDS for mixed in (False, True)]
    for seed, mixed in track(jobs, total=len(jobs), title="synthetic", unit="runs"):
        for subset, score in scores(seed, [EVERYTHING] if mixed else SUBSETS, shuffled=mixed):
            (shuffled if mixed else plain[subset]).append(score)
            sys.stderr.write(f"seed {seed}{', shuffled' if mixed else ''}: {subset} {score:.3f}\n")
    DOCUMENT.write_text(document(plain, shuffled), encoding="utf-8")
    sys.stderr.write(f"written to {DOCUMENT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
