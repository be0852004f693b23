import json
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from encoders.planted import check_batches, vectors, waves
from planted_corpus import utterances

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Utterance
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.folds import Aligned, align, deal, fold_folder, load_folds, save_alignment, save_folds


def row(speaker="Ses01_F", dialogue="Ses01F_impro01", split="train", number=0) -> Utterance:
    return Utterance(f"{dialogue}_{number}", dialogue, number, speaker, 0.0, 1.0, "sad", split, "", "a.wav", "", "full")


def small(seed=0) -> AudioEncoder:
    torch.manual_seed(seed)
    return AudioEncoder(dim=6, frame=320, hop=320, filters=4, kernel=64, stride=64, hidden=4).eval()


def test_sessions_are_dealt_whole_to_folds_of_like_size():
    sizes = {"Ses01": 50, "Ses02": 30, "Ses03": 25, "Ses04": 5}
    rows = [
        row(f"{name}_{'FM'[n % 2]}", f"{name}F_{n % 3}", number=n) for name, size in sizes.items() for n in range(size)
    ]
    by, groups = deal(rows, folds=2)
    assert by == "session"
    assert groups == {"Ses01": 1, "Ses02": 2, "Ses03": 2, "Ses04": 1}
    assert deal(rows[::-1], folds=2) == (by, groups)
    assert set(deal(rows, folds=4)[1].values()) == {1, 2, 3, 4}
    with pytest.raises(EmotionError, match=r"fit\.folds is 5, but the training split has 4 sessions; give at most 4"):
        deal(rows, folds=5)


def test_dialogues_are_dealt_where_speakers_name_no_session():
    rows = [row("Ross", f"d{n % 5}", number=n) for n in range(40)]
    by, groups = deal([*rows, row()], folds=3)
    assert by == "dialogue"
    assert set(groups) == {f"d{n}" for n in range(5)} | {"Ses01F_impro01"}
    with pytest.raises(EmotionError, match="5 dialogues; give at most 5"):
        deal(rows, folds=6)


def test_alignment_finds_a_planted_rotation_scale_and_shift():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 7)).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(7, 7)))[0]
    target = (3.5 * vectors @ turn + rng.normal(size=7)).astype(np.float32)
    matrix, shift = align(vectors, target)
    np.testing.assert_allclose(vectors @ matrix.numpy() + shift.numpy(), target, atol=1e-4)


def test_alignment_of_noise_is_a_scaled_rotation_no_worse_than_others():
    rng = np.random.default_rng(1)
    vectors, target = rng.normal(size=(2, 40, 5)).astype(np.float32)
    target += 0.5 * vectors

    def error(matrix, shift):
        return float(((vectors @ matrix + shift - target) ** 2).sum())

    matrix, shift = (value.numpy() for value in align(vectors, target))
    square = matrix.T @ matrix
    np.testing.assert_allclose(square, square[0, 0] * np.eye(5), atol=1e-5)
    best = error(matrix, shift)
    for _ in range(200):
        turn = np.linalg.qr(np.eye(5) + 0.1 * rng.normal(size=(5, 5)))[0]
        assert error(matrix @ turn, shift + 0.01 * rng.normal(size=5)) > best


def test_vectors_without_spread_are_moved_only():
    matrix, shift = align(np.full((4, 3), 2.0, np.float32), np.zeros((4, 3), np.float32))
    assert torch.isfinite(matrix).all() and torch.isfinite(shift).all()


def planted(folder):
    """A fitted folder of two folds whose encoders differ."""
    encoders = [small(seed) for seed in range(3)]
    maps = [(torch.rand(6, 6), torch.rand(6)) for _ in range(2)]
    encoders[0].save(folder)
    for fold, (encoder, made) in enumerate(zip(encoders[1:], maps, strict=True), start=1):
        encoder.save(fold_folder(folder, fold))
        save_alignment(fold_folder(folder, fold), *made)
    save_folds(folder, by="session", groups={"Ses01": 1, "Ses02": 2, "Ses03": 1})
    return encoders, maps


@pytest.mark.slow
def test_each_utterance_goes_to_the_encoder_that_has_not_seen_it(tmp_path):
    before, maps = planted(tmp_path)
    encoders, number = pickle.loads(pickle.dumps(partial(load_folds, tmp_path, AudioEncoder.load)))()
    assert [number(row(f"Ses0{n}_F")) for n in (1, 2, 3, 4)] == [1, 2, 1, 0]
    assert [number(row(split=split)) for split in ("validation", "test")] == [0, 0]
    inputs = waves(3)[0]
    assert torch.equal(vectors(encoders[0], inputs), vectors(before[0], inputs))
    for fold in (1, 2):
        matrix, shift = maps[fold - 1]
        expected = vectors(before[fold], inputs) @ matrix + shift
        torch.testing.assert_close(vectors(encoders[fold], inputs), expected)
        rows = encoders[fold].sequences(encoders[fold].collate(inputs))
        torch.testing.assert_close(torch.cat(rows), expected)
        check_batches(encoders[fold], inputs)
        assert (encoders[fold].modality, encoders[fold].name, encoders[fold].dim) == ("audio", "paper", 6)
        assert encoders[fold].settings() == before[fold].settings()
        assert not encoders[fold].training


def test_without_folds_there_is_one_encoder(tmp_path):
    small().save(tmp_path)
    encoders, number = load_folds(tmp_path, AudioEncoder.load)
    assert len(encoders) == 1 and not isinstance(encoders[0], Aligned)
    assert {number(each) for each in utterances([3, 3, 3, 3], labels=("sad", "angry"), seed=0)} == {0}


DAMAGES = {
    "no JSON": lambda folder: (folder / "folds.json").write_text("{"),
    "other keys": lambda folder: (folder / "folds.json").write_text(json.dumps({"groups": {"Ses01": 1}})),
    "a gap": lambda folder: (folder / "folds.json").write_text(json.dumps({"by": "session", "groups": {"Ses01": 2}})),
    "no alignment": lambda folder: (fold_folder(folder, 2) / "alignment.safetensors").unlink(),
    "cut alignment": lambda folder: (fold_folder(folder, 1) / "alignment.safetensors").write_bytes(b"\x10"),
    "no encoder": lambda folder: (fold_folder(folder, 1) / "settings.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_one_line(tmp_path, damage):
    planted(tmp_path)
    DAMAGES[damage](tmp_path)
    with pytest.raises(EmotionError, match="fit the audio encoder again") as caught:
        load_folds(tmp_path, AudioEncoder.load)
    assert "\n" not in str(caught.value)
