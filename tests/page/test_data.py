"""What a planted run looks like on the page: the numbers, the test's lock, hostile text, the same bytes twice."""

import base64
import csv
import json
import os
import re

import numpy as np
import pytest

from benchmarks.planted_run import LABELS, ROOT, plant
from emotion.core.errors import EmotionError
from emotion.core.settings import read_yaml
from emotion.core.tables import csv_text
from emotion.corpus import utterance
from emotion.page import build, overview
from emotion.page.data import gather, open_strips, with_strips
from emotion.page.files import flat, read_run
from emotion.page.packing import safe_json

EVIL = "</script><script>alert({i})</script><!--\u2028'\""


def _decoded(text, kind=np.uint8):
    return np.frombuffer(base64.b64decode(text.split(":", 1)[1]), dtype=kind)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, plant(folder, text=EVIL)


@pytest.fixture(scope="module")
def found(run):
    return gather(read_run(run[0]))


@pytest.mark.slow
def test_numbers_of_the_model(found, run):
    rows, said = found.data["utterances"], found.explained
    n, c, m = len(run[1]), len(LABELS), 3
    assert np.abs(_decoded(rows["probabilities"]).reshape(n, c) / 255 - said.probabilities).max() <= 0.5 / 255
    assert _decoded(rows["hidden"]).shape == (m * n * c,)
    assert _decoded(rows["predicted"]).tolist() == said.probabilities.argmax(1).tolist()
    assert _decoded(rows["actual"]).tolist() == [LABELS.index(row.label) for row in run[1]]
    missing = _decoded(rows["missing"])
    assert [bool(missing[i] >> j & 1) for i in range(n) for j in range(m)] == (~said.present).ravel().tolist()
    assert found.data["notes"] == []


def test_attended_are_others_of_the_same_dialogue_before_it(found):
    attended = _decoded(found.data["utterances"]["attended"], "<i2").reshape(-1, 5)
    weights = _decoded(found.data["utterances"]["weights"]).reshape(-1, 5)
    for dialogue in found.data["dialogues"]:
        for place in range(dialogue["count"]):
            row = dialogue["first"] + place
            others = attended[row][attended[row] >= 0].tolist()
            assert sorted(others) == list(range(max(0, place - 3), place))  # history 3, future 0
            assert (np.diff(weights[row].astype(int)) <= 0).all()
            assert not weights[row][attended[row] < 0].any()


def test_hidden_everywhere_is_as_if_it_were_missing(found):
    said = found.explained
    assert said.hidden is not None
    changed = np.abs(said.hidden - said.probabilities).max(axis=(1, 2))
    assert (changed > 1e-4).all()


@pytest.mark.slow
def test_labels_of_the_test_come_from_the_predictions_only(tmp_path, monkeypatch):
    plant(tmp_path, evaluated=False, faces=False)
    asked = []
    plain = utterance.read_index

    def watched(path, *, test_labels=False):
        asked.append(test_labels)
        return plain(path, test_labels=test_labels)

    monkeypatch.setattr("emotion.page.files.read_index", watched)
    index = (tmp_path / "data" / "index.csv").read_text(encoding="utf-8")
    found = gather(read_run(tmp_path))
    assert asked == [False]
    rows = found.run.index.utterances
    actual = _decoded(found.data["utterances"]["actual"])
    assert {int(actual[i]) for i, row in enumerate(rows) if row.split == "test"} == {255}
    assert 255 not in {int(actual[i]) for i, row in enumerate(rows) if row.split != "test"}
    assert any("Not evaluated" in note for note in found.data["notes"])
    # Other labels in the index's test rows change no byte of the page.
    before = safe_json(found.data)
    lines = list(csv.reader(index.splitlines()))
    swapped = [[*line[:6], "sad" if line[7] == "test" else line[6], *line[7:]] for line in lines]
    (tmp_path / "data" / "index.csv").write_text(csv_text(swapped[0], swapped[1:]), encoding="utf-8")
    assert swapped != lines
    assert safe_json(gather(read_run(tmp_path)).data) == before


@pytest.mark.slow
def test_hostile_text_stays_text(run):
    page = build.page_text(gather(read_run(run[0])).data)
    assert page.count("</script>") == 2  # the data's end and the script's
    assert "<!--" not in page.split('id="data">', 1)[1].split("</script>", 1)[0]
    data = json.loads(page.split('id="data">', 1)[1].split("</script>", 1)[0])
    assert data["utterances"]["text"][2] == EVIL.replace("{i}", "2")


def test_a_title_is_no_markup():
    page = build.page_text({"title": "<img src=x>", "kind": "study"})
    assert "<title>&lt;img src=x&gt;</title>" in page


