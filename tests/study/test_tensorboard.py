"""Training curves as TensorBoard reads them."""

import socket
import sys

import numpy as np
import pytest
from planted_study import conduct
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.study.run import read_result
from emotion.study.tensorboard import check_installed, write_events

runner = CliRunner()


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_every_run_has_its_curve_also_one_of_before(features, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    conduct(features, tmp_path)
    assert not (tmp_path / "tensorboard").exists()  # nothing by default
    logged = []
    conduct(features, tmp_path, log=lambda run: logged.append(write_events(run)))
    runs = sorted((tmp_path / "runs").glob("*.npz"))
    assert sorted(path.parent.name for path in logged) == [path.stem for path in runs] and len(runs) > 2
    for path in runs:
        (file,) = (tmp_path / "tensorboard" / path.stem).iterdir()
        assert socket.gethostname() not in file.name
        seen = EventAccumulator(str(file.parent)).Reload()
        expected = read_result(path).curve
        assert len(expected) and np.isfinite(expected).all()
        tags = ("loss/training", "loss/validation", "weighted F1/validation")
        assert sorted(seen.Tags()["scalars"]) == sorted(tags)
        for tag, values in zip(tags, expected.T, strict=True):
            assert [event.step for event in seen.Scalars(tag)] == [*range(1, len(values) + 1)]
            np.testing.assert_allclose([event.value for event in seen.Scalars(tag)], values, rtol=1e-6)
        content = file.read_bytes()
        file.unlink()
        conduct(features, tmp_path, log=write_events)
        assert file.read_bytes() == content


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_the_command_says_how_to_look_at_them(features, tmp_path):
    options = ["--models", "cnn", "--seeds", "1", "--epochs", "2", "--workers", "1", "--log", "tensorboard"]
    result = runner.invoke(app, ["study", "--features", str(features), "--out", str(tmp_path), *options])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == f"curves: tensorboard --logdir {tmp_path}"
    assert len(list(tmp_path.glob("tensorboard/cnn-seed1-*/events.out.tfevents.0"))) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("no_pictures")
def test_a_curve_that_cannot_be_written_ends_no_study(features, tmp_path, capsys):
    (tmp_path / "tensorboard").touch()
    conduct(features, tmp_path, log=write_events)
    assert capsys.readouterr().err.count("warning: no curve for TensorBoard: ") > 2
    assert (tmp_path / "study.md").exists()


def test_without_the_extra_it_is_named_before_anything_is_done(features, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(
        EmotionError, match=r"tensorboard, which is not installed or not whole \(.*\): pip install '\.\[tensorboard\]'"
    ):
        check_installed()
    arguments = ["study", "--features", str(features), "--out", str(tmp_path / "out"), "--log", "tensorboard"]
    assert isinstance(runner.invoke(app, arguments).exception, EmotionError)
    assert not (tmp_path / "out").exists()
