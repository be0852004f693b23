"""The doctor: every trap is named with its remedy, errors give exit code 1."""

import json
import shutil

import numpy as np
import pytest
import release_tree
import soundfile
from meld_tree import write_clip
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import MediaError
from emotion.corpus.check import check_corpus
from emotion.corpus.index import CORPORA
from emotion.corpus.reading import Kind
from emotion.media.probe import decode


def examine(corpus, root, *, media=False, **changes):
    settings = {"label_rule": "released", "split": "corpus", "allow_speaker_overlap": False, **changes}
    return check_corpus(corpus=corpus, root=root, decode=decode if media else None, workers=2, **settings)


def found(report):
    return {finding.kind.name: finding for finding in report.findings}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("check") / "iemocap"
    release_tree.write(root, media=False)
    return root


def edit(path, old, new):
    text = path.read_bytes().decode("latin-1")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("latin-1"))


@pytest.mark.slow
def test_every_damage_to_a_release_is_named(whole, tmp_path):
    root = tmp_path / "iemocap"
    shutil.copytree(whole, root)
    one, two = root / "Session1" / "dialog", root / "Session2" / "dialog"
    (one / "transcriptions" / "Ses01F_impro06.txt").unlink()
    (one / "EmoEvaluation" / "Ses01M_impro03.txt").unlink()
    shutil.move(two / "transcriptions" / "Ses02F_impro06.txt", one / "transcriptions")
    shutil.move(two / "EmoEvaluation" / "Ses02F_impro06.txt", one / "EmoEvaluation")
    path = root / "Session3" / "dialog" / "transcriptions" / "Ses03F_script01_3.txt"
    lines = path.read_text().splitlines()
    turns = [line for line in lines if "_F0" in line or "_M0" in line]
    path.write_text("\n".join([*(line for line in lines if line != turns[0]), turns[1]]))
    ratings = root / "Session4" / "dialog" / "EmoEvaluation" / "Ses04F_impro01.txt"
    edit(ratings, "C-E2:", "C?E2 ")
    (one / "wav").mkdir()
    (one / "wav" / "Ses01F_script01_1.wav").touch()
    report = examine("iemocap", root)
    facts = found(report)
    for what, place in {
        "dialogues without transcript": "Ses01F_impro06",
        "dialogues without evaluation": "Ses01M_impro03",
        "dialogues in the folder of another session": "Ses02F_impro06.txt",
        "rated utterances without a transcript line": turns[0].split()[0],
        "utterances transcribed twice": turns[1].split()[0],
        "evaluation lines that are not understood": "Ses04F_impro01.txt: line 4",
        "dialogues without wav": "Ses01F_",
        "dialogues without video": "Ses01F_",
    }.items():
        assert any(place in where for where in facts[what].places), what
        assert facts[what].kind.remedy
    wrong = facts["counts that differ from the release (<- in the table)"].places
    assert "dialogues of Session1: 26, expected 28" in wrong and "expected 10039" in wrong[0]
    levels = [kind.level for kind, _ in report.findings]
    assert levels == sorted(levels, key=("error", "warning", "fact").index)


