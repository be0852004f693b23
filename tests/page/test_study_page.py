"""A study's folder as a page: its tables and pictures, inside one file."""

import base64
import json
import os
import shutil

import pytest

from benchmarks.planted_run import ROOT
from emotion.core.errors import EmotionError
from emotion.page.build import report
from emotion.page.study import is_study, study_data

STUDY = ROOT / "benchmarks" / "iemocap_features" / "study"


def test_tables_and_pictures():
    assert is_study(STUDY)
    data = study_data(STUDY)
    assert data["kind"] == "study"
    assert len(data["tables"]) == 4
    assert all(len(row) == len(table["columns"]) for table in data["tables"] for row in table["rows"])
    assert all(base64.b64decode(item["src"].split(",", 1)[1]).startswith(b"\x89PNG") for item in data["pictures"])
    assert data["text"][0].startswith("Protocol: split; scored on: validation")


def test_why_a_hidden_modality_may_raise_the_score(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    lines = ["model,kind,modalities,share,weighted_f1,weighted_f1_std"]
    lines += ["m,present,audio,0.000000,0.400000,", "m,present,text,0.000000,0.700000,"]
    lines += [
        "m,present,audio+text,0.000000,0.700000,",
        "m,missing,any,0.000000,0.700000,",
        "m,missing,any,0.100000,0.690000,",
    ]
    missing = folder / "missing.csv"

    def note():
        missing.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (found,) = [table["note"] for table in study_data(folder)["tables"] if "note" in table]
        return found

    assert note() == ""
    lines[5] = "m,missing,any,0.100000,0.705000,"
    said = note()
    assert said.startswith(
        "In 1 of 1 rows a score rises where more is hidden; most in m, any one modality: 70.00 at 0 %, 70.50 at 10 %. "
        "What is hidden is set to the mean of training and masked"
    )
    assert said.endswith("It may be chance. No rise was tested: read none as a gain.")
    lines[2] = "m,present,text,0.000000,0.710000,"
    assert "m scores 71.00 with text, 70.00 with audio+text." in note()
    lines[2] = "m,present,text,0.000000,many,"
    with pytest.raises(EmotionError, match=r"missing\.csv: damaged, expected what hiding modalities does"):
        note()


def test_warnings_of_a_study(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    about = json.loads((folder / "study.json").read_text())
    about |= {"unknown_training": ["text"], "absent": {"training": ["sad"]}}
    (folder / "study.json").write_text(json.dumps(about))
    assert study_data(folder)["notes"] == [
        "Nobody knows which utterances trained the encoders of: text.",
        "No utterance of sad in training.",
    ]


def test_one_file(tmp_path):
    size = report(STUDY, tmp_path / "study.html")
    text = (tmp_path / "study.html").read_text(encoding="utf-8")
    assert size == len(text.encode())
    assert '"kind":"study"' in text


def test_damaged_studies(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(STUDY, folder)
    (folder / "study.png").write_text("<svg onload=alert(1)>")
    with pytest.raises(EmotionError, match="no PNG"):
        study_data(folder)
    shutil.copy(STUDY / "study.png", folder / "study.png")
    (folder / "study.csv").write_text('"never closed')
    with pytest.raises(EmotionError, match="damaged"):
        study_data(folder)
    for content, message in ((b"", "holds no table"), (b"\xff\xfe", r"study\.csv: damaged \(.*0xff")):
        (folder / "study.csv").write_bytes(content)
        with pytest.raises(EmotionError, match=f"{message}.*; run the study again: emotion study$"):
            study_data(folder)
    (folder / "study.csv").unlink()
    os.mkfifo(folder / "study.csv")
    with pytest.raises(EmotionError, match=r"study\.csv: is a pipe or a device"):
        study_data(folder)
    (folder / "study.json").write_text("[]")
    with pytest.raises(EmotionError, match="JSON object"):
        study_data(folder)
    (folder / "study.json").write_text(json.dumps({}))
    for path in folder.glob("*.csv"):
        path.unlink()
    with pytest.raises(EmotionError, match="no tables"):
        study_data(folder)


def test_counts_have_no_decimals():
    (classes,) = [table for table in study_data(STUDY)["tables"] if table["title"] == "Classes"]
    row = dict(zip(classes["columns"], classes["rows"][0], strict=True))
    assert (row["model"], row["class"], row["precision"], row["support"]) == ("fusion", "happy", "0.680", "53")


def test_protocols_gaps_and_votes(tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(STUDY.parent / "protocols", folder)
    (folder / "votes.csv").write_text("protocol,model,utterances,n,js_distance\nsession,m,ambiguous,20,0.512345\n")
    (folder / "gaps.csv").write_text("protocol,model,by,group,difference\nsession,m,gender,F,-0.012345\n")
    titles = [table["title"].split(":")[0] for table in study_data(folder)["tables"]]
    assert titles[:4] == [
        "Protocols",
        "Differences between protocols, paired over the same utterances",
        "Against the raters",
        "Gaps between genders, speakers and sessions",
    ]
    assert all(len(table.get("note", "")) > 100 for table in study_data(folder)["tables"][2:4])
    shown = {table["title"].split(":")[0]: table["rows"] for table in study_data(folder)["tables"]}
    assert shown["Against the raters"] == [["session", "m", "ambiguous", "20", "0.512"]]
    assert shown["Gaps between genders, speakers and sessions"] == [["session", "m", "gender", "F", "-0.012"]]
