"""Writing the generated corpus in the layout of IEMOCAP's release, so that one reader reads both."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emotion.core import logs, processes
from emotion.core.errors import EmotionError
from emotion.core.files import writing_folder
from emotion.core.progress import track
from emotion.corpus.synthetic.expression import Segment
from emotion.corpus.synthetic.ratings import rate
from emotion.corpus.synthetic.script import Actor, Dialogue, Turn, write_script
from emotion.corpus.synthetic.video import write_video
from emotion.corpus.synthetic.voice import openness, speak

RATE = 16000  # Hz
FPS = 15.0  # Hz
EDGE = 0.8  # s of silence before the first turn and after the last one
PAUSES = (0.12, 0.45)  # s between two turns
OVERLAPS = (0.1, 0.3)  # s by which a turn begins before the other one's ends
OVERLAP = 0.1  # share of such turns
CROSSTALK = 0.05  # loudness of a voice in the other one's channel
NOISE = 0.0008  # standard deviation of the room's noise
_GRID = 16  # samples: times are whole milliseconds, so the four decimals of the text files are exact


@dataclass(frozen=True)
class Spoken:
    """A turn with its sound and its place in the dialogue."""

    turn: Turn  # what is said
    wave: NDArray[np.float32]  # (t,) float32 at `RATE`
    first: int  # its first sample in the dialogue

    @property
    def start(self) -> float:
        """Beginning, s."""
        return self.first / RATE

    @property
    def end(self) -> float:
        """End, s."""
        return (self.first + len(self.wave)) / RATE


def write_corpus(root: Path, *, seed: int, workers: int) -> None:
    """Write the whole corpus; the same seed gives the same bytes, whatever the number of worker processes.

    It is written beside `root` and renamed at the end, so `root` is never half a corpus; an earlier one is replaced.

    Raises:
        EmotionError: a file could not be written in full.
    """
    dialogues = write_script(seed)
    with writing_folder(root) as folder:
        written = _write_all(folder, dialogues, workers)
        seconds = sum(track(written, total=len(dialogues), title="synthesize", unit="dialogues"))
    turns = sum(len(dialogue.turns) for dialogue in dialogues)
    logs.info(f"synthesize: wrote {len(dialogues)} dialogues with {turns} turns, {seconds / 60:.1f} minutes, to {root}")


def _write_all(root: Path, dialogues: Sequence[Dialogue], workers: int) -> Iterator[float]:
    write = partial(write_dialogue, root)
    if workers == 1:
        yield from map(write, dialogues)
        return
    for place, found in processes.run(write, dialogues, workers=workers):
        if isinstance(found, processes.Lost):
            raise EmotionError(f"{dialogues[place].name}: {found.why}; run again with fewer workers")
        yield found


def write_dialogue(root: Path, dialogue: Dialogue) -> float:
    """Write all files of one dialogue.

    Returns:
        Its length, s.
    """
    rng = np.random.default_rng(dialogue.seed)
    spoken = place(dialogue, rng)
    duration = max(item.end for item in spoken) + EDGE
    session = root / f"Session{dialogue.left.session}"
    folder = session / "dialog"
    for item in spoken:
        if item.turn.label:
            _write_wav(session / "sentences" / "wav" / dialogue.name / f"{item.turn.utterance}.wav", item.wave)
    _write_wav(folder / "wav" / f"{dialogue.name}.wav", mix(spoken, dialogue, duration=duration, rng=rng))
    lines = [f"{one.turn.utterance} [{one.start:08.4f}-{one.end:08.4f}]: {one.turn.text}\n" for one in spoken]
    _write_text(folder / "transcriptions" / f"{dialogue.name}.txt", "".join(lines))
    _write_text(folder / "EmoEvaluation" / f"{dialogue.name}.txt", evaluation(spoken))
    write_video(
        folder / "avi" / "DivX" / f"{dialogue.name}.avi",
        session=dialogue.left.session,
        left_gender=dialogue.left.gender,
        left=_segments(spoken, dialogue.left),
        right=_segments(spoken, dialogue.right),
        duration=duration,
        fps=FPS,
        seed=dialogue.seed,
    )
    return duration


def place(dialogue: Dialogue, rng: np.random.Generator) -> list[Spoken]:
    """Speak all turns and place them one after the other, with pauses and now and then an overlap."""
    spoken: list[Spoken] = []
    for turn in dialogue.turns:
        wave = speak(
            turn.text,
            session=turn.actor.session,
            gender=turn.actor.gender,
            emotion=turn.emotion,
            intensity=turn.voice_intensity,
            seed=turn.seed,
            rate=RATE,
        )
        pause, overlap, interrupts = rng.uniform(*PAUSES), rng.uniform(*OVERLAPS), rng.random() < OVERLAP
        start = EDGE
        if spoken:
            # Nobody interrupts themselves, also not across the other one's short turn.
            own = max((item.end for item in spoken if item.turn.actor == turn.actor), default=0.0)
            end = max(item.end for item in spoken)
            start = max(end - overlap, own + pause) if interrupts else end + pause
        spoken.append(Spoken(turn, wave, round(start * RATE / _GRID) * _GRID))
    return spoken


def mix(
    spoken: Sequence[Spoken], dialogue: Dialogue, *, duration: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The dialogue's sound, (t, 2) float32: the left actor in the left channel, softly in the other, and some noise."""
    sound = NOISE * rng.standard_normal((round(duration * RATE), 2))
    for item in spoken:
        near = 0 if item.turn.actor == dialogue.left else 1
        there = slice(item.first, item.first + len(item.wave))
        sound[there, near] += item.wave
        sound[there, 1 - near] += CROSSTALK * item.wave
    return np.clip(sound, -0.999, 0.999).astype(np.float32)


def evaluation(spoken: Sequence[Spoken]) -> str:
    """The dialogue's file of EmoEvaluation: times, labels and ratings of every rated turn."""
    blocks = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"]
    for item in spoken:
        turn = item.turn
        if not turn.label:
            continue
        ratings = rate(turn)
        outside = (scale for rater, scale in ratings.scales.items() if rater.startswith("E"))
        means = ", ".join(f"{sum(values) / len(values):.4f}" for values in zip(*outside, strict=True))
        lines = [f"[{item.start:.4f} - {item.end:.4f}]\t{turn.utterance}\t{turn.label}\t[{means}]"]
        lines += [f"C-{rater}:\t{'; '.join(labels)};\t()" for rater, labels in ratings.votes.items()]
        lines += [f"A-{rater}:\tval {v}; act {a}; dom  {d};\t()" for rater, (v, a, d) in ratings.scales.items()]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks)


def _segments(spoken: Sequence[Spoken], actor: Actor) -> list[Segment]:
    return [
        Segment(
            start=item.start,
            end=item.end,
            emotion=item.turn.emotion,
            intensity=item.turn.face_intensity,
            openness=openness(item.wave, rate=RATE, fps=FPS),
            seed=item.turn.seed,
        )
        for item in spoken
        if item.turn.actor == actor
    ]


def _write_wav(path: Path, sound: NDArray[np.float32]) -> None:
    # Through memory: libsndfile does not say when the disk is full.
    content = io.BytesIO()
    soundfile.write(content, sound, RATE, format="WAV", subtype="PCM_16")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.getvalue())


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
