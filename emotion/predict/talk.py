"""A recording to the turns that are to be classified: by the user's transcript, by listening and watching, or both.

A turn's `side` says where in the picture its speaker's face is looked for: as the transcript has it, or a box around
the face that `emotion.conversation` has found. Without one its face is absent.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from emotion.conversation import weights
from emotion.conversation.pieces import Piece
from emotion.conversation.recording import NONE, Conversation, Progress, turns_of
from emotion.conversation.turns import Corners, SpokenTurn
from emotion.core.closure import digest_files, digest_of
from emotion.core.errors import EmotionError
from emotion.core.files import write_text
from emotion.core.objects import read_object
from emotion.corpus.sides import tidy_side
from emotion.media.settings import SCORE
from emotion.predict.media import Recording
from emotion.timeline.reading import read_transcript
from emotion.timeline.segments import Transcript
from emotion.timeline.timeline import Turn, Word

OFF_SCREEN: Final = "said by nobody in the picture"
UNSEEN: Final = "the speaker's face is not seen"
UNKNOWN_FACE: Final = "whose face it is, is not known"
UNASKED: Final = "faces are not looked at"

_NO_WORDS: Final = "says nothing of what is said"
_MARGIN: Final = 0.5  # of a face's size that is added on each side, so that it can be found there though it moves
_MOST: Final = 256 << 20  # bytes of turns that are kept


@dataclass(frozen=True)
class Listening:
    """How turns are found.

    Attributes:
        transcript: what is said, where the user knows; or only who speaks when, then the recogniser finds the words.
        speakers: how many there are, where the user knows.
        asr: folder or name of a Whisper model; `none` = without words.
        language: code; '' = as it sounds.
        download: fetch the recogniser where this machine does not have it.
        detector: of faces; `none` = do not look at them.
        score: least score of a face, see `make_detector`.
        light_asd: file of the weights that tell who speaks; None = those that the user has fetched, if any.
    """

    transcript: Path | None = None
    speakers: int | None = None
    asr: str = "tiny.en"
    language: str = ""
    download: bool = False
    detector: str = "haar"
    score: float = SCORE
    light_asd: Path | None = None

    @property
    def weights(self) -> Path | None:
        """The weights that are used."""
        return weights.light_asd() if self.light_asd is None else self.light_asd


@dataclass(frozen=True)
class Talk:
    """What was found.

    Attributes:
        turns: rising; without emotions.
        seconds: length of the recording.
        warnings: what a user should know, a line each.
    """

    turns: tuple[Turn, ...]
    seconds: float
    warnings: tuple[str, ...]


def find_turns(recording: Recording, how: Listening, *, progress: Progress) -> Talk:
    """The turns of a recording.

    Raises:
        EmotionError: the transcript cannot be that of the recording, or see `turns_of`.
    """
    talk = _find(recording, how, progress)
    if recording.video is not None and how.detector != NONE:
        return talk
    why = {"face": UNASKED} if recording.video is not None else {}  # that there are no pictures is seen later
    return replace(talk, turns=tuple(replace(turn, absent=why, side="") for turn in talk.turns))


def _find(recording: Recording, how: Listening, progress: Progress) -> Talk:
    if how.transcript is None:
        found = _listen(recording, how, None, progress)
        return Talk(tuple(map(_turn, found.turns)), found.seconds, found.warnings)
    told = read_transcript(how.transcript, duration=recording.seconds, recording=recording.path.name)
    words = not told.has_text and how.asr != NONE and recording.sound is not None
    notes = told.notes if told.has_text or words else (*told.notes, f"{how.transcript.name}: {_NO_WORDS}")
    watched = recording.video is not None and how.detector != NONE
    known = all(turn.speaker and (turn.side or not watched) for turn in told.turns)
    if known and not words:
        return Talk(told.turns, recording.seconds, notes)
    found = _listen(recording, replace(how, detector=NONE) if known else how, told, progress)
    pairs = zip(told.turns, map(_turn, found.turns), strict=True)
    return Talk(
        tuple(_merged(ours, theirs, words=words) for ours, theirs in pairs),
        max(found.seconds, recording.seconds),
        (*notes, *found.warnings),
    )


def keep(path: Path, talk: Talk, *, key: str) -> None:
    """Write turns to a file, for a run that goes on."""
    write_text(path, json.dumps({"key": key, **asdict(talk)}) + "\n")


def kept(path: Path, *, key: str) -> Talk | None:
    """What `keep` wrote with the same key; None where it did not."""
    try:
        found = read_object(path, remedy="", most=_MOST)
        if found["key"] != key:
            return None
        turns = tuple(_read(turn) for turn in found["turns"])
        return Talk(turns, float(found["seconds"]), tuple(found["warnings"]))
    except (EmotionError, KeyError, TypeError, ValueError):
        return None


def key_of(recording: Recording, how: Listening) -> str:
    """Names what turns depend on: content of recording and transcript, how they are found, and by which code."""
    read = [path.read_bytes() for path in (how.transcript, how.weights) if path is not None and path.is_file()]
    used = [Path(__file__).parents[1] / name for name in ("conversation/recording.py", "timeline/reading.py")]
    own = digest_files([f"emotion/predict/{name}.py" for name in ("media", "talk")], root=Path(__file__).parents[2])
    known = [*recording.digests, *(hashlib.sha256(content).hexdigest() for content in read), own, digest_of(*used)]
    plain = {item.name: str(getattr(how, item.name)) for item in fields(how)} | {"name": recording.path.name}
    return hashlib.sha256(json.dumps([known, plain], sort_keys=True).encode()).hexdigest()


def _listen(recording: Recording, how: Listening, told: Transcript | None, progress: Progress) -> Conversation:
    said = None
    if told is not None:
        said = [Piece(turn.start, turn.end, text=turn.text, speaker=turn.speaker) for turn in told.turns]
    return turns_of(
        recording.path,
        sound=recording.sound,
        transcript=said,
        speakers=how.speakers,
        asr=how.asr if recording.sound is not None else NONE,
        language=how.language,
        download=how.download,
        faces=how.detector if recording.video is not None else NONE,
        score=how.score,
        light_asd=how.weights,
        progress=progress,
    )


def _turn(spoken: SpokenTurn) -> Turn:
    where = _around(spoken.face) if spoken.face is not None else ""
    reason = OFF_SCREEN if spoken.off_screen else UNSEEN if spoken.person >= 0 else UNKNOWN_FACE
    return Turn(
        start=spoken.start,
        end=spoken.end,
        speaker=spoken.speaker,
        speaker_from=spoken.speaker_from,
        text=spoken.text,
        words=spoken.words,
        unsure=("speaker",) if spoken.unsure else (),
        absent={} if where else {"face": reason},
        side=where,
    )


def _merged(ours: Turn, theirs: Turn, *, words: bool) -> Turn:
    """A turn of the transcript with what was seen of it, and the `words` that were heard where it has none."""
    whole = theirs if words else replace(theirs, text=ours.text, words=ours.words)
    return replace(whole, side=ours.side, absent={}) if ours.side else whole


def _around(face: Corners) -> str:
    """The side that is searched for a face."""
    left, top, right, bottom = face
    wide, high = _MARGIN * (right - left), _MARGIN * (bottom - top)
    edges = (max(0.0, left - wide), max(0.0, top - high), min(1.0, right + wide), min(1.0, bottom + high))
    return tidy_side("box " + " ".join(f"{edge:.4f}" for edge in edges)) or "full"


def _read(turn: Mapping[str, Any]) -> Turn:
    words = tuple(Word(**word) for word in turn["words"])
    return Turn(**dict(turn) | {"words": words, "unsure": tuple(turn["unsure"])})
