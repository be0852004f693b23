"""A modality that no utterance has: nobody works for it."""

import pytest
from cases.inputs import rows, table, wavs

from emotion.core.errors import ABSENT
from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index
from emotion.encoders import absent
from emotion.encoders.settings import Audio, Face, Text
from emotion.extraction import executors


def make_index(folder, **columns):
    table(folder / "raw", rows(12, **columns))
    index_corpus(corpus="table", root=folder / "raw", out=folder / "index.csv", label_rule="released", split="corpus")
    return read_index(folder / "index.csv")


def never(job, shards):
    raise AssertionError("somebody worked")


@pytest.mark.parametrize(("modality", "medium"), [("face", "video"), ("text", "text")])
def test_nobody_works_for_what_the_corpus_lacks(tmp_path, capsys, modality, medium):
    index = make_index(tmp_path, audio=wavs(tmp_path / "raw"), text=None)
    assert not absent.has(index, modality)
    wanted = {"face": Face, "text": Text}[modality](encoder="facebook/of-a-gigabyte", dim=7)
    chosen = absent.chosen(wanted, index, modality)
    assert chosen == type(wanted)(dim=7) and chosen.encoder in ("paper", "scratch")
    execute = executors.where_there_is_some(index, modality, never)
    found = list(execute(None, [(3, index.utterances[:2]), (1, index.utterances[2:])]))
    assert [(number, [place for place, _ in items]) for number, items in found] == [(3, [0, 1]), (1, [*range(10)])]
    assert {item.reason for _, items in found for _, item in items} == {f"no {medium}: {ABSENT}"}
    assert f"the corpus has no {medium}: nothing to do" in capsys.readouterr().err


def test_what_some_utterances_have_is_done_as_ever(tmp_path, capsys):
    audio = wavs(tmp_path / "raw")
    index = make_index(tmp_path, audio=lambda i: audio(i) if i == 5 else "")
    capsys.readouterr()
    assert absent.has(index, "audio") and executors.where_there_is_some(index, "audio", never) is never
    wanted = Audio(encoder="facebook/hubert")
    assert absent.chosen(wanted, index, "audio") is wanted
    assert capsys.readouterr().err == ""
