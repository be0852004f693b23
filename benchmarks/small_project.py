"""A project of 24 utterances in which every command takes seconds: benchmarks kill it and fill its disk."""

import csv
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.broken_files import sound, video, wave

ROOT = Path(__file__).parent.parent
DIALOGUES, TURNS = 12, 2
LABELS = ("glad", "sad", "calm")
SMALL: Mapping[str, Any] = {
    "corpus": "table",
    "epochs": 3,
    "hidden": 8,
    "heads": 2,
    **{
        f"{modality}.{key}": value
        for modality in ("audio", "face", "text")
        for key, value in (("epochs", 1), ("dim", 8))
    },
    "face.frames": 8,
}


@dataclass(frozen=True)
class Job:
    """One command of the project.

    Attributes:
        name: of the command.
        module: what `python -m` runs.
        arguments: its arguments.
        outs: files and folders that it writes, relative to the project.
        kept: folder of finished parts that the next run takes over; '' = none.
    """

    name: str
    module: str
    outs: tuple[str, ...]
    arguments: tuple[str, ...] = field(default=())
    kept: str = ""

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", self.module, *self.arguments]


_EXPORT = ("export", "--features", "data", "--out", "out/features.pkl")
_TABLES = tuple(f"out/study/{name}" for name in ("study.csv", "study.md", "study.json", "study.png", "per_class.csv"))
_SCORES = tuple(
    f"metrics/{name}"
    for name in ("metrics.json", "details.json", "confusion.csv", "confusion.png", "predictions.csv", "speakers.csv")
)
_IMPORT = ("import", "out/features.pkl", "--out", "out/imported", "--split", "file", "--label-names", ",".join(LABELS))
_STUDY = (
    "study",
    "--features",
    "data",
    "--models",
    "bc_lstm,cnn",
    "--seeds",
    "2",
    "--epochs",
    "2",
    "--out",
    "out/study",
)
JOBS = (
    Job("index", "stages.index", ("data/index.csv", "data/index.json")),
    Job("faces", "stages.faces", ("data/faces.h5", "data/faces.md", "data/faces.csv", "metrics/faces.json")),
    *(
        Job(f"fit_{name}", f"stages.fit_{name}", (f"models/encoders/{name}", f"metrics/{name}_encoder.json"))
        for name in ("audio", "face", "text")
    ),
    *(
        Job(f"extract_{name}", f"stages.extract_{name}", (f"data/features/{name}.h5", f"data/features/{name}.md"))
        for name in ("audio", "face", "text")
    ),
    Job("fuse", "stages.fuse", ("models/fusion", "metrics/training.csv")),
    Job("evaluate", "stages.evaluate", _SCORES),
    Job("study", "emotion", _TABLES, _STUDY, kept="out/study/runs"),
    Job("export", "emotion", ("out/features.pkl",), _EXPORT),
    Job("import", "emotion", ("out/imported",), _IMPORT),
)


def make(folder: Path) -> None:
    """Write the corpus, params.yaml and links to the code; nothing is run."""
    raw = folder / "data" / "raw" / "table"
    raw.mkdir(parents=True)
    rows = []
    for dialogue in range(DIALOGUES):
        for turn in range(TURNS):
            name, number = f"d{dialogue}_{turn}", dialogue * TURNS + turn
            (raw / f"{name}.wav").write_bytes(sound((0.3 + 0.02 * number) * wave(1.0)))
            video(raw / f"{name}.avi", frames=15)
            split = "train" if dialogue < DIALOGUES - 4 else "validation" if dialogue < DIALOGUES - 2 else "test"
            rows.append(
                {"utterance": name, "dialogue": f"d{dialogue}", "turn": turn, "speaker": f"s{dialogue}", "split": split}
                | {"label": LABELS[number % 3], "text": f"what was said in line {number}"}
                | {"audio": f"{name}.wav", "video": f"{name}.avi"}
            )
    with (raw / "utterances.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for name in ("emotion", "stages", "recipes"):
        (folder / name).symlink_to(ROOT / name)
    set_params(folder, seed=1)


def set_params(folder: Path, *, seed: int) -> None:
    """Write the project's params.yaml."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    seeds = {"seed": seed, "audio.seed": seed, "face.seed": seed, "text.seed": seed}
    for key, value in {**SMALL, **seeds}.items():
        *section, name = key.split(".")
        (params[section[0]] if section else params)[name] = value
    with (folder / "params.yaml").open("wb") as file:
        yaml.dump(params, file)


def environment(folder: Path, *, workers: int) -> dict[str, str]:
    """Variables for the project's commands: this code, no network, the project's own scratch folder."""
    own = {"PYTHONPATH": str(ROOT), "DVC_ROOT": str(folder), "EMOTION_WORKERS": str(workers), "HF_HUB_OFFLINE": "1"}
    return os.environ | own


def content(folder: Path, outs: tuple[str, ...]) -> dict[str, bytes]:
    """Name -> bytes of all that stands at some outputs; what is unfinished by its name is left out."""
    found = {}
    for out in outs:
        path = folder / out
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and ".partial" not in str(file.relative_to(folder)) and file.suffix != ".lock":
                found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def restore(folder: Path, outs: tuple[str, ...], files: Mapping[str, bytes]) -> None:
    """Put outputs back to an earlier `content`, and forget unfinished work."""
    for out in outs:
        path = folder / out
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
