"""Experiments on a corpus of one's own in a fresh clone: what runs, what git sees, the queue, interrupts."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest
from cases.inputs import rows, table, wavs
from clones import blobs, changed, clone_into, copy, environment, less_work, run, stages_run
from page.beside import links, scored, viewed
from page.browser import Watched

pytestmark = pytest.mark.slow

# Joined here, so that the words are in no file of the repository itself.
SPEAKER, TAKE, WORDS = "-".join(("Gwendolyn", "Fairfax")), "-".join(("take", "17")), " ".join(("not", "for", "anyone"))
AFTER = ("fuse", "evaluate")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """24 utterances with sound and words, without video."""
    folder = tmp_path_factory.mktemp("private") / "recordings"
    lines = rows(
        24,
        utterance=lambda i: f"{TAKE}-{i}",
        speaker=lambda i: f"{SPEAKER}-{i // 2}",
        text=lambda i: f"{WORDS}, number {i}",
        audio=wavs(folder, 24, 0.5),
    )
    table(folder, lines)
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory, corpus):
    """A clone with a link to the corpus and a first experiment, committed."""
    folder = clone_into(tmp_path_factory.mktemp("experiments") / "emotion", borrow=True)
    less_work(folder)
    run(folder, "git", "commit", "--quiet", "-am", "less work")
    (folder / "data" / "raw" / "table").symlink_to(corpus)
    output = run(folder, "dvc", "exp", "run", "-S", "corpus=table")
    at_once = changed(folder)
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "-m", "my corpus")
    return folder, output, at_once


def test_the_generated_corpus_runs_through(finished_run, tmp_path):
    folder, output = copy(finished_run[0], tmp_path / "emotion"), finished_run[1]
    assert stages_run(output)[:3] == ["code", "synthesize", "index"] and len(stages_run(output)) == 12
    assert stages_run(run(folder, "dvc", "repro")) == []
    moved = [path for path in changed(folder) if path not in ("params.yaml", "dvc.lock", "data/dvc.lock")]
    assert [path for path in moved if not path.startswith("metrics/")] == []


def tidy(folder):
    run(folder, "git", "checkout", "--quiet", ".")
    run(folder, "dvc", "checkout", "dvc.yaml")  # without the name it asks for the generated corpus as well


def back(folder):
    """As it was committed, the digests of the code too."""
    tidy(folder)
    run(folder, "dvc", "repro")
    tidy(folder)


def leaks(folder):
    """What git knows that it must not know."""
    found = {word for blob in blobs(folder) for word in (SPEAKER, TAKE, WORDS) if word.encode() in blob}
    return found | {"sound" for blob in blobs(folder) if blob.startswith(b"RIFF")}


@pytest.mark.full
def test_a_corpus_of_ones_own_runs_through(clone):
    folder, output, at_once = clone
    assert stages_run(output)[:2] == ["code", "index"] and stages_run(output)[-2:] == ["fuse", "evaluate"]
    assert "synthesize" not in output and not (folder / "data" / "raw" / "synthetic").exists()
    assert output.count("the corpus has no video: nothing to do") == 3
    assert [path for path in at_once if path not in ("params.yaml", "dvc.lock") and path[:8] != "metrics/"] == []
    assert stages_run(run(folder, "dvc", "repro")) == []
    assert changed(folder) == []
    assert "coverage" not in (folder / "metrics" / "metrics.json").read_text(encoding="utf-8")  # of no frames


@pytest.mark.full
def test_experiments_touch_the_fusion_stage_only(clone):
    folder, *_ = clone
    assert stages_run(run(folder, "dvc", "exp", "run", "-S", "lr=1e-3")) == ["fuse", "evaluate"]
    tidy(folder)
    assert stages_run(run(folder, "dvc", "exp", "run", "-n", "cmn", "-S", "model=cmn")) == ["code", *AFTER]
    tidy(folder)
    found = run(folder, "dvc", "metrics", "diff", "--all", "cmn", "--md")
    assert "test.weighted_f1" in found and "test.per_class_f1.glad" in found and "validation.weighted_f1" in found
    back(folder)


@pytest.mark.full
def test_the_page_shows_a_run_beside_an_experiment(clone, browser):
    """Both runs' scores and the test utterances on which they differ, as the two runs' own files say."""
    folder, *_ = clone
    assert stages_run(run(folder, "dvc", "exp", "run", "-n", "x", "-S", "lr=0.1")) == ["fuse", "evaluate"]
    scores, predicted = scored(folder)
    tidy(folder)
    before, first = scored(folder)
    apart = {name for name in first if first[name] != predicted[name]}
    assert apart and first.keys() == predicted.keys() and before != scores
    with viewed(folder, "--against", "x") as address:
        with urllib.request.urlopen(address) as answer:
            text = answer.read().decode()
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1])
        assert (data["scores"], data["against"]["scores"], data["against"]["name"]) == (before, scores, "x")
        assert data["against"]["changed"] == [["lr", "0.0003", "0.1"]]
        tab = Watched(browser)
        page = tab.open(address)
        rows = page.get_by_label("Scores side by side").locator("tbody tr").all_inner_texts()
        shown = next(row.split("\t") for row in rows if row.startswith("weighted F1"))
        percents = [f"{100 * found['test']['weighted_f1']:.1f}" for found in (before, scores)]
        assert [cell.split("\u00a0")[0] for cell in shown[1:3]] == percents
        assert f"They differ on {len(apart)} test utterance" in page.locator("main").inner_text()
        page.get_by_role("link", name="Show all in the list").click()
        tab.settled()
        assert {link.split("u=")[1] for link in links(page)} == apart
        assert (tab.errors, tab.strangers()) == ([], [])


@pytest.mark.full
def test_a_queued_grid_finishes_and_finds_the_corpus(clone):
    folder, *_ = clone
    run(folder, "dvc", "exp", "run", "-S", "lr=1e-4,2e-4", "-S", "seed=1,2", "--queue")
    run(folder, "dvc", "queue", "start", "-j", "2")
    deadline = time.monotonic() + 900  # s
    while time.monotonic() < deadline and re.search("Running|Queued", run(folder, "dvc", "queue", "status")):
        time.sleep(2)
    status = run(folder, "dvc", "queue", "status")
    assert status.count("Success") == 4, status
    assert changed(folder) == []


@pytest.mark.full
def test_modalities_are_one_value_for_the_queue(clone):
    folder, *_ = clone
    before = run(folder, "dvc", "queue", "status").count("Queued")
    run(folder, "dvc", "exp", "run", "--queue", "-S", "modalities=audio+text")
    assert run(folder, "dvc", "queue", "status").count("Queued") == before + 1
    run(folder, "dvc", "queue", "remove", "--queued")


@pytest.mark.full
def test_a_run_in_a_copy_reads_the_corpus_where_it_lies(clone, corpus):
    folder, *_ = clone
    output = run(folder, "dvc", "exp", "run", "--temp", "-S", "index.label_rule=strict")
    assert stages_run(output)[:2] == ["code", "index"] and "24 utterances of 24 dialogues" in output
    assert len(list(corpus.glob("*.wav"))) == 24 and changed(folder) == []


@pytest.mark.full
def test_a_corpus_that_is_not_there_is_one_line(clone):
    folder, *_ = clone
    for options in ([], ["--temp"]):
        output = run(folder, "dvc", "exp", "run", *options, "-S", "corpus=meld", expect=255)
        assert "data/raw/meld: the folder of corpus meld does not exist; copy or link the unpacked release" in output
        tidy(folder)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_no_other(clone, number):
    """Ctrl-C reaches the stages too, SIGTERM ends DVC alone: git then stands where it stood, without a branch."""
    folder, *_ = clone
    branch = run(folder, "git", "symbolic-ref", "--short", "HEAD").strip()
    job = subprocess.Popen(
        ["dvc", "exp", "run", "-S", "index.split=corpus", "-S", f"audio.seed={int(number)}"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in job.stdout:
        if "stages.fit_audio" in line:
            break
    time.sleep(1)
    os.killpg(job.pid, number) if number == signal.SIGINT else job.send_signal(number)
    job.communicate(timeout=60)
    assert job.returncode != 0
    output = run(folder, "dvc", "exp", "run", "-S", f"audio.seed={int(number)}")
    assert "fit@audio" in stages_run(output)
    if number == signal.SIGTERM:
        run(folder, "git", "switch", "--quiet", "-")  # as docs/pipeline.md says
    assert run(folder, "git", "symbolic-ref", "--short", "HEAD").strip() == branch
    assert run(folder, "git", "stash", "list") == ""
    tidy(folder)


@pytest.mark.full
def test_a_model_of_ones_own_is_trained_and_an_edit_trains_it_again(clone):
    folder, *_ = clone
    gated, mine = folder / "plugins" / "gated.py", folder / "plugins" / "mine.py"
    named = ("-S", "model=plugins/mine.py:Gated")
    mine.write_text(gated.read_text(encoding="utf-8"), encoding="utf-8")
    output = run(folder, "dvc", "exp", "run", "--temp", *named, expect=255)
    assert "plugins/mine.py not found" in output and "git add it" in output
    run(folder, "git", "add", "plugins/mine.py")
    output = run(folder, "dvc", "exp", "run", "--temp", *named)
    assert stages_run(output) == ["code", *AFTER] and "fuse: plugins/mine.py:Gated on audio+face+text" in output
    assert stages_run(run(folder, "dvc", "exp", "run", *named)) == ["code", *AFTER]
    mine.write_text(mine.read_text(encoding="utf-8") + "_NEW = 1\n", encoding="utf-8")
    gated.write_text(gated.read_text(encoding="utf-8") + "_NEW = 1\n", encoding="utf-8")
    assert stages_run(run(folder, "dvc", "repro")) == ["code", *AFTER]
    gated.write_text(gated.read_text(encoding="utf-8") + "_NEW = 2\n", encoding="utf-8")
    assert stages_run(run(folder, "dvc", "repro")) == ["code"]
    mine.unlink()  # a run in the workspace takes it out of the index again
    back(folder)


@pytest.mark.full
def test_a_reader_and_an_encoder_of_ones_own(clone, corpus):
    """The worked examples of plugins/, with a link to a corpus that lies elsewhere."""
    folder, *_ = clone
    reader, theirs = "plugins/folders.py:read", corpus.parent / "folders"
    for i, path in enumerate(sorted(corpus.glob("*.wav"))):
        (theirs / ("glad", "sad")[i % 2]).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, theirs / ("glad", "sad")[i % 2] / f"{SPEAKER}-{i // 2}_{TAKE}.wav")
    named = ("-S", f"corpus={reader}", "-S", "audio.encoder=plugins/prosody.py:Prosody")
    output = run(folder, "dvc", "exp", "run", *named, expect=255)
    assert f"data/raw/{reader}: the folder of corpus {reader} does not exist; copy or link there" in output
    tidy(folder)
    raw = folder / "data" / "raw" / reader
    raw.parent.mkdir()
    raw.symlink_to(theirs)
    output = run(folder, "dvc", "exp", "run", "--temp", *named)
    assert "24 utterances of 24 dialogues" in output and "audio encoder: frozen without a projection" in output
    assert stages_run(output)[:2] == ["code", "index"] and stages_run(output)[-2:] == list(AFTER)
    back(folder)


@pytest.mark.full
def test_a_comment_runs_the_digest_alone_and_a_model_the_fusion(clone):
    folder, *_ = clone
    models = folder / "emotion" / "fusion" / "models"
    source, other = models / "fusion.py", models / "cmn.py"
    before = source.read_text(encoding="utf-8")
    with other.open("a", encoding="utf-8") as file:
        file.write("_NEW = 1\n")  # of a model that is not trained
    source.write_text(before + "# a comment\n", encoding="utf-8")
    assert stages_run(run(folder, "dvc", "repro")) == ["code"]
    source.write_text(before + "_NEW = 1\n", encoding="utf-8")
    assert stages_run(run(folder, "dvc", "repro"))[:2] == ["code", "fuse"]
    source.write_text(before, encoding="utf-8")
    run(folder, "dvc", "repro")
    tidy(folder)


@pytest.mark.full
@pytest.mark.parametrize("value", ["fusoin"])
def test_a_bad_param_is_one_line(clone, value):
    folder, *_ = clone
    output = run(folder, "dvc", "exp", "run", "-S", f"model={value}", expect=255)
    assert f"model is '{value}', expected one of" in output
    back(folder)


@pytest.mark.full
def test_a_folder_is_as_private_as_a_link(clone, corpus):
    folder, *_ = clone
    raw = folder / "data" / "raw" / "table"
    raw.unlink()
    shutil.copytree(corpus, raw)
    assert changed(folder) == []
    assert stages_run(run(folder, "dvc", "exp", "run", "-S", "lr=4e-3")) == ["fuse", "evaluate"]
    tidy(folder)
    shutil.rmtree(raw)
    raw.symlink_to(corpus)


@pytest.mark.full
def test_git_has_learnt_nothing_private(clone):
    """Last: after all of the above, in whatever ref, stash or lost commit."""
    folder, *_ = clone
    assert "refs/exps/" in run(folder, "git", "for-each-ref")
    assert leaks(folder) == set()
    tracked = run(folder, "git", "ls-files", "data").split()
    assert tracked == ["data/dvc.lock", "data/dvc.yaml", "data/raw/.gitignore"]
