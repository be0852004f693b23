"""Recordings in the page: sought to the picture, played to the end of the utterance and no further."""

import base64
import functools
import http.server
import io
import socketserver
import threading

import numpy as np
import pytest
import soundfile
from coded_video import BOX, read_code, write_coded
from page.planted_page import SECONDS, page_data

from emotion.page.build import page_text
from emotion.page.transcode import transcode

pytestmark = pytest.mark.slow
FPS, FRAMES = 15.0, 420  # 28 s: longer than a planted dialogue
PIXELS = """(video) => new Promise((done) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 360, height: 240 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 360, 240);
  done([...pen.getImageData(%d, %d, %d, %d).data].filter((_, i) => i %% 4 === 0));
})""" % (BOX[0], BOX[1], BOX[2], BOX[2])  # noqa: UP031 (braces of JavaScript)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A coded video, as the page gets it."""
    folder = tmp_path_factory.mktemp("recording")
    write_coded(folder / "coded.avi", frames=FRAMES, fps=FPS)
    made = folder / "coded.mp4"
    transcode(folder / "coded.avi", None, made)
    return "data:video/mp4;base64," + base64.b64encode(made.read_bytes()).decode()


@pytest.fixture(scope="module")
def films(written, recording):
    return written(page_data(media=recording, against=False))


def shown(watched):
    """Number of the picture that the player shows."""
    watched.wait("!document.querySelector('video').seeking")
    watched.tab.wait_for_timeout(150)
    return read_code(np.array(watched.tab.locator("video").evaluate(PIXELS)).reshape(BOX[2], BOX[2]))


def test_a_click_seeks_to_the_picture(tab, films):
    watched = tab()
    page = watched.open(films)
    watched.view("dialogue")
    watched.wait("document.querySelector('video').readyState >= 2")
    for turn in (5, 1, 11, 0):
        page.locator(".turn .pick").nth(turn).click()
        assert abs(shown(watched) / FPS - SECONDS * turn) <= 0.1
        assert page.locator(".turn.now").count() == 1
    lanes = page.locator(".lanes").bounding_box()
    page.mouse.click(lanes["x"] + lanes["width"] * 0.5, lanes["y"] + 8)
    total = SECONDS * 11.9
    assert abs(page.locator("video").evaluate("video => video.currentTime") - total / 2) <= 0.1
    assert abs(shown(watched) / FPS - total / 2) <= 0.1


def test_a_link_opens_at_its_utterance(tab, films):
    data = page_data(against=False)
    watched = tab()
    watched.open(f"{films}#dialogue/{data['dialogues'][2]['name']}?u={data['utterances']['id'][28]}")
    watched.wait("document.querySelector('video').readyState >= 2")
    assert abs(shown(watched) / FPS - SECONDS * 4) <= 0.1


def test_play_plays_the_utterance_and_stops(tab, films):
    watched = tab()
    page = watched.open(films)
    watched.view("utterances?sort=corpus")
    page.locator(".row .play").nth(1).click()
    player = page.locator("#player video")
    watched.wait("document.querySelector('#player video').currentTime > 2.2")
    assert page.locator("#player").inner_text().count("Show in its dialogue") == 1
    watched.wait("document.querySelector('#player video').paused")
    assert abs(player.evaluate("video => video.currentTime") - SECONDS * 1.9) <= 0.1
    page.get_by_role("button", name="Again").click()
    page.wait_for_timeout(300)
    assert SECONDS <= player.evaluate("video => video.currentTime") <= SECONDS + 1
    page.keyboard.press("Escape")
    assert player.count() == 0


def test_the_play_head_and_the_lit_row_follow(tab, films):
    watched = tab()
    page = watched.open(films)
    watched.view("dialogue")
    page.locator(".turn .play").nth(3).click()
    watched.wait(f"document.querySelector('video').currentTime > {SECONDS * 3 + 0.3}")
    assert page.locator(".turn").nth(3).get_attribute("class") == "turn chosen now"
    at = float(page.locator(".head").evaluate("node => node.style.getPropertyValue('--at')"))
    assert abs(at - SECONDS * 3.2 / (SECONDS * 11.9)) < 0.05


@pytest.fixture(scope="module")
def sound():
    """30 s of a tone, as the page gets it."""
    data = io.BytesIO()
    soundfile.write(data, 0.1 * np.sin(np.arange(30 * 8000) / 5), 8000, format="WAV")
    return "data:audio/wav;base64," + base64.b64encode(data.getvalue()).decode()


def test_sound_alone_plays_too(tab, written, sound):
    data = page_data(media="", against=False)
    data["dialogues"] = [one | {"media": None, "sound": sound} for one in data["dialogues"]]
    data["media"] = {"mode": "embedded", "note": ""}
    watched = tab()
    page = watched.open(written(data))
    watched.view("dialogue")
    page.locator(".turn .play").nth(2).click()
    watched.wait(f"document.querySelector('audio').currentTime > {SECONDS * 2 + 0.2}")
    assert page.locator("video").count() == 0 and page.locator(".turn.now").count() == 1
    watched.wait("document.querySelector('audio').paused")


def test_clips_of_their_own_stand_one_after_another(tab, recording, tmp_path):
    data = page_data(24, against=False)
    data["dialogues"] = [one | {"clips": True} for one in data["dialogues"]]
    data["utterances"] |= {"start": [0.0] * 24, "end": [1.8] * 24}
    data["media"] = {"mode": "url", "note": ""}
    (tmp_path / "media").mkdir()
    (tmp_path / "index.html").write_text(page_text(data), encoding="utf-8")
    for row in range(24):
        (tmp_path / "media" / f"u{row}.mp4").write_bytes(base64.b64decode(recording.split(",")[1]))
    handler = functools.partial(QuietHandler, directory=tmp_path)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        watched = tab()
        page = watched.open(f"http://127.0.0.1:{server.server_address[1]}/index.html")
        watched.view("dialogue")
        page.locator(".turn .play").nth(4).click()
        watched.wait("document.querySelector('video').currentTime > 0.2")
        source = page.locator("video").get_attribute("src")
        at = float(page.locator(".head").evaluate("node => node.style.getPropertyValue('--at')"))
        server.shutdown()
    first = data["dialogues"][0]["first"]
    assert source == f"media/u{first + 4}.mp4" and 4 / 12 < at < 5 / 12


def test_without_media_there_is_no_button_and_the_page_says_why(tab, small):
    watched = tab()
    page = watched.open(small)
    watched.view("utterances")
    assert page.locator(".play").count() == 0
    watched.view("dialogue")
    assert page.locator("video, audio").count() == 0 and "no media: --media none" in page.locator("main").inner_text()
