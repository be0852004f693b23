"""Broken media are named and counted, and their neighbours keep their bytes: all through the engine."""

import faulthandler
from pathlib import Path

import pytest

from benchmarks import bad_media
from benchmarks.broken_files import CASES

QUICK = ("missing", "empty", "text", "pipe", "loop", "tail", "nan", "zero", "none", "pixel", "concat", "beyond")


@pytest.fixture(autouse=True)
def no_hang():
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def failed(table):
    return [row for row in table if not row["good"]]


def test_there_are_enough_cases():
    assert len(CASES) >= 60 and len({case.name for case in CASES}) == len(CASES)
    kinds = {case.kind for case in CASES}
    assert len(kinds) >= 15


@pytest.mark.slow
@pytest.mark.parametrize("modality", ["audio", "video"])
def test_some_broken_media(tmp_path, modality):
    cases = [case for case in CASES if case.modality == modality and Path(case.name).stem in QUICK]
    assert len(cases) >= 8
    bad_media.write_media(tmp_path, cases)
    table = bad_media.examine(modality, tmp_path, cases=cases)
    assert len(table) == len(cases) + 1 and failed(table) == []


def test_a_wrong_reason_is_noticed():
    case = next(case for case in CASES if case.name == "text.wav")
    assert bad_media.judge(case, "undecodable audio: text.wav (...)", readable=True)["good"]
    for reason in ("", "no audio file: text.wav does not exist"):
        assert bad_media.judge(case, reason, readable=True)["verdict"] == "FAILED"


def test_impossible_rows_are_named_by_the_index(tmp_path):
    table = bad_media.examine_index(tmp_path)
    assert len(table) == 7 and failed(table) == []


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("modality", ["audio", "video"])
def test_all_broken_media_with_two_workers(tmp_path, modality):
    bad_media.write_media(tmp_path, CASES)
    table = bad_media.examine(modality, tmp_path, workers=2)
    assert len(table) > 30 and failed(table) == []


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize(("modality", "limit"), bad_media._FULL)
def test_full_disk_and_then_room_again(tmp_path, modality, limit):
    bad_media.write_media(tmp_path, [])
    bad_media.examine(modality, tmp_path, cases=[])
    row = bad_media.examine_full_disk(modality, tmp_path, limit)
    assert row["good"], row["reason"]
