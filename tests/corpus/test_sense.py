"""What a corpus says must make sense: spellings, labels, classes of the splits, order, modalities."""

from collections import Counter

import pytest

from emotion.corpus import sense
from emotion.corpus.identity import folded, people, spellings
from emotion.corpus.utterance import Utterance


def row(number=0, **changes):
    values = {"utterance": f"u{number}", "dialogue": f"d{number}", "turn": 0, "speaker": f"s{number}", "start": 0.0}
    values |= {"end": 1.0, "label": "glad", "split": "train", "text": "so", "audio": "", "video": "", "side": "full"}
    return Utterance(**values | changes)


def named(found):
    return {kind.name: list(places) for kind, places in found}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("3", "03"),
        ("3", "3.0"),
        ("s_03", "S_3"),
        ("Anna", "ANNA"),
        ("Anna B", " anna  b"),
        ("\uff21\uff42\uff13", "ab3"),  # full-width letters
        ("u\u0308", "\u00fc"),  # two dots beside the letter, or in it
        ("stra\u00dfe", "STRASSE"),
        ("007", "7"),
        ("spk_03", "spk-03"),
        ("spk_03", "spk 03"),
        ("spk_03", "Spk3"),
        ("1_1", "1-01"),
        ("Jo\u2011Ann", "Jo-Ann"),
        ("An\u00adna", "Anna"),  # soft hyphen
        ("An\u200dna", "Anna"),  # joiner without width
        ("O\u2019Neil", "O'Neil"),
        ("Jos\u00c3\u00a9", "Jos\u00e9"),  # UTF-8 read as cp1252
    ],
)
def test_what_differs_in_form_only(one, two):
    assert folded(one) == folded(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("3", "30"),
        ("1.05", "1.5"),
        ("10", "1"),
        ("a1", "a11"),
        ("Ses05M_1", "Ses05M_1b"),
        ("0", ""),
        ("1-1", "11"),
        ("1 1", "11"),
        ("-1", "1"),
    ],
)
def test_what_is_different(one, two):
    assert folded(one) != folded(two)


def test_spellings_are_counted():
    assert spellings(["3", "03", "3", "4", "Ann", "Bob"]) == [Counter({"3": 2, "03": 1})]
    assert people([row(speaker="03"), row(speaker="3.0")]) == ["3", "3"]
    assert people([row(speaker="d07", dialogue="d07")]) == ["d07"]  # nobody is named: ids stay as they are
    assert people([row(speaker="Ann", dialogue="Ann"), row(speaker="ann")]) == ["ann", "ann"]  # here somebody is


def test_names_that_ids_stand_for_are_compared_as_they_are():
    rows = [row(1, utterance=name, dialogue=name, speaker=name) for name in ("a1", "A1", "a01")]
    assert named(sense.name_findings(rows)) == {}


def test_spellings_of_speakers_dialogues_and_labels():
    rows = [
        row(1, dialogue="d1", speaker="Ann", label="Happy"),
        row(2, dialogue="d1", speaker="ann", label="happy"),
        row(3, dialogue="d01", speaker="ann", label="sad"),
    ]
    assert named(sense.name_findings(rows)) == {
        "speakers spelled in several ways": ["'ann' (2), 'Ann' (1)"],
        "dialogues spelled in several ways": ["'d1' (2), 'd01' (1)"],
        "labels spelled in several ways": ["'Happy' (1), 'happy' (1)"],
    }


@pytest.mark.parametrize("word", ["none", "N/A", "n / a", "NaN", "null", "Unknown", "xxx", "-", "?", "<unk>", "[none]"])
def test_words_that_mean_that_there_is_no_label(word):
    rows = [row(n, label=("glad", "sad", word)[n % 3]) for n in range(9)]
    assert named(sense.name_findings(rows)) == {sense.MISSING.name: [f"{word!r} (3)"]}


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([f"{n / 10 - 1.2:.1f}" for n in range(24)], sense.NUMBERS),
        (["0.5", "1.5", "2"] * 20, sense.NUMBERS),
        (["0,5", "1,5"] * 20, sense.NUMBERS),
        ([str(n) for n in range(24)], sense.NUMBERS),
        ([str(n % 30) for n in range(900)], sense.NUMBERS),
        ([str(n % 6) for n in range(60)], sense.CODES),
        ([f"{n % 6}.0" for n in range(60)], sense.CODES),
        (["-1", "0", "1"] * 5, sense.CODES),
        (["glad", "sad", "1st"] * 5, None),
        (["glad", "sad", "7"] * 5, None),
    ],
)
def test_numbers_are_scores_or_codes(labels, kind):
    found = sense.name_findings([row(n, label=label) for n, label in enumerate(labels)])
    assert [item for item, _ in found] == ([kind] if kind else [])
    assert kind is None or (found[0][1][0].startswith(f"{len(set(labels))} different ones in {len(labels)} rows ("))
    assert "column label" in sense.NUMBERS.name and sense.NUMBERS in sense.ERRORS and sense.CODES not in sense.ERRORS


