"""Reader of IEMOCAP's release (Busso et al., 2008), and of any corpus laid out like it.

SessionN/dialog/EmoEvaluation/<dialogue>.txt     times, labels and every rater's votes
SessionN/dialog/transcriptions/<dialogue>.txt    what is said, in the order of the conversation
SessionN/dialog/wav/<dialogue>.wav               stereo: left channel = actor on the left
SessionN/dialog/avi/DivX/<dialogue>.avi          both actors side by side

A file of EmoEvaluation has a block per utterance:

[6.2901 - 8.2357]   Ses01F_impro01_F000   neu   [2.5000, 2.5000, 2.5000]     times, majority's label, mean scales
C-E2:   Neutral;    ()                                                       categories by rater E2, one or several
C-F1:   Neutral;    ()                                                       ... by the actor
A-E3:   val 3; act 2; dom  2;   ()                                           valence, activation, dominance by rater E3
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.decoding import read_lines, repair
from emotion.corpus.raters import WORDS
from emotion.corpus.reading import Kind, Notes, Reading, Vote
from emotion.corpus.utterance import Utterance

LABELS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
CODES = {"hap": "happy", "sad": "sad", "neu": "neutral", "ang": "angry", "exc": "excited", "fru": "frustrated"}
LABEL_RULES = ("released", "strict")
UNDECIDED = "xxx"
"""The code of an utterance whose raters have no majority."""

NO_ID = Kind.fact("transcript line{s} without id or time", "nothing to do: the release has such lines")
UNRATED = Kind.fact("unrated turn{s}", "nothing to do: the release has turns that nobody rated")
RELEASED = Kind.fact("xxx counted as happy", "nothing to do, or take label rule strict: see docs/corpora.md")
UNRATED_DIALOGUE = Kind.error(
    "dialogue{s} without evaluation", "copy dialog/EmoEvaluation/<dialogue>.txt from the release"
)
UNWRITTEN_DIALOGUE = Kind.error(
    "dialogue{s} without transcript", "copy dialog/transcriptions/<dialogue>.txt from the release"
)
UNWRITTEN = Kind.error(
    "rated utterance{s} without a transcript line", "copy dialog/transcriptions from the release, or leave them out"
)
TWICE = Kind.warning("utterance{s} transcribed twice", "remove the second line: the first is used")
ODD = Kind.warning("evaluation line{s} that {is|are} not understood", "fix them: what they say is not used")
RATED_TWICE = Kind.warning("utterance{s} rated twice, the first is kept", "remove the second rating")
STRANGE = Kind.warning("utterance{s} with an id of another form", "fix the id: <dialogue>_F000 or <dialogue>_M000")
BACKWARDS = Kind.warning(
    "utterance{s} that {ends before it starts|end before they start}", "fix the times in dialog/EmoEvaluation"
)
NO_WAV = Kind.error(
    "dialogue{s} without wav", "copy dialog/wav/<dialogue>.wav from the release; until then they have no audio"
)
NO_VIDEO = Kind.error(
    "dialogue{s} without video", "copy dialog/avi/DivX/<dialogue>.avi from the release; until then no face"
)

_DIALOGUE = re.compile(r"Ses\d\d([FM])_\w+")
_SCENARIO = re.compile(r"Ses\d\d[FM]_((?:script|impro)\d\d)")
_SPEAKER = re.compile(r"_([FM])\d{3}")
_TIME = r"[0-9]+(?:\.[0-9]+)?"
_TURN = re.compile(rf"(\S+)\s+\[\s*{_TIME}\s*-\s*{_TIME}\s*\]:?(.*)")
_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,9})?)"
_MAIN = re.compile(rf"\[\s*{_NUMBER}\s*-\s*{_NUMBER}\s*\]\s+(\S+)\s+(\w+)(?:\s+\[[^\]]*\])?\s*")
_CATEGORIES = re.compile(r"C-([EFM]\d*):([^(]*)(?:\(.*)?")
_SCALES = re.compile(r"A-([EFM]\d*):\s*val([^;(]*);\s*act([^;(]*);\s*dom([^;(]*);?\s*(?:\(.*)?")


@dataclass(frozen=True)
class Rating:
    """What EmoEvaluation says about an utterance."""

    start: float  # s
    end: float  # s
    label: str  # the release's code: the raters' majority, or xxx
    raters: tuple[Vote, ...] = ()  # what each rater says, in the order of the file

    @property
    def votes(self) -> tuple[str, ...]:
        """All categories of all raters, the self-report included; a rater may give several."""
        return tuple(label for vote in self.raters for label in vote.labels)

    @property
    def undecided(self) -> bool:
        """Whether the raters have no majority, and an outside one names a class."""
        outside = (label for vote in self.raters if vote.rater[0] == "E" for label in vote.labels)
        return self.label == UNDECIDED and any(label in WORDS for label in outside)

    @property
    def own(self) -> frozenset[str]:
        """Categories of the self-report."""
        return frozenset(label for vote in self.raters if vote.rater[0] != "E" for label in vote.labels)


def read_iemocap(root: Path, *, label_rule: str) -> Reading:
    """Read all utterances that have one of the six labels, the split '', a dialogue's in the order of its transcript.

    The label is the majority of the raters. With the rule `released` some utterances without a majority count as happy,
    as in the feature files that the field shares (7433 utterances instead of the 7380 of `strict`): see
    `six_class_label`.

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
    rated: list[Utterance] = []
    votes: list[Vote] = []
    codes: Counter[str] = Counter()
    for dialogue, path in transcripts.items():
        if dialogue not in evaluations:
            notes.add(UNRATED_DIALOGUE, dialogue)
            continue
        ratings = read_ratings(evaluations[dialogue], notes)
        codes.update(rating.label for rating in ratings.values())
        votes += [vote for rating in ratings.values() for vote in rating.raters]
        rows = _dialogue(dialogue, path, ratings, label_rule, notes)
        folder = path.parent.parent
        audio = _medium(root, folder / "wav" / f"{dialogue}.wav", NO_WAV, notes)
        video = _medium(root, folder / "avi" / "DivX" / f"{dialogue}.avi", NO_VIDEO, notes)
        rated += [replace(row, audio=audio, video=video) for row in rows]
    return Reading([row for row in rated if row.label], LABELS, notes, tuple(votes), rated, dict(codes))


