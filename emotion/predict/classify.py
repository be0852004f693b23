"""Turns to probabilities, by the functions of the stages: faces, extract and fusion, with the packed model."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.bundle.folder import Bundle
from emotion.conversation.recording import Progress
from emotion.core import environment, processes
from emotion.core.errors import ABSENT
from emotion.core.text import printable
from emotion.corpus.utterance import Index, Utterance, digest_of
from emotion.extraction import executors
from emotion.extraction.engine import Executor
from emotion.extraction.extract_audio import extract_audio
from emotion.extraction.extract_face import extract_face
from emotion.extraction.extract_text import extract_text
from emotion.extraction.faces import extract_faces
from emotion.extraction.features import choose_device
from emotion.fusion import dataset
from emotion.fusion.logits import predict
from emotion.fusion.sequences import Sequences
from emotion.predict.media import Recording, by_name
from emotion.store.cache import Cache
from emotion.timeline.timeline import Turn
from emotion.training.device import device

_CORPUS: Final = "recording"  # name of the index
_SPLIT: Final = "test"  # which trains nothing
_FEW: Final = 100  # turns for which it takes longer to start processes than to do without


@dataclass(frozen=True)
class Classified:
    """What the model says of `n` turns.

    Attributes:
        logits: (n, classes) float64, before the temperature is applied.
        reasons: modality -> why it is absent, (n); '' where it is there.
        novelty: modality -> percentile 0..100, (n,); NaN where it is absent.
    """

    logits: NDArray[np.float64]
    reasons: dict[str, list[str]]
    novelty: dict[str, NDArray[np.float64]]


def index_of(recording: Recording, turns: Sequence[Turn], *, labels: Sequence[str]) -> Index:
    """Rows as the stages read them, without labels; paths are absolute."""
    name = printable(recording.path.name)
    sound = recording.sound.resolve().as_posix() if recording.sound is not None else ""
    video = recording.video.resolve().as_posix() if recording.video is not None else ""
    rows = tuple(
        Utterance(
            utterance=f"turn {number} of {name}",  # no corpus has such an id: it is nobody's training utterance
            dialogue=name,
            turn=number,
            speaker=turn.speaker,
            start=turn.start,
            end=turn.end,
            label="",
            split=_SPLIT,
            text=turn.text,
            audio=sound,
            video=video if turn.side else "",
            side=turn.side or "full",
        )
        for number, turn in enumerate(turns, start=1)
    )
    return Index(rows, tuple(labels), _CORPUS, digest_of(rows))


def classify(
    bundle: Bundle,
    recording: Recording,
    turns: Sequence[Turn],
    *,
    work: Path,
    progress: Progress = lambda step, done, total: None,
) -> Classified:
    """Features and probabilities of all turns; what is in `work` already is not made again.

    Args:
        bundle: the model.
        recording: whose turns they are.
        turns: one at least.
        work: folder for clips, features and unfinished work.
        progress: told before each modality how many are done (`features`).

    Raises:
        EmotionError: the model cannot be used, or the disk is full.
    """
    index = index_of(recording, turns, labels=bundle.classifier.labels)
    modalities = bundle.classifier.modalities
    features = {name: work / f"{name}.h5" for name in modalities}
    for number, name in enumerate(modalities):
        progress("features", number, len(modalities))
        _extract(bundle, index, name, root=recording.path.parent, work=work)
    context = {key: bundle.classifier.settings[key] for key in ("history", "future")}
    sequences = dataset.load(index, features, scaling=bundle.classifier.scaling, **context)[_SPLIT]
    logits = predict(bundle.classifier.module.to(device()), sequences).double().cpu().numpy()
    return Classified(logits, _reasons(index, features, recording), _novelty(bundle, sequences))


def _extract(bundle: Bundle, index: Index, modality: str, *, root: Path, work: Path) -> None:
    """One modality's cache, as its stages make it; nothing stops it but the disk."""
    reading, fitted, clips = bundle.reading, bundle.encoder(modality), work / "clips.h5"
    execute = _who(index)
    lenient: dict[str, Any] = {"scratch": work / "scratch", "max_missing": 1.0, "on_error": "skip"}
    how = lenient | {"out": work / f"{modality}.h5", "budget": environment.budget(), "device": choose_device()}
    if modality == "audio":
        kept: dict[str, Any] = {"channel": reading.audio.channel, "max_seconds": reading.max_seconds}
        extract_audio(index, root=root, fitted=fitted, execute=execute, **kept, **how)
    elif modality == "face":
        extract_faces(
            index,
            root=root,
            out=clips,
            report=work / "faces.json",
            details=work / "faces.csv",
            clips=bundle.clips,
            max_seconds=reading.max_seconds,
            execute=executors.where_there_is_some(index, "face", execute),
            **lenient,
        )
        extract_face(index, clips=clips, fitted=fitted, execute=execute, **how)
    else:
        extract_text(index, fitted=fitted, execute=execute, **how)


def _who(index: Index) -> Executor:
    """Who computes: this process, or for many turns as in the stages. The result is the same."""
    if len(index.utterances) > _FEW and not processes.inside():
        return executors.choose()
    return partial(executors.run_local, workers=1)


def _reasons(index: Index, features: dict[str, Path], recording: Recording) -> dict[str, list[str]]:
    """Why modalities are absent, without the folders of this machine."""
    plain = {"audio": "no sound", "face": "no pictures", "text": "no words"}
    paths = (recording.path, recording.sound)
    found = {}
    for name, path in features.items():
        with Cache(path) as cache:
            reasons = [cache.reason[cache.row(row.utterance)] for row in index.utterances]
        found[name] = [plain[name] if reason.endswith(ABSENT) else by_name(reason, paths) for reason in reasons]
    return found


def _novelty(bundle: Bundle, sequences: Sequences) -> dict[str, NDArray[np.float64]]:
    found = {}
    for place, name in enumerate(sequences.features):
        if name in bundle.novelty:
            values = bundle.novelty[name].percentiles(sequences.features[name].numpy())
            found[name] = np.where(sequences.present[:, place].numpy(), values, np.nan)
    return found
