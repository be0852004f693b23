"""The cache: what goes in comes out, whatever happens while it is written."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.store.cache import Cache, verify
from emotion.store.writer import CacheWriter, fingerprint

IDS = [f"Ses01_ü{i:03}" for i in range(50)]


def item(i):
    """Values of item i; every seventh is missing."""
    rng = np.random.default_rng(i)
    return None if i % 7 == 3 else rng.normal(size=(1 + i % 4, 5)).astype(np.float32)


def writer(folder, *, name="out/a.h5", attributes=None, ids=IDS, **more):
    return CacheWriter(
        folder / name,
        ids=ids,
        shape=(5,),
        dtype="float32",
        attributes=attributes or {"modality": "audio", "index": "abc", "settings": json.dumps({"b": 1, "a": [2]})},
        scratch=folder / "scratch",
        **more,
    )


def fill(cache, stop=50):
    for i in [position for position in cache.missing if position < stop]:
        values = item(i)
        cache.append(values, "" if values is not None else f"no audio: {i} ä", {"score": i} if i % 2 else None)
        if i % 4 == 3:
            cache.flush()


def complete(folder, **more):
    with writer(folder, **more) as cache:
        fill(cache)
    return (folder / "out/a.h5").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return complete(tmp_path_factory.mktemp("whole"))


def test_round_trip(tmp_path):
    complete(tmp_path)
    verify(tmp_path / "out/a.h5")
    with Cache(tmp_path / "out/a.h5") as cache:
        assert cache.ids == IDS
        assert cache.attributes["modality"] == "audio" and cache.attributes["index"] == "abc"
        expected = [item(i) for i in range(50)]
        assert cache.present.tolist() == [values is not None for values in expected]
        for i, values in enumerate(expected):
            assert cache.row(IDS[i]) == i
            assert cache.reason[i] == ("" if values is not None else f"no audio: {i} ä")
            assert cache.notes[i] == ({"score": i} if i % 2 else {})
            np.testing.assert_array_equal(cache[i], np.zeros((0, 5)) if values is None else values)
        np.testing.assert_array_equal(cache.values(), np.concatenate([v for v in expected if v is not None]))
        with pytest.raises(EmotionError, match="Ses09"):
            cache.row("Ses09")
        cache.expect("audio")
        with pytest.raises(
            EmotionError, match=r"a\.h5: holds modality 'audio', expected text; extract or import again$"
        ):
            cache.expect("text")
    with h5py.File(tmp_path / "out/a.h5") as file:
        assert file["values"].chunks is None and file["values"].compression is None
    assert [path.suffix for path in (tmp_path / "scratch").iterdir()] == [".finished"]  # all that finished work leaves
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.h5"]


@pytest.mark.parametrize("present", [True, False])
def test_one_item_and_clips(tmp_path, present):
    clip = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    path = tmp_path / "clips.h5"
    with CacheWriter(
        path, ids=["a"], shape=(3, 3), dtype="uint8", attributes={}, scratch=tmp_path / "scratch"
    ) as cache:
        cache.append(clip if present else None, "" if present else "no face found")
    with Cache(path) as cache:
        assert cache.values().shape == ((2, 3, 3) if present else (0, 3, 3)) and cache.values().dtype == np.uint8
        np.testing.assert_array_equal(cache[0], clip if present else clip[:0])


@pytest.mark.parametrize("stops", [(0,), (1, 2), (4,), (17, 18, 30), (49,), (50,)])
def test_interrupted_gives_the_same_bytes(tmp_path, whole, stops):
    for stop in stops:
        with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
            fill(cache, stop)
            raise KeyboardInterrupt
        assert not (tmp_path / "out/a.h5").exists()
    with writer(tmp_path) as cache:
        assert cache.done == stops[-1]  # an exception loses nothing
        fill(cache)
    assert (tmp_path / "out/a.h5").read_bytes() == whole


KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, "tests/store")
    import test_cache
    cache = test_cache.writer(Path(sys.argv[1]))
    test_cache.fill(cache, int(sys.argv[2]))
    if sys.argv[3] == "closing":
        def fsync(descriptor):
            os.kill(os.getpid(), signal.SIGKILL)
        cache._journal.flush()
        os.fsync = fsync
        cache.close()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("stop", "when"), [(11, "appending"), (50, "closing")])
def test_killed_gives_the_same_bytes(tmp_path, whole, stop, when):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.h5").write_bytes(b"old")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(stop), when]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert (tmp_path / "out/a.h5").read_bytes() == b"old"
    with writer(tmp_path) as cache:
        assert stop - 4 < cache.done <= stop  # at most one flush interval is lost
        fill(cache)
    assert (tmp_path / "out/a.h5").read_bytes() == whole
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.h5"]


def test_torn_or_damaged_scratch(tmp_path, whole):
    with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
        fill(cache, 20)
        raise KeyboardInterrupt
    (journal,) = (tmp_path / "scratch").glob("*.journal")
    intact = journal.read_bytes()
    flipped = bytearray(intact)
    flipped[len(intact) // 2] ^= 1
    rng = np.random.default_rng(0)
    cases = [intact[:cut] for cut in rng.integers(0, len(intact), 10)]
    cases += [b"", b"no journal at all", bytes(1000), bytes(flipped), intact + b"rec:tail", intact + bytes(500)]
    for content in cases:
        journal.write_bytes(content)
        with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
            assert 0 <= cache.done <= 20
            assert cache.done == 20 or len(content) < len(intact) or content != intact
            assert content != bytes(flipped) or cache.done == 19  # the flipped bit costs its record only
            fill(cache, 20)
            raise KeyboardInterrupt
        assert journal.read_bytes() == intact or content == bytes(flipped)
    assert complete(tmp_path) == whole


def test_only_the_very_same_work_is_taken_up_again(tmp_path):
    others = [
        {"attributes": {"settings": "other"}},
        {"ids": IDS[::-1]},
        {"key": "other media"},
        {"name": "out/b.h5"},
    ]
    with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
        fill(cache, 20)
        raise KeyboardInterrupt
    for other in others:
        with pytest.raises(KeyboardInterrupt), writer(tmp_path, **other) as cache:
            assert cache.done == 0
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
        assert cache.done == 20
        raise KeyboardInterrupt


def test_second_run_says_so_and_stops(tmp_path):
    with writer(tmp_path) as cache:
        with pytest.raises(EmotionError, match=r"a\.h5: another process is writing it"):
            writer(tmp_path)
        with pytest.raises(KeyboardInterrupt), writer(tmp_path, name="copy/a.h5") as other:  # a copy of the workspace
            fill(other, 8)
            raise KeyboardInterrupt
        fill(cache)
    verify(tmp_path / "out/a.h5")


FULL = """
    import resource, signal, sys
    from pathlib import Path
    sys.path.insert(0, "tests/store")
    import test_cache
    from emotion.core.errors import one_line_errors
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    with one_line_errors():
        test_cache.complete(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("limit", [1000, 9000])  # bytes: the first fills up in the journal, the second in the file
def test_full_disk_is_one_line_and_harms_nothing(tmp_path, whole, limit):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.h5").write_bytes(b"old")
    command = [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path), str(limit)]
    run = subprocess.run(command, timeout=60, capture_output=True, text=True)
    assert run.returncode == 1, run
    assert run.stderr.count("\n") == 1 and "cannot be written" in run.stderr and "ulimit -f" in run.stderr
    assert (tmp_path / "out/a.h5").read_bytes() == b"old"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.h5"]
    with writer(tmp_path) as cache:
        assert 0 < cache.done < 50 if limit == 1000 else cache.done == 50
        fill(cache)
    assert (tmp_path / "out/a.h5").read_bytes() == whole