def six_class_label(rating: Rating, *, label_rule: str) -> str:
    """The label of an utterance, '' if it is none of the six.

    `released` adds to `strict`: an utterance labelled xxx is happy if its self-report is Happiness and nothing else,
    and Happiness has more votes than any other label over all raters, where the self-report is one of the raters and
    each label of a vote for several counts. (Among the outside raters alone a lead would mostly be a majority already.)
    """
    if rating.label == UNDECIDED and label_rule == "released" and rating.own == {"Happiness"}:
        (first, most), *others = Counter(rating.votes).most_common(2)
        if first == "Happiness" and (not others or others[0][1] < most):
            return "happy"
    return CODES.get(rating.label, "")


def is_dialogue(name: str) -> bool:
    """Whether a dialogue, or an utterance of one, of IEMOCAP or a corpus like it has such a name."""
    return _SCENARIO.match(name) is not None


def scenario(dialogue: str) -> str:
    """What is played, e.g. `script02` in `Ses01F_script02_1`, `impro08` in `Ses03M_impro08a`; '' where neither."""
    found = _SCENARIO.match(dialogue)
    return found[1] if found else ""


def read_ratings(path: Path, notes: Notes) -> dict[str, Rating]:
    """Read a file of EmoEvaluation: utterance -> rating, in the order of the file.

    `notes` gets ratings that are there twice, and lines that are not understood.

    Raises:
        EmotionError: a line begins like an utterance's first line and is none; names file and line.
    """
    blocks: dict[str, tuple[re.Match[str], dict[str, Vote]]] = {}
    raters: dict[str, Vote] | None = None  # of the utterance whose lines are being read
    for number, line in enumerate(read_lines(path), start=1):
        place = f"{path}: line {number}"
        if line.startswith("["):
            main = _MAIN.fullmatch(line)
            if main is None:
                raise EmotionError(
                    f"{place} is {quoted(line[:60].strip())}, expected [start - end], utterance, label, [V, A, D]; "
                    "fix the line, or copy the file from the release"
                )
            raters = {}
            if main[3] in blocks:
                notes.add(RATED_TWICE, f"{place}: {main[3]}")
            else:
                blocks[main[3]] = (main, raters)
                name = main[3]
        elif line.strip() and not line.startswith("%") and (raters is None or not _rater(line, name, raters)):
            notes.add(ODD, f"{place}: {line[:60].strip()}")
    return {
        name: Rating(float(main[1]), float(main[2]), main[4], tuple(votes.values()))
        for name, (main, votes) in blocks.items()
    }


def _rater(line: str, name: str, raters: dict[str, Vote]) -> bool:
    """Add a rater's line to the utterance; False if it is none."""
    categories, scales = _CATEGORIES.fullmatch(line), _SCALES.fullmatch(line)
    found = categories or scales
    if found is None:
        return False
    known = raters.get(found[1], Vote(name, found[1], (), ("", "", "")))
    if categories:
        labels = tuple(label.strip() for label in categories[2].split(";") if label.strip())
        known = replace(known, labels=known.labels + labels)
    if scales:
        known = replace(known, scales=(scales[2].strip(), scales[3].strip(), scales[4].strip()))
    raters[found[1]] = known
    return True


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
    """The utterances of one dialogue, without media; label '' where the raters have no majority."""
    seen: set[str] = set()
    for turn, (name, text) in enumerate(read_transcript(path, notes)):
        rating = ratings.get(name)
        label = six_class_label(rating, label_rule=label_rule) if rating else ""
        kind = _left_out(name, dialogue, rating, label, seen)
        seen.add(name)
        if rating is None or kind is not None:
            notes.add(kind or UNRATED, name)
            if rating is None or kind != _none_of_six(UNDECIDED) or not rating.undecided:
                continue
        if label and rating.label == UNDECIDED:
            notes.add(RELEASED, name)
        yield Utterance(
            utterance=name,
            dialogue=dialogue,
            turn=turn,
            speaker=f"{dialogue[:5]}_{name[-4]}",
            start=rating.start,
            end=rating.end,
            label=label,
            text=text,
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
    return None if label else _none_of_six(rating.label)


def _none_of_six(code: str) -> Kind:
    return Kind.fact(f"label {code}", "nothing to do: it is none of the six")


def _medium(root: Path, path: Path, kind: Kind, notes: Notes) -> str:
    """A file of a dialogue, relative to the root; noted where it is missing."""
    if path.is_file():
        return path.relative_to(root).as_posix()
    notes.add(kind, path.stem)
    return ""
