"""A worker's side of `emotion.core.processes`, in this process: what it answers, and that it ends with its parent."""

import multiprocessing
import os
import signal
import socket
import threading
from types import SimpleNamespace

import pytest

from emotion.core import processes
from emotion.core.errors import EmotionError


@pytest.fixture
def ended(monkeypatch):
    """Exit codes of the worker; `ended.parent()` ends its parent."""
    codes, over, before = [], threading.Event(), signal.getsignal(signal.SIGINT)
    reading, writing = os.pipe()

    def leave(code):
        codes.append(code)
        over.set()

    def parent():
        os.close(writing)
        assert over.wait(20)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(sentinel=reading))
    monkeypatch.setattr(processes, "_parent", [])
    found = SimpleNamespace(codes=codes, parent=parent)
    yield found
    signal.signal(signal.SIGINT, before)
    if not codes:
        parent()
    os.close(reading)


def answers(tasks, work, *, start=None, arguments=()):
    """What a worker sends until its parent, which has sent the tasks, wants no more."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        for task in tasks:
            ours.send(task)
        with socket.socket(fileno=os.dup(ours.fileno())) as end:
            end.shutdown(socket.SHUT_WR)
        processes._main(theirs, work, start, arguments)
        found = []
        while ours.poll(0):
            found.append(ours.recv())
        return found


def tenfold(task):
    if task == 7:
        raise EmotionError("planted")
    return 10 * task


def test_tasks_one_after_the_other(ended):
    assert answers([2, 3], tenfold) == [("ready", None), ("result", 20), ("result", 30)]
    assert ended.codes == []


def test_an_error_is_an_answer_and_the_next_task_is_done(ended):
    ready, (kind, error), last = answers([7, 3], tenfold)
    assert (ready, last) == (("ready", None), ("result", 30))
    assert kind == "error" and type(error) is EmotionError and str(error) == "planted"


def test_what_cannot_be_sent_is_named(ended):
    def odd(task):
        return threading.Lock()

    _, (kind, error), _ = answers([1, 2], odd)
    assert kind == "error" and type(error) is RuntimeError
    assert str(error).startswith("lock: <unlocked _thread.lock") and "cannot pickle" in str(error)


def test_it_is_prepared_before_it_is_ready(ended):
    prepared = []

    def prepare(*words):
        prepared.append(words)

    assert answers([2], lambda task: list(prepared), start=prepare, arguments=(1, "a"))[1] == ("result", [(1, "a")])


def test_a_worker_that_cannot_be_prepared_takes_no_task(ended):
    ((kind, error),) = answers([2], tenfold, start=tenfold, arguments=(7,))
    assert (kind, str(error)) == ("error", "planted")


def test_tasks_tell_how_far_they_are(ended):
    def work(task):
        processes.tell("half")
        return task

    assert answers([4], work) == [("ready", None), ("told", "half"), ("result", 4)]


def test_ctrl_c_is_the_parents_to_handle(ended):
    assert answers([0], lambda task: signal.getsignal(signal.SIGINT))[1] == ("result", signal.SIG_IGN)


def test_it_ends_with_its_parent(ended):
    assert answers([], tenfold) == [("ready", None)]
    assert ended.codes == []
    ended.parent()
    assert ended.codes == [1]
