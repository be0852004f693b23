"""Whatever happens, a program ends with one line and a stable exit code."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest
from closure import ROOT

from emotion.core.errors import EmotionError, because, cannot, one_line_errors

CODE = "from emotion.core.errors import EmotionError, one_line_errors\nwith one_line_errors():\n    {}"


def ends(capsys, error):
    with pytest.raises(SystemExit) as ended, one_line_errors():
        raise error
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (EmotionError("a.csv: bad; fix it"), 1, "error: a.csv: bad; fix it\n"),
        (EmotionError("id \x1b[2J\nnext"), 1, "error: id \\x1b[2J\\nnext\n"),
        (KeyboardInterrupt(), 130, "interrupted: run the same command again to continue\n"),
        (
            FileNotFoundError(errno.ENOENT, "No such file", "x.csv"),
            1,
            "error: x.csv: it does not exist, or its folder has vanished; check the path, mount the disk again\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "x.csv"),
            1,
            "error: x.csv: No space left on device; free some space there and run again\n",
        ),
    ],
)
def test_errors_are_one_line(capsys, error, code, line):
    assert ends(capsys, error) == (code, line)


def test_a_fault_of_ours_is_one_line_too(capsys, monkeypatch):
    code, line = ends(capsys, KeyError("x\ny"))
    assert code == 1 and line.count("\n") == 1
    assert line.startswith("error: KeyError in test_errors.py:") and "EMOTION_TRACEBACK=1" in line
    assert ends(capsys, MemoryError())[1].startswith("error: out of memory")
    monkeypatch.setenv("EMOTION_TRACEBACK", "1")
    with pytest.raises(KeyError), one_line_errors():
        raise KeyError("x")


def test_remedies_follow_the_number():
    assert because(OSError(errno.EMFILE, "x"))[1].startswith("raise the limit (ulimit -n")
    assert because(OSError(errno.EROFS, "x"))[0] == "the disk is read-only"
    assert because(RuntimeError("Unable to sync file (errno = 28, error message = 'No space')"))[0].startswith(
        "No space"
    )
    assert because(MemoryError()) == ("out of memory", "end other programs and run again")
    assert because(OSError("odd\nthing"))[0] == "odd thing"
    assert str(cannot("be written", "a.csv", OSError(errno.EIO, "x"))).startswith("a.csv: cannot be written (the disk")


def test_messages_follow_the_level(monkeypatch):
    def said(level):
        code = "from emotion.core import logs\nlogs.start()\nlogs.info('i')\nlogs.warning('w')\nlogs.error('e')"
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"EMOTION_LOG": level},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stderr.split()

    assert said("") == said("info") == said("nonsense") == ["i", "w", "e"]
    assert said("warning") == ["w", "e"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [["-m", "stages.index"], ["-m", "emotion", "corpus", "check"]])
def test_an_interrupt_at_any_moment_is_one_line(command, tmp_path):
    """Python itself needs some hundredths of a second before our first line can run."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    subprocess.run([sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    whole = time.monotonic() - began
    for moment in range(1, 8):
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        time.sleep(0.1 + moment / 8 * whole)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said, said
        assert process.returncode in (130, 1, 2), said  # 1 and 2: it had ended already
        assert process.returncode != 130 or said.endswith("interrupted: run the same command again to continue\n")


def test_an_interrupt_inside_a_generated_function_has_the_exit_code_of_all_others(tmp_path):
    """Libraries make classes with `exec`; Python then ends by the signal itself, unless it is told otherwise."""
    (tmp_path / "program.py").write_text(
        "from emotion.core import interrupts\ninterrupts.leave_at_once()\n"
        "from emotion.core.errors import one_line_errors\n"
        "with one_line_errors():\n    print('said')\n    exec('raise KeyboardInterrupt')\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    run = subprocess.run(
        [sys.executable, "-m", "program"], env=environment, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (130, "said\n")
    assert run.stderr == "interrupted: run the same command again to continue\n"
