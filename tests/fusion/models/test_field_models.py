"""The models that the field compares with: published sizes, gradients, many parties, and a loss of their own."""

import math

import fusion_loops_field as loops
import pytest
import torch
from small_batches import DIMS, LENGTHS, batch, build, rows_of

from emotion.fusion.models import registry
from emotion.fusion.models.dialogue_rnn import DialogueRnn
from emotion.fusion.models.mmgcn import Mmgcn
from emotion.fusion.models.sdt import Sdt

FIELD = {"audio": 1582, "face": 342, "text": 100}
"""Features of the field's files for IEMOCAP: openSMILE IS10, DenseNet, TextCNN."""


def count(make, dims, **sizes):
    with torch.device("meta"):
        return sum(value.numel() for value in make(dims, classes=6, **sizes).parameters())


def test_published_numbers_of_parameters():
    d, g, q, e, h = 100, 500, 500, 300, 600
    direction = 3 * (g * (d + q + g + 2) + q * (d + g + q + 2) + e * (q + e + 2)) + d * g
    expected = 2 * direction + 2 * (h * h + h) + 6 * h + 6
    assert count(DialogueRnn, {"text": d}) == expected == 8_880_406
    lstm = 2 * 4 * 100 * (2 * (200 + 100 + 2))
    encoders = sum(200 * d + 200 for d in FIELD.values())
    graph = 200 * 100 + 100 + 64 * 200 * 100
    assert count(Mmgcn, FIELD, parties=2) == encoders + lstm + 2 * 200 + graph + 900 * 6 + 6 == 2_194_506
    s, dims = 1024, FIELD | {"text": 1024}
    reader = 6 * (s * s + s) + 2 * s
    streams = 3 * (3 * (reader + s * s) + 3 * s * s + s)
    expected = s * sum(dims.values()) + 2 * s + streams + s * s + 4 * (6 * s + 6)
    assert count(Sdt, dims, hidden=512, heads=8, dropout=0.5, parties=2) == expected == 79_668_248


def test_published_sizes_are_the_defaults():
    module = build("dialogue_rnn")
    one = module.forwards
    assert (one.whole.hidden_size, one.party.hidden_size, one.emotion.hidden_size) == (500, 500, 300)
    assert (module.dense.out_features, one.dropout.p, module.dropout.p) == (600, 0.1, 0.1)
    assert build("mmgcn").graph.weights.shape == (64, 200, 100)


def compare_gradients(module, expected_of):
    """Gradients of a weighted sum of the outputs, ours and of the loops, one sequence after the other."""
    features, present, speakers, mask = batch(people=3)
    outputs = module(features, present, speakers, mask)
    torch.manual_seed(0)
    factors = torch.randn_like(outputs.detach())
    (outputs * factors)[..., mask, :].sum().backward()
    found = {key: value.grad.clone() for key, value in module.named_parameters()}
    module.zero_grad()
    total = torch.zeros(())
    for sequence, u in enumerate(LENGTHS):
        rows = rows_of(features, present, sequence, u)
        total = total + (expected_of(module, rows, speakers[sequence, :u].tolist()) * factors[sequence, :u]).sum()
    total.backward()
    for key, value in module.named_parameters():
        torch.testing.assert_close(found[key], value.grad, rtol=2e-3, atol=2e-5, msg=key)


@pytest.mark.slow
def test_gradients_of_the_recurrences_are_those_of_the_loops():
    """Its gradients of recurrent weights are computed for all steps at once."""
    torch.manual_seed(3)
    module = DialogueRnn(DIMS, classes=4, whole=7, party=5, emotion=3, dense=6)
    compare_gradients(module.eval(), loops.dialogue_rnn)


@pytest.mark.parametrize("name", ["mmgcn", "sdt"])
def test_more_speakers_than_embeddings_share_the_last(name):
    torch.manual_seed(3)
    sizes = {"hidden": 6, "heads": 3, "dropout": 0.1} if name == "sdt" else {"layers": 3}
    module = registry.MODELS[name].load()(DIMS, classes=4, parties=2, **sizes).eval()
    features, present, speakers, mask = batch(people=5)
    with torch.no_grad():
        found = module(features, present, speakers, mask)
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of(features, present, sequence, u)
            expected = getattr(loops, name)(module, rows, speakers[sequence, :u].tolist())
            torch.testing.assert_close(found[sequence, :u], expected, rtol=1e-4, atol=1e-5)


def divergence(teacher, student, temperature):
    """KL(teacher, student) of logits, class by class."""
    p, q = ([math.exp(value / temperature) for value in logits] for logits in (teacher, student))
    p, q = ([value / sum(values) for value in values] for values in (p, q))
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


@pytest.mark.slow
def test_sdt_learns_from_labels_and_from_itself():
    torch.manual_seed(3)
    sizes = {"hidden": 6, "heads": 3, "dropout": 0.0, "temperature": 2.0, "shares": (1.0, 0.5, 3.0)}
    module = Sdt(DIMS, classes=4, **sizes).train()
    features, present, speakers, mask = batch(people=2)
    labels = torch.randint(0, 4, mask.shape)
    outputs = module(features, present, speakers, mask)

    def score(logits):
        return torch.nn.functional.cross_entropy(logits, labels[mask], reduction="sum")

    found = module.loss(outputs[..., mask, :], score)
    expected = 0.0
    with torch.no_grad():
        for sequence, u in enumerate(LENGTHS):
            rows = rows_of(features, present, sequence, u)
            heads = loops.sdt(module, rows, speakers[sequence, :u].tolist())
            torch.testing.assert_close(outputs[:, sequence, :u], heads, rtol=1e-4, atol=1e-5)
            for t in range(u):
                teacher, *students = heads[:, t].tolist()
                label = int(labels[sequence, t])
                for logits, share in ((teacher, 1.0), *((student, 0.5) for student in students)):
                    expected -= share * (logits[label] - math.log(sum(map(math.exp, logits))))
                expected += sum(3.0 * divergence(teacher, student, 2.0) for student in students)
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_members_add_up_their_own_losses():
    module = build("sdt", members=2).train()
    inputs = batch()
    outputs = module(*inputs)[..., inputs[-1], :]
    assert outputs.shape[:2] == (2, 1 + len(DIMS))

    def score(logits):
        return logits.square().sum()

    alone = [member.loss(output, score) for member, output in zip(module.members, outputs, strict=True)]
    torch.testing.assert_close(module.loss(outputs, score), alone[0] + alone[1])
    assert module.eval()(*inputs).shape == (*inputs[-1].shape, 6)
