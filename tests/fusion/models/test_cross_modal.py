"""Cross-modal attention over words and frames: beside loops; padding, what is missing, what is planted."""

from dataclasses import replace

import fusion_loops_field as loops
import numpy as np
import planted_corpus
import pytest
import torch
from planted_corpus import plant
from planted_training import run
from small_batches import DIMS, LENGTHS, batch, build, rows_of

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import dataset, own
from emotion.fusion.models.cross_modal import CrossModal, by_length


def framed(features, mask, *, longest=9, padding=0):
    """Frames of every modality, nonsense behind the last one."""
    generator = torch.Generator().manual_seed(9)
    more = {}
    for name, d in DIMS.items():
        count = torch.randint(1, longest + 1, mask.shape, generator=generator) * mask
        frames = torch.randn(*mask.shape, longest, d, generator=generator)
        frames = torch.cat([frames, torch.full((*mask.shape, padding, d), 1e3)], dim=2)
        frames[torch.arange(longest + padding) >= count[..., None]] = torch.nan
        more |= {f"{name}/words": frames, f"{name}/count": count}
    return features | more


def words_of(features, sequence, u):
    return [
        {name: features[f"{name}/words"][sequence, t, : features[f"{name}/count"][sequence, t]] for name in DIMS}
        for t in range(u)
    ]


@pytest.mark.parametrize("words", [pytest.param(tuple(DIMS), marks=pytest.mark.slow), ("text",)])
def test_frames_equal_the_reference(words):
    torch.manual_seed(3)
    module = CrossModal(DIMS, classes=6, hidden=6, heads=3, dropout=0.4, words=words, layers=2).eval()
    features, present, speakers, mask = batch()
    features = framed(features, mask, longest=5)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of({name: features[name] for name in DIMS}, present, sequence, u)
            expected = loops.cross_modal(module, rows, [], words_of(features, sequence, u))
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


def test_a_single_modality_guides_itself():
    module = CrossModal({"text": 7}, classes=4, hidden=6, heads=3, dropout=0.0, words=("text",), layers=1).eval()
    features, _, speakers, mask = batch(lengths=(4,))
    features, present = framed(features, mask), torch.ones(1, 4, 1, dtype=torch.bool)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        rows = rows_of({"text": features["text"]}, present, 0, 4)
        expected = loops.cross_modal(module, rows, [], words_of(features, 0, 4))
        torch.testing.assert_close(found[0], expected, rtol=1e-4, atol=1e-5)


def test_neither_padding_nor_the_missing_are_seen():
    module = build("cross_modal", words=tuple(DIMS))
    features, present, speakers, mask = batch()
    tight, loose = framed(features, mask), framed(features, mask, padding=7)
    for i, name in enumerate(DIMS):
        loose[f"{name}/words"][~present[..., i]] = torch.nan
        loose[name][:] = torch.nan  # the mean of the frames is not read
    found = [module(values, present, speakers, mask)[mask] for values in (tight, loose)]
    torch.testing.assert_close(*found)
    assert module(loose, torch.zeros_like(present), speakers, mask).isfinite().all()  # nothing there at all
    for name in DIMS:
        other = tight | {f"{name}/words": tight[f"{name}/words"] + 1.0}
        assert not torch.allclose(found[0], module(other, present, speakers, mask)[mask])


def test_each_frame_counts_and_its_place_as_well():
    module = build("cross_modal", words=tuple(DIMS))
    features, present, speakers, mask = batch(lengths=(1,))
    features = framed(features, mask)
    present = torch.ones_like(present)
    count = int(features["text/count"][0, 0])
    assert count > 2
    before = module(features, present, speakers, mask)
    for place in range(count):
        frames = features["text/words"].clone()
        frames[0, 0, place] += 1.0
        assert not torch.allclose(before, module(features | {"text/words": frames}, present, speakers, mask))
    turned = features["text/words"].clone()
    turned[0, 0, :count] = turned[0, 0, :count].flip(0)
    assert not torch.allclose(before, module(features | {"text/words": turned}, present, speakers, mask), atol=1e-5)


def test_every_parameter_learns():
    module = build("cross_modal", words=tuple(DIMS)).train()
    features, present, speakers, mask = batch()
    module(framed(features, mask), present, speakers, mask)[mask].square().sum().backward()
    still = [name for name, value in module.named_parameters() if value.grad is None or not value.grad.any()]
    assert [name for name in still if not name.endswith("score.bias")] == []  # a softmax does not see what all share


