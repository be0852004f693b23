"""Worker processes: results, errors, deaths, time limits, no orphans."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from emotion.core.errors import EmotionError
from emotion.core.processes import TRIES, Lost, inside, run, tell

_prepared = []


def prepare(value, how="well"):
    if how == "dies":
        os._exit(7)
    if how == "fails":
        raise EmotionError("cannot prepare")
    _prepared.append(value)


def work(task):
    """A task is a pair: what to do, and a number or a file."""
    what, value = task
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "die once" and not Path(value).exists():
        Path(value).touch()
        os._exit(3)
    if what == "hang":
        time.sleep(600)
    if what == "fail":
        raise EmotionError("planted")
    if what == "odd":
        raise Unpicklable
    if what == "tell":
        tell("half")
        tell("nearly")
    if what == "parts":
        return parts(Path(value))
    return 10 * value if isinstance(value, int) else _prepared[-1]


def parts(folder):
    """0 and 1; then it dies the first time, and the second time waits until somebody has them before it gives 2."""
    yield from (0, 1)
    if not (folder / "died").exists():
        (folder / "died").touch()
        os._exit(3)
    while not (folder / "seen").exists():
        time.sleep(0.01)
    yield 2
    if (folder / "fails").exists():
        raise EmotionError("planted later")


class Unpicklable(Exception):
    def __init__(self):
        super().__init__("odd")
        self.content = lambda: None


@pytest.mark.slow
def test_every_task_has_its_result_whatever_the_number_of_workers():
    tasks = [("do", number) for number in range(7)]
    for workers in (1, 3, 20):
        assert dict(run(work, tasks, workers=workers)) == {number: 10 * number for number in range(7)}
    assert list(run(work, [], workers=3)) == []


def test_a_worker_that_dies_is_replaced_and_its_task_done_again(tmp_path):
    tasks = [("do", 1), ("die once", str(tmp_path / "died")), ("do", 2)]
    found = dict(run(work, tasks, workers=2, start=prepare, arguments=("ready",)))
    assert found == {0: 10, 1: "ready", 2: 20}


def test_a_task_that_kills_its_workers_is_lost_alone():
    found = dict(run(work, [("do", 1), ("die", 0), ("do", 2)], workers=2))
    assert found[0] == 10 and found[2] == 20
    assert found[1] == Lost("its process was killed by SIGKILL (out of memory?)", hung=False)


def test_a_task_that_hangs_is_lost_after_its_limit():
    start = time.monotonic()
    found = dict(run(work, [("hang", 0), ("do", 2)], workers=1, limit=lambda task: 1.0))
    assert found == {0: Lost("not finished after 1 s", hung=True), 1: 20}
    assert time.monotonic() - start < 60


def test_a_task_tells_how_far_it_is():
    heard = []
    tasks = [("tell", 1), ("do", 2), ("tell", 3)]
    found = dict(run(work, tasks, workers=2, told=lambda number, how_far: heard.append((number, how_far))))
    assert found == {0: 10, 1: 20, 2: 30}
    assert [said for number, said in heard if number == 0] == ["half", "nearly"]
    assert sorted(heard) == [(0, "half"), (0, "nearly"), (2, "half"), (2, "nearly")]
    assert dict(run(work, tasks, workers=1)) == found  # nobody listens


def test_parts_of_a_result_come_before_the_task_is_done_and_again_after_a_death(tmp_path):
    found = []
    for number, part in run(work, [("do", 1), ("parts", str(tmp_path)), ("do", 2)], workers=1):
        found.append((number, part))
        if found.count((1, 1)) == 2:
            (tmp_path / "seen").touch()
    assert found == [(0, 10), (1, 0), (1, 1), (1, 0), (1, 1), (1, 2), (2, 20)]
    (tmp_path / "fails").touch()
    with pytest.raises(EmotionError, match="planted later"):
        list(run(work, [("parts", str(tmp_path))], workers=1))


def test_a_process_knows_whether_it_is_a_worker():
    assert not inside() and list(run(is_inside, [None], workers=1)) == [(0, True)]


def is_inside(_):
    return inside()


def test_errors_are_raised_here():
    with pytest.raises(EmotionError, match="planted"):
        list(run(work, [("do", 1), ("fail", 0)], workers=2))
    with pytest.raises(RuntimeError, match="Unpicklable: odd"):
        list(run(work, [("odd", 0)], workers=1))
    with pytest.raises(EmotionError, match="cannot prepare"):
        list(run(work, [("do", 1)], workers=1, start=prepare, arguments=(0, "fails")))
    with pytest.raises(EmotionError, match=f"{TRIES} worker processes died while they started.*exit code 7"):
        list(run(work, [("do", 1)], workers=1, start=prepare, arguments=(0, "dies")))


def test_a_consumer_that_stops_ends_the_workers():
    with contextlib.closing(run(work, [("do", 1), ("hang", 0), ("hang", 0)], workers=2)) as results:
        assert next(results) == (0, 10)
    assert multiprocessing.active_children() == []


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import sys
        sys.path[:0] = ["tests/core"]
        import test_processes as t
        if __name__ == "__main__":
            for _ in t.run(t.work, [("do", 1), ("hang", 0), ("hang", 0)], workers=2):
                print("first", flush=True)
        """)
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout.readline() == b"first\n"
    below = _children(process.pid)
    assert below
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in below)


def _children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
