"""What crashes, hangs or is too large costs its own utterance, whatever was in the shard before and after it."""

import os
import signal
import time
from collections import Counter
from functools import partial

import numpy as np
from planted_job import ROWS, Numbers, numbers

from emotion.extraction import executors
from emotion.extraction.executors import run_local
from emotion.store.cache import Cache


class Large(Numbers):
    def item(self, row):
        import torch  # here: each worker process imports this file

        if row.utterance == "u017":
            np.zeros(1 << 50)
        if row.utterance == "u018":
            torch.zeros(1 << 50)
        return super().item(row)


def test_an_utterance_for_which_there_is_no_memory_is_missing_alone(tmp_path):
    numbers(tmp_path, Large())
    with Cache(tmp_path / "numbers.h5") as cache:
        assert [i for i in range(60) if cache.reason[i].startswith("too large: out of memory")] == [17, 18]
        assert sum(cache.present) == 52


class Hostile(Numbers):
    def item(self, row):
        if row.utterance == "u017":
            os.kill(os.getpid(), signal.SIGSEGV)
        if row.utterance == "u042":
            time.sleep(600)
        return super().item(row)


def test_a_medium_that_hangs_or_crashes_its_worker_costs_one_utterance(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_SLOWEST", 0.1)
    numbers(tmp_path / "whole")
    numbers(tmp_path, Hostile(), execute=partial(run_local, workers=2, patience=2))
    with Cache(tmp_path / "numbers.h5") as cache, Cache(tmp_path / "whole" / "numbers.h5") as whole:
        different = [
            i for i in range(60) if cache.reason[i] != whole.reason[i] or not np.array_equal(cache[i], whole[i])
        ]
        assert different == [17, 42]
        assert cache.reason[17] == "crash: its process was killed by SIGSEGV"
        assert cache.reason[42] == "too slow: not finished after 2 s"


class Streamed(Numbers):
    """Gives its rows one by one; its process dies whenever it comes to row 42."""

    def __call__(self, rows):
        for place, row in enumerate(rows):
            with self.log.open("a") as file:
                file.write(f"{row.utterance}\n")
            if row.utterance == "u042":
                os._exit(9)
            yield place, self.item(row)


def test_what_came_before_a_crash_is_not_computed_alone_again(tmp_path):
    numbers(tmp_path / "whole")
    numbers(tmp_path, Streamed(log=tmp_path / "log"), execute=partial(run_local, workers=2, patience=60))
    with Cache(tmp_path / "numbers.h5") as cache, Cache(tmp_path / "whole" / "numbers.h5") as whole:
        different = [i for i in range(60) if not np.array_equal(cache[i], whole[i])]
        assert different == [42] and cache.reason[42] == "crash: its process ended with exit code 9"
    # A shard is tried three times, then what is left of it row by row.
    times = Counter((tmp_path / "log").read_text().split())
    shard = ["u006", "u018", "u030", "u042", "u054"]
    assert [times[name] for name in shard] == [3, 3, 3, 6, 1]
    assert {times[row.utterance] for row in ROWS if row.utterance not in shard} == {1}


def test_where_memory_ends_later_what_came_before_is_kept(tmp_path):
    class Late(Numbers):
        def __call__(self, rows):
            for place, row in enumerate(rows):
                asked.append(row.utterance)
                if row.utterance == "u030":
                    raise MemoryError
                yield place, self.item(row)

    asked = []
    numbers(tmp_path, Late())
    with Cache(tmp_path / "numbers.h5") as cache:
        assert [i for i in range(60) if cache.reason[i].startswith("too large")] == [30]
    assert {name: count for name, count in Counter(asked).items() if count > 1} == {"u030": 2}
