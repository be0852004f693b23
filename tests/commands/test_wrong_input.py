"""Wrong input of commands: one line that names the file, what was found, what was expected and what to do."""

import shutil

import pytest
from planted_study import plant
from typer.testing import CliRunner

from benchmarks.planted_run import ROOT
from emotion.cli import app
from emotion.core.errors import EmotionError, cannot

STUDY = ROOT / "benchmarks" / "iemocap_features" / "study"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.yaml").touch()
    (tmp_path / "text").write_text("hello\n", encoding="utf-8")
    shutil.copytree(STUDY, tmp_path / "study")
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("report {0}/none", "{0}/none: no such folder, expected the folder of a run or of a study; check the path"),
        ("report {0}/text", "{0}/text: is a file, expected the folder of a run or of a study; check the path"),
        (
            "view {0}/empty --no-browser",
            "{0}/empty: has neither data (of a run) nor study.json (of a study), expected one of them; check the path, "
            "or begin a run there: dvc repro index",
        ),
        (
            "report {0}/study --out {0}/o.html --against x",
            "{0}/study: is a study, which has no run beside it; leave out --against",
        ),
        (
            "export --features {0}/none --out {0}/o.pkl",
            "{0}/none: no such folder, expected a folder with index.csv and features/*.h5; check the path",
        ),
        (
            "study --features {0}/text --out {0}/o",
            "{0}/text: is a file, expected a folder with index.csv and features/*.h5; check the path",
        ),
        ("params --file {0}/nothing.yaml", "{0}/nothing.yaml: the file is empty, expected keys with values"),
        (
            "params --file {0}/none",
            "{0}/none: not found; check the path, or run the command in the project's folder",
        ),
        (
            "cache show {0}/none",
            "{0}/none: no such file; check the path, or run the stage or import that makes it",
        ),
    ],
)
def test_one_line(folder, command, line):
    done = invoke(*command.format(folder).split())
    assert isinstance(done.exception, EmotionError)
    assert (str(done.exception), done.exception.exit_code) == (line.format(folder), 1)


@pytest.mark.parametrize(
    "command",
    [
        "import x.pkl --out o --split some",
        "import x.pkl --out o --text-block 5",
        "export --out o.pkl --format mmgcn",
        "study --features x --out o --protocol holdout",
        "study --features x --out o --seeds 0",
        "study --features x --out o --epochs 0",
        "report --media some",
    ],
)
def test_wrong_values_are_wrong_usage(command):
    done = invoke(*command.split())
    assert done.exit_code == 2
    assert "Invalid value for '--" in done.output


def test_a_table_of_a_study_that_was_cut_short(folder):
    table = folder / "study" / "study.csv"
    content = table.read_bytes()
    for end, found in ((len(content) - 200, r"line \d+ has \d+ columns, expected \d+"), (40, "holds no table")):
        table.write_bytes(content[:end])
        with pytest.raises(EmotionError, match=rf"study\.csv: {found}; run the study again: emotion study$"):
            raise invoke("report", folder / "study", "--out", folder / "o.html").exception


def test_a_folder_named_as_a_cache_is_not_left_out(tmp_path):
    features = plant(tmp_path / "features")
    (features / "features" / "audio.h5").unlink()
    (features / "features" / "audio.h5").mkdir()
    done = invoke("export", "--features", features, "--out", tmp_path / "o.pkl")
    assert "audio.h5: is no file, expected a feature cache; check the path" in str(done.exception)


def test_a_file_in_the_place_of_a_folder_is_named(folder):
    said = str(cannot("be written", folder / "text" / "deep" / "o.pkl", FileExistsError(17, "File exists")))
    assert said.endswith(f"cannot be written ({folder / 'text'} is a file, not a folder); choose another path")


def test_commands_end_with_what_to_do_next(folder, monkeypatch):
    done = invoke("report", folder / "study", "--out", folder / "o.html")
    assert done.output.endswith("MB, open it in a browser; it contains figures, no corpus text\n")
    done = invoke("encoders", "describe", "audio")
    assert done.output.endswith("\nuse it: dvc exp run -S audio.encoder=paper\n")
    done = invoke("corpus", "check", "--corpus", "table", "--root", folder / "empty")
    assert done.output.replace("\n", " ").endswith("1 error, 0 warnings; correct the errors and check again ")
    monkeypatch.chdir(folder)
    (folder / ".cache" / "emotion").mkdir(parents=True)
    (folder / ".cache" / "emotion" / "fuse-old.pt").touch()
    done = invoke("cache", "prune", "--dry-run", "--days", "0")
    assert done.output.endswith("; remove them: emotion cache prune --days 0\n")
