import csv
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from planted_corpus import utterances
from sklearn import metrics

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index, write_index
from emotion.evaluation import figures, report
from emotion.evaluation.rows import read_curve
from emotion.evaluation.summary import summary
from emotion.training.curve import Epoch, best_epoch

SEVEN = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
CURVE = """epoch,train_loss,validation_loss,validation_weighted_f1
1,1.500000,1.400000,0.300000
2,1.200000,1.300000,0.500000
3,1.000000,1.100000,0.500000
4,0.800000,1.200000,0.450000
"""


def plant(folder, *, labels=SEVEN, lengths=(9,) * 24):
    rows = utterances(lengths, labels=labels, seed=2)
    write_index(folder / "index.csv", rows, labels=labels, corpus="planted", notes={})
    (folder / "training.csv").write_text(CURVE)
    rng = np.random.default_rng(0)
    with (folder / "probabilities.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["utterance", "dialogue", "split", *labels])
        for row in rows:
            if row.split != "train":
                scores = rng.dirichlet(np.ones(len(labels)) + 4 * (np.array(labels) == row.label))
                writer.writerow([row.utterance, row.dialogue, row.split, *(f"{value:.6f}" for value in scores)])
    return rows


def evaluate(folder, out):
    report.evaluate(folder / "index.csv", folder / "probabilities.csv", folder / "training.csv", out=out)


@pytest.fixture
def planted(tmp_path):
    plant(tmp_path)
    return tmp_path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_metrics_agree_with_scikit_learn(planted):
    evaluate(planted, planted / "metrics")
    result = json.loads((planted / "metrics" / "metrics.json").read_text())
    probabilities = {row["utterance"]: row for row in rows_of(planted / "probabilities.csv")}
    for split in ("validation", "test"):
        rows = [row for row in read_index(planted / "index.csv", test_labels=True).utterances if row.split == split]
        actual = [row.label for row in rows]
        guesses = [max(SEVEN, key=lambda label, row=row: float(probabilities[row.utterance][label])) for row in rows]
        expected = {
            "n": len(rows),
            "accuracy": metrics.accuracy_score(actual, guesses),
            "weighted_f1": metrics.f1_score(actual, guesses, average="weighted"),
            "macro_f1": metrics.f1_score(actual, guesses, average="macro"),
            "unweighted_recall": metrics.recall_score(actual, guesses, average="macro"),
        }
        given = set(expected) if split == "test" else {"n", "weighted_f1", "accuracy"}
        for name in given:
            assert result[split][name] == pytest.approx(expected[name], abs=1e-6), (split, name)
    assert set(result) == {"validation", "test"}
    assert set(result["validation"]) == {"n", "weighted_f1", "accuracy"}
    assert set(result["test"]) == {*expected, "ece", "per_class_f1"}  # no interval: six dialogues
    assert list(result["test"]["per_class_f1"]) == list(SEVEN)


def test_details_hold_what_is_no_metric(planted):
    evaluate(planted, planted / "metrics")
    text = (planted / "metrics" / "details.json").read_text()
    details, rows = json.loads(text), rows_of(planted / "metrics" / "predictions.csv")
    assert details["validation"]["best_epoch"] == 3  # the F1 of epoch 2 at a lower loss
    assert details["interval"] == {"level": 0.95, "over": "dialogues", "count": 6, "given": False}
    assert details["absent"] == {"train": [], "validation": [], "test": []}
    assert details["shared"]["test"]["near_copies"] == [0, 0]  # all say `well`
    columns = metrics.precision_recall_fscore_support(
        [row["actual"] for row in rows], [row["predicted"] for row in rows], labels=SEVEN
    )
    for label, *expected in zip(SEVEN, *columns, strict=True):
        found = details["test"]["per_class"][label]
        names = ("precision", "recall", "f1", "support")
        assert [found[name] for name in names] == pytest.approx(expected, abs=1e-6)
        assert found["predicted"] == sum(row["predicted"] == label for row in rows)
    speakers = {row.speaker for row in read_index(planted / "index.csv").utterances}
    assert not [name for name in (*speakers, *(row["utterance"] for row in rows)) if name in text]


def test_every_speaker_has_a_line_of_its_own_file(planted):
    evaluate(planted, planted / "metrics")
    of = {row.utterance: row.speaker for row in read_index(planted / "index.csv").utterances}
    rows = rows_of(planted / "metrics" / "predictions.csv")
    found = rows_of(planted / "metrics" / "speakers.csv")
    assert [row["speaker"] for row in found] == sorted({of[row["utterance"]] for row in rows})
    for line in found:
        pairs = [(row["actual"], row["predicted"]) for row in rows if of[row["utterance"]] == line["speaker"]]
        assert int(line["n"]) == len(pairs)
        assert float(line["weighted_f1"]) == pytest.approx(
            metrics.f1_score(*zip(*pairs, strict=True), average="weighted", zero_division=0), abs=1e-6
        )


@pytest.mark.parametrize("count", [40, 36])
def test_an_interval_needs_ten_dialogues(tmp_path, count, capsys):
    plant(tmp_path, lengths=(6,) * count)
    evaluate(tmp_path, tmp_path / "metrics")
    test = json.loads((tmp_path / "metrics" / "metrics.json").read_text())["test"]
    expected = r"9 dialogues, fewer than 10"
    if count == 40:
        assert test["weighted_f1_ci_low"] < test["weighted_f1"] < test["weighted_f1_ci_high"]
        low, high = (100 * test[f"weighted_f1_ci_{end}"] for end in ("low", "high"))
        expected = f"{low:.1f} to {high:.1f} over 10 dialogues"
    f1, accuracy = 100 * test["weighted_f1"], 100 * test["accuracy"]
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"test: weighted F1 {f1:.2f} % (") and expected in last
    assert last.endswith(f"), accuracy {accuracy:.2f} %, {test['n']} utterances; look at it: emotion view")
    summary(tmp_path / "metrics")
    shown = capsys.readouterr().out
    assert expected in shown and shown.splitlines()[-1] == last


