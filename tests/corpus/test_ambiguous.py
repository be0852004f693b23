"""Utterances whose raters have no majority: left out as ever, or kept without a class with `ambiguous`."""

import csv
import json

import crema_d_tree
import pytest
from small_release import block, dialogue
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.corpus.index import index_corpus
from emotion.corpus.table import read_table
from emotion.corpus.utterance import read_index
from emotion.evaluation.annotators import read_votes

NAMES = ("Ses01F_impro01", "Ses01M_impro03", "Ses05F_impro01")


def indexed(root, folder, *, corpus, **changes):
    out = folder / "index.csv"
    options = {"label_rule": "released", "split": "corpus", "annotators": folder / "annotators.csv"} | changes
    index_corpus(corpus=corpus, root=root, out=out, **options)
    return read_index(out, test_labels=True)


@pytest.fixture
def release(tmp_path):
    """Per dialogue: agreed, ambiguous, ambiguous of no class, another class by majority, and agreed again."""
    votes = {
        "hap": ("Happiness;",) * 3,
        "xxx": ("Sadness;", "Anger; Frustration;", "Neutral state;"),
        "none": ("Surprise;", "Fear;", "Other;"),
        "sur": ("Surprise;", "Surprise;", "Sadness;"),
        "sad": ("Sadness;", "Sadness;", "Excited;"),
    }
    for name in NAMES:
        turns = list(enumerate(votes.items()))
        evaluation = "".join(
            block(f"{name}_F00{turn}", "xxx" if code == "none" else code, f"{turn}.0", f"{turn}.9", said)
            for turn, (code, said) in turns
        )
        transcript = "".join(f"{name}_F00{turn} [00{turn}.0-00{turn}.9]: Well.\n" for turn, _ in turns)
        dialogue(tmp_path / "raw", name, transcript=transcript, evaluation=evaluation)
    return tmp_path / "raw"


def test_iemocap(release, tmp_path, capsys):
    usual = indexed(release, tmp_path, corpus="iemocap")
    skipped = json.loads((tmp_path / "index.json").read_text())["skipped"]
    assert (skipped["label xxx"], skipped["label sur"]) == (6, 3)
    assert [(row.turn, row.label) for row in usual.utterances] == [(0, "happy"), (4, "sad")] * 3
    assert "without a majority" not in capsys.readouterr().err
    whole = indexed(release, tmp_path, corpus="iemocap", ambiguous=True)
    assert [(row.turn, row.label) for row in whole.utterances] == [(0, "happy"), (1, ""), (4, "sad")] * 3
    assert [row for row in whole.utterances if row.label] == list(usual.utterances)
    about = json.loads((tmp_path / "index.json").read_text())
    assert about["skipped"] == skipped | {"label xxx": 3} and about["test"] == 3
    said = capsys.readouterr().err
    assert "without a majority of the raters: 3 utterances kept" in said and "label ''" not in said
    votes = read_votes(tmp_path / "annotators.csv", whole.labels)
    assert votes.tables["Ses01F_impro01_F001"].tolist() == [
        [0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0.5, 0, 0.5],
        [0, 0, 1, 0, 0, 0],
    ]
    assert "Ses01F_impro01_F002" not in votes.tables


@pytest.mark.slow
def test_crema_d(tmp_path):
    clips, votes = crema_d_tree.write(tmp_path / "raw")
    counts = {clip: list(votes["3", clip].values()) for clip in clips}
    tied = {clip for clip, given in counts.items() if sum(one == max(given) for one in given) > 1}
    usual = indexed(tmp_path / "raw", tmp_path, corpus="crema_d", label_rule="strict", allow_speaker_overlap=True)
    assert {row.utterance for row in usual.utterances} == set(clips) - tied
    whole = indexed(
        tmp_path / "raw", tmp_path, corpus="crema_d", label_rule="strict", allow_speaker_overlap=True, ambiguous=True
    )
    assert {row.utterance for row in whole.utterances if not row.label} == tied and tied
    assert len(whole.utterances) == len(clips)
    assert json.loads((tmp_path / "index.json").read_text())["skipped"] == {}


TABLE = (
    "utterance,label,dialogue,speaker,split,turn\n"
    "u1,glad,d1,a,train,0\nu2,,d1,a,train,1\nu3,sad,d1,a,train,2\nu4,,d1,a,train,3\n"
    "v1,glad,d2,b,validation,0\nw1,sad,d3,c,test,0\nw2,,d3,c,test,1\n"
)
VOTES = "utterance;rater;labels\nu2;E1;glad\nu2;E2;sad\nu4;E1;bored\nw2;E1;glad\nu1;E1;glad\nzz;E1;glad\n"


@pytest.fixture
def table(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "utterances.csv").write_text(TABLE)
    (tmp_path / "raw" / "annotators.csv").write_text(VOTES)
    return tmp_path / "raw"


def test_own_table(table, tmp_path, capsys):
    (table / "utterances.csv").rename(table / "mine.csv")  # still the only table
    usual = indexed(table, tmp_path, corpus="table")
    assert [row.utterance for row in usual.utterances] == ["u1", "u3", "v1", "w1"]
    said = capsys.readouterr().err
    assert "3 rows without a label: u2, " in said
    assert "1 line of annotators.csv about an utterance that the table has not: zz, E1; correct the id" in said
    command = ["corpus", "check", "--corpus", "table", "--root", str(table)]
    for option, counted in ([], {}), (["--ambiguous"], {"utterances without a majority": "2"}):
        lines = json.loads(CliRunner().invoke(app, [*command, "--json", *option]).stdout)["table"]
        assert {line["what"]: line["found"] for line in lines if "majority" in line["what"]} == counted
    whole = indexed(table, tmp_path, corpus="table", ambiguous=True)
    kept = [row.utterance for row in whole.utterances if not row.label]
    assert kept == ["u2", "w2"]  # nobody gives u4 a class
    assert [row.utterance for row in whole.utterances] == ["u1", "u2", "u3", "v1", "w1", "w2"]
    assert whole.labels == ("glad", "sad")
    with (tmp_path / "annotators.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["utterance"], row["rater"], row["labels"]) for row in rows][:2] == [
        ("u2", "E1", "glad"),
        ("u2", "E2", "sad"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("utterance,rater\n", r"annotators\.csv: no column labels; its columns are"),
        ("utterance,rater,labels\nu1,E1,glad\nu1,E1,sad\n", r"line 3: rater 'E1' has said something of 'u1' already"),
        ("utterance,rater,labels\nu1,,sad\n", r"line 2: rater is empty, expected an id"),
        ("utterance,rater,labels\n,E1,sad\n", r"line 2: utterance is empty, expected an id"),
    ],
)
def test_damaged_votes_of_a_table(table, content, message):
    (table / "annotators.csv").write_text(content)
    with pytest.raises(EmotionError, match=message) as caught:
        read_table(table)
    assert "\n" not in str(caught.value)


def test_a_corpus_without_raters(table, tmp_path):
    (table / "annotators.csv").unlink()
    for options, remedy in (
        ({"ambiguous": True}, "set index.ambiguous to false, or leave out --ambiguous"),
        ({}, "leave out --annotators"),
    ):
        with pytest.raises(EmotionError, match=f"^corpus table in .* has no raters; {remedy}$"):
            indexed(table, tmp_path, corpus="table", **options)
        assert not (tmp_path / "index.csv").exists() and not (tmp_path / "annotators.csv").exists()
    index = indexed(table, tmp_path, corpus="table", without_raters=True)
    assert read_votes(tmp_path / "annotators.csv", index.labels) is None
