import fusion_loops as loops
import fusion_loops_field
import pytest
import torch
from small_batches import DIMS, LENGTHS, batch, build, rows_of

from emotion.fusion.models import building, registry

EVERY_MODEL = pytest.mark.parametrize("name", registry.NAMES)


def reference(name):
    return getattr(fusion_loops_field if hasattr(fusion_loops_field, name) else loops, name)


@pytest.mark.slow
@EVERY_MODEL
@pytest.mark.parametrize("people", [1, 2, 4])
def test_equals_the_loop_written_reference(name, people):
    module = build(name)
    features, present, speakers, mask = batch(people=people)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of(features, present, sequence, u)
            expected = reference(name)(module, rows, speakers[sequence, :u].tolist())
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("people", [1, 2, 4])
@pytest.mark.parametrize(
    ("name", "off"),
    [(name, part) for name, entry in registry.MODELS.items() for part in entry.parts],
)
def test_ablated_models_equal_the_reference(name, off, people):
    module = build(name, **{off: False})
    features, present, speakers, mask = batch(people=people)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of(features, present, sequence, u)
            expected = reference(name)(module, rows, speakers[sequence, :u].tolist())
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


def test_what_a_model_lacks_cannot_be_switched_off():
    for name, entry in registry.MODELS.items():
        for part in registry.PARTS:
            if part not in entry.parts:
                with pytest.raises(ValueError, match=f"{name} has no {part} to switch off"):
                    build(name, **{part: False})


def spoken(features, present, mask, *, longest=7, padding=0):
    """Words of the text, nonsense behind the last one; some utterances have a single word."""
    generator = torch.Generator().manual_seed(9)
    b, u = mask.shape
    count = torch.randint(1, longest + 1, (b, u), generator=generator) * mask
    words = torch.randn(b, u, longest, DIMS["text"], generator=generator)
    words = torch.cat([words, torch.full((b, u, padding, DIMS["text"]), 1e3)], dim=2)
    words[torch.arange(longest + padding) >= count[..., None]] = torch.nan
    return features | {"text/words": words, "text/count": count}


@pytest.mark.slow
def test_cnn_over_words_equals_the_reference():
    module = build("cnn", words=("text",))
    features, present, speakers, mask = batch()
    features = spoken(features, present, mask)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of({name: features[name] for name in DIMS}, present, sequence, u)
            words = [
                {"text": features["text/words"][sequence, t, : features["text/count"][sequence, t]]} for t in range(u)
            ]
            expected = loops.cnn(module, rows, speakers[sequence, :u].tolist(), words=words)
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


def test_cnn_over_words_sees_neither_padding_nor_the_missing():
    module = build("cnn", words=("text",))
    features, present, speakers, mask = batch()
    tight, loose = spoken(features, present, mask), spoken(features, present, mask, padding=4)
    loose["text/words"][~present[..., 2]] = torch.nan
    loose["text"][~present[..., 2]] = torch.nan
    found = [module(values, present, speakers, mask)[mask] for values in (tight, loose)]
    torch.testing.assert_close(*found)
    other = spoken(features, present, mask)
    other["text/words"] = other["text/words"] + 1.0
    assert not torch.allclose(found[0], module(other, present, speakers, mask)[mask])


def test_cmn_reads_no_further_back_than_its_window():
    module = build("cmn")
    module.window = 3
    features, present, speakers, mask = batch(people=2)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of(features, present, sequence, u)
            expected = loops.cmn(module, rows, speakers[sequence, :u].tolist())
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


@EVERY_MODEL
@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_nothing(name, training):
    module = build(name, dropout=0.0).train(training)
    for layer in module.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    tight, loose = batch(), batch(padding=5)
    mask = tight[-1]
    found = module(*loose)[..., : mask.shape[1], :][..., mask, :]  # sdt's students come first while it trains
    torch.testing.assert_close(found, module(*tight)[..., mask, :], rtol=1e-5, atol=1e-6)


@EVERY_MODEL
def test_a_sequence_does_not_depend_on_its_batch(name):
    module = build(name)
    features, present, speakers, mask = batch()
    together = module(features, present, speakers, mask)
    for i, u in enumerate(LENGTHS):
        alone = module(
            {key: values[i : i + 1, :u] for key, values in features.items()},
            present[i : i + 1, :u],
            speakers[i : i + 1, :u],
            mask[i : i + 1, :u],
        )
        torch.testing.assert_close(together[i, :u], alone[0], rtol=1e-5, atol=1e-6)


