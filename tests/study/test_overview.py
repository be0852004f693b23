"""Several protocols beside each other, and the guesses without features."""

import json

import numpy as np
import pytest
from planted_study import LABELS, conduct, plant, recipe, rows_of, staged
from sklearn.metrics import f1_score

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.page.study import study_data
from emotion.study import for_paper, notes, report
from emotion.study.baselines import CORPUS, SCENARIO, baselines
from emotion.study.folds import make_folds, truth
from emotion.study.overview import compare_protocols

NAMES = ("session", "random", "scenario")
RUNS = {"session": 2, "random": 6, "scenario": 6}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("played"), sessions=2, each=8, length=4, edit=staged)


@pytest.fixture(scope="module")
def compared(played, tmp_path_factory):
    """What one command writes, without the protocols' own pictures."""
    out = tmp_path_factory.mktemp("compared")
    (out / "study.csv").write_text("of an earlier command\n")
    options = {"models": ["cnn"], "recipe": lambda model: recipe(model, epochs=1), "seeds": 1, "workers": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "png", lambda _: b"")
        patch.setattr(for_paper, "pdf", lambda _: b"")
        for name in ("reliability_figure", "missing_figure"):
            patch.setattr(report.pictures, name, lambda *_, **__: None)
        compare_protocols(played, NAMES, out=out, chosen=lambda model: "nobody, on nothing", **options)
    return out


@pytest.mark.slow
def test_one_command_sets_protocols_beside_each_other(compared, played):
    assert not (compared / "study.csv").exists()
    lines = rows_of(compared / "protocols.csv")
    found = {(row["utterances"], row["protocol"], row["model"]): row for row in lines}
    assert {kind for kind, _, _ in found} == {"all", "scripted", "improvised"} and len(lines) == 3 * 3 * 3
    for name in NAMES:
        (alone,) = rows_of(compared / name / "study.csv")
        row = found["all", name, "cnn"]
        for figure in ("weighted_f1", "weighted_f1_ci_low", "weighted_f1_ci_high"):
            assert float(row[figure]) == pytest.approx(float(alone[f"test_{figure}"]), abs=1e-6)
        assert len(rows_of(compared / name / "runs.csv")) == RUNS[name]
        assert "all 64 utterances in 16 dialogues" in (compared / name / "study.md").read_text()
        halves = [int(found[kind, name, "cnn"]["n"]) for kind in ("scripted", "improvised")]
        assert sum(halves) == int(row["n"]) == 64
    differences = rows_of(compared / "differences.csv")
    assert {row["model"] for row in differences} == {"cnn"} and len(differences) == 9
    for row in differences:
        mine, less = (found[row["utterances"], row[name], "cnn"]["weighted_f1"] for name in ("protocol", "less"))
        assert float(row["difference"]) == pytest.approx(float(mine) - float(less), abs=2e-6)
        if row["utterances"] == "all":  # of the halves there are eight dialogues: too few
            assert float(row["difference_ci_low"]) <= float(row["difference"]) <= float(row["difference_ci_high"])
        else:
            assert row["difference_ci_low"] == row["bootstrap_p_holm"] == ""


@pytest.mark.slow
def test_the_table_for_a_paper_has_the_same_figures(compared):
    text = (compared / "paper" / "study.tex").read_text()
    for line in rows_of(compared / "protocols.csv"):
        if line["utterances"] == "all":
            ends = [f"${100 * float(line[f'weighted_f1_ci_{end}']):.2f}$" for end in ("low", "high")]
            assert f"{100 * float(line['weighted_f1']):.2f} & {' to '.join(ends)}" in text
    assert text.count(" & ") == 4 * 2 * len(NAMES) and (compared / "paper" / "study.pdf").is_file()


@pytest.mark.slow
def test_the_page_names_protocols_what_they_share_and_who_chose(compared):
    text = (compared / "study.md").read_text()
    assert "Protocol `scenario`. Test shares with training and validation: 0 of 4 speakers, 0 of 4 scenarios" in text
    assert "Protocol `session`. Test shares with training and validation: 0 of 4 speakers, 4 of 4 scenarios" in text
    assert "Who chose the settings, on what. cnn: nobody, on nothing." in text
    titles = tuple(line[3:] for line in text.splitlines() if line.startswith("## "))
    assert titles == tuple(title for title in notes.UNDER_SEVERAL if title != notes.AGAINST)  # of one model
    known = json.loads((compared / "study.json").read_text())
    assert known["protocol"] == "session, random, scenario" and list(known["protocols"]) == list(NAMES)
    data = study_data(compared)
    assert [table["title"].split()[0] for table in data["tables"]] == ["Protocols:", "Differences", "Gaps"]
    assert len([line for line in data["text"] + data["notes"] if line.startswith("Protocol ")]) == 6
    assert "Settings of cnn: nobody, on nothing." in data["text"]


