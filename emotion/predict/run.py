"""`emotion predict`: recordings and a packed model in, a timeline of each out.

    recordings -> allowed? -> turns (work/turns.json) -> clips, features (work/*.h5) -> probabilities -> timeline.*

Files that rooms above this one make of a timeline and its recording (the page, the annotated video) are handed in as
`extras`.

Nothing is written before it is clear that the model may be used. `work/` is removed at the end; after a kill the same
command goes on with what is there, and gives the same bytes.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from emotion.bundle.folder import Bundle, load
from emotion.bundle.packing import code_version
from emotion.conversation.recording import Progress
from emotion.core import logs
from emotion.core.errors import EmotionError, cannot
from emotion.core.files import move
from emotion.core.limits import MODALITIES
from emotion.core.text import counted, printable, quoted
from emotion.evaluation.calibration import temperature_scaled
from emotion.predict.classify import Classified, classify
from emotion.predict.lines import Lines
from emotion.predict.media import Recording, by_name, check_allowed, files, look
from emotion.predict.talk import Listening, Talk, find_turns, keep, kept, key_of
from emotion.predict.transcripts import Find, transcripts
from emotion.timeline.timeline import UNKNOWN, Emotion, Timeline, Turn
from emotion.timeline.writing import WRITERS, write_timeline

_WORK: Final = "work"
_MARK: Final = ".made-by-emotion-predict"
_NOVEL: Final = 95.0  # percentile from which on a turn is unlike the training data
UNUSED: Final = "the model does not use it"
_SENSED: Final = {"audio": "voices", "face": "faces", "text": "words"}


@dataclass(frozen=True)
class Finished:
    """A timeline and what it was made of, for files that hold more than the timeline.

    Attributes:
        timeline: its turns have their sides, see `Turn`.
        recording: whose it is.
        detector: of faces; `none` = they were not looked at.
        score: least score of a face, see `make_detector`.
        work: folder for unfinished work; a file that is made goes there.
    """

    timeline: Timeline
    recording: Recording
    detector: str
    score: float
    work: Path


Extra = Callable[[Finished], Path | None]
"""Makes a file in `work`, whose name it keeps; None = there is nothing to make, and it was said why."""


def predict(
    media: Sequence[Path],
    *,
    model: Path,
    out: Path,
    how: Listening,
    faces: bool = True,
    sound: Path | None = None,
    formats: Sequence[str] = tuple(WRITERS),
    extras: Mapping[str, Extra] = MappingProxyType({}),
    demo: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the timelines of recordings.

    Args:
        media: files, and folders of files.
        model: a packed model's folder.
        out: folder for `timeline.*`; of several recordings each has a folder of its own there.
        how: turns are found; its detector is the model's, its transcript a file or a folder, see `transcripts`.
        faces: look at faces.
        sound: file with the sound of the one recording, or folder with sounds of the same names; None = in the media.
        formats: some of `timeline.writing.WRITERS` and `extras`.
        extras: format -> what makes its file.
        demo: take any recording, though the model was trained on the generated corpus.
        progress: told how far each step is: `listen`, `watch` (s), `features` (modalities), `write` (files); None =
            a line every few seconds.

    Returns:
        The files that were written.

    Raises:
        Refused: the model is not for such recordings; nothing was written.
        EmotionError: model, format or a recording cannot be used. Of several recordings the others are done first.
    """
    for form in formats:
        if form not in (*WRITERS, *extras):
            known = ", ".join((*WRITERS, *extras))
            raise EmotionError(f"format {quoted(form, most=40)} is unknown, expected some of {known}")
    bundle = load(model)
    detector = bundle.clips.detector if faces and "face" in bundle.classifier.modalities else "none"
    how = replace(how, detector=detector, score=bundle.clips.score)
    wanted = files(media)
    if sound is not None and not sound.is_dir() and len(wanted) > 1:
        raise EmotionError(f"{sound}: the sound of one recording, but there are {len(wanted)}; give a folder of sounds")
    transcript = transcripts(how.transcript, count=len(wanted))
    recordings, failed = _look(wanted, sound, transcript)
    warnings = check_allowed(bundle.card, recordings, demo=demo)
    for line in warnings:
        logs.warning(f"warning: {line}")
    written: list[Path] = []
    for recording, folder in zip(recordings, _folders(recordings, out, alone=len(wanted) == 1), strict=True):
        try:
            told, own = progress or Lines(recording.path.name), replace(how, transcript=transcript(recording.path))
            with _working(folder) as work:
                finished = _finish(bundle, recording, own, work=work, warnings=warnings, progress=told)
                written += _write(folder, finished, formats=formats, extras=extras, progress=told)
            logs.info(_told(finished.timeline))
        except EmotionError as error:
            if len(wanted) == 1:
                raise
            failed += 1
            logs.error(printable(f"error: {recording.path}: {error}"))
    done = counted(len(wanted) - failed, "recordings")
    logs.info(f"predict: {done} -> {out} ({', '.join(dict.fromkeys(path.name for path in written)) or 'nothing'})")
    if failed:
        raise EmotionError(f"{failed} of {len(wanted)} recordings could not be used, see above; the others are done")
    return written


def _look(wanted: Sequence[Path], sound: Path | None, transcript: Find) -> tuple[list[Recording], int]:
    """What is in the recordings, and how many of several cannot be used."""
    found: list[Recording] = []
    for path in wanted:
        try:
            transcript(path)
            found.append(look(path, sound=sound))
        except EmotionError as error:
            if len(wanted) == 1:
                raise
            logs.error(printable(f"error: {error}"))
    return found, len(wanted) - len(found)


