"""Every command in README, docs and help is one that works when it is pasted."""

import shlex
import shutil
import sys

import pytest
from clones import copy, environment, run, stages_run
from documented import mentioned, options, parse, typed

# Parsed with their options, but not run here: what each needs.
NOT_RUN = {
    "make repro": "installs an environment; run by the fresh clone of make test-full",
    "make test": "is this",
    "make site": "tests/test_site.py builds it",
    "make view": "opens a browser; tests/page does that",
    "emotion predict a.mp4": "the same",
    "emotion predict talk.mp4": "a recording of one's own; tests/predict does that",
    "emotion view": "opens a browser; tests/page does that",
    "emotion serve": "serves until it is ended; tests/page does that",
    "emotion report": "tests/page does that",
    "emotion import IEMOCAP_features.pkl": "a licensed file; tests/exchange imports planted ones",
    "emotion study --features features/": "features of a licensed file",
    "emotion study --features data --out studies/data": "many minutes; the quick study is run",
    "emotion study --features data --out studies/loso": "many minutes: encoders of each fold; tests/study does that",
    "emotion study --features data --out studies/parts": "many minutes",
    "emotion study --features data --out studies/play": "many minutes: encoders of each fold; tests/study does that",
    "emotion study --features data --out studies/tuned": "many minutes",
    "emotion study --features data --out studies/mine": "recipes that a search has to write first",
    "emotion tune --features data": "an hour; tests/study/test_tune.py does that on planted features",
    "emotion study --features data --models": "many minutes",
    "emotion study --features data --out benchmarks": "many minutes",
    "emotion corpus check --corpus iemocap": "a licensed corpus; tests/corpus does that on generated trees",
    "emotion corpus check --corpus table": "a corpus of one's own; tests/corpus/test_check.py does that",
    "emotion corpus check --corpus plugins/": "a corpus of one's own; tests/corpus/test_own.py does that",
    "emotion index --corpus iemocap": "a licensed corpus",
    "dvc exp run -S corpus=": "a licensed corpus, or one's own; tests/test_experiments.py does that",
    "dvc exp run -S audio.encoder=": "the network, for the checkpoint",
    "dvc exp run -S face.detector=yunet": "the network, for its weights; tests/media/test_yunet.py runs it",
    "dvc exp run -S face.size=224": "the network, for the checkpoint",
    "emotion train": "a corpus of one's own; tests/pipeline does that",
    "emotion model push": "the network; tests/bundle/test_hub.py plants the hub",
    "emotion model pull": "the network; tests/bundle/test_hub.py plants the hub",
    "emotion fetch base": "the network; tests/bundle/test_base.py does that",
    "emotion fetch yunet": "the network; tests/media/test_yunet.py does that",
    "emotion fetch light-asd": "the network; tests/conversation/test_weights.py does that",
    "emotion fetch asr-tiny": "the network; tests/conversation/test_weights.py does that",
    "dvc exp run -S text.encoder=": "a checkpoint",
    "dvc exp run -S model=my_model": "one's own model, see docs",
    "dvc exp run -S history=all": "IEMOCAP's size",
    "dvc repro sessions": "an hour, and a licensed file",
    "dvc plots show": "opens a browser",
    "python -m benchmarks": "minutes to an hour",
}
# Run by `make test-full`: each trains something.
LONG = ("dvc exp run", "dvc queue start", "emotion study")
AFTER = ["fuse", "evaluate"]
TYPED = typed()
EMOTION = {command: where for command, where in mentioned().items() if command.startswith("emotion ")}


def left_out(command):
    return next((why for start, why in NOT_RUN.items() if command.startswith(start)), "")


@pytest.mark.parametrize("command", TYPED)
def test_it_can_be_parsed(command):
    parse(command)


@pytest.mark.parametrize("command", EMOTION)
def test_what_a_sentence_names_exists(command):
    assert options(command) == set(), EMOTION[command]


def test_there_are_commands():
    assert len(TYPED) > 30 and "dvc repro" in TYPED


@pytest.fixture(scope="module")
def finished(tmp_path_factory, finished_run):
    """A clone with a finished pipeline of few epochs, and two experiments that documented commands compare with.

    An experiment runs the fusion stage and what follows; with another model, the digests of the code too.
    """
    folder = copy(finished_run[0], tmp_path_factory.mktemp("documented") / "emotion")
    run(folder, "git", "commit", "--quiet", "-am", "a run")
    for name, change, stages in (("lr-1e-3", "lr=1e-3", AFTER), ("cmn", "model=cmn", ["code", *AFTER])):
        assert stages_run(run(folder, "dvc", "exp", "run", "-n", name, "-S", change)) == stages
        run(folder, "git", "checkout", "--quiet", ".")
    return folder


def forget(folder, experiment):
    """Remove an experiment that another documented command has left; `--force` would run every stage again."""
    if f"/{experiment}\n" in run(folder, "git", "for-each-ref", "--format=%(refname)", "refs/exps"):
        run(folder, "dvc", "exp", "remove", experiment)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=pytest.mark.full if command.startswith(LONG) else ())
        for command in TYPED
        if not left_out(command)
    ],
)
def test_it_works_when_pasted(finished, command):
    program, *words = shlex.split(command)
    if program == "emotion":
        program, words = sys.executable, ["-m", "emotion", *words]
    names = {"Ses05F_impro01_F000"} & set(words)
    if names:  # an utterance of the generated corpus
        (finished / "data" / "index.csv").read_text(encoding="utf-8").index(names.pop())
    if words[:2] == ["exp", "run"] and "-n" in words:
        forget(finished, words[words.index("-n") + 1])
    run(finished, shutil.which(program, path=environment(finished)["PATH"]) or program, *words)
    if command.startswith(LONG):  # each begins with the finished run again
        run(finished, "git", "checkout", "--quiet", ".")
        run(finished, "dvc", "checkout")


@pytest.mark.full
@pytest.mark.slow
def test_the_sweep_is_a_table_that_fits(finished):
    run(finished, "dvc", "exp", "remove", "--all-commits")  # those of other pages, with long names of plugins
    run(finished, "git", "checkout", "--quiet", ".")
    run(finished, "dvc", "repro")  # the digests of another model's code would be a column
    for lr in ("1e-3", "2e-3"):
        run(finished, "dvc", "exp", "run", "-n", f"lr-{lr}", "-S", f"lr={lr}")
        run(finished, "git", "checkout", "--quiet", ".")
    shown = run(finished, "dvc", "exp", "show", "--only-changed", "--md", "--no-pager")
    header = next(line for line in shown.splitlines() if line.startswith("|"))
    assert header.count("|") - 1 <= 24, header
    (narrow,) = [command for command in TYPED if command.startswith("dvc exp show --only-changed --")]
    shown = run(finished, *shlex.split(narrow), "--no-pager", COLUMNS="160")
    assert "…" not in shown and max(map(len, shown.splitlines())) <= 160
    assert "lr-1e-3" in shown and "validation.weighted_f1" in shown
    table = run(finished, sys.executable, "-m", "emotion", "experiments", COLUMNS="80")
    assert "lr-1e-3" in table and "lr=0.001" in table and max(map(len, table.splitlines())) <= 120
