"""What the stages wrote about a run, read for the page; a file that is not there is left out of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.core.settings import read_yaml
from emotion.core.text import shortened
from emotion.corpus.utterance import Index, read_index
from emotion.evaluation import rows
from emotion.fusion import saved
from emotion.fusion.saved import Classifier
from emotion.params import written

EVALUATE = "make it again: dvc repro evaluate"


@dataclass(frozen=True)
class Run:
    """A finished run of the pipeline.

    Attributes:
        folder: of the run.
        index: labels of the test utterances are ''.
        classifier: what models/fusion holds.
        features: modality -> cache, in the order of the classifier's modalities.
        scores: metrics/metrics.json.
        details: metrics/details.json.
        test: utterance -> label, of metrics/predictions.csv: the only way by which a test label comes onto the page.
        curve: columns of metrics/training.csv, (epochs,) each; {} = there is none.
        params: key -> value of params.yaml, e.g. `face.size`; {} = there is none.
    """

    folder: Path
    index: Index
    classifier: Classifier
    features: dict[str, Path]
    scores: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    test: dict[str, str] = field(default_factory=dict)
    curve: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)

    @property
    def faces(self) -> Path:
        """The cache of face clips; it need not exist."""
        return self.folder / "data" / "faces.h5"

    @property
    def media(self) -> Path:
        """The corpus's folder; it need not exist."""
        return self.folder / "data" / "raw" / self.index.corpus


def read_run(folder: Path) -> Run:
    """Read a run.

    Args:
        folder: with data/index.csv, data/features and models/fusion.

    Raises:
        EmotionError: the run is not finished, or a file of it is damaged; the line names file and stage.
    """
    index = read_index(folder / "data" / "index.csv")
    model = saved.load(folder / "models" / "fusion")
    if model.labels != index.labels:
        raise EmotionError(
            f"{folder / 'models' / 'fusion'}: knows the classes {shortened(', '.join(model.labels))}, the index has "
            f"{shortened(', '.join(index.labels))}; {saved.REMEDY}"
        )
    metrics, params = folder / "metrics", folder / "params.yaml"
    curve = metrics / "training.csv"
    return Run(
        folder,
        index,
        model,
        {name: folder / "data" / "features" / f"{name}.h5" for name in model.modalities},
        scores=_object(metrics / "metrics.json"),
        details=_object(metrics / "details.json"),
        test=labels_of(_table(metrics / "predictions.csv"), index, metrics / "predictions.csv"),
        curve=rows.read_curve(curve) if curve.exists() else {},
        params=flat(read_yaml(params)) if params.exists() else {},
    )


def labels_of(lines: list[dict[str, str]], index: Index, path: Path) -> dict[str, str]:
    """Utterance -> label of the rows of predictions.csv.

    Raises:
        EmotionError: they are of another corpus, or of other classes.
    """
    known = {row.utterance for row in index.utterances if row.split == "test"}
    found = {row.get("utterance", ""): row.get("actual", "") for row in lines}
    odd = [name for name, label in found.items() if name not in known or label not in index.labels]
    if odd:
        raise EmotionError(
            f"{path}: {shortened(odd[0])} is no test utterance of this index with a label of it; {EVALUATE}"
        )
    return found


def flat(values: object, prefix: str = "") -> dict[str, str]:
    """Keys and values of nested settings as text, e.g. `face.size`."""
    if not isinstance(values, Mapping):
        return {}
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, Mapping) else {name: written(value)}
    return found


def read_text(path: Path, *, remedy: str = EVALUATE) -> str | None:
    """UTF-8 text; None where there is no such file.

    Raises:
        EmotionError: it cannot be read, is a pipe, too large or no UTF-8.
    """
    return rows.read_text(path, remedy=remedy) if path.exists() else None


def _object(path: Path) -> dict[str, Any]:
    return read_object(path, remedy=EVALUATE) if path.exists() else {}


def _table(path: Path) -> list[dict[str, str]]:
    return rows.read_rows(path, remedy=EVALUATE) if path.exists() else []
