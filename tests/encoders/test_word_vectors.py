import json

import numpy as np
import pytest
import torch
from encoders.planted import check_batches, check_folder, learn, section, texts, vectors

from emotion.core.errors import EmotionError
from emotion.encoders.describe import describe
from emotion.encoders.for_text import load_encoder, new_encoder
from emotion.encoders.settings import Text

WORDS = ["good", "bad", "i", "was", "there", "Today", "with", "you", "do", "n't", "well", "known", ","]
TABLE = {word: np.random.default_rng(n).standard_normal(4).astype(np.float32) for n, word in enumerate(WORDS)}
LINES = ["I don't know you, well-known", "good ZYX bad", "zyx", "", "Today today!", "well-xyz there"]
PIECES = [  # of each text the known pieces of each word, by hand
    [["i"], ["do", "n't"], [], ["you", ","], ["well", "known"]],
    [["good"], [], ["bad"]],
    [[]],
    [],
    [["Today"], []],
    [["well"], ["there"]],
]
UNKNOWN = [(1, 5), (1, 3), (1, 1), (0, 0), (1, 2), (0, 2)]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("vectors") / "glove.txt"
    path.write_text("".join(f"{word} {' '.join(map(repr, row.tolist()))}\n" for word, row in TABLE.items()))
    return path


def made(file, **options):
    torch.manual_seed(1)
    values = {"encoder": "word_vectors", "vectors": str(file), "tune": False, "dim": 0}
    return new_encoder(section(Text, **values | options))


def prepared(file, **options):
    encoder = made(file, **options)
    encoder.prepare([])
    return encoder.eval()


def rows(pieces):
    return torch.from_numpy(np.stack([TABLE[piece] for piece in pieces] or [np.zeros(4, np.float32)]))


def test_means_of_the_known_pieces(file):
    every = [rows([piece for word in words for piece in word]) for words in PIECES]
    found = vectors(prepared(file), LINES)
    torch.testing.assert_close(found, torch.stack([row.mean(0) for row in every]))
    found = vectors(prepared(file, pooling="mean_std"), LINES)
    expected = torch.stack([torch.cat([row.mean(0), row.std(0, correction=0)]) for row in every])
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


def test_one_vector_per_word(file):
    encoder = prepared(file, level="word")
    for words, found in zip(PIECES, encoder.sequences(encoder.collate(LINES)), strict=True):
        torch.testing.assert_close(found, torch.stack([rows(word).mean(0) for word in words or [[]]]))


def test_unknown_words_are_counted(file):
    encoder = prepared(file)
    assert [encoder.unknown(line) for line in LINES] == UNKNOWN
    assert encoder.remarks(LINES[0]) == {"words without a vector": "1 of 5"}
    assert encoder.remarks("-- !") == encoder.remarks("good") == {}


def test_batches_and_folders(file, tmp_path):
    encoder = prepared(file, dim=7, pooling="mean_std")
    check_batches(encoder, LINES)
    encoder.vectors = "gone"  # it is not needed any more
    check_folder(encoder, LINES, tmp_path)
    assert torch.equal(vectors(load_encoder(tmp_path / "one"), LINES), vectors(encoder, LINES))
    assert describe(str(tmp_path / "one"))["licence"] == "that of the file's vectors"
    content = json.loads((tmp_path / "one" / "words.json").read_text())
    for broken in ({"words": 3}, {"tuned": 99}, {"width": None}):
        (tmp_path / "one" / "words.json").write_text(json.dumps(content | broken))
        with pytest.raises(EmotionError, match=r"words.json: not the words of an encoder; fit the text encoder again"):
            load_encoder(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.parametrize("tune", [False, True])
def test_frozen_or_tuned(file, tmp_path, tune):
    encoder, curve = learn(lambda: made(file, tune=tune, dim=6), texts, epochs=10, lr=5e-2)
    assert max(epoch.validation_weighted_f1 for epoch in curve) > 0.75
    spoken = {"good", "bad", "i", "was", "there", "with", "you"}  # in `texts`, where today is written small
    plain = new_encoder(section(Text, encoder="word_vectors", vectors=str(file), tune=False, dim=0))
    plain.prepare([])
    moved = set()
    for word, number in encoder.words.items():
        now = encoder._states(torch.tensor([[number]]))[0, 0]
        before = plain._states(torch.tensor([[plain.words[word]]]))[0, 0]
        moved |= set() if torch.equal(now, before) else {word}
    assert moved == (spoken if tune else set())
    encoder.save(tmp_path)
    assert torch.equal(vectors(load_encoder(tmp_path), LINES), vectors(encoder, LINES))


def test_only_the_frequent_words_and_those_of_the_training_texts(file, monkeypatch):
    monkeypatch.setattr("emotion.encoders.word_vectors._MOST", 2)
    encoder = made(file, dim=3)
    encoder.prepare(["You there"])
    assert set(encoder.words) == {"good", "bad", "you", "there"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vectors": "none"}, "text.vectors must name the file"),
        ({"pooling": "cls"}, "text.pooling is cls, but word vectors have no such token; expected mean or mean_std"),
        ({"level": "word", "pooling": "mean_std"}, "expected mean, the only one for text.level: word"),
        ({"head": True}, "text.encoder is word_vectors, which has no classification head"),
    ],
)
def test_impossible_options(file, options, words):
    with pytest.raises(EmotionError, match=words):
        made(**{"file": file} | options)


def test_texts_of_another_language(file):
    with pytest.raises(EmotionError, match=r"glove.txt: it knows no word of the training texts; give vectors of their"):
        made(file, dim=3).prepare(["zyx", "xyz"])
