"""Properties of the two line grammars of the release: what is written is read back; garbage is named, never lost."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.core.errors import EmotionError
from emotion.corpus.iemocap import read_ratings, read_transcript
from emotion.corpus.reading import Notes

untimed = settings(deadline=None)  # the machine may be busy
WORDS = ("Neutral", "Happiness", "Anger", "Other", "Fear")
names = st.integers(0, 999).map("Ses01F_impro01_F{:03d}".format)
times = st.integers(0, 9_999_999).map(lambda number: number / 10_000)
line_text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
plain_text = st.text(st.sampled_from("abc ,.'-:[]()0é"), max_size=30)
votes = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), max_size=4)
scale = st.integers(1, 5)
scales = st.lists(st.tuples(scale, scale, scale), max_size=3)
blanks = st.sampled_from(["", " ", "  "])


def written(text):
    """A file with the text; gone when the process ends."""
    with tempfile.NamedTemporaryFile("wb", suffix=".txt", delete=False) as file:
        file.write(text.encode())
    return Path(file.name)


def read(reader, text):
    path, notes = written(text), Notes()
    try:
        return reader(path, notes), {kind.name: list(places) for kind, places in notes.items()}, path
    finally:
        path.unlink()


def transcript(path, notes):
    return list(read_transcript(path, notes))


@pytest.mark.slow
@untimed
@given(st.lists(st.tuples(names, times, times, plain_text), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), blanks)
def test_transcripts_round_trip(turns, end, blank):
    text = end.join(f"{name} [{blank}{a:08.4f}-{b:08.4f}]: {said}" for name, a, b, said in turns)
    rows, notes, _ = read(transcript, text)
    assert rows == [(name, " ".join(said.split())) for name, _, _, said in turns]
    assert notes == {}


@pytest.mark.slow
@untimed
@given(st.lists(line_text, max_size=8))
def test_every_transcript_line_is_a_turn_or_blank_or_noted_with_its_number(lines):
    rows, notes, path = read(transcript, "\n".join(lines))
    noted = notes.get("transcript lines without id or time", [])
    assert len(rows) + len(noted) == sum(bool(line.strip()) for line in lines)
    numbers = [int(place.removeprefix(f"{path}: line ").split(":")[0]) for place in noted]
    assert numbers == sorted(set(numbers)) and all(lines[number - 1].strip() for number in numbers)


@pytest.mark.slow
@untimed
@given(
    st.dictionaries(names, st.tuples(times, times, st.sampled_from(["hap", "xxx", "neu"]), votes, scales), max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    blanks,
)
def test_ratings_round_trip(blocks, end, blank):
    text = f"% header{end}{end}"
    for name, (a, b, label, said, values) in blocks.items():
        text += f"[{a:.4f} -{blank} {b:.4f}]\t{name}\t{label}\t[2.5, 2.5, 2.5]{end}"
        text += "".join(f"C-E{k}:\t{'; '.join(words)};\t(so; so)\n" for k, words in enumerate(said, start=1))
        text += "".join(
            f"A-E{k}:\tval {v}; act {act}; dom  {d};\t()\n" for k, (v, act, d) in enumerate(values, start=3)
        )
        text += end
    ratings, notes, _ = read(read_ratings, text)
    assert notes == {} and list(ratings) == list(blocks)
    for name, (a, b, label, said, values) in blocks.items():
        rating = ratings[name]
        assert (rating.start, rating.end, rating.label) == (a, b, label)
        assert rating.votes == tuple(word for words in said for word in words) and rating.own == frozenset()
        found = {vote.rater: vote for vote in rating.raters}
        assert [found[f"E{k}"].labels for k in range(1, len(said) + 1)] == [tuple(words) for words in said]
        wanted = [tuple(map(str, triple)) for triple in values]
        assert [found[f"E{k}"].scales for k in range(3, len(values) + 3)] == wanted


@untimed
@given(garbage=line_text, at=st.integers(0, 4))
def test_a_garbage_line_among_ratings_is_noted_or_refused_with_its_number(garbage, at):
    lines = [
        "% header",
        "[1.0 - 2.0]\tSes01F_impro01_F000\thap\t[2.5, 2.5, 2.5]",
        "C-E2:\tHappiness;\t()",
        "A-E3:\tval 4; act 4; dom 4;\t()",
    ]
    lines.insert(at, garbage)
    try:
        ratings, notes, path = read(read_ratings, "\n".join(lines))
    except EmotionError as error:
        assert garbage.startswith("[") and f": line {at + 1} is" in str(error) and "\n" not in str(error)
        return
    assert list(ratings) == ["Ses01F_impro01_F000"] or garbage.startswith("[")
    if garbage.strip() and garbage[0] not in "%[" and garbage[:2] not in ("C-", "A-"):
        ((name, places),) = notes.items()
        assert name == "evaluation lines that are not understood" and f"{path}: line {at + 1}: " in places[0]


@untimed
@given(start=st.sampled_from(["[1.0 - 2.0", "[a - b]\tx\ty", "[1.0 - 2.0]", "[1.0 - 2.0]\tonly", "[1 2]\tu\thap"]))
def test_a_broken_first_line_is_refused(start):
    try:
        read(read_ratings, f"% header\n\n{start}\n")
    except EmotionError as error:
        assert ": line 3 is" in str(error) and "expected [start - end]" in str(error)
    else:
        raise AssertionError(start)


@untimed
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_readers(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(data)
        list(read_transcript(path, Notes()))
        try:
            read_ratings(path, Notes())
        except EmotionError as error:
            assert str(path) in str(error)