@pytest.mark.slow
def test_models_are_compared_with_the_reference_under_each_protocol(played, tmp_path, no_pictures):
    options = {"models": ["cnn", "fusion"], "recipe": lambda model: recipe(model, epochs=1), "seeds": 1, "workers": 1}
    compare_protocols(played, ("session", "scenario"), out=tmp_path, **options)
    section = (tmp_path / "study.md").read_text().partition(f"## {notes.AGAINST}")[2].partition("## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if "fusion" in line]
    assert [line[:3] for line in cells] == [["fusion", name, "cnn"] for name in ("session", "scenario")]
    for line in cells:
        (row,) = [row for row in rows_of(tmp_path / line[1] / "study.csv") if row["model"] == "fusion"]
        low, high = (f"{100 * float(row[f'difference_ci_{end}']):+.2f}" for end in ("low", "high"))
        assert line[3:5] == [f"{100 * float(row['difference']):+.2f}", f"{low} to {high}"]


@pytest.mark.slow
def test_pooled_figures_and_baselines_beside_a_naive_count(compared, played):
    rows = read_index(played / "index.csv", test_labels=True).utterances
    guesses, actual = [], []
    for session in ("Ses01", "Ses02"):
        others = [row for row in rows if not row.dialogue.startswith(session)]
        for row in rows:
            if row.dialogue.startswith(session):
                same = [other.label for other in others if other.scenario == row.scenario]
                guesses.append(max(LABELS, key=same.count))
                actual.append(row.label)
    expected = f1_score(actual, guesses, average="weighted", zero_division=0)
    (row,) = [
        row
        for row in rows_of(compared / "protocols.csv")
        if (row["utterances"], row["protocol"], row["model"]) == ("all", "session", SCENARIO)
    ]
    assert float(row["pooled_weighted_f1"]) == pytest.approx(expected, abs=1e-6)
    assert float(row["accuracy"]) == pytest.approx(np.mean(np.array(guesses) == np.array(actual)), abs=1e-6)


def test_a_scenario_that_was_never_met_has_the_majority_of_the_corpus(played):
    folds = make_folds(played / "index.csv", protocol="scenario")
    found = baselines(folds, "test", LABELS)
    assert np.array_equal(found[CORPUS], found[SCENARIO])
    assert found[CORPUS].shape == (1, 64)
    first = [row.label for row in folds[0].index.utterances if row.split != "test"]
    assert LABELS[found[CORPUS][0, 0]] == max(LABELS, key=first.count)


def test_folds_hold_out_scenarios_without_labels(played):
    labels = truth(played / "index.csv", make_folds(played / "index.csv", protocol="session"))
    for protocol in ("scenario", "random"):
        folds = make_folds(played / "index.csv", protocol=protocol)
        assert [fold.session for fold in folds[:4]] == ["Ses01", "Ses01", "Ses01", "Ses02"]
        assert sorted(row.utterance for fold in folds for row in fold.rows("test")) == sorted(labels)
        assert {row.label for fold in folds for row in fold.rows("test")} == {""}
        assert all(labels[row.utterance] == row.label for fold in folds for row in fold.rows("train"))
        assert {fold.index.digest for fold in folds} == {read_index(played / "index.csv").digest}


@pytest.mark.slow
def test_a_name_of_the_same_protocol_gives_the_same_bytes(features, tmp_path, no_pictures):
    one, other = (
        conduct(features, tmp_path / name, models=["cnn"], seeds=1, epochs=1, protocol=name)
        for name in ("session", "leave-one-session-out")
    )
    for name in ("study.md", "study.json", "study.csv", "per_class.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_what_cannot_be_compared(played, features, tmp_path):
    options = {"models": ["cnn"], "recipe": recipe, "out": tmp_path}
    with pytest.raises(EmotionError, match="protocols are session,leave-one-session-out, expected different ones"):
        compare_protocols(played, ["session", "leave-one-session-out"], **options)
    with pytest.raises(EmotionError, match="--validation-only leaves that out; name one protocol"):
        compare_protocols(played, NAMES, validation_only=True, **options)
    with pytest.raises(EmotionError, match=r"index\.csv: dialogue 'Ses01F_impro00' has no scenario"):
        compare_protocols(features, ["scenario", "random"], **options)
