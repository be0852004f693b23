"""Models on the hub, which is planted here: whole and checked, of one commit, and nobody's files are lost."""

import inspect
import shutil
from fnmatch import fnmatch
from functools import wraps
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from typer.testing import CliRunner

from emotion.bundle import hub
from emotion.cli import app
from emotion.core.errors import EmotionError

NAME = "somebody/model"


def real(method):
    """The real client must take the same arguments."""
    known = inspect.signature(getattr(HfApi, method.__name__))

    @wraps(method)
    def checked(*arguments, **named):
        known.bind(*arguments, **named)
        return method(*arguments, **named)

    return checked


class FakeHub:
    """Repository -> commits, oldest first, each file -> content; what is asked of the real one's client."""

    def __init__(self):
        self.repositories, self.private, self.reached = {}, {}, True

    def __call__(self):
        if not self.reached:
            raise RuntimeError("no route\nto host")
        return self

    @real
    def create_repo(self, name, *, private, exist_ok):
        assert exist_ok
        if name not in self.repositories:
            self.repositories[name], self.private[name] = [{".gitattributes": b""}], private

    def _files(self, name, revision):
        commits = self.repositories[name]
        return commits[-1 if revision == "main" else int(revision, 16)]

    @real
    def list_repo_files(self, name, revision="main"):
        return list(self._files(name, revision))

    @real
    def upload_folder(self, *, repo_id, folder_path, allow_patterns, delete_patterns, commit_message):
        kept = {
            name: value for name, value in self._files(repo_id, "main").items() if not fnmatch(name, delete_patterns)
        }
        kept[".gitattributes"] = b""
        for path in Path(folder_path).rglob("*"):
            name = path.relative_to(folder_path).as_posix()
            if path.is_file() and any(fnmatch(name, pattern) for pattern in allow_patterns):
                kept[name] = path.read_bytes()
        self.repositories[repo_id].append(kept)
        assert commit_message
        return SimpleNamespace(oid=f"{len(self.repositories[repo_id]) - 1:040x}")

    @real
    def model_info(self, name, *, revision):
        number = len(self.repositories[name]) - 1 if revision == "main" else int(revision, 16)
        return SimpleNamespace(sha=f"{number:040x}")

    @real
    def hf_hub_download(self, name, file, *, revision, local_dir):
        assert len(revision) == 40
        self.snapshot_download(name, revision=revision, local_dir=local_dir, allow_patterns=[file])

    @real
    def snapshot_download(self, name, *, revision, local_dir, allow_patterns):
        assert len(revision) == 40
        for file, content in self._files(name, revision).items():
            if any(fnmatch(file, pattern) for pattern in allow_patterns):
                for place in (Path(local_dir) / file, Path(local_dir) / ".cache" / "huggingface" / file):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content)


@pytest.fixture
def web(monkeypatch):
    web = FakeHub()
    monkeypatch.setattr(hub, "HfApi", web)
    return web


def model(*words):
    return CliRunner().invoke(app, ["model", *map(str, words)])


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_what_is_pushed_is_pulled(web, packed, tmp_path):
    (tmp_path / "model").mkdir()
    shutil.copytree(packed, tmp_path / "model", dirs_exist_ok=True)
    (tmp_path / "model" / ".notes").write_text("mine")
    pushed = model("push", tmp_path / "model", NAME)
    assert pushed.exit_code == 0 and web.private == {NAME: True}
    assert pushed.stdout.endswith(f"emotion model pull {NAME} --revision {1:040x} --out DIR\n")
    pulled = model("pull", NAME, "--out", tmp_path / "theirs")
    assert f"revision {1:040x}; use it: emotion predict" in pulled.stdout
    found = files(tmp_path / "theirs")
    assert f'"revision": "{1:040x}"' in found.pop(".hub.json").decode() and found == files(packed)
    assert f"from the hub: {NAME}, revision {1:040x}" in model("show", tmp_path / "theirs").stdout


@pytest.mark.slow
def test_a_revision_stays_what_it_was_and_old_files_go(web, packed, tmp_path):
    hub.push(packed, NAME)
    web.repositories[NAME][-1]["encoders/old.bin"] = b"of an earlier model"
    second = hub.push(packed, NAME)
    web.repositories[NAME].append({"README.md": b"somebody emptied it"})
    assert "encoders/old.bin" not in web.list_repo_files(NAME, revision=second)
    with pytest.raises(EmotionError, match=r"has no card\.json, expected a packed model"):
        hub.pull(NAME, tmp_path / "model")
    assert hub.pull(NAME, tmp_path / "model", revision=second)[1] == second and (tmp_path / "model").is_dir()


def damage(content):
    content["classifier/model.safetensors"] += b"x"


def lead_out(content):
    content["card.json"] = content["card.json"].replace(b'"README.md"', b'"../../README.md"')


def lose(content):
    del content["settings.json"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damage, r"model\.safetensors: is not as card\.json"),
        (lead_out, r"names '\.\./\.\./README\.md', expected files of the folder"),
        (lose, r"settings\.json: is missing"),
    ],
)
def test_a_damaged_model_is_not_kept(web, packed, tmp_path, harm, said):
    hub.push(packed, NAME)
    harm(web.repositories[NAME][-1])
    with pytest.raises(EmotionError, match=said):
        hub.pull(NAME, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_nobodys_files_are_lost(web, packed, tmp_path):
    web.create_repo(NAME, private=False, exist_ok=True)
    web.repositories[NAME][-1]["pytorch_model.bin"] = b"a thesis"
    with pytest.raises(EmotionError, match="holds something else than a packed model"):
        hub.push(packed, NAME)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(EmotionError, match="is no packed model and is not replaced"):
        hub.pull(NAME, tmp_path / "mine")
    assert len(web.repositories[NAME]) == 1 and files(tmp_path / "mine") == {"letter.txt": b"dear"}


def test_refusals_are_one_line(web, packed, tmp_path):
    shutil.copytree(packed, tmp_path / "model")
    (tmp_path / "model" / "settings.json").write_text("{}")
    with pytest.raises(EmotionError, match=r"settings\.json: is not as card\.json"):
        hub.push(tmp_path / "model", NAME)
    with pytest.raises(EmotionError, match="expected OWNER/NAME"):
        hub.pull("https://example.org/model", tmp_path / "theirs")
    assert web.repositories == {}
    web.reached = False
    for work in (lambda: hub.push(packed, NAME), lambda: hub.pull(NAME, tmp_path / "theirs")):
        with pytest.raises(EmotionError, match=r"Hugging Face hub \(no route to host\); check .* hf auth login$"):
            work()
    assert not (tmp_path / "theirs").exists()


@pytest.mark.slow
def test_a_public_model_says_its_licence(web, packed, tmp_path):
    shutil.copytree(packed, tmp_path / "model")
    card = tmp_path / "model" / "card.json"
    card.write_text(card.read_text().replace('"licence": "mit"', '"licence": ""'))
    with pytest.raises(EmotionError, match="licence of the weights is not said"):
        hub.push(tmp_path / "model", NAME, public=True)
    hub.push(packed, NAME, public=True)
    assert web.private == {NAME: False}
