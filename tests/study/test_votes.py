"""Studies of a corpus with raters, of whom some disagree: every rated utterance counts."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from planted_study import LABELS, conduct, plant, recipe, relabel_test, results, rows_of
from planted_votes import ambiguous, ballots, blank, write_votes
from scipy.spatial.distance import jensenshannon

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.study.overview import compare_protocols
from emotion.study.tuning import tune_recipe


def edited(row):
    return replace(row, gender=row.speaker[-1])


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """Features, votes, and the names of the ambiguous utterances."""
    folder = plant(tmp_path_factory.mktemp("rated"), each=24, length=4, edit=edited)
    votes = ballots(read_index(folder / "index.csv", test_labels=True).utterances, LABELS)
    write_votes(folder / "annotators.csv", votes, LABELS)
    blank(folder / "index.csv", ambiguous(votes))
    return folder, votes


@pytest.fixture(scope="module")
def studied(rated, tmp_path_factory):
    folder, _ = rated
    out = tmp_path_factory.mktemp("studied")
    return conduct(folder, out, models=["cnn"], recipe=lambda model: recipe(model, target="votes"))


@pytest.mark.slow
def test_votes_agree_with_a_loop(rated, studied):
    folder, votes = rated
    rows = [row for row in read_index(folder / "index.csv").utterances if row.split == "test"]
    given = [np.exp(result.logs["test"].astype(float)) for result in results(studied).values()]
    lines = {(line["model"], line["utterances"]): line for line in rows_of(studied / "votes.csv")}
    names = {"all rated": [row.utterance for row in rows]}
    names["ambiguous"] = [name for name in names["all rated"] if name in ambiguous(votes)]
    names["with a class"] = [name for name in names["all rated"] if name not in ambiguous(votes)]
    place = {row.utterance: number for number, row in enumerate(rows)}
    for part, those in names.items():
        entropy, distance, named, held_out, human = [], [], [], [], []
        for name in those:
            truth = np.bincount(votes[name], minlength=6) / 3
            for p in given:
                own = p[place[name]]
                entropy.append(-(truth * np.log(own)).sum())
                distance.append(jensenshannon(truth, own, base=2))
                named.append(own.argmax() in votes[name])
            for left in range(3):
                others = [votes[name][rater] for rater in range(3) if rater != left]
                held_out += [p[place[name]].argmax() in others for p in given]
                human.append(votes[name][left] in others)
        line, rater = lines["cnn", part], lines["a rater held out", part]
        assert int(line["n"]) == int(rater["held_out_n"]) == len(those) > 10
        for figure, values in (
            ("cross_entropy", entropy),
            ("js_distance", distance),
            ("named", named),
            ("held_out_named", held_out),
        ):
            assert float(line[figure]) == pytest.approx(np.mean(values), abs=1e-5), (part, figure)
        assert float(rater["held_out_named"]) == pytest.approx(np.mean(human), abs=1e-6)
        assert (rater["js_distance"], rater["majority_weighted_f1"]) == ("", "")
    whole = rows_of(studied / "study.csv")[0]["test_weighted_f1"]
    assert lines["cnn", "all rated"]["majority_weighted_f1"] == whole
    assert lines["cnn", "ambiguous"]["majority_weighted_f1"] == ""


@pytest.mark.slow
def test_the_page_has_every_part(rated, studied):
    _, votes = rated
    text = (studied / "study.md").read_text()
    section = text.split("## Against the raters\n")[1].split("\n## ")[0]
    assert section.count("| a rater held out |") == 3 and section.count("| cnn | votes |") == 3
    assert "Ambiguous ones, without a majority: " in section and "are of no class" in section
    tested = [row for row in read_index(rated[0] / "index.csv").utterances if row.split == "test"]
    kept = [row for row in tested if row.utterance not in ambiguous(votes)]
    assert f"test {len(kept)} utterances in" in text and len(kept) < len(tested)
    gaps = text.split("## Gaps between groups\n")[1]
    assert "| cnn | F |" in gaps and "| cnn | speaker 1 |" in gaps and "| cnn | Ses02 |" in gaps
    assert "S0_F" not in text and "S0_F" not in (studied / "gaps.csv").read_text()
    assert "nan" not in text


@pytest.mark.slow
def test_gaps_are_of_the_scored_utterances(studied):
    lines = [line for line in rows_of(studied / "gaps.csv") if line["by"] == "session" and "gap" not in line["group"]]
    assert [line["group"] for line in lines] == ["Ses01", "Ses02", "Ses03"]
    (votes,) = [line for line in rows_of(studied / "votes.csv") if line["utterances"] == "with a class"][:1]
    assert sum(int(line["n"]) for line in lines) == int(votes["n"])
    assert all(line["weighted_f1_ci_low"] == "" for line in lines)  # six dialogues each
    (f,) = [line for line in rows_of(studied / "gaps.csv") if line["group"] == "F"]
    assert float(f["difference_ci_low"]) < float(f["difference"]) < float(f["difference_ci_high"])


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["split", "session"])
def test_no_vote_of_what_is_scored_teaches(rated, tmp_path, no_pictures, protocol):
    folder, votes = shutil.copytree(rated[0], tmp_path / "features"), rated[1]
    options = {
        "models": ["cnn"],
        "seeds": 1,
        "protocol": protocol,
        "recipe": lambda model: recipe(model, target="votes"),
    }
    before = conduct(folder, tmp_path / "before", **options)
    tested = [row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test"]
    write_votes(folder / "annotators.csv", votes | {name: [5, 4, 3] for name in tested}, LABELS)
    relabel = protocol == "split"
    if relabel:
        relabel_test_with_blanks(folder)
    after = conduct(folder, tmp_path / "after", **options)
    for name, result in results(before).items():
        fold = name.split("-")[1] if protocol == "session" else ""
        same = name in results(after)
        assert same == (protocol == "split")  # elsewhere these utterances train the other folds
        if same:
            assert result.logs["test"].tobytes() == results(after)[name].logs["test"].tobytes(), fold


def relabel_test_with_blanks(folder):
    """`relabel_test` of those that have a class."""
    path = folder / "index.csv"
    text = path.read_text().splitlines()
    path.write_text("\n".join(line for line in text if line.split(",")[6] or line.split(",")[7] != "test") + "\n")
    gone = [line for line in text if line not in path.read_text().splitlines()]
    relabel_test(folder)
    kept = {line.split(",")[0]: line for line in path.read_text().splitlines()}
    kept |= {line.split(",")[0]: line for line in gone}
    path.write_text("\n".join(kept[line.split(",")[0]] for line in text) + "\n")


@pytest.mark.slow
def test_the_votes_of_each_fold_are_in_the_name_of_its_runs(rated, tmp_path, no_pictures):
    folder, votes = shutil.copytree(rated[0], tmp_path / "features"), rated[1]
    first = read_index(folder / "index.csv").utterances[0]
    options = {"models": ["cnn"], "seeds": 1, "protocol": "session"}
    for target, changed in (("majority", 0), ("votes", 2)):
        write_votes(folder / "annotators.csv", votes, LABELS)
        out = tmp_path / target
        made = recipe("cnn", target=target)
        before = set(results(conduct(folder, out, recipe=lambda model, made=made: made, **options)))
        write_votes(folder / "annotators.csv", votes | {first.utterance: [0, 0, 0]}, LABELS)
        after = set(results(conduct(folder, out, recipe=lambda model, made=made: made, **options)))
        assert len(after - before) == changed  # not of the fold that holds its session out
        assert all("Ses01" not in name for name in after - before)


def test_without_votes_training_on_them_is_refused(rated, tmp_path, no_pictures):
    folder = shutil.copytree(rated[0], tmp_path / "features")
    (folder / "annotators.csv").unlink()
    with pytest.raises(EmotionError, match=r"^target is votes, but no raters' votes .* to majority$"):
        conduct(folder, tmp_path / "out", models=["cnn"], seeds=1, recipe=lambda model: recipe(model, target="votes"))


@pytest.mark.slow
def test_raters_who_name_no_class_or_are_alone(rated, tmp_path, no_pictures):
    folder, votes = shutil.copytree(rated[0], tmp_path / "features"), rated[1]
    tested = {row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test"}
    write_votes(folder / "annotators.csv", {n: v for n, v in votes.items() if n not in tested}, LABELS)
    out = conduct(folder, tmp_path / "out", models=["cnn"], seeds=1, epochs=1)
    assert "No rater names a class for any of the scored utterances" in (out / "study.md").read_text()
    assert not (out / "votes.csv").exists()
    write_votes(folder / "annotators.csv", {name: numbers[:1] for name, numbers in votes.items()}, LABELS)
    out = conduct(folder, tmp_path / "out", models=["cnn"], seeds=1, epochs=1)
    text = (out / "study.md").read_text()
    assert "0 of them have two raters or more" in text and "nan" not in text
    (folder / "annotators.csv").write_text("utterance,rater\n")
    with pytest.raises(EmotionError, match=r"annotators\.csv: expected the columns"):
        conduct(folder, tmp_path / "out", models=["cnn"], seeds=1)


@pytest.mark.slow
def test_protocols_beside_each_other(rated, tmp_path, no_pictures):
    made = recipe("cnn", epochs=1)
    compare_protocols(
        rated[0], ["split", "session"], models=["cnn"], recipe=lambda model: made, seeds=1, out=tmp_path, workers=1
    )
    for name in ("votes.csv", "gaps.csv"):
        lines = rows_of(tmp_path / name)
        assert {line["protocol"] for line in lines} == {"split", "session"}
        own = [list(line.values()) for line in rows_of(tmp_path / "session" / name)]
        assert [list(line.values())[1:] for line in lines if line["protocol"] == "session"] == own


@pytest.mark.slow
def test_both_targets_in_one_study(rated, tmp_path, no_pictures):
    out = conduct(rated[0], tmp_path, models=["cnn"], seeds=1, epochs=2, ablate=["target"])
    assert [row["model"] for row in rows_of(out / "study.csv")] == ["cnn", "cnn trained on votes"]
    lines = [
        (line["model"], line["target"]) for line in rows_of(out / "votes.csv") if line["utterances"] == "ambiguous"
    ]
    assert lines == [("cnn", "majority"), ("cnn trained on votes", "votes"), ("a rater held out", "")]
    alone = conduct(
        rated[0],
        tmp_path / "alone",
        models=["cnn"],
        seeds=1,
        epochs=2,
        recipe=lambda model: recipe(model, target="votes"),
    )
    (single,) = rows_of(alone / "study.csv")
    pair = rows_of(out / "study.csv")[1]
    assert single["test_weighted_f1"] == pair["test_weighted_f1"]


@pytest.mark.slow
def test_a_search_trains_on_votes_of_its_training_part(rated, tmp_path):
    pytest.importorskip("optuna")
    folder, votes = shutil.copytree(rated[0], tmp_path / "features"), rated[1]
    (tmp_path / "space.yaml").write_text("input_dropout: [0.0, 0.3]\n")
    options = {"model": "cnn", "trials": 2, "folds": 2, "space": tmp_path / "space.yaml"}
    options["changes"] = {"target": "votes", "epochs": 2}
    tune_recipe(folder, out=tmp_path / "before" / "cnn.yaml", **options)
    tested = [row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test"]
    write_votes(folder / "annotators.csv", votes | {name: [5, 4, 3] for name in tested}, LABELS)
    tune_recipe(folder, out=tmp_path / "after" / "cnn.yaml", **options)
    texts = [(tmp_path / name / "cnn.yaml").read_bytes() for name in ("before", "after")]
    assert texts[0] == texts[1] and b"target: votes" in texts[0]
    (folder / "annotators.csv").unlink()
    with pytest.raises(EmotionError, match=r"^cnn, trial 0: target is votes, but no raters.* votes"):
        tune_recipe(folder, out=tmp_path / "third" / "cnn.yaml", **options)
