"""A planted leak: near copies, a speaker by another name and a scenario on both sides, found by index and doctor."""

import pytest

from emotion.corpus.check import check_corpus
from emotion.corpus.index import index_corpus
from emotion.corpus.shared import of_folds, told
from emotion.corpus.utterance import read_index

COLUMNS = "utterance,dialogue,label,speaker,split,scenario,text"
CLEAN = [
    "u1,d1,glad,ann,train,shop,the red bus comes late again today",
    "u2,d1,sad,ann,train,shop,nobody ever told me about that",
    "u3,d2,glad,bob,validation,park,what a lovely morning it is",
    "u4,d2,sad,bob,validation,park,my shoes are full of water",
    "u5,d3,glad,cy,test,zoo,look at those tall grey animals",
    "u6,d3,sad,cy,test,zoo,it rains on every single holiday",
]
LEAKING = [
    *CLEAN[:4],
    "u5,d3,glad,ANN ,test,shop,Late again today: the red bus comes!",
    "u6,d3,sad,cy,test,zoo,yes no maybe",
]


def write(folder, lines):
    folder.mkdir(exist_ok=True)
    (folder / "utterances.csv").write_text("\n".join([COLUMNS, *lines]) + "\n")
    return folder


def examined(root):
    report = check_corpus(
        corpus="table",
        root=root,
        label_rule="released",
        split="corpus",
        allow_speaker_overlap=True,
        decode=None,
        workers=1,
    )
    return {kind.name: (kind, places) for kind, places in report.findings}, {
        line.what: line.found for line in report.lines
    }


def test_the_doctor_finds_all_three_with_their_places(tmp_path):
    found, table = examined(write(tmp_path / "leaking", LEAKING))
    end = "of the test set also in training or validation"
    assert found[f"speakers {end}"][1] == ["'ANN, there ann'"]
    assert found[f"scenarios {end}"][1] == ["'shop'"]
    assert found["utterances of the test set with a near copy in training or validation"][1] == ["u5 like u1"]
    assert {kind.level for name, (kind, _) in found.items() if "test set" in name} == {"warning"}
    assert table["test: shared speakers"] == "1 of 2"
    assert table["test: shared scenarios"] == "1 of 2"
    assert table["test: near copies"] == "1 of 1"
    assert table["validation: shared speakers"] == "0 of 1"


def test_the_doctor_finds_none_where_there_is_none(tmp_path):
    found, table = examined(write(tmp_path / "clean", CLEAN))
    assert not [name for name in found if "of the test set" in name]
    assert table["test: near copies"] == "0 of 2"


def test_the_index_says_what_every_split_shares(tmp_path, capsys):
    options = {"label_rule": "released", "split": "corpus", "allow_speaker_overlap": True}
    index_corpus(corpus="table", root=write(tmp_path / "raw", LEAKING), out=tmp_path / "index.csv", **options)
    said = capsys.readouterr().err
    assert "1 scenario of the test set also in training or validation: 'shop'; scores reward knowing the play" in said
    (line,) = [line for line in said.splitlines() if line.startswith("test shares")]
    assert line == (
        "test shares with training and validation: 1 of 2 speakers, 1 of 2 scenarios, near copies of 1 of 1 utterances "
        "of 4 words and more (100.0 %)"
    )
    assert "validation shares with training: 0 of 1 speakers, 0 of 1 scenarios, near copies of 0 of 2" in said
    rows = read_index(tmp_path / "index.csv").utterances
    assert [one.counts()["speakers"] for one in of_folds([rows, rows])] == [[1, 2], [0, 1]]  # folds are not added up


@pytest.mark.parametrize("split", ["session5_scenario1", "session5_random1"])
def test_what_a_split_leaves_out_is_not_in_the_index(tmp_path, capsys, split):
    lines = [
        f"u{d}{turn},d{d},{'glad' if turn else 'sad'},p{d // 2}{turn},,{('shop', 'zoo')[d % 2]},"
        for d in range(10)
        for turn in (0, 1)
    ]
    header = COLUMNS.replace(",split", "")
    (tmp_path / "raw").mkdir()
    rows = [header, *(line.replace(",,", ",", 1) for line in lines)]
    (tmp_path / "raw" / "utterances.csv").write_text("\n".join(rows) + "\n")
    index_corpus(corpus="table", root=tmp_path / "raw", out=tmp_path / "index.csv", label_rule="released", split=split)
    found = read_index(tmp_path / "index.csv").utterances
    assert {row.split for row in found} == {"train", "validation", "test"} and len(found) == 10
    met = {row.scenario for row in found if row.split == "test"} & {
        row.scenario for row in found if row.split != "test"
    }
    assert bool(met) == ("random" in split)
    assert f"split {split}: 10 utterances left out" in capsys.readouterr().err


def test_words_for_what_is_not_known():
    counts = {"speakers": [0, 3], "scenarios": [0, 0], "near_copies": [0, 0]}
    assert told("validation", counts) == (
        "validation shares with training: 0 of 3 speakers, scenarios unknown, no text of 4 words to compare"
    )
