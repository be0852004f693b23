import pytest
import torch
from torch import nn

from emotion.core.errors import EmotionError
from emotion.training import device, loop
from emotion.training.curve import Epoch, best_epoch
from emotion.training.loop import train


def problem(seed: int = 0) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """A separable two-class problem and a small network with dropout (so that the random state matters)."""
    device.seed_everything(seed)
    points = torch.randn(96, 4, generator=torch.Generator().manual_seed(7))
    classes = (points[:, 0] + points[:, 1] > 0).long()
    module = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))
    return module, points, classes


class Killed(Exception):
    pass


def run(module, points, classes, *, epochs=6, die_at=None, scores=None, **options):
    def batches(epoch):
        order = torch.randperm(64, generator=torch.Generator().manual_seed(epoch))
        for number, rows in enumerate(order.split(16)):
            if die_at == (epoch, number):
                raise Killed
            yield points[rows], classes[rows]

    def step(net, batch):
        return loop.backward(nn.functional.cross_entropy(net(batch[0]), batch[1]))

    calls = []

    def validate(net):
        assert not net.training
        assert not torch.is_grad_enabled()
        calls.append(1)
        logits = net(points[64:])
        score = (logits.argmax(-1) == classes[64:]).double().mean().item()
        if scores is not None:
            score = scores[len(calls) - 1]
        return nn.functional.cross_entropy(logits, classes[64:]).item(), score

    options = {"lr": 0.02, "weight_decay": 1e-4, "title": "toy"} | options
    return train(module, batches=batches, step=step, validate=validate, epochs=epochs, **options)


