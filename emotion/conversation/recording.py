"""A recording to its turns: listen, watch, decide who speaks."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from emotion.conversation.channels import channel_of, one_each
from emotion.conversation.hearing import Heard, hear
from emotion.conversation.light_asd import load
from emotion.conversation.listen import Listener
from emotion.conversation.people import NOBODY, people
from emotion.conversation.pieces import Piece, bare_pieces, filled, pieces
from emotion.conversation.silent import silent_turns
from emotion.conversation.speakers import MOTION, Face, verdicts
from emotion.conversation.talking import Judge, kind_of
from emotion.conversation.turns import SpokenTurn, turns
from emotion.conversation.watch import FaceTrack, Glimpse, Sight, watch
from emotion.conversation.whisper import Whisper, speech_finder
from emotion.core import memory
from emotion.core.errors import EmotionError, MediaError
from emotion.core.text import counted
from emotion.media.settings import SCORE

NONE: Final = "none"

_UNASKED: Final = "not looked at"
_LONG: Final = 0.5  # s of speech without a word that are worth a warning
_MIDDLE: Final = 0.17  # of the picture's width

T = TypeVar("T")
Progress = Callable[[str, float, float], None]
"""Told the step (`listen`, `watch`), how far it is and how far it goes, in s of the recording; 0 = not known."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a recording holds.

    Attributes:
        turns: rising by their start.
        tracks: of all faces that were seen.
        persons: who each track is, -1 = hardly a face.
        seconds: length of the recording, the longer of sound and picture.
        language: code of the words, '' = not known.
        heard: whether it has sound.
        seen: whether it has pictures, and they were looked at.
        warnings: what a user should know, a line each.
    """

    turns: tuple[SpokenTurn, ...]
    tracks: tuple[FaceTrack, ...]
    persons: tuple[int, ...]
    seconds: float
    language: str
    heard: bool
    seen: bool
    warnings: tuple[str, ...]


def turns_of(
    media: Path,
    *,
    sound: Path | None = None,
    transcript: Sequence[Piece] | None = None,
    speakers: int | None = None,
    asr: str | Path = "tiny.en",
    language: str = "",
    download: bool = False,
    faces: str = "haar",
    score: float = SCORE,
    light_asd: Path | None = None,
    threads: int = 1,
    progress: Progress = lambda step, done, total: None,
) -> Conversation:
    """The turns of a recording.

    Args:
        media: a file with sound, pictures or both.
        sound: the file with the sound, where it is another one.
        transcript: what is said, by its start, where the user knows; nothing is merged then, and nothing recognised
            unless it has no words at all.
        speakers: how many there are, where the user knows.
        asr: folder or name of a Whisper model for faster-whisper; `none` = turns without words.
        language: code, '' = as it sounds.
        download: fetch the recogniser where this machine does not have it.
        faces: detector: `haar`, path of a YuNet model, or `none` = do not look.
        score: least score of YuNet's faces, see `make_detector`.
        light_asd: file of weights of Light-ASD's authors; None = who speaks is guessed by the mouth.
        threads: of the processor, for the recogniser.
        progress: told now and then.

    Raises:
        EmotionError: the file cannot be used at all, a model is missing, or faster-whisper is.
    """
    if speakers is not None and speakers < 1:
        raise EmotionError(f"the number of speakers is {speakers}, expected 1 or more")
    network = load(light_asd) if light_asd is not None and faces != NONE else None
    words = str(asr) != NONE and (transcript is None or without_words(transcript))
    told = {step: partial(progress, step) for step in ("listen", "watch")}
    whisper = Whisper(asr, language=language, download=download, threads=threads) if words else None
    listener = Listener(speech_finder(), whisper) if transcript is None or words else None
    listen = partial(hear, listener=listener, coefficients=network is not None, progress=told["listen"])
    heard, deaf = _attempt(partial(listen, sound or media))
    if whisper is not None:
        language = whisper.language
    del whisper, listener, listen  # and their memory
    memory.give_back()
    said, left = _pieces(heard, transcript, words=words)
    judge, spans = Judge(network, heard.coefficients if heard else None), [piece.span for piece in said]
    sight, blind = None, _UNASKED
    if faces != NONE:
        look = partial(watch, media, spans=spans, detector=faces, score=score, judge=judge, progress=told["watch"])
        sight, blind = _attempt(look)
        memory.give_back()
    if heard is None and sight is None:
        raise MediaError(deaf if faces == NONE or not deaf.startswith("no sound") else blind)
    persons = people(sight, detector=kind_of(faces)) if sight else []
    made = _turns(said, heard, sight, persons, speakers=speakers, merge=transcript is None)
    if not said and sight and transcript is None and (heard is None or heard.silent):
        made = silent_turns(sight.tracks, persons)
    return Conversation(
        turns=tuple(made),
        tracks=sight.tracks if sight else (),
        persons=tuple(persons),
        seconds=max(heard.seconds if heard else 0.0, sight.seconds if sight else 0.0),
        language=language,
        heard=heard is not None,
        seen=sight is not None,
        warnings=tuple(_warnings(made, heard, sight, deaf=deaf, blind=blind, left=left, told=transcript is not None)),
    )


def without_words(transcript: Sequence[Piece]) -> bool:
    """Whether a transcript says who speaks and when, but nothing of what is said."""
    return bool(transcript) and not any(piece.text for piece in transcript)


def _attempt(step: Callable[[], T]) -> tuple[T | None, str]:
    """What a step gives; or nothing, and why the file has nothing for it."""
    try:
        return step(), ""
    except MediaError as error:
        return None, str(error)


def _pieces(heard: Heard | None, transcript: Sequence[Piece] | None, *, words: bool) -> tuple[list[Piece], str]:
    """What is said, and what of it was left out, '' = nothing.

    Args:
        heard: None = it has no sound.
        transcript: of the user.
        words: whether words were to be recognised.
    """
    if transcript is not None:
        told, many = sorted(transcript, key=lambda piece: piece.start), 0
        if words and heard is not None:
            told, many = filled(told, heard.speech.words)
            if without_words(told):
                return told, "no word was understood"
        return told, f"{counted(many, 'words')} left out: nobody speaks there in the transcript" if many else ""
    if heard is None:
        return [], ""
    speech = heard.speech
    if not words:
        return bare_pieces(speech.regions), ""
    said = pieces(speech.words, speech.regions)
    places = [bisect_left(said, region.end, key=lambda piece: piece.start) - 1 for region in speech.regions]
    left = [
        region
        for region, place in zip(speech.regions, places, strict=True)
        if region.length >= _LONG and (place < 0 or said[place].end <= region.start)
    ]
    return said, f"{counted(len(left), 'regions')} of speech left out: no word was understood" if left else ""


def _turns(
    said: Sequence[Piece],
    heard: Heard | None,
    sight: Sight | None,
    persons: Sequence[int],
    *,
    speakers: int | None,
    merge: bool,
) -> list[SpokenTurn]:
    """Decide who says each piece, and make turns of them."""
    spans = [piece.span for piece in said]
    channels = None
    if heard is not None and one_each(heard.levels, spans):
        channels = [channel_of(heard.levels, span) for span in spans]
    glimpses = sight.glimpses if sight else [()] * len(said)
    faces = [_faces(seen, persons) for seen in glimpses]
    tracks = sight.tracks if sight else ()
    made = verdicts(
        said,
        faces,
        channels=channels,
        pictured=sight is not None,
        alone=_alone(tracks, persons),
        speakers=speakers,
    )
    return turns(said, made, merge=merge, tracks=tracks, persons=persons)


def _faces(glimpses: Sequence[Glimpse], persons: Sequence[int]) -> list[Face]:
    """The persons who are seen in a piece; what their tracks show is put together."""
    own: dict[int, list[Glimpse]] = {}
    for glimpse in glimpses:
        if persons[glimpse.track] != NOBODY:
            own.setdefault(persons[glimpse.track], []).append(glimpse)
    return [
        Face(
            person,
            share=sum(glimpse.share for glimpse in seen),
            talking=_mean([(glimpse.share, glimpse.signs.talking) for glimpse in seen]),
            motion=_mean([(glimpse.share, glimpse.signs.motion) for glimpse in seen]),
        )
        for person, seen in own.items()
    ]


def _mean(values: Sequence[tuple[float, float]]) -> float:
    """Of pairs of weight and value; what is not known does not count."""
    known = [(weight, value) for weight, value in values if weight > 0 and not math.isnan(value)]
    return sum(weight * value for weight, value in known) / sum(weight for weight, _ in known) if known else math.nan


def _alone(tracks: Sequence[FaceTrack], persons: Sequence[int]) -> bool:
    """Whether one person only is seen in all of the recording, in the middle: beside it nobody was overlooked."""
    own = [track.boxes for track, person in zip(tracks, persons, strict=True) if person != NOBODY]
    if not own or len(set(persons) - {NOBODY}) != 1:
        return False
    left, _, right, _ = np.median(np.concatenate(own), axis=0)
    return abs((float(left) + float(right)) / 2 - 0.5) <= _MIDDLE


def _warnings(
    made: Sequence[SpokenTurn],
    heard: Heard | None,
    sight: Sight | None,
    *,
    deaf: str,
    blind: str,
    left: str,
    told: bool,
) -> list[str]:
    """What a user should know."""
    found = []
    for kind, reason, trouble in (
        ("sound", deaf, heard.trouble if heard else ""),
        ("picture", blind, sight.trouble if sight else ""),
    ):
        if reason and reason != _UNASKED:
            found.append(f"without {kind}: {reason}")
        if trouble:
            found.append(trouble)
    if heard is not None and not told and not heard.speech.regions:
        found.append("nobody speaks in the recording" if not heard.silent else "the sound track holds no sound")
    if left:
        found.append(left)
    if sight is not None and not sight.tracks:
        found.append("no face is seen in the recording")
    outside = sum(turn.off_screen for turn in made)
    if outside:
        found.append(f"{counted(outside, 'turns')} said by nobody in the picture")
    guessed = sum(turn.speaker_from == MOTION for turn in made)
    if guessed:
        found.append(
            f"{counted(guessed, 'turns')} given to the face whose mouth moves most, which is a guess: the weights of "
            "Light-ASD tell better"
        )
    return found
