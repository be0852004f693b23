"""The page's data: one object of all that a run has to show, without the media (see `build` and `serve`)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core import logs
from emotion.core.text import printable
from emotion.corpus.utterance import SPLITS, Utterance, session_of
from emotion.page import overview
from emotion.page.explained import Explained, explain
from emotion.page.files import Run
from emotion.page.media import Media, find
from emotion.page.packing import NO_LABEL, i16, shares, u8
from emotion.page.pictures import FRAMES, Strips, feature_map
from emotion.page.transcode import HEIGHT, WIDTH

FOOTER = "contains corpus text: do not publish"


@dataclass(frozen=True)
class Gathered:
    """A run's data and what belongs to it.

    Attributes:
        data: for the page; no media and no strips yet.
        run: where it is from.
        media: what can be played.
        explained: what the model says.
    """

    data: dict[str, Any]
    run: Run
    media: Media
    explained: Explained


def gather(run: Run) -> Gathered:
    """Run the model over all utterances and put together what the page shows.

    Raises:
        EmotionError: the run's files do not fit together.
    """
    rows, labels = run.index.utterances, run.index.labels
    logs.info(f"page: {len(rows)} utterances, {'+'.join(run.features)}, model {run.classifier.settings['model']}")
    said = explain(run.classifier, run.index, run.features)
    groups = _dialogues(rows)
    media = find(run.media, groups)
    speakers = {name: i for i, name in enumerate(sorted({row.speaker for row in rows}))}
    actual = _actual(run)
    tested = np.array([row.split == "test" for row in rows]) & (actual != NO_LABEL)
    agrees = _agrees(run, actual[tested], said.probabilities[tested])
    data: dict[str, Any] = {
        "kind": "run",
        "title": f"{printable(run.index.corpus)}: {run.classifier.settings['model']}",
        "notes": overview.notes(run, said.present, agrees=agrees),
        "labels": list(labels),
        "splits": list(SPLITS),
        "modalities": list(run.features),
        "speakers": list(speakers),
        **_what(run, dialogues=len(groups), speakers=len(speakers)),
        "reliability": overview.reliable(actual[tested], said.probabilities[tested]),
        "dialogues": [_dialogue(group, set(media.clips)) for group in groups],
        "utterances": _utterances(run, said, groups, speakers, actual),
        "strips": None,
        "faces": None,
        "maps": _maps(run, said),
        "against": None,
        "media": {"mode": "none", "note": ""},
        "footer": FOOTER,
    }
    return Gathered(data, run, media, said)


def _what(run: Run, *, dialogues: int, speakers: int) -> dict[str, Any]:
    """The corpus, what was run on it, and how well it did."""
    corpus, size = run.index.corpus, len(run.index.utterances)
    about = {"name": corpus, "what": overview.what(corpus)}
    return {
        "corpus": about | {"utterances": size, "dialogues": dialogues, "speakers": speakers},
        "run": {
            "model": run.classifier.settings["model"],
            "changed": overview.changed(run.params),
            "encoders": overview.encoders(run),
        },
        "scores": run.scores,
        "details": run.details,
        "interval": overview.interval(run.scores, run.details),
        "curve": overview.curve(run),
    }


def open_strips(found: Gathered) -> Strips | None:
    """The face strips, to be closed; None where the run has no face clips."""
    return Strips(found.run.faces, found.run.index) if found.run.faces.is_file() else None


def with_strips(found: Gathered, strips: Strips, *, embedded: list[str | None] | None = None) -> Gathered:
    """The same with strips, embedded or by address, and with the view of faces."""
    where = {"at": "strips/{row}.jpg"} if embedded is None else {"embedded": embedded}
    speakers = {name: i for i, name in enumerate(found.data["speakers"])}
    faces = strips.by_speaker(found.run.index, speakers)
    return replace(found, data=found.data | {"strips": {"frames": FRAMES, "size": strips.size} | where, "faces": faces})


def _dialogues(rows: tuple[Utterance, ...]) -> list[list[tuple[int, Utterance]]]:
    """The rows of each dialogue with their numbers; the index has them one after the other."""
    groups: list[list[tuple[int, Utterance]]] = []
    for i, row in enumerate(rows):
        if not groups or groups[-1][0][1].dialogue != row.dialogue:
            groups.append([])
        groups[-1].append((i, row))
    return groups


def _dialogue(group: list[tuple[int, Utterance]], clips: set[int]) -> dict[str, Any]:
    first, row = group[0]
    return {
        "name": row.dialogue,
        "session": session_of(row.dialogue).removeprefix("Ses").lstrip("0"),
        "scenario": row.scenario,
        "first": first,
        "count": len(group),
        "media": None,
        "sound": None,
        "clips": any(i in clips for i, _ in group),
        "width": WIDTH,
        "height": HEIGHT,
    }


def _actual(run: Run) -> NDArray[np.int64]:
    """Class numbers (n,), 255 = no label; those of the test set come from predictions.csv."""
    number = {label: i for i, label in enumerate(run.index.labels)}
    return np.array(
        [number.get(row.label or run.test.get(row.utterance, ""), NO_LABEL) for row in run.index.utterances]
    )


def _agrees(run: Run, actual: NDArray[np.int64], probabilities: NDArray[np.float64]) -> bool:
    """Whether the saved score is that of the loaded model."""
    try:
        scored = float(run.scores["test"]["accuracy"])
    except (KeyError, TypeError, ValueError):
        return False
    return len(actual) > 0 and abs(scored - float((probabilities.argmax(1) == actual).mean())) < 1.5 / len(actual)


def _utterances(
    run: Run,
    said: Explained,
    groups: list[list[tuple[int, Utterance]]],
    speakers: dict[str, int],
    actual: NDArray[np.int64],
) -> dict[str, Any]:
    rows = run.index.utterances
    dialogue = [number for number, group in enumerate(groups) for _ in group]
    first = np.array([group[0][0] for group in groups])[dialogue]
    bits = (~said.present * (1 << np.arange(said.present.shape[1]))).sum(1)
    attended = None
    if said.attended is not None:
        attended = i16(np.where(said.attended >= 0, said.attended - first[:, None], -1))
    return {
        "id": [row.utterance for row in rows],
        "dialogue": dialogue,
        "speaker": [speakers[row.speaker] for row in rows],
        "start": [round(row.start, 3) for row in rows],
        "end": [round(row.end, 3) for row in rows],
        "text": [row.text for row in rows],
        "split": u8([SPLITS.index(row.split) for row in rows]),
        "actual": u8(actual),
        "predicted": u8(said.probabilities.argmax(1)),
        "missing": u8(bits),
        "probabilities": shares(said.probabilities),
        "hidden": None if said.hidden is None else shares(said.hidden),
        "attended": attended,
        "weights": None if said.weights is None else shares(said.weights),
    }


def _maps(run: Run, said: Explained) -> dict[str, Any]:
    names = {modality: name for modality, name, _ in overview.encoders(run)}
    found = {}
    for i, (modality, values) in enumerate(said.features.items()):
        drawn = feature_map(values, said.present[:, i], encoder=names[modality])
        if drawn is not None:
            found[modality] = drawn
    return found
