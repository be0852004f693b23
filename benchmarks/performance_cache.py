"""Speed of reading a cache, and how extraction grows with the corpus: memory, time, and doing nothing again."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, best_of
from emotion.store.cache import Cache
from emotion.store.writer import CacheWriter

ROOT = Path(__file__).parent.parent
_ITEMS, _FRAMES, _DIM = 4000, 64, 512  # half a GB of float32
_READS = 2000
_SIZES = (300, 900, 3000)  # utterances
# A process of its own says how long the stage took, what it had in memory at most, and how long the same call takes
# when everything is there.
GROW = """
import json, sys, time
from pathlib import Path
from benchmarks import growth
media, folder, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
growth.run(folder / "warm", 50, media=media)
times = []
for _ in range(2):
    start = time.process_time(), time.perf_counter()
    growth.run(folder / str(size), size, media=media)
    times.append((time.process_time() - start[0], time.perf_counter() - start[1]))
status = Path("/proc/self/status").read_text()
peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps({"first": times[0][0], "again": times[1][1], "peak_mib": peak / 1024}))
"""


def reading(folder: Path) -> list[Figure]:
    """Full read in GB/s and random access in ms, with the file in the page cache."""
    path, rng = folder / "cache.h5", np.random.default_rng(0)
    ids = [f"u{number}" for number in range(_ITEMS)]
    values = rng.normal(size=(_FRAMES, _DIM)).astype(np.float32)
    with CacheWriter(path, ids=ids, shape=(_DIM,), dtype="float32", attributes={}, scratch=folder / "s") as writer:
        for _ in ids:
            writer.append(values)
    picked = rng.integers(0, _ITEMS, _READS).tolist()
    with Cache(path) as cache:

        def one_by_one() -> None:
            for item in picked:
                cache[item]

        full, random = best_of([cache.values, one_by_one], times=5)
    size = _ITEMS * _FRAMES * _DIM * 4 / 1e9
    path.unlink()
    return [
        Figure("cache", f"full read, {size:.2f} GB, warm", size / full, "GB/s", least=1),
        Figure("cache", f"random utterance, {_FRAMES} x {_DIM} float32", 1000 * random / _READS, "ms", most=0.3),
    ]


def growing(folder: Path) -> list[Figure]:
    """Three sizes of a corpus, ten times from the smallest to the largest."""
    from benchmarks import growth

    growth.make_sound(folder / "a.wav")
    found = [_grow(folder / "1", size) for size in _SIZES]
    again = [_grow(folder / "2", size) for size in _SIZES]
    times = np.array([min(one["first"], two["first"]) for one, two in zip(found, again, strict=True)])
    exponent = float(np.polyfit(np.log(_SIZES), np.log(times), 1)[0])
    memory = found[-1]["peak_mib"] / found[0]["peak_mib"] - 1
    span = f"{_SIZES[0]} to {_SIZES[-1]} utterances"
    return [
        Figure("growth", f"exponent of processor time, {span}", exponent, most=1.05),
        Figure("growth", f"more peak memory, {span}", 100 * memory, "%", most=15),
        Figure("growth", f"peak memory, {_SIZES[-1]} utterances", found[-1]["peak_mib"], "MiB"),
        Figure("growth", f"second run, everything there, {_SIZES[-1]} utterances", found[-1]["again"], "s", most=2),
    ]


def _grow(folder: Path, size: int) -> dict[str, float]:
    command = [sys.executable, "-c", GROW, str(folder.parent), str(folder), str(size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def cache(folder: Path) -> list[Figure]:
    """All of it."""
    return [figure for part in (reading, growing) for figure in partial(part, folder)()]
