"""In a browser: a clip goes up, its progress is seen, its timeline opens, a lane is clicked and the video seeks."""

import re
import subprocess
import sys

import pytest
from clones import environment
from closure import ROOT
from page.browser import axe
from page.test_access import LOOK
from predict.planted_talk import plant_video

pytestmark = pytest.mark.slow
REMEMBER = """new MutationObserver(() => {
  sessionStorage.seen = `${sessionStorage.seen ?? ""}|${document.querySelector(".clip")?.innerText}`;
}).observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true }) ?? null"""
SECONDS = 7.0  # of a silent film: two turns, the longest have 5 s


@pytest.fixture(scope="module")
def served(packed, tmp_path_factory):
    """The address that `emotion serve` prints; when it is ended it leaves nothing behind."""
    temporary = tmp_path_factory.mktemp("temporary")
    command = [sys.executable, "-u", "-m", "emotion", "serve", "--model", str(packed), "--asr", "none", "--no-browser"]
    how = {"env": environment(ROOT, PYTHONPATH=str(ROOT), TMPDIR=str(temporary)), "cwd": temporary}
    server = subprocess.Popen(command, **how, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in server.stdout)), None)
    assert found, "emotion serve printed no address"
    yield found[0]
    assert len(list(temporary.glob("emotion-serve-*"))) == 1
    server.terminate()
    said, _ = server.communicate(timeout=60)
    assert (server.returncode, list(temporary.glob("emotion-serve-*"))) == (0, []), said


def test_a_clip_and_its_timeline(tab, served, tmp_path):
    film = plant_video(tmp_path / "it's <b>.mp4", seconds=SECONDS)
    watched = tab()
    page = watched.open(served)
    page.evaluate(REMEMBER)
    page.locator("#file").set_input_files(film)
    page.wait_for_url("**/clips/*/", timeout=60_000)
    seen = page.evaluate("sessionStorage.seen")
    assert re.search(r"watching: \d+ of 7 s|comparing: \d of 3|making the page", seen), seen
    watched.wait("document.querySelector('video')?.readyState >= 2")
    assert page.locator("h1").inner_text() == "it's b.mp4" and page.locator(".turn").count() == 2
    text = page.locator("main").inner_text()
    assert "looks most like" in text and " is " not in page.locator(".turn").first.inner_text()
    second = page.locator(".segment").nth(1).bounding_box()
    page.mouse.click(second["x"] + 2, second["y"] + second["height"] / 2)
    watched.wait("!document.querySelector('video').seeking")
    assert abs(page.locator("video").evaluate("video => video.currentTime") - SECONDS / 2) < 0.6
    assert page.locator(".segment.chosen").get_attribute("data-row") == "1"
    with page.expect_download() as waiting:
        page.get_by_role("link", name="timeline.csv").click()
    assert waiting.value.path().read_text(encoding="utf-8").count("\n") == 3
    page.get_by_role("link", name="Try another clip").click()
    watched.wait("document.querySelector('.clip a')?.offsetWidth > 0")
    page.get_by_role("button", name="Remove").click()
    watched.wait("!document.querySelector('.clip')")


def test_the_microphone_and_what_cannot_be_used(tab, served, tmp_path):
    pytest.importorskip("faster_whisper")
    watched = tab(width=400)
    page = watched.open(served)
    page.evaluate(axe())
    assert page.evaluate(LOOK) == []
    (tmp_path / "letter.mp4").write_text("Dear all,\n" * 200)
    page.locator("#file").set_input_files(tmp_path / "letter.mp4")
    watched.wait(
        "document.querySelector('.clip .bad')?.innerText.startsWith('undecodable media: letter.mp4')", seconds=60
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.get_by_role("button", name="● Record").click()
    watched.wait("/Stop .0:01/.test(document.body.innerText)")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url("**/clips/*/", timeout=60_000)
    watched.wait("document.querySelector('audio')?.duration >= 1")
    assert "Nobody speaks in this recording" in page.locator("main").inner_text()
