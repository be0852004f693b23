"""The reader on a tree of the release's full size: planted truth, and a second reading that shares no code."""

import csv
import re
from collections import Counter
from dataclasses import replace

import pytest
import release_tree

from emotion.corpus import shared
from emotion.corpus.check import check_corpus
from emotion.corpus.iemocap import read_iemocap
from emotion.corpus.index import index_corpus, split_utterances
from emotion.corpus.splits import COSMIC_VALIDATION, NAMES, PAPER_VALIDATION, check_leaks
from emotion.corpus.utterance import read_index

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("full") / "iemocap"
    return root, release_tree.write(root)


@pytest.fixture(scope="module")
def readings(tree):
    return {rule: read_iemocap(tree[0], label_rule=rule) for rule in ("released", "strict")}


def planted(turns, label_rule):
    """The truth as it was planted."""
    for dialogue, items in turns.items():
        for number, turn in enumerate(items):
            if turn.label and not (label_rule == "strict" and turn.promoted):
                yield turn.name, dialogue, number, turn.start, turn.end, turn.label


def text_of(path):
    data = path.read_bytes()
    return data.decode("latin-1") if b"\x92" in data else data.decode()


def second_opinion(root, label_rule):
    """The same list by other means: split on blank lines and tabs, count votes by hand."""
    words = {code: word for word, code in release_tree.CODES.items()}
    found = []
    for path in sorted(root.glob("*/dialog/transcriptions/S*.txt")):
        labels = {}
        for block in re.split(r"\r?\n\r?\n", text_of(path.parents[1] / "EmoEvaluation" / path.name)):
            head, *rest = [line.split("\t") for line in block.strip().splitlines()] or [[""]]
            if not head[0].startswith("["):
                continue
            start, end = (float(number) for number in head[0].strip("[]").split(" - "))
            label = words.get(head[2])
            categories = {
                cells[0]: {v.strip() for v in cells[1].split(";")} - {""} for cells in rest if cells[0][0] == "C"
            }
            own = [said for rater, said in categories.items() if not rater.startswith("C-E")]
            tally = {}
            for said in categories.values():
                for vote in said:
                    tally[vote] = tally.get(vote, 0) + 1
            happy = tally.pop("Happiness", 0)
            if (
                label_rule == "released"
                and head[2] == "xxx"
                and own == [{"Happiness"}]
                and happy > max(tally.values(), default=0)
            ):
                label = "happy"
            labels[head[1]] = (start, end, label)
        timed = [line.split(" ")[0] for line in re.split(r"\r?\n", text_of(path)) if re.search(r" \[\d+\.\d+-", line)]
        found += [
            (name, path.stem, number, *labels[name])
            for number, name in enumerate(timed)
            if name in labels and labels[name][2]
        ]
    return found


@pytest.mark.parametrize(("label_rule", "count"), [("released", 7433), ("strict", 7380)])
def test_exactly_the_planted_utterances_in_order(tree, readings, label_rule, count):
    root, turns = tree
    reading = readings[label_rule]
    rows = [(row.utterance, row.dialogue, row.turn, row.start, row.end, row.label) for row in reading.utterances]
    assert rows == list(planted(turns, label_rule))
    assert rows == second_opinion(root, label_rule)
    assert len(rows) == count and len({row[1] for row in rows}) == 151
    notes = reading.notes.counts()
    assert notes["unrated turns"] == 400 and notes["label xxx"] == 2507 - (53 if label_rule == "released" else 0)
    assert notes.get("xxx counted as happy", 0) == (53 if label_rule == "released" else 0)
    assert notes["transcript lines without id or time"] == 2 * len(range(0, 151, 4))
    assert not {name for name in notes if "not understood" in name or "twice" in name}