def test_face_coverage_is_there_where_faces_are(planted):
    def found(faces):
        report.evaluate(
            planted / "index.csv",
            planted / "probabilities.csv",
            planted / "training.csv",
            out=planted / "metrics",
            faces=faces,
        )
        return json.loads((planted / "metrics" / "metrics.json").read_text()).get("faces")

    assert found(None) is found(planted / "faces.json") is None
    (planted / "faces.json").write_text('{"coverage": 0.91, "missing": 3}')
    assert found(planted / "faces.json") == {"coverage": 0.91}
    (planted / "faces.json").write_text('{"coverage": null}')
    assert found(planted / "faces.json") is None
    (planted / "faces.json").write_text("[")
    with pytest.raises(EmotionError, match=r"faces\.json: damaged, expected JSON with coverage; run dvc repro faces"):
        found(planted / "faces.json")


def test_tables(planted):
    evaluate(planted, planted / "metrics")
    truth = {row.utterance: row for row in read_index(planted / "index.csv", test_labels=True).utterances}
    test = [row for row in rows_of(planted / "probabilities.csv") if row["split"] == "test"]
    predictions = rows_of(planted / "metrics" / "predictions.csv")
    pairs = rows_of(planted / "metrics" / "confusion.csv")
    assert list(predictions[0]) == ["utterance", "dialogue", "actual", "predicted", *SEVEN]
    assert len(predictions) == len(pairs) == len(test)
    order = sorted(predictions, key=lambda row: (SEVEN.index(row["actual"]), SEVEN.index(row["predicted"])))
    assert pairs == [{"actual": row["actual"], "predicted": row["predicted"]} for row in order]  # no list of labels
    for row, source in zip(predictions, test, strict=True):
        assert row["utterance"] == source["utterance"]
        assert row["actual"] == truth[row["utterance"]].label
        assert row["predicted"] == max(SEVEN, key=lambda label, row=row: float(row[label]))
        assert all(row[label] == source[label] for label in SEVEN)


@pytest.mark.slow
def test_same_input_same_bytes_and_no_date_in_the_pictures(planted):
    evaluate(planted, planted / "a")
    evaluate(planted, planted / "b")
    names = sorted(path.name for path in (planted / "a").iterdir())
    tables = ["confusion.csv", "predictions.csv", "speakers.csv"]
    assert names == sorted([*tables, "confusion.png", "training.png", "details.json", "metrics.json"])
    for name in names:
        content = (planted / "a" / name).read_bytes()
        assert content == (planted / "b" / name).read_bytes(), name
        assert not any(word in content for word in (b"Software", b"Date", b"tEXt"))
        if name.endswith(".png"):
            picture = cv2.imread(str(planted / "a" / name))
            assert min(picture.shape[:2]) > 300
            assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize("labels", [("a", "b"), SEVEN])
def test_pictures_have_names_counts_and_percentages(planted, labels):
    matrix = np.random.default_rng(0).integers(0, 50, size=(len(labels), len(labels)))
    matrix[1] = 0  # a class without utterances
    matrix[0, 0] = 44
    figure = figures.confusion_figure(matrix, labels=labels)
    axes = figure.axes[0]
    cells = [text.get_text() for text in axes.texts]
    assert cells[0] == f"44\n{4400 / matrix[0].sum():.0f} %"
    assert len(cells) == len(labels) ** 2
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(labels)
    assert axes.get_xlabel() == "predicted emotion"
    assert axes.get_ylabel().startswith("actual emotion")
    shares = axes.images[0].get_array()
    assert shares[0].sum() == pytest.approx(1)
    assert shares[1].sum() == 0


