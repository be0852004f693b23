"""Gradients of a batch in parts."""

import threading
from functools import partial

import pytest
import torch
from torch import nn

from emotion.fusion.threads import backward, share, threads


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.recurrent = nn.LSTM(5, 7, batch_first=True)
        self.linear = nn.Linear(7, 3)
        self.unused = nn.Linear(2, 2)
        self.frozen = nn.Linear(3, 3).requires_grad_(False)

    def forward(self, x):
        return self.frozen(self.linear(self.recurrent(x)[0]))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def inputs() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(size, steps, 5, generator=generator) for size, steps in ((4, 30), (3, 12), (9, 5), (1, 1))]


def squares(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return net(x).square().sum()


def test_parts_together_have_the_gradients_of_the_whole_and_the_same_bits_with_a_helper(two_threads):
    net = Net()
    found = []
    with threads(net) as helper:
        assert helper is not None
        for which in (None, helper, helper):
            loss = backward(net, [partial(squares, net, x) for x in inputs()], which)
            found.append([loss, *(value.grad for value in net.parameters() if value.grad is not None)])
        net.zero_grad()
        whole = torch.stack([squares(net, x) for x in inputs()]).sum()
        whole.backward()
    expected = [whole.detach(), *(value.grad for value in net.parameters() if value.grad is not None)]
    assert len(expected) == 1 + 4 + 2
    for values in found:
        torch.testing.assert_close(values, expected)
        assert all(torch.equal(one, other) for one, other in zip(values, found[0], strict=True))
        assert not values[0].requires_grad


def test_without_a_helper_a_part_is_done_before_the_next_is_begun():
    net, done = Net(), []

    def part(number, x):
        assert done == list(range(number))
        loss = net(x).sum()
        loss.register_hook(lambda _: done.append(number))
        return loss

    backward(net, [partial(part, number, x) for number, x in enumerate(inputs())])
    assert done == [0, 1, 2, 3]


class Sum(nn.Module):
    """Both parameters have the same gradient, which is `scale` itself."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        self.scale = torch.tensor([3.0, 4.0, 0.0])

    def forward(self):
        return ((self.a + self.b) * self.scale).sum()


def test_clipping_changes_every_gradient_once_and_nothing_else():
    net = Sum()
    backward(net, [net, net])
    nn.utils.clip_grad_norm_(net.parameters(), 0.5**0.5)  # the norm is 2 * sqrt(2) * 5
    torch.testing.assert_close([net.a.grad, net.b.grad], [net.scale / 10] * 2)
    assert net.scale.tolist() == [3, 4, 0]


def test_both_threads_work_at_the_same_time_and_results_keep_their_order(two_threads):
    both, who = threading.Barrier(2, timeout=60), []

    def piece(number):
        if number < 2:
            both.wait()
        who.append(threading.get_ident())
        return number

    with threads(Net()) as helper:
        assert share([partial(piece, number) for number in range(9)], helper) == list(range(9))
        assert len(set(who)) == 2
        del who[:]
        assert share([partial(piece, 7)], helper) == [7]
    assert who == [threading.get_ident()]


def test_what_goes_wrong_in_the_helper_is_raised_here(two_threads):
    here = threading.get_ident()
    both = threading.Barrier(2, timeout=60)

    def piece(number):
        if number < 2:
            both.wait()
        if threading.get_ident() != here:
            raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"), threads(Net()) as helper:
        share([partial(piece, number) for number in range(9)], helper)
    assert torch.get_num_threads() == 2


def test_after_an_interrupt_nothing_more_is_begun(two_threads):
    both, left, done, here = threading.Barrier(2, timeout=60), threading.Event(), [], threading.get_ident()

    def piece(number):
        if number < 2:
            both.wait()
        if threading.get_ident() == here:
            raise KeyboardInterrupt
        assert left.wait(60)
        done.append(number)

    before = threading.active_count()
    with threads(Net()) as helper:
        with pytest.raises(KeyboardInterrupt):
            share([partial(piece, number) for number in range(9)], helper)
        left.set()
    assert len(done) == 1
    assert threading.active_count() == before
    assert torch.get_num_threads() == 2


def test_a_helper_where_it_helps_and_the_threads_as_they_were(two_threads):
    for count, module, helped, meanwhile in (
        (2, Net(), True, 1),
        (1, Net(), False, 1),
        (2, nn.Linear(1, 1), False, 2),
    ):
        torch.set_num_threads(count)
        with threads(module) as helper:
            assert (helper is not None) == helped
            assert torch.get_num_threads() == meanwhile
            if helper is not None:
                assert helper.submit(torch.get_num_threads).result() == 1
                assert helper.submit(threading.get_ident).result() != threading.get_ident()
        assert torch.get_num_threads() == count