def test_the_policy_allows_this_script_and_no_other(run):
    page = build.page_text({"title": "t"})
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    rules = dict(rule.split(" ", 1) for rule in build.policy().split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    script = re.search(r'<script type="module">(.*?)</script>', page, re.S)[1]
    assert build._hash(script) in rules["script-src"]
    assert "unsafe" not in build.policy()
    assert not re.search(r"^(import|export)\b", script, re.M)


@pytest.mark.slow
def test_same_bytes_twice(run, tmp_path):
    sizes = [build.report(run[0], tmp_path / name, media="faces") for name in ("a.html", "b.html")]
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sizes[0] == (tmp_path / "a.html").stat().st_size


def test_strips_and_faces(found):
    strips = open_strips(found)
    try:
        jpegs = [strips.jpeg(row.utterance) for row in found.run.index.utterances]
        data = with_strips(found, strips).data
    finally:
        strips.close()
    assert any(jpeg is None for jpeg in jpegs)
    assert all(jpeg is None or jpeg.startswith(b"\xff\xd8") for jpeg in jpegs)
    assert data["strips"] == {"frames": 8, "size": 16, "at": "strips/{row}.jpg"}
    assert sum(line["utterances"] for line in data["faces"]) == len(jpegs)
    assert all(jpegs[row] for line in data["faces"] for row in line["rows"])


def test_a_limit_leaves_strips_out(run, tmp_path):
    build.report(run[0], tmp_path / "small.html", media="faces", limit=2000)
    page = (tmp_path / "small.html").read_text(encoding="utf-8")
    data = json.loads(page.split('id="data">', 1)[1].split("</script>", 1)[0])
    assert sum(len(strip or "") for strip in data["strips"]["embedded"]) <= 1000
    assert "did not fit" in data["media"]["note"]


def test_defaults_are_those_of_the_project():
    params = flat(read_yaml(ROOT / "params.yaml"))
    assert set(params) <= set(overview.defaults())
    assert overview.changed(params) == []


def test_what_differs_is_named(run, tmp_path):
    params = flat(read_yaml(run[0] / "params.yaml")) | {"lr": "0.001"}
    assert overview.changed(params) == [["lr", "0.001", "0.0003"]]


def test_another_corpus_than_the_predictions(tmp_path):
    plant(tmp_path, faces=False)
    path = tmp_path / "metrics" / "predictions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("_000,", "_999,"), encoding="utf-8")
    with pytest.raises(EmotionError, match="no test utterance of this index"):
        gather(read_run(tmp_path))


def _pipe(path):
    path.unlink()
    os.mkfifo(path)


def _folder(path):
    path.unlink()
    path.mkdir()


DAMAGE = {
    "no UTF-8": (
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        r"damaged \(.*0xff.*\), expected text in UTF-8; {again}",
    ),
    "no CSV": (lambda path: path.write_text('"never closed'), r"damaged \(.*\), expected CSV; {again}"),
    "empty": (lambda path: path.write_text(""), r"is empty and holds no table, expected CSV with a header; {again}"),
    "a pipe": (_pipe, "is a pipe or a device, expected a file"),
    "a folder": (_folder, "cannot be read .*expected a file"),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(("name", "stage"), [("training", "fuse"), ("predictions", "evaluate")])
def test_a_table_that_cannot_be_read_is_one_line(tmp_path, name, stage, damage):
    plant(tmp_path, faces=False)
    path = tmp_path / "metrics" / f"{name}.csv"
    change, message = DAMAGE[damage]
    change(path)
    expected = f"{re.escape(str(path))}: {message.format(again=f'.*: dvc repro {stage}$')}"
    with pytest.raises(EmotionError, match=f"^{expected}") as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "found"),
    [("epoch", "step", "nothing"), ("\n1,", "\nnan,", "'nan'"), ("\n1,", "\nfirst,", "'first'")],
)
def test_a_curve_of_other_columns_or_no_numbers_is_one_line(tmp_path, old, new, found):
    plant(tmp_path, faces=False)
    path = tmp_path / "metrics" / "training.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    message = rf"training\.csv: damaged, expected the columns epoch,.*, found {found}; .*dvc repro fuse$"
    with pytest.raises(EmotionError, match=message):
        read_run(tmp_path)


@pytest.mark.slow
def test_a_pipe_in_the_place_of_scores_or_parameters_is_one_line(tmp_path):
    plant(tmp_path, faces=False)
    for name in ("params.yaml", "metrics/details.json", "metrics/metrics.json"):
        _pipe(tmp_path / name)
        with pytest.raises(EmotionError, match=f"{re.escape(name)}: is a pipe or a device"):
            read_run(tmp_path)


@pytest.mark.slow
def test_scores_of_another_model_are_told(tmp_path):
    plant(tmp_path, faces=False)
    path = tmp_path / "metrics" / "metrics.json"
    scores = json.loads(path.read_text())
    scores["test"]["accuracy"] = 0.99
    path.write_text(json.dumps(scores))
    assert any("another model" in note for note in gather(read_run(tmp_path)).data["notes"])


@pytest.mark.slow
def test_a_modality_that_nobody_has_is_told(tmp_path):
    plant(tmp_path, faces=False, corpus="imported")
    found = gather(read_run(tmp_path))
    assert found.data["corpus"]["what"].startswith("imported")
    found.explained.present[:, 1] = False
    assert "No utterance has modality face." in overview.notes(found.run, found.explained.present, agrees=True)
