"""Ctrl-C: the end at once while nothing has begun, then an exception, noted around C code, and nothing at the end."""

import atexit
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from emotion.core import interrupts
from emotion.core.errors import one_line_errors

LINE = "interrupted: run the same command again to continue\n"


class Left(BaseException):
    """The process would have ended."""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """A process of which nobody has changed Ctrl-C; what it registers for its end. Afterwards all is as it was."""
    before, found = signal.signal(signal.SIGINT, signal.default_int_handler), []

    def leave(code):
        raise Left(code)

    for name in ("_program", "_raised"):
        monkeypatch.setattr(interrupts, name, [])
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(atexit, "register", found.append)
    yield found
    signal.signal(signal.SIGINT, before)


def handler():
    return signal.getsignal(signal.SIGINT)


def press():
    signal.raise_signal(signal.SIGINT)


def test_before_the_program_begins_it_ends_at_once(capfd):
    interrupts.leave_at_once()
    with pytest.raises(Left, match="130"):
        press()
    assert capfd.readouterr().err == LINE


def test_then_it_is_pythons_exception_and_at_the_end_nothing(registered):
    interrupts.leave_at_once()
    with one_line_errors():
        with pytest.raises(KeyboardInterrupt):
            press()
        assert handler() is signal.default_int_handler
    assert handler() is signal.SIG_IGN
    (end,) = registered
    end()  # the program was not interrupted: Python goes on with its own end


@pytest.mark.parametrize("closed", [False, True])
def test_an_interrupted_program_ends_with_130_whatever_python_thinks(registered, monkeypatch, capsys, closed):
    interrupts.leave_at_once()
    with pytest.raises(SystemExit, match="130"), one_line_errors():
        press()
    assert capsys.readouterr().err == LINE and handler() is signal.SIG_IGN
    with Path(os.devnull).open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        if closed:
            out.close()  # nothing can be flushed any more
        with pytest.raises(Left, match="130"):
            registered[0]()


def test_a_program_in_the_background_of_a_script_goes_on_ignoring_it(registered):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.leave_at_once()
    interrupts.raise_from_now_on()
    with interrupts.put_off(pytest.fail):
        assert handler() is signal.SIG_IGN
    assert handler() is signal.SIG_IGN and registered == []


def test_who_is_no_program_of_ours_keeps_ctrl_c():
    with one_line_errors():
        pass
    assert handler() is signal.default_int_handler


def test_put_off_it_is_noted_and_then_an_exception_again():
    noted = []
    with interrupts.put_off(lambda: noted.append("pressed")):
        press()
        press()
    assert noted == ["pressed"] * 2
    with pytest.raises(KeyboardInterrupt):
        press()


def test_only_the_main_thread_can_put_it_off():
    seen = []

    def work():
        with interrupts.put_off(pytest.fail):
            seen.append(handler())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