@EVERY_MODEL
def test_values_of_a_missing_modality_change_nothing(name):
    module = build(name)
    features, present, speakers, mask = batch()
    other = {
        key: torch.where(present[..., m, None], values, torch.full_like(values, torch.nan))
        for m, (key, values) in enumerate(features.items())
    }
    assert torch.equal(module(features, present, speakers, mask)[mask], module(other, present, speakers, mask)[mask])


@EVERY_MODEL
def test_presence_matters(name):
    module = build(name)
    features, present, speakers, mask = batch()
    full = module(features, torch.ones_like(present), speakers, mask)
    assert not torch.allclose(full[mask], module(features, torch.zeros_like(present), speakers, mask)[mask])


@EVERY_MODEL
def test_names_of_speakers_do_not_matter(name):
    module = build(name)
    features, present, speakers, mask = batch()
    renamed = 100 - 3 * speakers
    assert torch.equal(module(features, present, speakers, mask)[mask], module(features, present, renamed, mask)[mask])


@EVERY_MODEL
def test_permuted_classes_permute_the_logits(name):
    module = build(name)
    inputs = batch()
    before, order = module(*inputs), torch.tensor([3, 0, 5, 1, 2, 4])
    with torch.no_grad():
        module.classifier.weight.copy_(module.classifier.weight[order])
        module.classifier.bias.copy_(module.classifier.bias[order])
    mask = inputs[-1]
    torch.testing.assert_close(module(*inputs)[mask], before[mask][:, order])


@pytest.mark.parametrize("name", [name for name, entry in registry.MODELS.items() if not entry.frames])
def test_every_parameter_learns(name):
    module = build(name, classes=7).train()
    features, present, speakers, mask = batch(people=2)
    logits = module(features, present, speakers, mask)
    assert logits.shape[-3:] == (*mask.shape, 7)
    logits[..., mask, :].square().sum().backward()
    assert [key for key, value in module.named_parameters() if value.grad is None or not value.grad.any()] == []


@pytest.mark.slow
def test_context_is_what_the_model_says():
    """Changing utterance 5 moves all outputs of most models; in some its own, later ones, or those of its speaker."""
    features, present, speakers, mask = batch(lengths=(9,), people=2)
    own = [t for t in range(9) if speakers[0, t] == speakers[0, 5]]
    known = {
        "cnn": [5],
        "keca": [5],
        "cross_modal": [5],
        "logistic_regression": [5],
        "cmn": range(5, 9),
        "inertia": own,
    }
    assert 1 < len(own) < 9
    for name in registry.NAMES:
        moved = known.get(name, range(9))
        module = build(name)
        features, present, speakers, mask = batch(lengths=(9,), people=2)
        before = module(features, torch.ones_like(present), speakers, mask)
        features["text"][0, 5] += 1.0
        after = module(features, torch.ones_like(present), speakers, mask)
        changed = (before != after).any(-1)[0].nonzero().squeeze(1).tolist()
        assert changed == list(moved), name


def test_published_sizes():
    bc_lstm = build("bc_lstm")
    layers = [*bc_lstm.recurrent.forwards, *bc_lstm.recurrent.backwards]
    assert [layer.hidden_size for layer in layers] == [100] * 4
    assert (bc_lstm.recurrent.dropout.p, bc_lstm.dropout.p) == (0.25, 0.25)
    assert (bc_lstm.dense.in_features, bc_lstm.dense.out_features) == (200, 100)
    cnn = build("cnn")
    convolutions = cnn.convolutions["vectors"].parts
    assert [(c.kernel_size[0], c.out_channels) for c in convolutions] == [(3, 50), (4, 50), (5, 50)]
    assert (cnn.dropout.p, cnn.dense.out_features) == (0.5, 100)
    cmn = build("cmn")
    assert (cmn.window, cmn.hops) == (40, 3)


def test_wrong_names_and_sizes_are_refused():
    sizes = {"dims": DIMS, "classes": 6, "dropout": 0.1}
    with pytest.raises(ValueError, match=r"model is 'gru', expected one of: fusion, cnn"):
        building.build("gru", hidden=6, heads=3, **sizes)
    with pytest.raises(ValueError, match=r"heads is 5, expected a divisor of 12"):
        building.build("fusion", hidden=6, heads=5, **sizes)


def test_members_vote_with_their_mean_probabilities():
    module = build("speaker_fusion", members=3)
    inputs = batch()
    mask = inputs[-1]
    with torch.no_grad():
        alone = torch.stack([member(*inputs).softmax(-1) for member in module.members])
        torch.testing.assert_close(module(*inputs).exp()[mask], alone.mean(0)[mask])
        assert module.train()(*inputs).shape == (3, *mask.shape, 6)
    assert not torch.allclose(alone[0], alone[1])
    assert build("speaker_fusion", members=1).state_dict().keys() == module.members[0].state_dict().keys()