def test_the_curve_marks_the_chosen_epoch(planted):
    figure = figures.curve_figure(read_curve(planted / "training.csv"))
    losses, scores = figure.axes
    assert [line.get_label() for line in losses.lines[:2]] == ["training", "validation"]
    (marker,) = [line for line in scores.lines if line.get_label().startswith("chosen")]
    assert (list(marker.get_xdata()), list(marker.get_ydata())) == ([3], [50])
    assert marker.get_label() == "chosen: epoch 3, 50.0 %"


def test_the_chosen_epoch_is_the_one_that_training_keeps():
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.integers(0, 3, size=(8, 2)) / 4
        lines = [Epoch(i + 1, 0.0, loss, f1) for i, (loss, f1) in enumerate(values.tolist())]
        columns = {
            "epoch": np.arange(1.0, 9.0),
            "validation_loss": values[:, 0],
            "validation_weighted_f1": values[:, 1],
        }
        assert columns["epoch"][figures.chosen(columns)] == best_epoch(lines).epoch


def test_summary(planted, capsys):
    evaluate(planted, planted / "metrics")
    folder = planted / "metrics"
    summary(folder, pictures=["confusion.png", "absent.png"])
    shown = capsys.readouterr().out
    test = json.loads((folder / "metrics.json").read_text())["test"]
    assert f"{100 * test['weighted_f1']:.2f} %" in shown
    details = json.loads((folder / "details.json").read_text())
    assert f"{100 * details['test']['per_class']['surprise']['recall']:.2f} %" in shown
    assert f"{100 * test['per_class_f1']['surprise']:.2f} %" in shown
    assert all(label in shown for label in SEVEN)
    assert str(folder / "confusion.png") in shown
    assert "absent" not in shown


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("probabilities.csv", lambda text: "\n".join(text.splitlines()[:-3]), "3 utterances of split test are missing"),
        ("probabilities.csv", lambda text: text.replace("joy", "happy", 1), "expected a number for each of"),
        ("probabilities.csv", lambda text: text[:-30], "expected a number for each of"),
        ("training.csv", lambda text: text.splitlines()[0], "holds no epoch"),
        ("training.csv", lambda text: text.replace("1.400000", "much"), "damaged, expected the columns epoch"),
        ("training.csv", lambda text: text.replace("epoch", "step"), "damaged, expected the columns epoch"),
        (
            "index.csv",
            lambda text: text.replace(",test,", ",train,"),
            r"index\.csv: this corpus has no test utterances",
        ),
        ("index.csv", lambda text: text.replace(",validation,", ",train,"), "has no validation utterances"),
    ],
)
def test_damaged_input_is_one_line_and_nothing_is_written(planted, name, change, message):
    (planted / name).write_text(change((planted / name).read_text()))
    with pytest.raises(EmotionError, match=message):
        evaluate(planted, planted / "metrics")
    assert not (planted / "metrics").exists()


def test_missing_and_damaged_files(planted):
    (planted / "probabilities.csv").unlink()
    with pytest.raises(EmotionError, match=r"probabilities\.csv: not found; run the fuse stage again"):
        evaluate(planted, planted / "metrics")
    with pytest.raises(EmotionError, match=r"metrics\.json: not found; make it with `make repro`"):
        summary(planted)
    for content in ('{"test": {"n": 3}}', "[]", '{"test": {"n": 3, "per_class": {"a": {"f1": 0.5}}}}'):
        for name in ("metrics", "details"):
            (planted / f"{name}.json").write_text(content)
        with pytest.raises(EmotionError, match=r"of an earlier version.*dvc repro evaluate$"):
            summary(planted)
    (planted / "details.json").write_text("{")
    with pytest.raises(EmotionError, match=r"details\.json: damaged"):
        summary(planted)


def test_torch_is_not_needed():
    code = "import sys; import emotion.evaluation.report; assert 'torch' not in sys.modules, 'torch was imported'"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["probabilities.csv", "training.csv"])
@pytest.mark.parametrize("damage", [b"\xff\xfe\x00", None])
def test_no_text_and_no_number_is_one_line(planted, name, damage):
    path = planted / name
    lines = path.read_text().splitlines()
    last = lines[-1].rsplit(",", 1)[0] + ",nan"
    path.write_bytes(damage or "\n".join([*lines[:-1], last]).encode())
    with pytest.raises(EmotionError, match=name):
        evaluate(planted, planted / "metrics")
    assert not (planted / "metrics" / "metrics.json").exists()
