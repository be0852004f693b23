"""Vectors land in their rows, whatever the batches, gaps and interruptions."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.cache import Cache
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.errors import EmotionError, MediaError
from emotion.extraction import features
from emotion.extraction.features import batches, checkpoint_hash, extract_features


class MeanEncoder(Encoder):
    """A linear layer and a tanh per sample, then the mean over the real samples."""

    modality = "audio"
    name = "mean"
    dim = 6

    def __init__(self, *, seed=0):
        super().__init__()
        self.seed = seed
        self.linear = torch.nn.Linear(1, 6)
        with torch.no_grad():
            self.linear.weight.copy_(torch.from_numpy(np.random.default_rng(seed).normal(size=(6, 1))))
            self.linear.bias.zero_()
        self.dropout = torch.nn.Dropout(0.5)  # must be off
        self.seen = []

    def settings(self):
        return {"seed": self.seed}

    def collate(self, inputs):
        if any(len(wave) == 1 for wave in inputs):
            raise MediaError("audio too short: one sample")
        self.seen.append(len(inputs))
        lengths = torch.tensor([len(wave) for wave in inputs])
        waves = torch.zeros(len(inputs), int(lengths.max()))
        for line, wave in zip(waves, inputs, strict=True):
            line[: len(wave)] = torch.from_numpy(wave)
        return {"waves": waves, "lengths": lengths}

    def cost(self, item):
        return len(item)

    def forward(self, batch):
        states = self.dropout(torch.tanh(self.linear(batch["waves"][..., None])))
        mask = torch.arange(states.shape[1]) < batch["lengths"][:, None]
        return (states * mask[..., None]).sum(1) / batch["lengths"][:, None]


ROWS = tuple(
    Utterance(f"u{i:02}", "d", i, "S", 0.0, 1.0, "", "train", "", "" if i % 11 == 5 else "a.wav", "", "left")
    for i in range(50)
)
INDEX = Index(ROWS, ("happy",), "planted", "digest")


def read(row):
    """The utterance's samples, of very different lengths; every eleventh has none."""
    if not row.audio:
        raise MediaError("no audio: the corpus has none for this utterance")
    rng = np.random.default_rng(row.turn)
    return rng.normal(size=rng.integers(2, 400)).astype(np.float32)


def extract(folder, *, encoder=None, reader=read, budget=1000, **more):
    extract_features(
        INDEX,
        encoder or MeanEncoder(),
        reader,
        out=folder / "audio.h5",
        scratch=folder / "scratch",
        budget=budget,
        max_missing=more.pop("max_missing", 0.2),
        **more,
    )
    return (folder / "audio.h5").read_bytes()


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(features, "_WINDOW", 16)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("budget", [1, 700, 10**6])
def test_rows_are_what_the_encoder_gives_one_by_one(tmp_path, capfd, budget):
    encoder = MeanEncoder()
    extract(tmp_path, encoder=encoder, budget=budget)
    batch_sizes = encoder.seen
    assert max(batch_sizes) == {1: 1, 10**6: 15}.get(budget, max(batch_sizes)) and sum(batch_sizes) == 45
    with Cache(tmp_path / "audio.h5") as cache, torch.inference_mode():
        assert cache.ids == [row.utterance for row in ROWS]
        for i, row in enumerate(ROWS):
            if row.audio:
                alone = encoder(encoder.collate([read(row)])).numpy()
                assert cache[i].dtype == np.float32
                np.testing.assert_allclose(cache[i], alone, atol=1e-6)
            else:
                assert len(cache[i]) == 0 and cache.reason[i].startswith("no audio: ")
        about = cache.attributes
        assert (about["modality"], about["encoder"], about["index"]) == ("audio", "mean", "digest")
        assert about["checkpoint"] == checkpoint_hash(encoder) and '"seed": 0' in about["settings"]
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == f"audio features: 45 of 50 utterances, 5 missing (5 no audio) -> {tmp_path / 'audio.h5'}"


def test_batches_keep_to_the_budget():
    rng = np.random.default_rng(0)
    for budget in (1, 50, 300, 10**6):
        costs = rng.integers(1, 120, size=80).tolist()
        cut = batches(costs, budget=budget)
        assert sorted(item for batch in cut for item in batch) == list(range(80))
        for batch in cut:
            assert len(batch) == 1 or len(batch) * max(costs[item] for item in batch) <= budget
        order = [costs[item] for batch in cut for item in batch]
        assert order == sorted(order, reverse=True)
    assert batches([], budget=5) == []