def test_no_space_while_appending_keeps_what_was_flushed(tmp_path, monkeypatch, whole):
    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    with pytest.raises(EmotionError, match="No space left on device"), writer(tmp_path) as cache:
        fill(cache, 16)
        monkeypatch.setattr(os, "fsync", no_space)
        fill(cache)
    monkeypatch.undo()
    with writer(tmp_path) as cache:
        assert cache.done == 16
        fill(cache)
    assert (tmp_path / "out/a.h5").read_bytes() == whole


def test_bad_values_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected"), writer(tmp_path) as cache:
        cache.append(np.zeros((1, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="float64"), writer(tmp_path) as cache:
        cache.append(np.zeros((1, 5)))
    with pytest.raises(EmotionError, match="not unique"):
        writer(tmp_path, ids=["a", "a"])


def test_verify_finds_damage(tmp_path):
    path = tmp_path / "out/a.h5"
    intact = complete(tmp_path)

    def edit(change):
        path.write_bytes(intact)
        with h5py.File(path, "r+") as file:
            change(file)

    def truncate(file):
        del file["reason"]

    for change, found in [
        (lambda file: file["values"].__setitem__((3, 2), 7.0), "checksum"),
        (lambda file: file["offsets"].__setitem__(2, 99), "offsets"),
        (lambda file: file["present"].__setitem__(0, False), "disagree"),
        (truncate, "no reason"),
    ]:
        edit(change)
        with pytest.raises(EmotionError, match=rf"a\.h5.*{found}.*delete it"):
            verify(path)
    for content in [b"", b"text", intact[:100], intact[: len(intact) // 2]]:
        path.write_bytes(content)
        with pytest.raises(EmotionError, match=r"a\.h5: not a usable cache"):
            verify(path)
    path.unlink()
    with pytest.raises(EmotionError, match="no such file"):
        Cache(path)


def test_not_finite_values_do_not_verify(tmp_path):
    with pytest.raises(EmotionError, match="not finite"), writer(tmp_path, ids=["a"]) as cache:
        cache.append(np.full((1, 5), np.nan, dtype=np.float32))
    assert not (tmp_path / "out/a.h5").exists()


def test_fingerprint_sees_changes(tmp_path):
    path = tmp_path / "a.wav"
    seen = [fingerprint([path])]
    path.write_bytes(b"1")
    seen.append(fingerprint([path]))
    path.write_bytes(b"12")
    seen.append(fingerprint([path]))
    os.utime(path, (1, 1))
    seen.append(fingerprint([path]))
    assert len(set(seen)) == 4 and fingerprint([path]) == seen[-1]
