"""The engine: results land in their rows, whoever computes them, in whatever order, however often it is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from planted_job import ROWS, Numbers, numbers

from emotion.core.errors import ABSENT, EmotionError
from emotion.extraction import executors
from emotion.extraction.engine import Item
from emotion.extraction.executors import run_local
from emotion.store.cache import Cache


def backwards(job, shards):
    return [(number, job(rows)) for number, rows in reversed(shards)]


def test_results_land_in_their_rows_whoever_computes_them(tmp_path):
    whole = numbers(tmp_path / "one")
    with Cache(tmp_path / "one/numbers.h5") as cache:
        for i, row in enumerate(ROWS):
            item = Numbers().item(row)
            assert cache.reason[i] == item.reason and cache.notes[i] == (item.note or {})
            np.testing.assert_array_equal(cache[i], np.zeros((0, 3)) if item.values is None else item.values)
    assert numbers(tmp_path / "back", execute=backwards) == whole
    assert numbers(tmp_path / "four", workers=4) == whole
    assert numbers(tmp_path / "threads", Numbers(device="cuda"), workers=3) == whole


def test_only_what_is_missing_is_done_again(tmp_path):
    whole = numbers(tmp_path / "whole")

    def some(job, shards):
        yield from backwards(job, shards[3:7])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        numbers(tmp_path, execute=some)
    asked = []

    def rest(job, shards):
        asked.extend(number for number, _ in shards)
        return backwards(job, shards)

    assert numbers(tmp_path, execute=rest) == whole
    assert asked == [0, 1, 2, 7, 8, 9, 10, 11]


def test_on_error_fail_names_the_utterance_and_keeps_the_rest(tmp_path):
    with pytest.raises(EmotionError, match=r"numbers: utterance u013: no number: planted; fix .* on_error: skip"):
        numbers(tmp_path, on_error="fail")
    assert not (tmp_path / "numbers.h5").exists()
    with pytest.raises(EmotionError, match="on_error is 'ignore', expected one of skip, fail"):
        numbers(tmp_path / "b", on_error="ignore")


def test_stricter_settings_hold_for_what_is_there_already(tmp_path):
    def some(job, shards):
        yield from [(number, job(rows)) for number, rows in shards[:4]]  # of which u003 is one
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        numbers(tmp_path, execute=some)
    with pytest.raises(EmotionError, match="utterance u003: no number"):
        numbers(tmp_path, on_error="fail", execute=never)
    whole = numbers(tmp_path)
    with pytest.raises(EmotionError, match="utterance u003: no number"):
        numbers(tmp_path, on_error="fail", execute=never)
    with pytest.raises(EmotionError, match=r"6 of 60 utterances are missing, more than max_missing = 0\.05"):
        numbers(tmp_path, max_missing=0.05, execute=never)
    assert numbers(tmp_path, execute=never) == whole


def never(job, shards):
    raise AssertionError("there is nothing to do")


@pytest.mark.parametrize(("workers", "device"), [(1, "cpu"), (2, "cpu"), (2, "cuda")])
def test_errors_that_nobody_expected_say_where_they_were(tmp_path, workers, device):
    with pytest.raises(ZeroDivisionError) as caught:
        numbers(tmp_path, Surprised(device=device), workers=workers)
    assert caught.value.__notes__ == ["numbers: in the shard of 5 utterances from u007 on"]


class Surprised(Numbers):
    def item(self, row):
        return Item(np.zeros((1, 3), np.float32)) if row.turn % 12 != 7 else 1 / 0


def test_what_the_corpus_lacks_is_no_failure(tmp_path, capfd):
    class Absent(Numbers):
        def item(self, row):
            return Item(None, f"no audio: {ABSENT}")

    numbers(tmp_path, Absent(), on_error="fail", max_missing=0.0)
    assert [line for line in capfd.readouterr().err.splitlines() if line.startswith("  ")] == []


def test_missing_utterances_are_listed_before_the_last_line(tmp_path, capfd):
    numbers(tmp_path)
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("numbers: 54 of 60 utterances, 6 missing (6 no number)")
    assert lines[-7:-1] == [f"  u{i:03}: no number: planted" for i in range(3, 60, 10)]


def test_of_many_missing_utterances_the_first_are_named(tmp_path, capfd):
    class Poor(Numbers):
        def item(self, row):
            return Item(None, "no number: planted") if row.turn % 2 else super().item(row)

    numbers(tmp_path, Poor())
    *listed, more, last = capfd.readouterr().err.splitlines()[-22:]
    assert listed == [f"  u{i:03}: no number: planted" for i in range(1, 40, 2)]
    assert more == "  ... and 10 others; `emotion cache show` names all"
    assert last.startswith("numbers: 30 of 60 utterances, 30 missing (30 no number)")


def test_errors_of_a_job_reach_the_user_and_end_the_workers(tmp_path):
    with pytest.raises(EmotionError, match="planted failure"):
        numbers(tmp_path, Numbers(fails="u007"), workers=2)
    assert not (tmp_path / "numbers.h5").exists()


def test_a_dead_worker_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_start_worker", die)
    with pytest.raises(EmotionError, match=r"numbers: 3 worker processes died while they started.*exit code 9"):
        numbers(tmp_path, workers=2)


def die(_):
    os._exit(9)


class Threads(Numbers):
    """Its values are how many threads compute."""

    @contextlib.contextmanager
    def one_thread(self):
        before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield
        finally:
            cv2.setNumThreads(before)

    def item(self, row):
        return Item(np.full((1, 3), cv2.getNumThreads(), np.float32))


def test_a_worker_computes_with_one_thread_until_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_threads", contextlib.ExitStack())
    with executors._threads:
        executors._start_worker(Threads())
        assert cv2.getNumThreads() == 1
    numbers(tmp_path, Threads(), workers=2)
    with Cache(tmp_path / "numbers.h5") as cache:
        assert (cache.values() == 1).all()


def test_the_environment_chooses(monkeypatch):
    monkeypatch.delenv("EMOTION_EXECUTOR", raising=False)
    monkeypatch.setenv("EMOTION_WORKERS", "3")
    assert executors.choose().func is run_local and executors.choose().keywords == {"workers": 3, "patience": 300.0}
    monkeypatch.setenv("EMOTION_EXECUTOR", "ray")
    assert executors.choose().func is executors.ray_cluster.run
    monkeypatch.setenv("EMOTION_EXECUTOR", "slurm")
    with pytest.raises(EmotionError, match="EMOTION_EXECUTOR is 'slurm', expected local or ray"):
        executors.choose()


SCRIPT = """
    import signal
    import sys
    from pathlib import Path
    sys.path[:0] = ["tests"]
    import planted_job
    if __name__ == "__main__":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
        folder = Path(sys.argv[1])
        planted_job.numbers(folder, planted_job.Numbers(log=folder / "log", hold=int(sys.argv[2])), workers=2)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_killed_twice_gives_the_same_bytes_and_loses_little(tmp_path, how):
    whole = numbers(tmp_path / "whole")
    script = tmp_path / "script.py"  # a file, because spawned processes import the main module
    script.write_text(textwrap.dedent(SCRIPT))
    for done in (10, 30):
        process = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path), str(done)],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while len(computed(tmp_path)) < done and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, how)
        assert process.wait(timeout=20) != 0
        deadline = time.monotonic() + 10
        while group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not group_lives(process.pid)  # no orphans
    assert numbers(tmp_path, Numbers(log=tmp_path / "log")) == whole
    again = len(computed(tmp_path)) - len(ROWS)
    assert 0 <= again <= 2 * 3 * 5  # two kills; at most two shards at work and one on its way, of five rows each


def computed(folder):
    return (folder / "log").read_text().split() if (folder / "log").exists() else []


def group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
