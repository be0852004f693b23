"""Our own JSON: everything that a timeline holds, with segments like whisperX's, out and back in.

`timeline.schema.json` beside this file describes it; `schema_text` writes that of the classes below.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from emotion.core.errors import EmotionError
from emotion.core.limits import Share
from emotion.core.objects import read_object
from emotion.core.settings import Expected, Settings, read_settings
from emotion.core.text import quoted
from emotion.timeline.ticks import span, ticks
from emotion.timeline.timeline import LONGEST, Emotion, Timeline, Turn, Word
from emotion.timeline.whisperx import LARGEST

FORMAT: Final = "emotion-timeline-1"
SCHEMA: Final = Path(__file__).with_name("timeline.schema.json")
_REMEDY = "expected a timeline.json of emotion predict"
Time = Annotated[float, Field(ge=0, lt=LONGEST), Expected("seconds >= 0")]
Percentile = Annotated[float, Field(ge=0, le=100), Expected("a number from 0 to 100")]
Modality = Literal["audio", "face", "text"]


class WordEntry(Settings):
    """A word of a segment."""

    word: str
    start: Time = Field(description="s")
    end: Time = Field(description="s, not before the start")
    score: Share | None = Field(description="probability that it was understood right; null = unknown")


class SegmentEntry(Settings):
    """One person speaks, without another in between."""

    start: Time = Field(description="s")
    end: Time = Field(description="s, after the start")
    speaker: str = Field(min_length=1, description="the same name for the same person")
    speaker_from: str = Field(description="by what the speaker is known; empty = unknown")
    text: str = Field(description="what is said, on one line")
    label: str | None = Field(
        description="emotion of the highest probability: what the turn looks and sounds most like"
    )
    emotion: dict[str, Share] | None = Field(description="label -> probability, 1 together; null = not predicted")
    unsure: list[Literal["speaker", "emotion"]] = Field(description="what is unsure")
    absent: dict[Modality, str] = Field(description="modality that could not be used -> why")
    novelty: dict[Modality, Percentile] = Field(description="modality -> percentile among the training features")
    words: list[WordEntry] = Field(description="words with their times, where they are known")


class ModelEntry(Settings):
    """What predicted."""

    name: str
    version: str


class Head(Settings):
    """Everything but the segments."""

    format: Literal["emotion-timeline-1"]
    media: str = Field(description="name of the recording's file, without its folder")
    duration: Time = Field(gt=0, description="s")
    model: ModelEntry
    labels: list[str] = Field(description="names of the emotions, in the order of the model")
    speakers: list[str] = Field(description="everybody who speaks")
    warnings: list[str] = Field(description="what everybody must know who sees a part of it")


class Document(Head):
    """Who says what in a recording, when, and which emotion it looks and sounds most like."""

    segments: list[SegmentEntry] = Field(description="turns, rising by start, then end")


def schema_text() -> str:
    """The schema of a file (JSON Schema, draft 2020-12), for `timeline.schema.json`."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema = Document.model_json_schema(by_alias=False) | {"title": "Timeline"}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def write(timeline: Timeline) -> str:
    """The text of a file: times to 1 ms, probabilities to six digits."""
    content = {
        "format": FORMAT,
        "media": timeline.media,
        "duration": max(1, ticks(timeline.duration)) / 1000,
        "model": {"name": timeline.model, "version": timeline.version},
        "labels": timeline.labels,
        "speakers": timeline.speakers,
        "warnings": timeline.warnings,
        "segments": [_segment(turn, timeline) for turn in timeline.turns],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _segment(turn: Turn, timeline: Timeline) -> dict[str, Any]:
    start, end = span(turn)
    chances = turn.emotion.probabilities if turn.emotion else {}
    return {
        "start": start / 1000,
        "end": end / 1000,
        "speaker": turn.speaker,
        "speaker_from": turn.speaker_from,
        "text": turn.text,
        "label": turn.emotion.label if turn.emotion else None,
        "emotion": {label: round(chances[label], 6) for label in timeline.labels} if chances else None,
        "unsure": turn.unsure,
        "absent": turn.absent,
        "novelty": {modality: round(percentile, 2) for modality, percentile in turn.novelty.items()},
        "words": [_word(word) for word in turn.words],
    }


def _word(word: Word) -> dict[str, Any]:
    score = None if word.probability is None else round(word.probability, 4)
    return {"word": word.text, "start": ticks(word.start) / 1000, "end": ticks(word.end) / 1000, "score": score}


def read_timeline(path: Path) -> Timeline:
    """Read a `timeline.json` again.

    Raises:
        EmotionError: it is missing, damaged or another file; names file, key, what was found and what was expected.
    """
    content = read_object(path, remedy=_REMEDY, most=LARGEST)
    segments = content.pop("segments", None)
    if content.get("format") != FORMAT or not isinstance(segments, list):
        raise EmotionError(f"{path}: format is {quoted(content.get('format'), most=40)}, {_REMEDY} ({FORMAT})")
    head = read_settings(Head, content, source=str(path))
    read = [
        read_settings(SegmentEntry, segment, source=str(path), prefix=f"segments.{number}.")
        for number, segment in enumerate(segments)
    ]
    try:
        return Timeline(
            media=head.media,
            duration=head.duration,
            labels=tuple(head.labels),
            turns=tuple(map(_turn, read)),
            speakers=tuple(head.speakers),
            warnings=tuple(head.warnings),
            model=head.model.name,
            version=head.model.version,
        )
    except EmotionError as error:
        raise EmotionError(f"{path}: {error}; {_REMEDY}") from None


def _turn(segment: SegmentEntry) -> Turn:
    return Turn(
        start=segment.start,
        end=segment.end,
        speaker=segment.speaker,
        speaker_from=segment.speaker_from,
        text=segment.text,
        words=tuple(Word(word.start, word.end, word.word, word.score) for word in segment.words),
        emotion=Emotion(segment.label or "", segment.emotion) if segment.emotion else None,
        unsure=tuple(segment.unsure),
        absent={str(modality): why for modality, why in segment.absent.items()},
        novelty={str(modality): percentile for modality, percentile in segment.novelty.items()},
    )