def test_hidden_characters_are_an_error():
    rows = [row(1, utterance="a\x1b[2J"), row(2, speaker="b\u202ec"), row(3, label="d\ne"), row(4, text="f\x07")]
    ((kind, places),) = sense.name_findings(rows)
    assert kind in sense.ERRORS and kind.level == "error"
    assert places == [r"utterance 'a\x1b[2J'", r"speaker 'b\u202ec'", r"label 'd\ne'"]


def test_classes_of_the_splits():
    counts = {
        "train": {"glad": 9, "sad": 9, "rare": 0, "odd": 0},
        "validation": {"glad": 2, "sad": 0, "rare": 0, "odd": 0},
    }
    assert named(sense.class_findings(counts)) == {
        "classes without an utterance in training": ["'rare'", "'odd'"],
        "classes without an utterance in validation": ["'sad' (train 9)"],
        "classes with one or two utterances in a split": ["'glad' (validation 2)"],
    }
    counts["test"] = {"glad": 0, "sad": 5, "rare": 4, "odd": 0}
    found = named(sense.class_findings(counts))
    assert found["classes without an utterance in training"] == ["'rare' (test 4)", "'odd'"]
    assert found["classes without an utterance in the test set"] == ["'glad' (train 9, validation 2)"]


def test_nothing_is_found_in_a_good_split():
    assert sense.class_findings({split: {"glad": 3, "sad": 5} for split in ("train", "validation", "test")}) == []


def test_one_class():
    found = named(sense.class_findings({"train": {"glad": 9, "sad": 0}, "validation": {"glad": 3, "sad": 3}}))
    assert found["training sets of a single class"] == ["'glad' (9)"]


def test_one_validation_speaker_however_spelled():
    rows = [row(n, speaker=f"s{n % 3}", label="ab"[n % 2]) for n in range(12)]
    rows += [row(n, split="validation", label="ab"[n % 2], speaker=("v", "V ")[n // 2 % 2]) for n in range(12, 24)]
    rows += [row(n, split="test", label="ab"[n % 2]) for n in range(24, 36)]
    ((kind, _),) = sense.split_findings(rows, ("a", "b"))
    assert kind == sense.ONE_SPEAKER
    assert sense.split_findings([*rows, row(99, split="validation", speaker="w", label="a")], ("a", "b")) == []


def test_rows_against_their_start_times():
    one = [row(n, dialogue="d", audio="d.wav", start=start, end=9.0) for n, start in enumerate((4.0, 0.0, 2.0))]
    assert named(sense.order_findings(one)) == {sense.ORDER.name: ["'d'"]}
    own = [row(n, dialogue="d", audio=f"{n}.wav", start=start) for n, start in enumerate((0.5, 0.0, 0.2))]
    assert sense.order_findings(own) == []  # each has a file of its own: their clocks are not the same
    assert sense.order_findings(sorted(one, key=lambda row: row.start)) == []


def test_what_a_corpus_is_made_of():
    rows = [row(1, audio="a.mp4", video="a.mp4", text=""), row(2, audio="b.wav", video="b.mp4", text="")]
    assert named(sense.modality_findings(rows)) == {sense.ABSENT.name: ["text"]}
    assert sense.made_of(rows) == (
        "audio 2, video 2, text 0 of 2 utterances; the video's sound is used as audio of 1; no utterance has text"
    )
    assert sense.made_of(rows[:1]).endswith("utterances; the video's sound is used as audio; no utterance has text")
