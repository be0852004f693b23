"""A tree of files as large as IEMOCAP's release and laid out like it, every quirk planted, and the truth about it.

Nothing is taken from the release but its published counts: names, times, texts and votes are drawn.
"""

import random
from dataclasses import dataclass, field

from emotion.corpus.splits import COSMIC_VALIDATION, PAPER_VALIDATION
from emotion.corpus.tally import IEMOCAP_CODES, IEMOCAP_DIALOGUES, SIX

CODES = dict(zip(SIX, ("hap", "sad", "neu", "ang", "exc", "fru"), strict=True))
WORDS = dict(zip(SIX, ("Happiness", "Sadness", "Neutral", "Anger", "Excited", "Frustration"), strict=True))
# Six-class utterances per session group: training and validation (sessions 1 to 4), test (session 5).
COUNTS = {
    "early": dict(zip(SIX, (504, 839, 1324, 933, 742, 1468), strict=True)),
    "late": dict(zip(SIX, (144, 245, 384, 170, 299, 381), strict=True)),
}
PROMOTED = {"early": 35, "late": 18}  # of them labelled xxx
PAIR = ("Ses05M_script01_1", "Ses05M_script01_1b")


@dataclass
class Turn:
    """A planted turn; label = six-class word, '' if it is none; code '' = unrated."""

    name: str
    label: str
    code: str
    promoted: bool = False
    start: float = 0.0
    end: float = 0.0
    text: str = ""
    lines: list = field(default_factory=list)  # of EmoEvaluation


def names():
    """151 dialogues, those of the published validation lists among them."""
    found = sorted({*PAPER_VALIDATION, *COSMIC_VALIDATION, *PAIR})
    for session, (_, wanted) in enumerate(IEMOCAP_DIALOGUES.items(), start=1):
        fillers = (f"Ses{session:02d}{letter}_impro{number}" for number in range(30, 60) for letter in "FM")
        while sum(int(name[3:5]) == session for name in found) < wanted:
            found.append(next(fillers))
    return sorted(found)


def spread(total, places, rng):
    """Whole numbers >= 1, one per place, that sum to total."""
    cuts = sorted(rng.sample(range(1, total), len(places) - 1))
    return dict(zip(places, [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)], strict=True))


def plan(seed=0):
    """Dialogue -> turns in transcript order, without times."""
    rng = random.Random(seed)
    dialogues = names()
    late = [name for name in dialogues if name[3:5] == "05"]
    rest = [name for name in dialogues if name[3:5] != "05" and name not in (*PAPER_VALIDATION, *COSMIC_VALIDATION)]
    sizes = {
        **spread(490, PAPER_VALIDATION, rng),
        **spread(647, COSMIC_VALIDATION, rng),
        **spread(5810 - 490 - 647, rest, rng),
        **spread(1623, late, rng),
    }
    extras = {name: [] for name in dialogues}
    others = {**{code: IEMOCAP_CODES[code] for code in ("sur", "fea", "oth", "dis")}, "xxx": IEMOCAP_CODES["xxx"] - 53}
    for code, count in {**others, "": 400}.items():
        for _ in range(count):
            extras[rng.choice(dialogues)].append(("", code, False))
    turns = {}
    for group, members in (("early", [n for n in dialogues if n not in late]), ("late", late)):
        pool = [(word, CODES[word], False) for word, count in COUNTS[group].items() for _ in range(count)]
        happy = [index for index, item in enumerate(pool) if item[0] == "happy"]
        for index in rng.sample(happy, PROMOTED[group]):
            pool[index] = ("happy", "xxx", True)
        rng.shuffle(pool)
        for name in members:
            items = [pool.pop() for _ in range(sizes[name])] + extras[name]
            rng.shuffle(items)
            turns[name] = [_turn(name, index, item, rng) for index, item in enumerate(items)]
    return {name: turns[name] for name in dialogues}


def _turn(dialogue, index, item, rng):
    word, code, promoted = item
    letter = rng.choice("FM")
    name = f"{dialogue}_{letter}{index:03d}" if code else f"{dialogue}_{letter}XX{index}"
    turn = Turn(
        name, word, code, promoted, text=f"Line {index} {rng.choice(['[LAUGHTER]', 'is: so', '- well', ''])}".strip()
    )
    turn.lines = [
        *_categories(turn, letter, rng),
        f"A-E3:\tval {rng.randint(1, 5)}; act 2; dom  {rng.randint(1, 5)};\t()",
    ]
    if rng.random() < 0.3:
        turn.lines.append(f"A-{letter}1:\tval 3; act {rng.randint(1, 5)}; dom  2;\t(more; or (less))")
    return turn


