"""Timelines for tests: one that has everything, hostile names included, and any that hypothesis can think of."""

import math

from hypothesis import strategies as st

from emotion.timeline.timeline import FLAGS, SPEAKER_FROM, UNKNOWN, Emotion, Timeline, Turn, Word

LABELS = ("happy", "very sad", "neutral")
HOSTILE = '<B> & "q"\n--> ]: {\\i1} (emotion)'
WARNING = "made by a model of drawn faces"


def emotion(*chances):
    best = max(range(len(LABELS)), key=chances.__getitem__)
    return Emotion(LABELS[best], dict(zip(LABELS, chances, strict=True)))


def planted(**changes):
    """A talk of two people and somebody unknown; Anna speaks over herself."""
    turns = (
        Turn(
            start=1.0,
            end=2.5,
            speaker="Anna",
            speaker_from="transcript",
            text="There you are!",
            words=(Word(1, 1.2, "There", 0.9), Word(1.2, 1.5, "you"), Word(1.6, 2.4, "are!", 0.8)),
            emotion=emotion(0.62, 0.2, 0.18),
            novelty={"audio": 50, "face": 99.25},
        ),
        Turn(
            start=2.0,
            end=4.0015,
            speaker="Anna",
            speaker_from="transcript",
            text='=1+1 <i>x</i> & "q" --> {\\an8} &lt; </script>',
            emotion=emotion(0.1, 0.7, 0.2),
        ),
        Turn(
            start=2.6,
            end=4,
            speaker=HOSTILE,
            speaker_from="mouth motion",
            text="Süß, 你好 👩‍🚀 R&B I <3 it",
            unsure=("emotion", "speaker"),
            absent={"face": "no face was found"},
            emotion=emotion(0.2, 0.41, 0.39),
        ),
        Turn(start=5, end=6.0004, speaker=UNKNOWN, speaker_from="nothing", absent={"text": "no words"}),
    )
    given = {"media": "talk.mp4", "duration": 12.5, "labels": LABELS, "turns": turns, "warnings": (WARNING,)}
    return Timeline(**given | {"model": "small", "version": "1.0"} | changes)


def said(turns, *, unknown=""):
    """What every format keeps: times in ms, speaker, text; in an order that all formats share."""
    return sorted(
        (math.floor(1000 * turn.start + 0.5), math.floor(1000 * turn.end + 0.5), turn.speaker or unknown, turn.text)
        for turn in turns
    )


# Letters of all kinds, and what means something in one of the formats.
PIECES = [
    "<",
    ">",
    "&",
    '"',
    "'",
    "=",
    "+",
    "-->",
    "\n",
    "\\",
    "[2]",
    " (emotion)",
    "]:",
    "{\\i1}",
    "</v>",
    "&lt;",
    "!",
]
PIECES += [
    "</script>",
    "<i>",
    "words",
    " - phones",
    "é",
    "e\u0301",
    "\u200b",
    "\u202e",
    "你",
    ";",
    ",",
    "\t",
    "1",
    "a",
    " ",
]
strange = st.lists(st.one_of(st.sampled_from(PIECES), st.characters(exclude_categories=["Cs"])), max_size=6).map(
    "".join
)
times = st.integers(0, 50_000)  # ms


@st.composite
def timelines(draw):
    names = [*draw(st.lists(strange, min_size=1, max_size=3)), "Anna"]
    labels = ("happy", *{f"a {label}": 0 for label in draw(st.lists(strange, max_size=2))})
    turns = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(times)
        chances = [draw(st.integers(1, 1000)) for _ in set(map(tidied, labels))]
        known = dict(zip(dict.fromkeys(map(tidied, labels)), chances, strict=True))
        turns.append(
            Turn(
                start=start / 1000,
                end=(start + draw(st.integers(1, 5000))) / 1000,
                speaker=draw(st.sampled_from(names)).strip() or "?",
                speaker_from=draw(st.sampled_from(SPEAKER_FROM)),
                text=draw(strange),
                emotion=Emotion(max(known, key=known.__getitem__), {name: known[name] / sum(chances) for name in known})
                if draw(st.booleans())
                else None,
                unsure=tuple(draw(st.sets(st.sampled_from(FLAGS)))),
                words=tuple(
                    Word(start / 1000, start / 1000, text, 0.5) for text in draw(st.lists(strange, max_size=2))
                ),
            )
        )
    turns = [turn for turn in turns if turn.speaker]
    turns.sort(key=lambda turn: (turn.start, turn.end))
    return Timeline(
        media=draw(strange) + ".mp4",
        duration=60.0,
        labels=tuple(dict.fromkeys(map(tidied, labels))),
        turns=tuple(turns),
        warnings=tuple(draw(st.lists(strange.filter(str.strip), max_size=1))),
    )


def tidied(label):
    """A label as the timeline holds it."""
    return Word(0, 0, label).text
