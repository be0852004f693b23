"""The page of a timeline: player, a lane for each speaker, words, probabilities; everything in one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion.core import logs
from emotion.core.errors import MediaError
from emotion.core.limits import MODALITIES
from emotion.page import annotated
from emotion.page.build import page_text
from emotion.page.packing import NO_LABEL, u8
from emotion.page.pictures import data_uri
from emotion.page.transcode import HEIGHT, WIDTH, transcode
from emotion.predict.run import Extra, Finished
from emotion.timeline.subtitles import senses
from emotion.timeline.timeline import Timeline, Turn

REPORT: Final = "report.html"
FOOTER: Final = (
    "What a turn looks and sounds most like, compared with the corpus that the model was trained on: not what anybody "
    "feels, and not for decisions about people. The page holds the recording and its words: share it as you would them."
)
_LARGEST: Final = 48 << 20  # bytes of media in a page; a third more as text
_LONGEST: Final = 1800.0  # s of pictures in a page
_NOTHING: Final[Mapping[str, Any]] = {"mode": "none", "note": ""}


def timeline_data(timeline: Timeline) -> dict[str, Any]:
    """What the page shows, without the media: the object of a run with one dialogue, and `turns` beside it."""
    turns, speakers = timeline.turns, {name: i for i, name in enumerate(timeline.speakers)}
    labels = {label: i for i, label in enumerate(timeline.labels)}
    chances = np.zeros((len(turns), len(labels)))
    for row, turn in enumerate(turns):
        if turn.emotion is not None:
            chances[row] = [turn.emotion.probabilities[label] for label in labels]
    return {
        "kind": "timeline",
        "title": timeline.media,
        "notes": [_sentence(line) for line in timeline.warnings],
        "model": timeline.model,
        "labels": list(labels),
        "splits": [""],
        "modalities": list(MODALITIES),
        "speakers": list(speakers),
        "dialogues": [_dialogue(timeline)],
        "utterances": {
            "id": [f"turn {row}" for row in range(1, len(turns) + 1)],
            "dialogue": [0] * len(turns),
            "speaker": [speakers[turn.speaker] for turn in turns],
            "start": [round(turn.start, 3) for turn in turns],
            "end": [round(turn.end, 3) for turn in turns],
            "text": [turn.text for turn in turns],
            "split": u8([0] * len(turns)),
            "actual": u8([NO_LABEL] * len(turns)),
            "predicted": u8([labels[turn.emotion.label] if turn.emotion else NO_LABEL for turn in turns]),
            "missing": u8([_bits(turn) for turn in turns]),
            "probabilities": np.round(255 * chances, 3).ravel().tolist(),  # not packed: per cents as in the other files
            "hidden": None,
            "attended": None,
            "weights": None,
        },
        "turns": [_turn(turn) for turn in turns],
        "files": [],
        "media": dict(_NOTHING),
        "footer": FOOTER,
    }


def _sentence(line: str) -> str:
    """With a capital, unless it begins with the name of a file."""
    return line if "." in line.split(" ", 1)[0] else line[:1].upper() + line[1:]


def _dialogue(timeline: Timeline) -> dict[str, Any]:
    what = {"name": timeline.media, "first": 0, "count": len(timeline.turns), "clips": False}
    return what | {"seconds": timeline.duration, "media": None, "sound": None, "width": WIDTH, "height": HEIGHT}


def _bits(turn: Turn) -> int:
    return sum(1 << place for place, name in enumerate(MODALITIES) if name in turn.absent)


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "senses": senses(turn),
        "from": turn.speaker_from,
        "unsure": list(turn.unsure),
        "absent": dict(turn.absent),
        "novelty": {name: round(value) for name, value in turn.novelty.items()},
        "words": [[round(word.start, 3), round(word.end, 3), word.text] for word in turn.words],
    }


def write_page(finished: Finished, *, files: Sequence[str] = ()) -> Path:
    """The page with the recording inside, as far as it fits: with pictures, or the sound alone.

    Args:
        finished: of a prediction.
        files: names beside the page that a server offers with it.
    """
    data = timeline_data(finished.timeline)
    source, note = _media(finished)
    data["dialogues"][0].update(source)
    data |= {"files": list(files), "media": {"mode": "embedded" if source else "none", "note": note}}
    path = finished.work / REPORT
    path.write_text(page_text(data), encoding="utf-8", newline="")
    return path


def _media(finished: Finished) -> tuple[dict[str, str], str]:
    """The recording as a browser plays it, and what is to be said of it."""
    video, sound = finished.recording.video, finished.recording.sound
    note = ""
    if video is not None and finished.recording.seconds <= _LONGEST:
        inside, note = _inside(finished, video, sound if sound != video else None)
        if inside:
            return {"media": data_uri(inside, "video/mp4")}, ""
    elif video is not None:
        note = f"Without pictures: they are longer than {_LONGEST / 60:.0f} minutes."
    if sound is None:
        return {}, note
    inside, why = _inside(finished, None, sound)
    return ({"sound": data_uri(inside, "audio/mp4")}, note) if inside else ({}, why)


def _inside(finished: Finished, video: Path | None, sound: Path | None) -> tuple[bytes, str]:
    """Bytes of the media, or why there are none."""
    path, kind = finished.work / "player.mp4", "sound" if video is None else "pictures"
    try:
        transcode(video, sound, path)
    except MediaError:
        logs.warning(f"{finished.recording.path.name}: the page has no {kind}: a browser cannot play them")
        return b"", f"Without {kind}: they cannot be played."
    size = path.stat().st_size
    if size > _LARGEST:
        return b"", f"Without {kind}: they have {size / 1e6:.0f} MB, and {_LARGEST / 1e6:.0f} MB fit into a page."
    return path.read_bytes(), ""


EXTRAS: Final[Mapping[str, Extra]] = {"html": write_page, "mp4": annotated.write_video}
"""Formats of `emotion predict` that hold more than the timeline."""