def _categories(turn, letter, rng):
    """Rater lines: for xxx, those of the released rule or one of its near misses."""
    if turn.promoted:
        votes, own = rng.choice(
            [
                (["Happiness;", "Excited;", "Neutral;"], "Happiness;"),
                (["Happiness; Excited;", "Excited; Happiness;", "Surprise;"], "Happiness;"),
                (["Happiness;", "Happiness; Neutral;", "Other;"], "Happiness;"),
            ]
        )
    elif turn.code == "xxx":
        votes, own = rng.choice(
            [
                (["Happiness;", "Excited;", "Excited;"], "Happiness;"),  # a tie
                (["Happiness;", "Happiness;", "Excited;"], "Happiness; Excited;"),  # self-report of two
                (["Happiness;", "Happiness;", "Excited;"], "Neutral;"),
                (["Happiness;", "Happiness;", "Sadness;"], ""),  # none
                (["Anger;", "Frustration; Anger;", "Sadness;"], "Happiness;"),
            ]
        )
    else:
        word = WORDS.get(turn.label, "Surprise")
        votes, own = (
            [f"{word};", f"{word};", rng.choice(["Neutral;", "Other; ", f"{word}; Fear;"])],
            rng.choice(["Happiness;", f"{word};"]),
        )
    lines = [
        f"C-E{number}:\t{vote}\t({rng.choice(['', 'Happiness; I guess', 'so: what'])})"
        for number, vote in enumerate(votes, start=2)
    ]
    return [*lines, f"C-{letter}1:\t{own}\t()"] if own else lines


def _place(turns, out_of_order, rng):
    """Times in transcript order, some overlapping; in some dialogues a turn begins before the one before it."""
    now = 1.0
    for turn in turns:
        turn.start = round(now, 4)
        turn.end = round(now + rng.uniform(0.5, 8), 4)
        now = turn.end + (rng.uniform(-0.4, 0) if rng.random() < 0.15 else rng.uniform(0, 1.5))
    if out_of_order and len(turns) > 1:
        first, second = turns[0], turns[1]
        first.start, first.end, second.start, second.end = second.start, second.end, first.start, first.end


def write(root, *, seed=0, media=True):
    """Write the tree; dialogue -> turns, with times."""
    rng = random.Random(seed + 1)
    turns = plan(seed)
    for number, (dialogue, items) in enumerate(turns.items()):
        _place(items, number % 3 == 0, rng)
        folder = root / f"Session{int(dialogue[3:5])}" / "dialog"
        _file(folder / "transcriptions" / f"{dialogue}.txt", transcript(items, number), number)
        _file(folder / "EmoEvaluation" / f"{dialogue}.txt", evaluation(items, rng), number)
        for other in ("Attribute", "Categorical", "Self-evaluation"):
            _file(folder / "EmoEvaluation" / other / f"{dialogue}_e2_atr.txt", "not for us", 1)
        if media:
            _file(folder / "wav" / f"{dialogue}.wav", "", 1)
            _file(folder / "avi" / "DivX" / f"{dialogue}.avi", "", 1)
    return turns


def transcript(turns, number):
    """Text of a transcription, with lines that have no id, or no time."""
    lines = [f"{turn.name} [{turn.start:08.4f}-{turn.end:08.4f}]: {turn.text}" for turn in turns]
    if number % 4 == 0:
        lines.insert(1, f"{'M' if number % 8 else 'F'}: (sighs)")
        lines.insert(2, f"{turns[0].name.rsplit('_', 1)[0]}_F999: no time")
    if number % 5 == 0:
        lines[-1:-1] = [""]
    lines[0] += " It\x92s caf\xe9." if number % 7 == 0 else ""
    return "\n".join(lines) + ("\n" if number % 2 else "")


def evaluation(turns, rng):
    """Text of an evaluation file: its blocks are in another order than the turns."""
    rated = [turn for turn in turns if turn.code]
    blocks = [
        "\n".join(
            [f"[{turn.start:.4f} - {turn.end:.4f}]\t{turn.name}\t{turn.code}\t[2.5000, 2.0000, 3.5000]", *turn.lines]
        )
        + "\n"
        for turn in sorted(rated, key=lambda turn: (turn.start, rng.random()))
    ]
    return "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n" + "\n".join(blocks)


def _file(path, text, number):
    """Some files are cp1252, some have Windows' line ends; each has an AppleDouble file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = text.replace("\n", "\r\n") if number % 6 == 0 else text
    data = text.encode("cp1252" if number % 14 == 0 and "\x92" not in text else "utf-8")
    path.write_bytes(data.replace(b"\xc2\x92", b"\x92").replace(b"\xc3\xa9", b"\xe9") if number % 14 == 0 else data)
    path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07\x00\x02")
