"""Reader of IEMOCAP's release (Busso et al., 2008), and of any corpus laid out like it.

SessionN/dialog/EmoEvaluation/<dialogue>.txt     times, labels and every rater's votes
SessionN/dialog/transcriptions/<dialogue>.txt    what is said, in the order of the conversation
SessionN/dialog/wav/<dialogue>.wav               stereo: left channel = actor on the left
SessionN/dialog/avi/DivX/<dialogue>.avi          both actors side by side
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from emotion.corpus.utterance import Utterance
from emotion.errors import EmotionError

LABELS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
CODES = {"hap": "happy", "sad": "sad", "neu": "neutral", "ang": "angry", "exc": "excited", "fru": "frustrated"}
LABEL_RULES = ("released", "strict")

_DIALOGUE = re.compile(r"Ses\d\d([FM])_\w+")
_SPEAKER = re.compile(r"_([FM])\d{3}")
_MAIN = re.compile(r"\[\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*\]\s+(\S+)\s+(\w+)")
_VOTE = re.compile(r"C-([EFM])\d*:([^(]*)")
_TURN = re.compile(r"(\S+)\s+\[\s*\d+(?:\.\d+)?\s*-\s*\d+(?:\.\d+)?\s*\]:?(.*)")


@dataclass(frozen=True)
class Rating:
    """What EmoEvaluation says about an utterance.

    Attributes:
        start: s.
        end: s.
        label: the release's code: the raters' majority, or xxx.
        votes: all labels of all raters, the self-report included; a rater may give several.
        own: labels of the self-report.
    """

    start: float
    end: float
    label: str
    votes: tuple[str, ...]
    own: frozenset[str]


def read_iemocap(root: Path, *, label_rule: str) -> tuple[list[Utterance], dict[str, int]]:
    """Read all utterances that have one of the six labels.

    The label is the majority of the raters. With `released` some utterances without a majority count as happy, as in
    the feature files that the field shares (7433 utterances instead of the 7380 of `strict`): see `six_class_label`.

    Args:
        root: folder that holds Session1 ... Session5.
        label_rule: `released` or `strict`.

    Returns:
        Utterances in dialogue, then turn order, with split ''; and reason -> count of everything that was skipped or
        lacks a medium.

    Raises:
        EmotionError: no dialogue was found, or the label rule is unknown.
    """
    if label_rule not in LABEL_RULES:
        raise EmotionError(f"label rule is {label_rule!r}, expected one of {', '.join(LABEL_RULES)}")
    transcripts = [path for path in sorted(root.glob("Session*/dialog/transcriptions/*.txt")) if _is_ours(path)]
    if not transcripts:
        raise EmotionError(
            f"{root}: no dialogues found, expected Session1/dialog/transcriptions/Ses01F_impro01.txt and so on; "
            f"copy or link the unpacked release there"
        )
    skipped: Counter[str] = Counter()
    utterances = [row for path in transcripts for row in _read_dialogue(root, path, label_rule, skipped)]
    return utterances, dict(sorted(skipped.items()))


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


def read_ratings(path: Path) -> dict[str, Rating]:
    """Read a file of EmoEvaluation: utterance -> rating, in the order of the file."""
    ratings: dict[str, Rating] = {}
    block: re.Match[str] | None = None
    votes: list[str] = []
    own: set[str] = set()

    def close() -> None:
        if block is not None:
            start, end, name, label = block.groups()
            ratings[name] = Rating(float(start), float(end), label, tuple(votes), frozenset(own))

    for line in _text(path).splitlines():
        if main := _MAIN.match(line):
            close()
            block, votes, own = main, [], set()
        elif vote := _VOTE.match(line):
            labels = [label.strip() for label in vote[2].split(";") if label.strip()]
            votes += labels
            if vote[1] != "E":
                own.update(labels)
    close()
    return ratings


def read_transcript(path: Path, skipped: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield (turn's id, text) in the order of the file, unrated turns included; other lines are counted."""
    for line in _text(path).splitlines():
        if turn := _TURN.match(line):
            yield turn[1], " ".join(turn[2].split())
        elif line.strip():
            skipped["transcript lines without id or time"] += 1


def _is_ours(path: Path) -> bool:
    # Not the AppleDouble file `._name` that macOS leaves beside each file it has copied.
    return _DIALOGUE.fullmatch(path.stem) is not None


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_dialogue(root: Path, transcript: Path, label_rule: str, skipped: Counter[str]) -> Iterator[Utterance]:
    dialogue, folder = transcript.stem, transcript.parent.parent
    evaluation = folder / "EmoEvaluation" / transcript.name
    if not evaluation.is_file():
        skipped["dialogues without evaluation"] += 1
        return
    media = {
        "audio": _medium(root, folder / "wav" / f"{dialogue}.wav", skipped),
        "video": _medium(root, folder / "avi" / "DivX" / f"{dialogue}.avi", skipped),
    }
    ratings = read_ratings(evaluation)
    seen: set[str] = set()
    for turn, (name, text) in enumerate(read_transcript(transcript, skipped)):
        rating = ratings.get(name)
        label = six_class_label(rating, label_rule=label_rule) if rating else ""
        reason = _reason(name, dialogue, rating, label, seen)
        seen.add(name)
        if reason or rating is None:
            skipped[reason] += 1
            continue
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
            # The actor whose letter is in the dialogue's name sits on the left.
            side="left" if name[-4] == dialogue[5] else "right",
            **media,
        )
    _count(skipped, {"rated utterances without a transcript line": len(ratings.keys() - seen)})


def _reason(name: str, dialogue: str, rating: Rating | None, label: str, seen: set[str]) -> str:
    """Why a turn is skipped, '' if it is not."""
    if rating is None:
        return "unrated turns"
    # Ids are compared whole: `script01_1` is a prefix of `script01_1b`, which is another dialogue.
    if not name.startswith(dialogue) or not _SPEAKER.fullmatch(name[len(dialogue) :]):
        return "utterances with an id of another form"
    if name in seen:
        return "utterances transcribed twice"
    if rating.end <= rating.start:
        return "utterances that end before they start"
    return "" if label else f"label {rating.label}"


def _medium(root: Path, path: Path, skipped: Counter[str]) -> str:
    if path.is_file():
        return path.relative_to(root).as_posix()
    skipped["dialogues without " + {".wav": "wav", ".avi": "video"}[path.suffix]] += 1
    return ""


def _count(skipped: Counter[str], counts: Mapping[str, int]) -> None:
    for reason, count in counts.items():
        if count:
            skipped[reason] += count
