"""The newcomer's way, in fresh clones with nothing but the repository, and the bytes that it gives."""

import hashlib
import shutil

import pytest
from clones import changed, clone_into, run, stages_run

pytestmark = pytest.mark.full


def digests(folder):
    """sha256 of all that the pipeline writes."""
    files = [
        path for name in ("data", "models", "metrics") for path in sorted((folder / name).rglob("*")) if path.is_file()
    ]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = clone_into(tmp_path_factory.mktemp("newcomer") / "emotion")
    output = run(folder, "make", "repro")
    return folder, output


def test_make_repro_from_an_empty_folder(clone):
    folder, output = clone
    assert "weighted F1" in output and "metrics/confusion.png" in output
    run_again = run(folder, "dvc", "repro")
    assert stages_run(run_again) == []
    # Another processor may round differently: then the lock file and the metrics move, nothing else.
    moved = [path for path in changed(folder) if path not in ("dvc.lock", "data/dvc.lock")]
    assert [path for path in moved if not path.startswith("metrics/")] == []


def test_two_clones_give_the_same_bytes(clone, tmp_path):
    folder, _ = clone
    second = clone_into(tmp_path / "second")
    # The second clone borrows the environment (its own code comes first on the path), nothing else.
    (second / ".venv").symlink_to(folder / ".venv")
    run(second, "dvc", "repro")
    assert digests(second) == digests(folder)
    for name in ("dvc.lock", "data/dvc.lock"):
        assert (second / name).read_bytes() == (folder / name).read_bytes()


def test_who_extracts_changes_no_byte(clone, tmp_path):
    folder, _ = clone
    run(folder, "pip", "install", "--quiet", "-c", "constraints.txt", "-e", ".[ray]")
    expected = {name: digest for name, digest in digests(folder).items() if name.endswith((".h5", ".md"))}
    assert len(expected) == 8  # four caches and their cards
    for number, variables in enumerate(
        (
            {"EMOTION_WORKERS": "1"},
            {"EMOTION_WORKERS": "4", "EMOTION_BUDGET": "1"},
            {"EMOTION_EXECUTOR": "ray", "EMOTION_WORKERS": "2"},
        )
    ):
        work = tmp_path / str(number)
        (work / "data" / "raw").mkdir(parents=True)
        for name in (".venv", "emotion", "stages", "params.yaml", "models", "data/raw/synthetic"):
            (work / name).symlink_to(folder / name)
        for name in ("index.csv", "index.json"):
            shutil.copy(folder / "data" / name, work / "data" / name)
        for stage in ("faces", "extract_audio", "extract_face", "extract_text"):
            run(work, "python", "-m", f"stages.{stage}", **variables)
        made = {path.relative_to(work).as_posix() for path in (work / "data").glob("**/*.h5")}
        assert len(made) == 4
        for name, digest in expected.items():
            assert hashlib.sha256((work / name).read_bytes()).hexdigest() == digest, (name, variables)
