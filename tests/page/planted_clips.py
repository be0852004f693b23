"""A server of clips whose predictions are played: they wait until the test lets them go on."""

import threading
import time
from contextlib import contextmanager

from starlette.testclient import TestClient

from emotion.page import clips
from emotion.page.clips import Clips, private_folder
from emotion.page.trial import FILES, Asked
from emotion.page.trying import page_data, served
from emotion.predict.talk import Listening

PORT = 8124
HOME = f"http://127.0.0.1:{PORT}"
LIMIT = 1000


class Played:
    """Stands for `processes.run`: a clip is done when `free` is set; its upload's words decide how it ends."""

    def __init__(self, broken=False):
        self.free, self.asked = threading.Event(), []
        self.broken, self.calls = broken, 0

    def __call__(self, work, tasks, *, workers, start, arguments, told):
        self.calls += 1
        if self.broken:
            raise OSError("no process")
        for number in range(len(tasks)):
            media, out, speakers = tasks[number]
            self.asked.append((media.name, media.read_bytes(), speakers))
            while not self.free.wait(0.01):
                told(number, ("watch", 1.0, 4.0, 2.0))
            words = media.read_text()
            if words == "fault":
                raise RuntimeError("a fault of ours")
            (out / "work").mkdir(parents=True)
            for name in (*FILES, "report.html"):
                (out / name).write_text(f"{name} of {media.name}")
            yield number, "the model refuses it" if words == "refused" else ""


@contextmanager
def server(monkeypatch, card, *, limit=LIMIT, broken=False):
    """Client, clips, the private folder, and what is played."""
    played = Played(broken)
    monkeypatch.setattr(clips.processes, "run", played)
    with private_folder() as folder:
        queue = Clips(folder, Asked(folder, Listening()))
        app = served(queue, page_data(card, demo=False, limit=limit), port=PORT, limit=limit)
        try:
            yield TestClient(app, base_url=HOME, headers={"origin": HOME}), queue, folder, played
        finally:
            played.free.set()
            queue.close()


def until(condition):
    """Wait until it holds, for 20 s at most."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
