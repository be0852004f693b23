"""What was run: parameters that differ from the defaults, encoders and what they were fitted on, scores, warnings."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.corpus.raw import is_own
from emotion.corpus.shared import sentences
from emotion.evaluation.calibration import reliability
from emotion.evaluation.figures import chosen
from emotion.evaluation.report import interval_text
from emotion.evaluation.rows import named
from emotion.page.files import EVALUATE, Run, flat
from emotion.params import Params
from emotion.store.cache import Cache
from emotion.store.overlap import overlap
from emotion.store.trained import read_record

WHAT = {
    "synthetic": "generated: drawn faces, synthetic voices, invented lines",
    "iemocap": "IEMOCAP: ten actors in pairs, scripted and improvised",
    "meld": "MELD: scenes of a television series",
    "crema_d": "CREMA-D: 91 actors, twelve sentences",
    "table": "a corpus of your own",
    "imported": "imported features, without media",
}


def what(corpus: str) -> str:
    """A corpus in a few words; '' where nothing is known of it."""
    return WHAT["table"] if is_own(corpus) else WHAT.get(corpus, "")


def defaults() -> dict[str, str]:
    """Key -> default of everything that params.yaml may set."""
    return flat(Params().model_dump())


def changed(params: Mapping[str, str]) -> list[list[str]]:
    """Key, value and default of each parameter that differs."""
    known = defaults()
    return [[key, value, known[key]] for key, value in params.items() if key in known and known[key] != value]


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[list[str]]:
    """Key, our value and theirs, where two runs differ."""
    left, right = ({**defaults(), **given} for given in (ours, theirs))  # a key that is not written has its default
    keys = dict.fromkeys([*left, *right])
    return [[key, left.get(key, "–"), right.get(key, "–")] for key in keys if left.get(key) != right.get(key)]


def encoders(run: Run) -> list[list[str]]:
    """Modality, encoder, and what it was fitted on."""
    found = []
    for modality, path in run.features.items():
        with Cache(path) as cache_:
            name, training = str(cache_.attributes.get("encoder", "unknown")), cache_.training
        if training is None:
            how = "nobody knows what it was trained on: test utterances may be among it"
        elif not training:
            how = "as it was loaded, not fitted on this corpus"
        else:
            how = (
                f"fitted on {len(training.trained_on)} training utterances, "
                f"epoch chosen on {len(training.chosen_on)} validation utterances"
            )
        found.append([modality, shortened(name), how])
    return found


def interval(scores: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """The interval of the test's weighted F1, or why there is none; '' where nothing was scored."""
    try:
        about = details["interval"]
        return interval_text(scores["test"], int(about["count"]), str(about["over"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def curve(run: Run) -> dict[str, Any] | None:
    """The training curve and its best epoch."""
    if not run.curve:
        return None
    columns = {name: values.tolist() for name, values in run.curve.items()}
    epochs = [int(epoch) for epoch in columns["epoch"]]
    return {**columns, "epoch": epochs, "best": epochs[chosen(run.curve)]}


def reliable(actual: NDArray[np.int64], probabilities: NDArray[np.float64]) -> list[list[float]] | None:
    """Confidence, accuracy and number of utterances per bin; None without labels.

    Args:
        actual: (n,) of the test utterances with labels.
        probabilities: (n, c).
    """
    if not len(actual):
        return None
    rows = zip(*reliability(actual, probabilities), strict=True)
    return [[round(float(a), 4), round(float(b), 4), int(k)] for a, b, k in rows if k]


def notes(run: Run, present: NDArray[np.bool_], *, agrees: bool) -> list[str]:
    """Where the model does not fit the material, or something is missing; one line each."""
    said = []
    if over := overlap(read_record(run.folder / "models" / "fusion", remedy="run dvc repro fuse"), run.index):
        raise EmotionError(f"{run.folder / 'models' / 'fusion'}: the classifier {over}; run dvc repro")
    for i, name in enumerate(run.features):
        if not present[:, i].any():
            said.append(f"No utterance has modality {name}.")
    absent = run.details.get("absent")
    missing = absent.get("train") if isinstance(absent, Mapping) else None
    if isinstance(missing, list) and missing:
        said.append(f"No training utterance of {named([str(x) for x in missing])}: it cannot be recognised.")
    if not run.scores or not run.test:
        said.append(f"Not evaluated: labels of the test utterances are not known here ({EVALUATE}).")
    elif not agrees:
        said.append(f"The scores are of another model than the one in models/fusion ({EVALUATE}).")
    if isinstance(run.details.get("features"), str):
        said.append("Nobody knows which utterances trained the encoders of imported features.")
    try:
        return said + [f"{line[0].upper()}{line[1:]}." for line, met in sentences(run.details.get("shared", {})) if met]
    except ValueError:
        return said  # damaged: what can be shown is shown
