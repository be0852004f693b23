from itertools import combinations

import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import section, texts, vectors

from emotion.encoders import for_audio, for_text, pretrained_audio, text, unpadded
from emotion.encoders.settings import Audio, Text
from emotion.encoders.text import PretrainedText
from emotion.encoders.unpadded import at_once, in_runs, of_one_length, runs

LINES = ["I was there", "good day", "bad today with you I", "", "you " * 40, "good bad"]
LENGTHS = (900, 2000, 411, 2000, 1500)


def made(folder, new, kind, **options):
    torch.manual_seed(0)
    encoder = new(section(kind, encoder=str(folder), **options))
    encoder.prepare([])
    return encoder.eval()


def text_encoder(name, folder, **options):
    return made(checkpoints.TEXT[name](folder), for_text.new_encoder, Text, tune=False, dim=0, **options)


@pytest.mark.parametrize("name", checkpoints.some(checkpoints.TEXT, "roberta", "modernbert"))
def test_texts_with_and_without_padding(name, tmp_path, monkeypatch):
    encoder = text_encoder(name, tmp_path, layers="last4", pooling="mean_std")
    packed = vectors(encoder, LINES)
    monkeypatch.setattr(text, "is_worth_it", lambda *_: False)
    torch.testing.assert_close(packed, vectors(encoder, LINES), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", checkpoints.some(checkpoints.AUDIO, "wav2vec2"))
def test_sound_with_and_without_padding(name, tmp_path, monkeypatch):
    encoder = made(checkpoints.AUDIO[name](tmp_path), for_audio.new_encoder, Audio, rate=8000, pooling="mean_std")
    waves = checkpoints.noise(LENGTHS)
    unlike = vectors(encoder, waves)
    monkeypatch.setattr(unpadded, "_RUN", 0)  # each length by itself
    alone = vectors(encoder, waves)
    monkeypatch.setattr(pretrained_audio, "is_worth_it", lambda *_: False)
    whole = vectors(encoder, waves)
    torch.testing.assert_close(unlike, whole, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(alone, whole, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["roberta", pytest.param("mpnet", marks=pytest.mark.slow)])
def test_padding_is_not_computed(name, tmp_path, monkeypatch):
    monkeypatch.setattr(unpadded, "_RUN", 0)
    encoder = text_encoder(name, tmp_path)
    seen = []
    linear = next(layer for layer in encoder.body.modules() if isinstance(layer, torch.nn.Linear))
    linear.register_forward_hook(lambda layer, given, found: seen.append(found.shape[:-1].numel()))
    batch = encoder.collate(LINES)
    encoder.hidden(batch)
    assert sum(seen) == int(batch["mask"].sum()) < batch["mask"].numel()


def test_a_tokenizer_that_pads_on_the_left(tmp_path):
    encoder = text_encoder("roberta", tmp_path)
    before = vectors(encoder, LINES)
    encoder.tokenizer.padding_side = "left"
    encoder.use(encoder.body, encoder.tokenizer)
    assert torch.equal(before, vectors(encoder, LINES))


def test_fine_tuning_stays_padded(tmp_path, monkeypatch):
    encoder = text_encoder("roberta", tmp_path)
    assert isinstance(encoder, PretrainedText) and encoder.packed
    monkeypatch.setattr(text, "packed", None)  # cannot be called
    encoder.tune = True
    encoder.train()(encoder.collate(texts(6)[0]))


def cost(lengths, cut):
    return sum(len(rows) * max(lengths[row] for row in rows) + unpadded._RUN for rows in cut)


@pytest.mark.parametrize("lengths", [[5], [7, 7, 7], [1, 100, 2, 101, 3], [40, 80, 120, 10, 11, 300], [3, 30, 60, 90]])
def test_runs_take_the_least_time(lengths):
    cut = runs(lengths)
    assert sorted(row for rows in cut for row in rows) == list(range(len(lengths)))
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    every = [
        [order[start:end] for start, end in zip((0, *ends), (*ends, len(order)), strict=True)]
        for count in range(len(order))
        for ends in combinations(range(1, len(order)), count)
    ]
    assert cost(lengths, cut) == min(cost(lengths, other) for other in every)


def test_many_of_one_length_go_in_several_runs():
    assert [len(rows) for rows in runs([9] * 100)] in ([36, 64], [64, 36])
    assert runs([]) == []


def test_rows_come_back_in_their_places():
    lengths = [2, 5, 2, 1]
    rng = np.random.default_rng(0)
    values = torch.from_numpy(rng.normal(size=(4, 5, 3)))
    for split in (runs, at_once, of_one_length):
        found = in_runs(lengths, lambda rows, t: values[rows, :t], split=split)
        for row, length in enumerate(lengths):
            assert torch.equal(found[row, :length], values[row, :length])
