"""Reader of IEMOCAP's release (Busso et al., 2008), and of any corpus laid out like it.

SessionN/dialog/EmoEvaluation/<dialogue>.txt     times, labels and every rater's votes
SessionN/dialog/transcriptions/<dialogue>.txt    what is said, in the order of the conversation
SessionN/dialog/wav/<dialogue>.wav               stereo: left channel = actor on the left
SessionN/dialog/avi/DivX/<dialogue>.avi          both actors side by side
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.ratings import Rating, read_ratings
from emotion.corpus.reading import Kind, Notes, Reading, Vote
from emotion.corpus.text import read_lines, repair
from emotion.corpus.utterance import Utterance

LABELS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
CODES = {"hap": "happy", "sad": "sad", "neu": "neutral", "ang": "angry", "exc": "excited", "fru": "frustrated"}
LABEL_RULES = ("released", "strict")

NO_ID = Kind("transcript lines without id or time", "fact", "nothing to do: the release has such lines")
UNRATED = Kind("unrated turns", "fact", "nothing to do: the release has turns that nobody rated")
RELEASED = Kind("xxx counted as happy", "fact", "nothing to do, or take label rule strict: see docs/corpora.md")
UNRATED_DIALOGUE = Kind(
    "dialogues without evaluation", "error", "copy dialog/EmoEvaluation/<dialogue>.txt from the release"
)
UNWRITTEN_DIALOGUE = Kind(
    "dialogues without transcript", "error", "copy dialog/transcriptions/<dialogue>.txt from the release"
)
UNWRITTEN = Kind(
    "rated utterances without a transcript line",
    "error",
    "copy dialog/transcriptions from the release, or leave them out",
)
TWICE = Kind("utterances transcribed twice", "warning", "remove the second line: the first is used")
STRANGE = Kind("utterances with an id of another form", "warning", "fix the id: <dialogue>_F000 or <dialogue>_M000")
BACKWARDS = Kind("utterances that end before they start", "warning", "fix the times in dialog/EmoEvaluation")
NO_WAV = Kind(
    "dialogues without wav", "error", "copy dialog/wav/<dialogue>.wav from the release; until then they have no audio"
)
NO_VIDEO = Kind(
    "dialogues without video", "error", "copy dialog/avi/DivX/<dialogue>.avi from the release; until then no face"
)

_DIALOGUE = re.compile(r"Ses\d\d([FM])_\w+")
_SCENARIO = re.compile(r"Ses\d\d[FM]_((?:script|impro)\d\d)")
_SPEAKER = re.compile(r"_([FM])\d{3}")
_TIME = r"[0-9]+(?:\.[0-9]+)?"
_TURN = re.compile(rf"(\S+)\s+\[\s*{_TIME}\s*-\s*{_TIME}\s*\]:?(.*)")


def read_iemocap(root: Path, *, label_rule: str) -> Reading:
    """Read all utterances that have one of the six labels.

    The label is the majority of the raters. With `released` some utterances without a majority count as happy, as in
    the feature files that the field shares (7433 utterances instead of the 7380 of `strict`): see `six_class_label`.

    Args:
        root: folder that holds Session1 ... Session5.
        label_rule: `released` or `strict`.

    Returns:
        The corpus, with split ''; utterances of a dialogue in the order of its transcript.

    Raises:
        EmotionError: no dialogue was found, one is there twice, a rating cannot be read, or the label rule is unknown.
    """
    if label_rule not in LABEL_RULES:
        raise EmotionError(f"label rule is {quoted(label_rule)}, expected one of {', '.join(LABEL_RULES)}")
    transcripts, evaluations = (_files(root, folder) for folder in ("transcriptions", "EmoEvaluation"))
    if not transcripts:
        raise EmotionError(
            f"{root}: no dialogues found, expected Session1/dialog/transcriptions/Ses01F_impro01.txt and so on; "
            f"copy or link the unpacked release there"
        )
    notes = Notes()
    for dialogue in sorted(evaluations.keys() - transcripts.keys()):
        notes.add(UNWRITTEN_DIALOGUE, dialogue)
    utterances: list[Utterance] = []
    votes: list[Vote] = []
    codes: Counter[str] = Counter()
    for dialogue, path in transcripts.items():
        if dialogue not in evaluations:
            notes.add(UNRATED_DIALOGUE, dialogue)
            continue
        ratings = read_ratings(evaluations[dialogue], notes)
        codes.update(rating.label for rating in ratings.values())
        votes += [vote for rating in ratings.values() for vote in rating.raters]
        media = _media(root, path.parent.parent, dialogue, notes)
        rows = _dialogue(dialogue, path, ratings, label_rule, notes)
        utterances += [replace(row, audio=media["audio"], video=media["video"]) for row in rows]
    return Reading(utterances, LABELS, notes, tuple(votes), dict(codes))


def six_class_label(rating: Rating, *, label_rule: str) -> str:
    """The label of an utterance, '' if it is none of the six.

    `released` adds to `strict`: an utterance labelled xxx is happy if its self-report is Happiness and nothing else,
    and Happiness has more votes than any other label over all raters, where the self-report is one of the raters and
    each label of a vote for several counts. (Among the outside raters alone a lead would mostly be a majority already.)
    """
    if rating.label == "xxx" and label_rule == "released" and rating.own == {"Happiness"}:
        (first, most), *others = Counter(rating.votes).most_common(2)
        if first == "Happiness" and (not others or others[0][1] < most):
            return "happy"
    return CODES.get(rating.label, "")


def scenario(dialogue: str) -> str:
    """What is played, e.g. `script02` in `Ses01F_script02_1`, `impro08` in `Ses03M_impro08a`; '' where neither."""
    found = _SCENARIO.match(dialogue)
    return found[1] if found else ""


def read_transcript(path: Path, notes: Notes) -> Iterator[tuple[str, str]]:
    """Yield (turn's id, text) in the order of the file, unrated turns included; other lines are noted."""
    for number, line in enumerate(read_lines(path), start=1):
        if turn := _TURN.fullmatch(line):
            yield turn[1], " ".join(repair(turn[2]).split())
        elif line.strip():
            notes.add(NO_ID, f"{path}: line {number}: {line[:60].strip()}")


def _files(root: Path, folder: str) -> dict[str, Path]:
    """Dialogue -> its file, sorted; without the AppleDouble files `._name` that macOS leaves beside what it copies."""
    paths = [path for path in sorted(root.glob(f"Session*/dialog/{folder}/*.txt")) if _DIALOGUE.fullmatch(path.stem)]
    found: dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise EmotionError(f"{path}: dialogue {path.stem} is there already: {found[path.stem]}; remove one")
        found[path.stem] = path
    return found


def _dialogue(
    dialogue: str, path: Path, ratings: dict[str, Rating], label_rule: str, notes: Notes
) -> Iterator[Utterance]:
    """The utterances of one dialogue, without media."""
    seen: set[str] = set()
    for turn, (name, text) in enumerate(read_transcript(path, notes)):
        rating = ratings.get(name)
        label = six_class_label(rating, label_rule=label_rule) if rating else ""
        kind = _left_out(name, dialogue, rating, label, seen)
        seen.add(name)
        if rating is None or kind is not None:
            notes.add(kind or UNRATED, name)
            continue
        if rating.label == "xxx":
            notes.add(RELEASED, name)
        yield Utterance(
            utterance=name,
            dialogue=dialogue,
            turn=turn,
            speaker=f"{dialogue[:5]}_{name[-4]}",
            start=rating.start,
            end=rating.end,
            label=label,
            split="",
            text=text,
            audio="",
            video="",
            # The actor whose letter is in the dialogue's name sits on the left.
            side="left" if name[-4] == dialogue[5] else "right",
            scenario=scenario(dialogue),
            gender=name[-4],
        )
    for name in ratings:
        if name not in seen:
            notes.add(UNWRITTEN, f"{path}: {name}")


def _left_out(name: str, dialogue: str, rating: Rating | None, label: str, seen: set[str]) -> Kind | None:
    """Why a turn is left out, None if it is not."""
    if rating is None:
        return UNRATED
    # Ids are compared whole: `script01_1` is a prefix of `script01_1b`, which is another dialogue.
    if not name.startswith(dialogue) or not _SPEAKER.fullmatch(name[len(dialogue) :]):
        return STRANGE
    if name in seen:
        return TWICE
    if rating.end <= rating.start:
        return BACKWARDS
    return None if label else Kind(f"label {rating.label}", "fact", "nothing to do: it is none of the six")


def _media(root: Path, folder: Path, dialogue: str, notes: Notes) -> dict[str, str]:
    """Columns audio and video of a dialogue."""
    found = {}
    for column, path, kind in (
        ("audio", folder / "wav" / f"{dialogue}.wav", NO_WAV),
        ("video", folder / "avi" / "DivX" / f"{dialogue}.avi", NO_VIDEO),
    ):
        found[column] = path.relative_to(root).as_posix() if path.is_file() else ""
        if not found[column]:
            notes.add(kind, dialogue)
    return found