def weights(module: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in module.state_dict().values()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_learns_and_ends_with_the_best_epochs_weights():
    module, points, classes = problem()
    history = run(module, points, classes, epochs=12)
    best = best_epoch(history)
    assert not module.training
    with torch.no_grad():
        logits = module(points[64:])
    assert (logits.argmax(-1) == classes[64:]).double().mean().item() == best.validation_weighted_f1 > 0.85
    assert nn.functional.cross_entropy(logits, classes[64:]).item() == best.validation_loss
    assert [line.epoch for line in history] == list(range(1, 13))


@pytest.mark.parametrize("fused", [False, True])
def test_one_step_equals_adam_with_l2_by_hand(fused):
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(2.0)
    options = {"epochs": 1, "lr": 0.1, "weight_decay": 0.5, "fused": fused, "title": "toy"}
    train(
        module,
        batches=lambda epoch: [None],
        step=lambda net, batch: loop.backward((3 * net.weight).sum()),
        validate=lambda net: (0.0, 0.0),
        **options,
    )
    gradient = 3 + 0.5 * 2.0  # L2 goes through Adam's moments, unlike AdamW's decay
    expected = 2.0 - 0.1 * gradient / (gradient + 1e-8)
    assert module.weight.item() == pytest.approx(expected, abs=1e-6)


def test_ties_go_to_the_lower_validation_loss():
    history = [Epoch(1, 0, 0.9, 0.5), Epoch(2, 0, 0.7, 0.6), Epoch(3, 0, 0.6, 0.6), Epoch(4, 0, 0.6, 0.6)]
    assert best_epoch(history).epoch == 3


@pytest.mark.parametrize("die_at", [(1, 2), (4, 0), (6, 3)])
def test_killed_and_continued_is_bit_identical(tmp_path, die_at, capsys):
    module, points, classes = problem()
    history = run(module, points, classes)
    expected = weights(module)

    checkpoint = tmp_path / "deep" / "toy.pt"
    module, points, classes = problem()
    with pytest.raises(Killed):
        run(module, points, classes, die_at=die_at, checkpoint=checkpoint)
    assert checkpoint.exists() == (die_at[0] > 1)
    module, points, classes = problem()
    torch.rand(3)  # the random state must come from the checkpoint, not from here
    if die_at[0] == 1:
        module, points, classes = problem()
    seen = []
    again = run(module, points, classes, checkpoint=checkpoint, schedule=lambda epoch: seen.append(epoch) or 1.0)
    assert seen == list(range(die_at[0], 7))
    assert (f"toy: goes on after epoch {die_at[0] - 1}, which {checkpoint} holds" in capsys.readouterr().err) == (
        die_at[0] > 1
    )
    assert again == history
    assert same(weights(module), expected)
    assert list(checkpoint.parent.iterdir()) == [checkpoint]  # the caller removes it


@pytest.mark.slow
def test_checkpoint_of_another_run_or_damaged_is_ignored(tmp_path, capsys):
    module, points, classes = problem()
    history = run(module, points, classes)
    expected = weights(module)
    checkpoint = tmp_path / "toy.pt"
    module, points, classes = problem(seed=5)
    with pytest.raises(Killed):
        run(module, points, classes, die_at=(3, 0), checkpoint=checkpoint)
    for damage in (lambda: None, lambda: checkpoint.write_bytes(b"PK\x03\x04 cut off")):
        damage()
        module, points, classes = problem()
        assert run(module, points, classes, checkpoint=checkpoint) == history
        assert same(weights(module), expected)
    checkpoint.write_bytes(b"nonsense")
    module, points, classes = problem()
    run(module, points, classes, checkpoint=checkpoint, epochs=1)
    assert "not readable" in capsys.readouterr().err


def test_patience_stops_and_restores():
    module, points, classes = problem()
    history = run(module, points, classes, epochs=9, patience=2, scores=[0.1, 0.5, 0.4, 0.3, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert len(history) == 4
    assert best_epoch(history).epoch == 2


def test_schedule_and_rates_scale_the_steps():
    module, points, classes = problem()
    before = weights(module)
    run(module, points, classes, epochs=1, rates={"0.": 0.0}, weight_decay=0.0)
    after = weights(module)
    assert same(before[:2], after[:2])
    assert not same(before[2:], after[2:])
    module, points, classes = problem()
    run(module, points, classes, epochs=2, schedule=lambda epoch: 0.0)
    assert same(before, weights(module))


def test_not_finite_names_epoch_and_mend():
    module, points, classes = problem()
    points[3] = float("nan")
    with pytest.raises(
        EmotionError, match=r"toy: the loss is not finite in epoch 1 .*lower the learning rate \(now 0.02\)"
    ):
        run(module, points, classes)


def test_no_epochs_is_an_error():
    with pytest.raises(EmotionError, match="at least 1"):
        run(*problem(), epochs=0)


def averaged(history, decay):
    """The moving average by hand."""
    average = [value.clone() for value in history[0]]
    for step in history[1:]:
        average = [decay * old + (1 - decay) * new for old, new in zip(average, step, strict=True)]
    return average


def test_averaged_weights_are_validated_and_kept():
    module, points, classes = problem()
    steps = []
    module.register_forward_pre_hook(lambda net, inputs: steps.append(weights(net)) if net.training else None)
    seen = []
    run(module, points, classes, epochs=1, averaging=0.8, watch=lambda epoch, net: seen.append((epoch, weights(net))))
    # The hook sees the weights before each step; those after the last one are what an unaveraged run ends with.
    plain, points, classes = problem()
    run(plain, points, classes, epochs=1)
    expected = averaged([*steps[1:], weights(plain)], 0.8)
    assert [epoch for epoch, _ in seen] == [1]
    for found, value, last in zip(weights(module), expected, weights(plain), strict=True):
        torch.testing.assert_close(found, value)
        assert not torch.equal(found, last)
    assert same(seen[0][1], weights(module))


@pytest.mark.parametrize("die_at", [(2, 1), (5, 3)])
def test_killed_and_continued_with_averaging_is_bit_identical(tmp_path, die_at):
    module, points, classes = problem()
    history = run(module, points, classes, averaging=0.9)
    expected = weights(module)
    checkpoint = tmp_path / "toy.pt"
    module, points, classes = problem()
    with pytest.raises(Killed):
        run(module, points, classes, die_at=die_at, checkpoint=checkpoint, averaging=0.9)
    module, points, classes = problem()
    watched = []
    again = run(
        module,
        points,
        classes,
        checkpoint=checkpoint,
        averaging=0.9,
        watch=lambda epoch, net: watched.append(epoch),
    )
    assert again == history
    assert same(weights(module), expected)
    assert watched == list(range(die_at[0], 7))


def test_without_a_title_nothing_is_said(capsys):
    run(*problem(), title="")
    assert capsys.readouterr().err == ""
