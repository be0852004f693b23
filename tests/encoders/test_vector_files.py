import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.encoders.vector_files import read_vectors

WORDS = ["the", "of", "Ünï", "new york", "n't", "0.5"]
VALUES = np.random.default_rng(0).standard_normal((len(WORDS), 3)).astype(np.float32)


def lines(words=WORDS, values=VALUES, end=""):
    rows = zip(words, values, strict=True)
    return "".join(f"{word} {' '.join(map(repr, row.tolist()))}{end}\n" for word, row in rows)


def packed(words, values, *, between=b"\n"):
    rows = (word.encode() + b" " + row.tobytes() + between for word, row in zip(words, values, strict=True))
    return f"{len(words)} 3\n".encode() + b"".join(rows)


NO_SPACES = ([word.replace(" ", "_") for word in WORDS], VALUES)
FORMATS = {
    "glove": lines().encode(),
    "word2vec text": b"6 3\n" + lines(end=" ").encode(),
    "word2vec binary": packed(*NO_SPACES),
    "without line ends": packed(*NO_SPACES, between=b""),
    "windows": lines(end="\r").encode(),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(tmp_path, name):
    path = tmp_path / "vectors"
    path.write_bytes(FORMATS[name])
    words, values = read_vectors(path, wanted=(), most=100)
    assert words == (NO_SPACES[0] if "word2vec b" in name or "without" in name else WORDS)
    np.testing.assert_array_equal(values, VALUES)
    words, values = read_vectors(path, wanted={"n't", "gone"}, most=2)
    assert words == ["the", "of", "n't"] and np.array_equal(values, VALUES[[0, 1, 4]])


def test_the_first_of_a_word_counts(tmp_path):
    (tmp_path / "v").write_text(lines(["a", "b", "a"], VALUES[:3]))
    words, values = read_vectors(tmp_path / "v", wanted=(), most=9)
    assert words == ["a", "b"] and np.array_equal(values, VALUES[:2])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"3 2\na 0.1 0.2\nb 0.1 0.3\n", "it ends after word 2, its first line speaks of 3"),
        (b"word\n", "its first line speaks of 0 numbers"),
        (b"a 0.1 0.2\nb 0.1\n", "line 2 has 1 numbers, expected 2"),
        (b"a 0.1 0.2\nb 0.1 x\n", "line 2 holds no numbers .*'x'"),
        (b"a 0.1 0.2\nb nan 0.1\n", "the vector of 'b' holds values that are not finite"),
        (b"Two words of text\n", "line 1 holds no numbers"),
        (b"3 0\na \n", "its first line speaks of 0 numbers"),
        (b"3 99999\na \n", "its first line speaks of 99999 numbers"),
        (packed(*NO_SPACES)[:-9], "it ends at word 6 of 6"),
        (b"9 3\n" + b"\x00" * 5000, "it ends at word 1 of 9"),
        (b"0 3\n", "it holds no word"),
    ],
)
def test_files_that_are_none(tmp_path, content, words):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    with pytest.raises(EmotionError, match=rf"vectors.txt: {words}.*; give the whole file, unpacked") as caught:
        read_vectors(path, wanted=(), most=9)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path):
    with pytest.raises(EmotionError, match="gone"):
        read_vectors(tmp_path / "gone", wanted=(), most=9)