@pytest.mark.slow
def test_what_cannot_be_read_is_one_finding(whole, tmp_path):
    root = tmp_path / "iemocap"
    shutil.copytree(whole, root)
    edit(root / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro06.txt", "[1.0000 - ", "[1.0000 ~ ")
    report = examine("iemocap", root)
    ((kind, places),) = report.findings
    assert kind.level == "error" and "Ses01F_impro06.txt: line 3 is '[1.0000 ~" in places[0]
    ((_, places),) = examine("meld", tmp_path / "nowhere").findings
    assert "does not exist" in places[0]


@pytest.mark.slow
def test_media_are_decoded_to_their_end(tmp_path):
    wave = 0.1 * np.sin(np.arange(16000) / 9)
    for name in ("good.wav", "cut.wav", "noise.flac"):
        soundfile.write(tmp_path / name, wave, 8000)
    write_clip(tmp_path / "good.mp4", seconds=2.0)
    write_clip(tmp_path / "dark.mp4", seconds=2.0, sound=False)
    content = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(content[:9000])
    content = bytearray((tmp_path / "noise.flac").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    (tmp_path / "noise.flac").write_bytes(bytes(content))
    rows = ["utterance,label,speaker,end,audio,video"]
    rows += ["u1,a,x,2,good.wav,good.mp4", "u2,b,y,,cut.wav,dark.mp4", "u3,b,z,9,good.mp4,", "u4,a,v,,noise.flac,"]
    (tmp_path / "utterances.csv").write_text("\n".join(rows))
    report = examine("table", tmp_path, media=True)
    facts = found(report)
    broken = facts["media files that cannot be decoded to their end"]
    assert sorted(place.split(":")[0] for place in broken.places) == ["truncated audio", "undecodable audio"]
    assert "cut.wav" in str(broken.places) and "noise.flac" in str(broken.places)
    assert [place.split()[0] for place in facts["utterances that end after their file"].places] == ["u3"]
    forms = {line.what: line.found for line in report.lines if line.what.startswith("media:")}
    assert forms == {
        "media: 1 channels, 8000 Hz": "1",
        "media: 64x48, 25.00 frames/s, 1 channels, 16000 Hz": "1",
        "media: 64x48, 25.00 frames/s, no sound": "1",
    }
    assert report.count("error") == 2


def test_raw_samples_are_no_sound_file(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(MediaError, match=r"undecodable .*a\.raw"):
        decode(tmp_path / "a.raw")


def test_leaks_and_lengths_of_a_table(tmp_path):
    text = "utterance,label,speaker,split,start,end\n"
    text += "u1,a,ann,train,0,1\nu2,b,bob,validation,0,61.5\nu3,b,ann,test,0,0.05\n"
    (tmp_path / "utterances.csv").write_text(text)
    facts = found(examine("table", tmp_path))
    assert facts["leak: speaker ann is in train and in test"].kind.remedy.startswith("split by speakers")
    assert facts["utterances longer than a minute"].places == ["u2: 61.5 s"]
    assert facts["utterances shorter than a tenth of a second"].places == ["u3: 0.050 s"]
    assert "leak" not in str(list(found(examine("table", tmp_path, allow_speaker_overlap=True))))


def test_a_speaker_who_talks_twice_at_once_is_found(tmp_path):
    spans = ["0,2", "3,5", "1.5,2.5", "2.495,2.9", "4.99,6", "0,9"]
    who = ["ann", "ann", "Ann", "ann", "bob", "cy"]
    rows = [f"u{k},{'ab'[k % 2]},d,{name},{span}" for k, (name, span) in enumerate(zip(who, spans, strict=True))]
    rows += ["v0,a,e,e,0,2", "v1,b,e,e,1,2", "w0,a,f,dan,0,1", "w1,b,f,dan,0,7"]  # nobody is named; nobody tells times
    (tmp_path / "utterances.csv").write_text("utterance,label,dialogue,speaker,start,end\n" + "\n".join(rows))
    finding = found(examine("table", tmp_path))["pairs of utterances of one speaker that overlap in time"]
    assert finding.places == ["u0 (0 to 2 s) and u2 (1.5 to 2.5 s)"] and finding.kind.level == "warning"
    assert finding.told().startswith("1 pair of utterances of one speaker that overlaps in time: u0 (0 to 2 s) and u2 ")


@pytest.mark.slow
def test_a_release_may_have_a_speaker_who_talks_twice_at_once(whole):
    places = found(examine("iemocap", whole))["pairs of utterances of one speaker that overlap in time"].places
    assert places and all(place.split()[0].split("_")[:-1] == place.split()[6].split("_")[:-1] for place in places)


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_commands(tmp_path):
    root = tmp_path / "raw"
    root.mkdir()
    rows = "\n".join(f"u{k},{'ab'[k % 2]},s{k},gone.wav" for k in range(60))
    (root / "utterances.csv").write_text(f"utterance,label,speaker,audio\n{rows.replace('gone.wav', '')}")
    check = ("corpus", "check", "--corpus", "table", "--root", root)
    good = run(*check)
    assert good.exit_code == 0 and "0 errors, 0 warnings" in good.output and "not opened" not in good.output
    about = json.loads(run(*check, "--json").output)
    assert about["errors"] == about["warnings"] == 0 and {"what", "found", "expected", "good"} == set(about["table"][0])
    done = run("index", "--corpus", "table", "--root", root, "--out", tmp_path / "index.csv")
    assert done.exit_code == 0 and (tmp_path / "index.csv").is_file() and (tmp_path / "index.json").is_file()
    (root / "utterances.csv").write_text(f"utterance,label,speaker,audio\n{rows}")
    bad = run(*check)
    assert bad.exit_code == 1 and "gone.wav cannot be used" in bad.output
    assert json.loads(run(*check, "--json").output)["errors"] == 1


@pytest.mark.slow
def test_one_line_says_that_media_were_not_opened(tmp_path):
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(8000) / 9), 8000)
    rows = [f"u{k},{'xy'[k % 2]},s{k},{'ab'[k % 2]}.wav" for k in range(9)]
    (tmp_path / "utterances.csv").write_text("\n".join(["utterance,label,speaker,audio", *rows]))
    check = ("corpus", "check", "--corpus", "table", "--root", tmp_path)
    line = "sound and video were not opened (2 files, at most their headers); --media decodes each to its end"
    assert line in run(*check).stdout.splitlines() and "opened" not in run(*check, "--media").stdout


@pytest.mark.parametrize(
    ("form", "one", "many"),
    [
        (
            "turn{s} that {begins|begin} before {it|them}",
            "1 turn that begins before it",
            "2 turns that begin before them",
        ),
        ("modalit{y|ies}", "1 modality", "2 modalities"),
        ("class{es} without one", "1 class without one", "2 classes without one"),
        ("label xxx", "1 label xxx", "2 label xxx"),
    ],
)
def test_names_of_kinds_are_right_for_one_and_for_many(form, one, many):
    for kind in (Kind.error(form, "see"), Kind.warning(form, "see"), Kind.fact(form)):
        assert (kind.counted(1), kind.counted(2), kind.name) == (one, many, many[2:])
    assert Kind("leak: speaker {a} is in both", "error", "see").counted(1) == "leak: speaker {a} is in both"


def test_wrong_usage_is_told_from_errors_of_a_corpus():
    for words in (("--corpus", "youtube"), ("--label-rule", "mine"), ("--split", "halves"), ("--no-such-option",)):
        for command in (("corpus", "check"), ("index", "--out", "x.csv")):
            done = run(
                *command, "--root", "nowhere", *(() if words[0] == "--corpus" else ("--corpus", "table")), *words
            )
            assert done.exit_code == 2, (command, words)
    for name in CORPORA:
        assert run("corpus", "check", "--corpus", name, "--root", "nowhere").exit_code == 1