def test_side_speaker_text_and_media(tree, readings):
    turns = tree[1]
    texts = {turn.name: turn.text for items in turns.values() for turn in items}
    for row in readings["released"].utterances:
        letter = row.utterance.rsplit("_", 1)[1][0]
        assert row.speaker == f"{row.dialogue[:5]}_{letter}"
        assert row.side == {True: "left", False: "right"}[row.dialogue.split("_")[0][-1] == letter]
        assert row.text in (texts[row.utterance], f"{texts[row.utterance]} It’s café.")
        folder = f"Session{row.dialogue[4]}/dialog"
        assert (row.audio, row.video) == (f"{folder}/wav/{row.dialogue}.wav", f"{folder}/avi/DivX/{row.dialogue}.avi")


@pytest.mark.parametrize("split", ["corpus", *NAMES])
def test_every_split(tree, readings, split):
    rows = split_utterances(readings["released"], corpus="iemocap", split=split, allow_speaker_overlap=False)
    check_leaks(rows, allow_speaker_overlap=False)
    parts = {row.dialogue: row.split for row in rows}
    sizes = Counter(row.split for row in rows)
    if split in ("corpus", "paper", "cosmic"):
        listed = COSMIC_VALIDATION if split == "cosmic" else PAPER_VALIDATION
        assert {name for name, part in parts.items() if part == "validation"} == set(listed)
        assert Counter(parts.values()) == {"train": 108, "validation": 12, "test": 31}
        assert [sizes[name] for name in ("train", "validation", "test")] == (
            [5163, 647, 1623] if split == "cosmic" else [5320, 490, 1623]
        )
    session = split[-1] if split.startswith("session") else "5"
    assert {name for name, part in parts.items() if part == "test"} == {name for name in tree[1] if name[4] == session}


def test_index_and_annotators(tree, readings, tmp_path, capsys):
    root, turns = tree
    out, votes = tmp_path / "index.csv", tmp_path / "annotators.csv"
    index_corpus(corpus="iemocap", root=root, out=out, label_rule="released", split="paper", annotators=votes)
    index = read_index(out, test_labels=True)
    assert [replace(row, split="") for row in index.utterances] == readings["released"].utterances
    with votes.open() as file:
        lines = list(csv.DictReader(file))
    assert len({line["utterance"] for line in lines}) == 10039
    first = next(line for line in lines if line["rater"] == "E3" and line["labels"])
    turn = next(turn for items in turns.values() for turn in items if turn.name == first["utterance"])
    said = next(line for line in turn.lines if line.startswith("C-E3")).split("\t")[1]
    scales = re.findall(r"\d+", next(line for line in turn.lines if line.startswith("A-E3")).split(":")[1])
    assert first["labels"].split(";") == [word.strip() for word in said.split(";") if word.strip()]
    assert [first["valence"], first["activation"], first["dominance"]] == scales


@pytest.mark.parametrize(
    ("split", "rule"),
    [
        ("paper", "released"),
        *(pytest.param(split, rule, marks=pytest.mark.full) for split in NAMES for rule in ("released", "strict")),
    ],
)
def test_the_doctor_finds_nothing_wrong_and_names_the_quirks(tree, split, rule):
    root, turns = tree
    report = check_corpus(
        corpus="iemocap",
        root=root,
        label_rule=rule,
        split=split,
        allow_speaker_overlap=False,
        decode=None,
        workers=1,
    )
    assert [line for line in report.lines if not line.good] == []
    warned = {kind for kind, _ in report.findings if kind.level == "warning"}
    assert report.count("error") == 0 and warned <= {shared.SCENARIOS, shared.COPIES}  # all sessions play the same
    facts = {finding.kind.name: finding for finding in report.findings}
    assert facts["dialogues whose name begins like another's"].places == ["Ses05M_script01_1, Ses05M_script01_1b"]
    assert len(facts["AppleDouble files (._name)"].places) == 151 * 7
    assert len(facts["turns that begin before the one before them has ended"].places) > 100
    swapped = [name for number, (name, items) in enumerate(turns.items()) if number % 3 == 0 and len(items) > 1]
    assert set(facts["dialogues not in the order of start times"].places) <= set(swapped)