def _folders(recordings: Sequence[Recording], out: Path, *, alone: bool) -> list[Path]:
    """Where the files of each go: by its name, with the suffix where two have one name."""
    if alone:
        return [out]
    stems = Counter(recording.path.stem.casefold() for recording in recordings)
    names = [
        recording.path.name if stems[recording.path.stem.casefold()] > 1 else recording.path.stem
        for recording in recordings
    ]
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        raise EmotionError(f"two recordings are named {quoted(twice[0])}; rename one, or predict each alone")
    return [out / name for name in names]


def _finish(
    bundle: Bundle,
    recording: Recording,
    how: Listening,
    *,
    work: Path,
    warnings: Sequence[str],
    progress: Progress,
) -> Finished:
    talk = _turns(recording, how, work, progress)
    logs.info(f"{recording.path.name}: {counted(len(talk.turns), 'turns')} in {talk.seconds:.1f} s")
    found = classify(bundle, recording, talk.turns, work=work, progress=progress) if talk.turns else None
    turns = _judged(bundle, talk.turns, found) if found is not None else ()
    paths = (recording.path, recording.sound, how.transcript)
    told = [*warnings, *(by_name(line, paths) for line in talk.warnings), *_unlike(found)]
    for line in told[len(warnings) :]:
        logs.warning(f"warning: {line}")
    timeline = Timeline(
        media=recording.path.name,
        duration=max([talk.seconds, *(turn.end for turn in turns)]),
        labels=bundle.classifier.labels,
        turns=turns,
        warnings=tuple(told),
        model=bundle.card.name,
        version=f"emotion {code_version()}".strip(),
    )
    return Finished(timeline, recording, how.detector, how.score, work)


def _write(
    out: Path, finished: Finished, *, formats: Sequence[str], extras: Mapping[str, Extra], progress: Progress
) -> list[Path]:
    """All files; those of `extras` are whole in `work` before the first takes its place."""
    wanted = [form for form in dict.fromkeys(formats) if form in extras]
    made = []
    for number, form in enumerate(wanted):
        progress("write", number, len(wanted))
        made.append(extras[form](finished))
    written = write_timeline(out, finished.timeline, formats=[form for form in formats if form in WRITERS])
    return [*written.values(), *(move(path, out / path.name) for path in made if path is not None)]


def _turns(recording: Recording, how: Listening, work: Path, progress: Progress) -> Talk:
    key = key_of(recording, how)
    talk = kept(work / "turns.json", key=key)
    if talk is None:
        talk = find_turns(recording, how, progress=progress)
        keep(work / "turns.json", talk, key=key)
    return talk


def _judged(bundle: Bundle, turns: Sequence[Turn], found: Classified) -> tuple[Turn, ...]:
    """The turns with emotion, what is unsure, absent and novel."""
    chances = temperature_scaled(found.logits, bundle.card.temperature)
    judged = []
    for place, turn in enumerate(turns):
        absent = {name: why[place] for name, why in found.reasons.items() if why[place]}
        absent |= {name: why for name, why in turn.absent.items() if name in absent and absent[name] == "no pictures"}
        novelty = {name: round(float(of[place]), 2) for name, of in found.novelty.items() if not np.isnan(of[place])}
        emotion, unsure = None, turn.unsure
        usable = len(absent) < len(found.reasons)
        absent |= {name: UNUSED for name in MODALITIES if name not in found.reasons}
        if usable:
            values = dict(zip(bundle.classifier.labels, chances[place].tolist(), strict=True))
            emotion = Emotion(max(values, key=lambda label: values[label]), values)
            unsure = (*unsure, "emotion") if chances[place].max() < bundle.card.unsure.below else unsure
        named = turn if turn.speaker else replace(turn, speaker=UNKNOWN, speaker_from="nothing")
        judged.append(replace(named, emotion=emotion, unsure=unsure, absent=absent, novelty=novelty))
    return tuple(judged)


def _unlike(found: Classified | None) -> Iterator[str]:
    """Warnings of modalities that are mostly unlike the training data."""
    for name, values in found.novelty.items() if found is not None else ():
        known = values[~np.isnan(values)]
        many = int((known >= _NOVEL).sum())
        if 2 * many > len(known):
            yield (
                f"these {_SENSED[name]} are unlike the training data: in {many} of {counted(len(known), 'turns')} more "
                f"than in {_NOVEL:.0f} % of the validation utterances; trust the emotions less"
            )


def _told(timeline: Timeline) -> str:
    turns = timeline.turns
    labels = Counter(turn.emotion.label for turn in turns if turn.emotion is not None)
    looks = ", ".join(f"{label} {labels[label]}" for label in timeline.labels if labels[label]) or "nothing"
    unsure = sum("emotion" in turn.unsure for turn in turns)
    return (
        f"{timeline.media}: {counted(len(turns), 'turns')} of {counted(len(timeline.speakers), 'speakers')}; looks and "
        f"sounds most like: {looks}; {unsure} unsure"
    )


@contextmanager
def _working(out: Path) -> Iterator[Path]:
    """A folder for unfinished work, for nobody else to read; removed when the work is done, kept when it is not.

    Raises:
        EmotionError: it cannot be made, or a folder of that name is somebody's own.
    """
    work = out / _WORK
    try:
        out.mkdir(parents=True, exist_ok=True)
        if work.exists() and not (work / _MARK).is_file() and any(work.iterdir()):
            raise EmotionError(f"{work}: is not of an earlier prediction and is not replaced; choose another --out")
        work.mkdir(mode=0o700, exist_ok=True)
        (work / _MARK).touch()
    except OSError as error:
        raise cannot("be written", work, error) from None
    yield work
    shutil.rmtree(work)