@pytest.mark.usefixtures("small_windows")
def test_interrupted_anywhere_gives_the_same_bytes(tmp_path):
    whole = extract(tmp_path)
    for stop in (3, 20, 49):

        def interrupted(row, stop=stop):
            if row.turn == stop:
                raise KeyboardInterrupt
            return read(row)

        (tmp_path / "audio.h5").unlink()
        with pytest.raises(KeyboardInterrupt):
            extract(tmp_path, reader=interrupted)
        assert not (tmp_path / "audio.h5").exists()
        asked = []
        assert extract(tmp_path, reader=lambda row, asked=asked: asked.append(row.turn) or read(row)) == whole
        assert min(asked) == stop // 16 * 16  # finished windows are not read again


@pytest.mark.usefixtures("small_windows")
def test_killed_within_a_window_gives_the_same_bytes(tmp_path, monkeypatch):
    """What lies on the disk the moment after a flush is what `kill -9` leaves."""
    append = features.CacheWriter.append
    left = tmp_path / "left"

    def snapshot(cache, *values):
        append(cache, *values)
        if len(cache.reasons) == 21:
            cache._journal.flush()
            shutil.copytree(tmp_path / "scratch", left / "scratch")

    monkeypatch.setattr(features.CacheWriter, "append", snapshot)
    whole = extract(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(features, "_WINDOW", 16)
    asked = []
    assert extract(left, reader=lambda row: asked.append(row.turn) or read(row)) == whole
    assert min(asked) == 16


def test_unfinished_work_of_another_encoder_or_media_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "_WINDOW", 16)
    media = tmp_path / "a.wav"
    media.write_bytes(b"1")

    def interrupted(row):
        if row.turn == 40:
            raise KeyboardInterrupt
        return read(row)

    def first_asked(**more):
        asked = []
        extract(tmp_path, reader=lambda row: asked.append(row.turn) or read(row), **more)
        return min(asked)

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path, reader=interrupted, media=[media])
    assert first_asked(encoder=MeanEncoder(seed=1), media=[media]) == 0
    assert first_asked(budget=500, media=[media]) == 0
    media.write_bytes(b"12")
    assert first_asked(media=[media]) == 0


def test_refused_inputs_and_bad_vectors_are_missing_alone(tmp_path):
    def odd(row):
        if row.turn == 7:
            return np.zeros(1, dtype=np.float32)
        if row.turn == 9:
            return np.full(30, np.nan, dtype=np.float32)
        return read(row)

    extract(tmp_path, reader=odd)
    with Cache(tmp_path / "audio.h5") as cache:
        assert np.flatnonzero(~cache.present).tolist() == [5, 7, 9, 16, 27, 38, 49]
        assert cache.reason[7] == "audio too short: one sample"
        assert cache.reason[9] == "audio encoder gave values that are not finite"


def test_too_much_missing_changes_nothing(tmp_path):
    (tmp_path / "audio.h5").write_bytes(b"old")
    with pytest.raises(EmotionError, match=r"audio features: 5 of 50 utterances are missing.*5 no audio"):
        extract(tmp_path, max_missing=0.05)
    assert (tmp_path / "audio.h5").read_bytes() == b"old"


def test_other_errors_of_a_reader_are_not_swallowed(tmp_path):
    def broken(row):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        extract(tmp_path, reader=broken)
    assert not (tmp_path / "audio.h5").exists()


def test_checkpoint_hash_depends_on_weights_and_what_else_is_saved():
    class Tokenized(MeanEncoder):
        def save_extra(self, folder):
            (Path(folder) / "merges.txt").write_text(self.merges)

    hashes = set()
    for seed, merges in [(0, "a b"), (1, "a b"), (0, "b c")]:
        encoder = Tokenized(seed=seed)
        encoder.merges = merges
        hashes.add(checkpoint_hash(encoder))
        assert checkpoint_hash(encoder) == checkpoint_hash(encoder)
    assert len(hashes) == 3
    halves = torch.nn.Linear(2, 2).to(torch.bfloat16)
    halves.save_extra = lambda folder: None
    halves.register_buffer("scalar", torch.tensor(3))
    assert len(checkpoint_hash(halves)) == 64
