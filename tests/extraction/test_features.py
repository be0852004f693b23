"""Vectors land in their rows, whatever the batches, gaps and interruptions."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder, checkpoint_hash
from emotion.extraction.executors import run_local
from emotion.extraction.features import batches, extract_features, shards
from emotion.store.cache import Cache


class MeanEncoder(Encoder):
    """A linear layer and a tanh per sample, then the mean over the real samples."""

    modality = "audio"
    name = "mean"
    dim = 6
    together = 4

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


LENGTHS = [float(np.random.default_rng(i).integers(2, 400)) for i in range(50)]


def extract(folder, *, encoder=None, reader=read, budget=2, per_batch=2000, **more):
    encoder = encoder or MeanEncoder()
    extract_features(
        INDEX,
        load=lambda: ([encoder], lambda row: 0),
        open_media=lambda: reader,
        length=lambda row: LENGTHS[row.turn],
        per_batch=per_batch,
        out=folder / "audio.h5",
        scratch=folder / "scratch",
        budget=budget,
        max_missing=more.pop("max_missing", 0.2),
        on_error="skip",
        execute=partial(run_local, workers=1),
        device="cpu",
        **more,
    )
    return (folder / "audio.h5").read_bytes()


@pytest.mark.parametrize("per_batch", [1, 700, 10**6])
def test_rows_are_what_the_encoder_gives_one_by_one(tmp_path, capfd, per_batch):
    encoder = MeanEncoder()
    extract(tmp_path, encoder=encoder, per_batch=per_batch)
    assert max(encoder.seen) == {1: 1, 10**6: 4}.get(per_batch, max(encoder.seen)) and sum(encoder.seen) == 45
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
        assert about["checkpoint"] == checkpoint_hash([encoder]) and '"seed": 0' in about["settings"]
        assert all(f'"{name}": "' in about["versions"] for name in ("av", "soundfile", "torch"))
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == f"audio features: 45 of 50 utterances, 5 missing (5 no audio) -> {tmp_path / 'audio.h5'}"
    card = (tmp_path / "audio.md").read_text()
    assert f"| checkpoint | {checkpoint_hash([encoder])} |" in card and "| no audio | 5 |" in card


def test_batches_hold_like_lengths_of_one_encoder():
    rng = np.random.default_rng(0)
    rows = ROWS + ROWS[:30]
    for per_batch, most in ((1, 9), (50, 9), (300, 9), (10**6, 7)):
        lengths = dict(zip(map(id, rows), rng.integers(1, 120, size=80).tolist(), strict=False))

        def length(row, lengths=lengths):
            return lengths[id(row)]

        def which(row):
            return row.turn % 2

        cut = batches(rows, length=length, which=which, most=most, per_batch=per_batch)
        assert sorted(item for batch in cut for item in batch) == list(range(80))
        for batch in cut:
            costs = [length(rows[item]) for item in batch]
            assert len(batch) == 1 or len(batch) * max(costs) <= per_batch
            assert len(batch) <= most and costs == sorted(costs, reverse=True)
            assert len({which(rows[item]) for item in batch}) == 1
        if per_batch == 10**6:
            assert len(cut) == 12  # 40 rows of each encoder by sevens
        assert batches(rows, length=length, which=which, most=most, per_batch=per_batch) == cut
    assert batches([], length=len, which=len, most=1, per_batch=5) == []


def test_a_shard_is_cut_into_the_same_batches_again():
    cut = batches(ROWS, length=lambda row: LENGTHS[row.turn], which=lambda row: row.turn % 3, most=4, per_batch=900)
    for shard in shards(cut):
        rows = [ROWS[row] for row in shard]
        again = batches(
            rows, length=lambda row: LENGTHS[row.turn], which=lambda row: row.turn % 3, most=4, per_batch=900
        )
        assert [[shard[row] for row in batch] for batch in again] == [batch for batch in cut if batch[0] in shard]


@pytest.mark.parametrize("budget", [1, 3, 100])
def test_the_budget_changes_nothing(tmp_path, budget):
    assert extract(tmp_path / "a", budget=budget) == extract(tmp_path / "b", budget=2)


def test_each_utterance_is_for_its_encoder(tmp_path):
    encoders = [MeanEncoder(seed=seed) for seed in range(3)]
    extract_features(
        INDEX,
        load=lambda: (encoders, lambda row: row.turn % 3),
        open_media=lambda: read,
        length=lambda row: LENGTHS[row.turn],
        per_batch=1000,
        out=tmp_path / "audio.h5",
        scratch=tmp_path / "scratch",
        budget=3,
        max_missing=0.2,
        on_error="skip",
        execute=partial(run_local, workers=1),
        device="cpu",
    )
    with Cache(tmp_path / "audio.h5") as cache, torch.inference_mode():
        for i, row in enumerate(ROWS):
            if row.audio:
                encoder = encoders[i % 3]
                np.testing.assert_allclose(cache[i], encoder(encoder.collate([read(row)])).numpy(), atol=1e-6)


@pytest.mark.slow
def test_interrupted_anywhere_gives_the_same_bytes(tmp_path):
    whole = extract(tmp_path)
    order = [row for batch in _cut() for row in batch]
    for stop in (3, 20, 48):

        def interrupted(row, stop=stop):
            if row.turn == order[stop]:
                raise KeyboardInterrupt
            return read(row)

        (tmp_path / "audio.h5").unlink()
        with pytest.raises(KeyboardInterrupt):
            extract(tmp_path, reader=interrupted)
        assert not (tmp_path / "audio.h5").exists()
        asked = []
        assert extract(tmp_path, reader=lambda row, asked=asked: asked.append(row.turn) or read(row)) == whole
        assert order.index(asked[0]) == sum(len(shard) for shard in shards(_cut())[: _shard_of(order[stop])])


def _cut():
    return batches(ROWS, length=lambda row: LENGTHS[row.turn], which=lambda row: 0, most=4, per_batch=2000)


def _shard_of(row):
    return next(number for number, shard in enumerate(shards(_cut())) if row in shard)


def test_a_second_run_reads_nothing(tmp_path, capfd):
    whole = extract(tmp_path)

    def never(row):
        raise AssertionError(row)

    assert extract(tmp_path, reader=never) == whole
    assert capfd.readouterr().err.splitlines()[-1].endswith("(already there, nothing to do)")
    (tmp_path / "audio.h5").write_bytes(whole[:-1])  # damaged: made again
    assert extract(tmp_path) == whole


@pytest.mark.slow
def test_unfinished_work_of_another_encoder_or_media_is_not_used(tmp_path):
    media = tmp_path / "a.wav"
    media.write_bytes(b"1")
    last = _cut()[-1][-1]

    def interrupted(row):
        if row.turn == last:
            raise KeyboardInterrupt
        return read(row)

    def asked(**more):
        rows = []
        extract(tmp_path, reader=lambda row: rows.append(row.turn) or read(row), **more)
        return len(rows)

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path, reader=interrupted, media=[media])
    assert asked(encoder=MeanEncoder(seed=1), media=[media]) == 50
    assert asked(per_batch=500, media=[media]) == 50
    before = media.stat().st_mtime_ns
    media.write_bytes(b"12")
    assert asked(media=[media]) == 50
    media.write_bytes(b"1")
    os.utime(media, ns=(before, before))
    assert asked(media=[media]) == len(shards(_cut())[-1])


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
        hashes.add(checkpoint_hash([encoder]))
        assert checkpoint_hash([encoder]) == checkpoint_hash([encoder])
    assert len(hashes) == 3
    halves = torch.nn.Linear(2, 2).to(torch.bfloat16)
    halves.save_extra = lambda folder: None
    halves.register_buffer("scalar", torch.tensor(3))
    assert len(checkpoint_hash([halves])) == 64
