"""Files of others: taken only if they are the right ones, whole or not at all, from where the user says."""

import hashlib
from contextlib import contextmanager

import huggingface_hub
import pytest

from emotion.core import assets
from emotion.core.assets import Asset, File
from emotion.core.errors import EmotionError

CONTENTS = {"one.bin": b"first" * 1000, "two.json": b"{}"}
FILES = {name: File(len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()}
PLACES = ("https://example.org/weights", "hub:somebody/weights@0123")


@pytest.fixture
def asset(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return Asset(name="planted", what="The planted weights", origin="Somebody", files=FILES, places=PLACES)


def write(folder, contents=CONTENTS):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


class Answer:
    def __init__(self, content):
        self.content, self.read = content, 0

    def raise_for_status(self):
        if self.content is None:
            raise OSError("404\nnot found")

    def iter_bytes(self):
        for start in range(0, len(self.content), 100):
            self.read += 1
            yield self.content[start : start + 100]


@pytest.fixture
def web(monkeypatch):
    """Address -> content; what is asked for is noted."""

    class Web(dict):
        asked, answers = [], []

        @contextmanager
        def stream(self, method, address, *, follow_redirects):
            assert method == "GET" and follow_redirects
            self.asked.append(address)
            self.answers.append(Answer(self.get(address)))
            yield self.answers[-1]

    web = Web()
    web.asked, web.answers = [], []
    monkeypatch.setattr(assets, "get_session", lambda: web)
    return web


def test_a_folder_of_copies_is_kept_and_found(asset, tmp_path):
    assert not asset.is_here()
    with pytest.raises(EmotionError, match=r"^The planted weights are not on this machine: .*: emotion fetch planted$"):
        asset.installed()
    assert asset.fetch(write(tmp_path / "copy")) == asset.installed() == tmp_path / "assets" / "emotion" / "planted"
    assert asset.is_here() and {name: (asset.folder / name).read_bytes() for name in FILES} == CONTENTS
    (asset.folder / "two.json").write_bytes(b"[]")
    with pytest.raises(EmotionError, match=r"two\.json; fetch it again: emotion fetch planted$"):
        asset.installed()


def test_one_wrong_file_and_none_is_kept(asset, tmp_path):
    with pytest.raises(EmotionError, match=r"two\.json: its sha256 is .*; give Somebody's two\.json$"):
        asset.fetch(write(tmp_path / "copy", CONTENTS | {"two.json": b"{} "}))
    assert not asset.folder.exists()
    with pytest.raises(EmotionError, match=r"one\.bin: no such folder, expected one that holds one\.bin, two\.json"):
        asset.fetch(tmp_path / "copy" / "one.bin")
    (tmp_path / "copy" / "two.json").unlink()
    with pytest.raises(EmotionError, match=r"two\.json: no such file, expected Somebody's two\.json; check the path"):
        asset.fetch(tmp_path / "copy")


def test_an_address_gives_them(asset, web):
    web |= {f"{PLACES[0]}/{name}": content for name, content in CONTENTS.items()}
    asset.fetch()
    assert (asset.installed() / "one.bin").read_bytes() == CONTENTS["one.bin"] and len(web.asked) == 2


def test_the_next_place_is_asked_with_its_revision(asset, web, tmp_path, monkeypatch):
    asked = []

    def download(place, name, *, local_dir, revision):
        asked.append((place, name, revision))
        return str(write(local_dir) / name)

    monkeypatch.setattr(assets, "hf_hub_download", download)
    asset.fetch()
    assert asset.is_here() and asked == [("somebody/weights", name, "0123") for name in FILES]


def test_no_more_is_read_than_it_should_have(asset, web):
    web[f"{PLACES[0]}/one.bin"] = b"x" * 1_000_000
    with pytest.raises(EmotionError) as caught:
        asset.fetch()  # tests are offline: the hub does not answer
    assert web.answers[0].read == 51 and "\n" not in str(caught.value) and not asset.folder.exists()
    assert str(caught.value).endswith("on another machine, then: emotion fetch planted --from DIR")
