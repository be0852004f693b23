"""The newcomer's way through README: the run, then the page; the three most certain mistakes are found and played."""

import csv
import re
import subprocess
import sys

import pytest
from clones import environment, run
from closure import ROOT

pytestmark = pytest.mark.slow
MADE = ("metrics/predictions.csv", "models/fusion/model.safetensors", "data/index.csv", "data/features/text.h5")
CLICKS = 8


@pytest.fixture(scope="module")
def folder(request):
    """A finished run: the one in this checkout, or one of few epochs in a clone."""
    if all((ROOT / name).exists() for name in MADE):
        return ROOT
    return request.getfixturevalue("finished_run")[0]


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory):
    """The page as one file, away from the run."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    run(folder, sys.executable, "-m", "emotion", "report", "--out", str(path), PYTHONPATH=str(folder))
    alone = path.rename(tmp_path_factory.mktemp("alone") / "report.html")
    return alone.as_uri()


@pytest.fixture(scope="module")
def served(folder):
    """The address that `emotion view` prints."""
    command = [sys.executable, "-u", "-m", "emotion", "view", "--no-browser", "--port", "0"]
    server = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, PYTHONPATH=str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in server.stdout)), None)
    assert found, "emotion view printed no address"
    yield found[0]
    server.terminate()
    server.communicate(timeout=20)


def certain_mistakes(folder):
    """Probabilities of the wrong predictions of the test set, the highest first, in per cent."""
    with (folder / "metrics" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["actual"] != row["predicted"]]
    return sorted(((float(row[row["predicted"]]), row["utterance"]) for row in rows), reverse=True)


def play_three(watched, folder):
    """From the page's first view on: how many clicks until three mistakes were played."""
    page, clicks = watched.tab, 1
    expected = certain_mistakes(folder)
    page.get_by_role("link", name="Utterances", exact=True).click()
    page.locator(".row").first.wait_for()
    for number in range(3):
        row = page.locator(".row").nth(number)
        name, shown = row.locator(".meta a").inner_text(), row.locator(".verdict").inner_text()
        chance = dict(map(reversed, expected))[name]
        assert "✗" in shown and abs(chance - expected[number][0]) < 0.005  # the page rounds: equals may change places
        row.get_by_role("button", name="Play").click()
        clicks += 1
        before = "document.querySelector('#player video, #player audio').currentTime"
        at = page.evaluate(before)
        watched.wait(f"{before} > {at} + 0.1")  # it runs
        assert page.locator("#player p").inner_text() == row.locator(".text").inner_text()
    return clicks


@pytest.fixture(params=[pytest.param("report", marks=pytest.mark.full), "served"])
def address(request):
    """The file takes a minute and a half to write: it holds all of the films."""
    return request.getfixturevalue(request.param)


def test_the_three_most_certain_mistakes(tab, folder, address):
    watched = tab()
    watched.open(address)
    assert play_three(watched, folder) <= CLICKS


def test_every_view_of_a_real_run(tab, address):
    watched = tab()
    page = watched.open(address)
    for view in ("overview", "confusion", "utterances", "dialogue", "faces", "modalities"):
        watched.view(view)
        assert len(page.locator("main").inner_text()) > 100, view
        watched.wait("[...document.images].filter((image) => image.complete && !image.naturalWidth).length === 0")
    assert "contains corpus text" in page.locator("footer").inner_text()


def test_the_commands_stand_in_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "emotion view" in text and "emotion report --out" in text