def test_gradients_do_not_depend_on_the_groups():
    """Groups of like length, against all in one."""
    torch.manual_seed(0)
    x, weight = torch.randn(9, 8, 3), torch.randn(3, 4, requires_grad=True)
    count = torch.tensor([1, 8, 0, 3, 4, 2, 5, 8, 1])

    def mean(frames, lengths, rows):
        real = torch.arange(frames.shape[1]) < lengths[:, None]
        return (frames * real[..., None]).sum(1) / lengths[:, None] @ weight + rows

    rows = torch.randn(9, 4)
    found = by_length(mean, x, count, rows, size=4)
    assert not found[2].any()
    expected = mean(x, count.clamp(min=1), rows) * (count > 0)[:, None]
    torch.testing.assert_close(found, expected)
    grads = [torch.autograd.grad(values.square().sum(), weight)[0] for values in (found, expected)]
    torch.testing.assert_close(*grads)
    assert by_length(mean, x, torch.zeros_like(count), rows, size=4).abs().sum() == 0


def test_published_number_of_parameters():
    """Of the public code's block: sound of 64 channels guides video of 2048."""
    k = 64
    layer = 4 * (k * k + k) + 2 * 4 * k * k + 4 * k + k + 4 * k
    block = 2048 * k + k + k * k + k + 1
    module = CrossModal({"audio": k, "face": 2048}, classes=8, hidden=32, heads=8, dropout=0.3)
    parts = (module.guides["audio"], module.blocks["audio to face"])
    count = sum(value.numel() for part in parts for value in part.parameters())
    assert count - (k * k + k) == 5 * layer + 2 * k + block == 385_345  # without the new map W_g


def plant_frames(folder):
    """A corpus whose text comes word by word: one word of each utterance says the label."""
    planted = plant(folder, lengths=(9, 8, 7, 6) * 4)
    index, rng = read_index(planted.index), np.random.default_rng(4)
    truth = [planted_corpus.LABELS.index(row.label) for row in planted.utterances]
    words = []
    for label in truth:
        spoken = rng.normal(size=(rng.integers(2, 7), 6)).astype(np.float32)
        spoken[rng.integers(len(spoken)), label] += 6
        words.append(spoken)
    here = np.ones(len(words), dtype=bool)
    planted_corpus.write_words(planted.features["text"], planted.utterances, words, here, digest=index.digest)
    return planted


@pytest.mark.slow
@pytest.mark.parametrize(("history", "future"), [(3, 0), ("all", "all")])
def test_it_finds_the_word_that_tells(tmp_path, history, future):
    planted = plant_frames(tmp_path)
    how = {"batch": 2 if history == "all" else 8, "epochs": 16, "lr": 3e-3}
    out = run(planted, tmp_path, model="cross_modal", history=history, future=future, **how)
    truth = {row.utterance: row.label for row in planted.utterances}
    lines = [line.split(",") for line in (out / "probabilities.csv").read_text().splitlines()]
    head, rows = lines[0], [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    labels = [name for name in head if name in planted_corpus.LABELS]
    test = [row for row in rows if row["split"] == "test"]
    assert np.mean([max(labels, key=lambda name: float(row[name])) == truth[row["utterance"]] for row in test]) > 0.8


def test_vectors_of_whole_utterances_are_refused(tmp_path):
    planted = plant(tmp_path)
    with pytest.raises(
        EmotionError,
        match=r"cross_modal, which reads words and frames, but the caches hold one vector per utterance; set "
        r"audio.level: frame, text.level: word in params.yaml and fit and extract again \(dvc repro\), or choose an",
    ):
        run(planted, tmp_path, model="cross_modal")
    assert not (tmp_path / "models" / "fusion").exists()
    with pytest.raises(EmotionError, match="one vector per utterance"):  # before anything is trained
        dataset.check_frames(["fusion", "cross_modal"], planted.features)
    own.check_frames("cross_modal", ["audio", "text"], ["text"])
    own.check_frames("fusion", ["audio", "text"], [])


def test_other_models_read_the_mean_of_the_frames(tmp_path):
    planted = plant_frames(tmp_path)
    part = dataset.load(read_index(planted.index), planted.features, history="all", future="all")["train"]
    whole = replace(part, words={}).batch(torch.arange(len(part)))
    with torch.no_grad():
        module = own.build("fusion", dims={"audio": 4, "text": 6}, classes=3, hidden=4, heads=2, dropout=0.0).eval()
        dims = {name: values.shape[1] for name, values in part.features.items()}
        assert module.words == () and dims == {"audio": 4, "text": 6}
        module(whole.features, whole.present, whole.speakers, whole.mask)
