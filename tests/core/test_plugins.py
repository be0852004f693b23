"""`plugins/FILE.py:NAME`: what is a name, what is run, and what is said where it cannot be."""

import pytest

from emotion.core import plugins
from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.params import Named


@pytest.fixture
def write(tmp_path, monkeypatch, forgotten_plugins):
    """A project's folder, and what writes files into it."""
    monkeypatch.chdir(tmp_path)

    def write(**files):
        read_code.cache_clear()
        (tmp_path / "plugins").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / "plugins" / f"{name}.py").write_text(text, encoding="utf-8")
        return tmp_path / "plugins"

    return write


@pytest.mark.parametrize("name", ["plugins/a.py:B", "plugins/a_1/b2.py:_c"])
def test_names(name):
    assert plugins.is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("plugins/a.py", "plugins/a.py:", "plugins/a:B", "a.py:B", "/plugins/a.py:B", "plugins/../a.py:B", "fusion"),
        *("plugins//a.py:B", "plugins/a.py:B.c", "plugins/a b.py:C", "plugins/a.py:B\n", "./plugins/a.py:B", ""),
        *("plugins/.hidden/a.py:B", "plugins/~/a.py:B", "plugins/a.pyc:B", "other/plugins/a.py:B", "plugins/ä.py:B"),
    ],
)
def test_what_is_no_name(name):
    assert not plugins.is_name(name)


def test_a_plugin_may_import_its_neighbours_and_ours(write):
    write(a="from plugins.b import two\nfrom emotion.core.text import counted\nthree = two + 1\n", b="two = 2\n")
    assert plugins.load("plugins/a.py:three") == 3
    assert [name for name in plugins.files("plugins/a.py:three") if name[:7] == "plugins"] == [
        "plugins/a.py",
        "plugins/b.py",
    ]


def test_each_project_has_its_own(write, tmp_path, monkeypatch):
    write(a="x = 1\n")
    assert plugins.load("plugins/a.py:x") == 1
    other = tmp_path / "other"
    (other / "plugins").mkdir(parents=True)
    (other / "plugins" / "a.py").write_text("x = 2\n", encoding="utf-8")
    monkeypatch.chdir(other)
    assert plugins.load("plugins/a.py:x") == 2


def test_they_are_found_from_below_the_projects_folder(write, tmp_path, monkeypatch):
    write(a="x = 1\n")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert plugins.load("plugins/a.py:x") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = (\n", ["a.py: line 1 is no Python"]),
        ("import nothing_of_this_name\nx = 1\n", ["a.py:1: ModuleNotFoundError", "fix it there"]),
        ("\ny = 1\nx = y / 0\n", ["a.py:3: ZeroDivisionError: division by zero"]),
        ("raise SystemExit(0)\nx = 1\n", ["a.py:1: SystemExit"]),
        ("from plugins.b import y\nx = y\n", ["b.py:1: NameError"]),
        ("from .b import y\nx = y\n", ["a.py: line 1 is a relative import; write the whole name"]),
        ("class Gated: pass\n", ["has no x; it has Gated"]),
        ("xs = 1\n", ["has no x; did you mean xs?"]),
    ],
)
def test_what_cannot_be_used_is_one_line(write, text, words):
    write(a=text, b="y = undefined\n")
    with pytest.raises(EmotionError) as caught:
        plugins.load("plugins/a.py:x")
    assert "\n" not in str(caught.value)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_missing_file_is_named_with_the_nearest(write):
    write(gated="x = 1\n")
    with pytest.raises(EmotionError, match=r"plugins/gate\.py not found; did you mean gated\?"):
        plugins.load("plugins/gate.py:x")
    with pytest.raises(EmotionError, match=r"plugins/other\.py not found; put it there \(.*git add it\)"):
        plugins.load("plugins/other.py:x")


@pytest.mark.parametrize("linked", ["a", "b"])
def test_links_are_refused_before_anything_is_run(write, tmp_path, linked):
    folder = write(a="from plugins.b import y\nopen('ran', 'w').close()\nx = 1\n", b="y = 1\n")
    (folder / f"{linked}.py").replace(tmp_path / "elsewhere.py")
    (folder / f"{linked}.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(EmotionError, match=rf"plugins/{linked}\.py: is a link or in one"):
        plugins.load("plugins/a.py:x")
    assert not (tmp_path / "ran").exists()


def test_a_folder_does_not_stand_in_for_a_file(write, tmp_path):
    folder = write(a="x = 1\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").write_text("open('ran', 'w').close()\nx = 2\n", encoding="utf-8")
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmotionError, match=r"a\.py: a folder a lies beside it; rename one of them"):
        plugins.load("plugins/a.py:x")
    assert not (tmp_path / "ran").exists()


def test_a_linked_folder_is_refused(write, tmp_path):
    folder = write(a="x = 1\n")
    folder.replace(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmotionError, match="is a link or in one"):
        plugins.load("plugins/a.py:x")


def test_the_digest_is_of_the_code_and_of_what_it_imports(write):
    def digest(**files):
        write(**files)
        return plugins.digest("plugins/a.py:x")

    before = digest(a="from plugins.b import y\nx = y\n", b="y = 1\n", c="z = 1\n")
    assert digest(a='"""Words."""\n# more\nfrom plugins.b import y\n\nx = y\n') == before
    assert digest(c="z = 2\n") == before
    assert digest(b="y = 2\n") != before


def test_what_is_in_the_folder(write):
    one = 'class One:\n    """First.\n\n    More.\n    """\n    modality = \'text\'\n    n = 3\n'
    write(a=f"from math import pi\n{one}def two(): pass\n_three = 3\nclass _Four: pass\n")
    assert plugins.in_folder() == {
        "plugins/a.py:One": {"doc": "First.", "modality": "text"},
        "plugins/a.py:two": {"doc": ""},
    }


def test_there_may_be_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert plugins.in_folder() == {}


def test_a_stage_runs_what_its_keys_name(write):
    write(a="x = 1\n", b="x = 1\n")
    named = Named.model_validate(
        {
            "corpus": "plugins/a.py:x",
            "model": "fusion",
            "audio": {"encoder": "paper"},
            "text": {"encoder": "plugins/b.py:x"},
        }
    )
    found = {stage: files for stage, files in named.by_stage().items() if files}
    assert "emotion/fusion/models/fusion.py" in found["fuse"]
    assert not any(f"emotion/fusion/models/{other}.py" in found["fuse"] for other in ("cmn", "speaker_fusion"))
    del found["fuse"]
    assert found == {"index": ["plugins/a.py"], "fit_text": ["plugins/b.py"], "extract_text": ["plugins/b.py"]}


def test_a_bad_file_does_not_hide_the_others(write, capsys):
    folder = write(a='class X:\n    """Good."""\n', b="from . import x\n", c="def f(:\n")
    (folder / "d.py").write_bytes(b"# coding: foo\n")
    (folder / "e.py").symlink_to(folder / "nowhere.py")
    assert plugins.in_folder() == {"plugins/a.py:X": {"doc": "Good."}}
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4 and all("it is left out here" in line for line in said)


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_not_called_missing(write, kind):
    path = write() / "a.py"
    path.mkdir() if kind == "folder" else path.symlink_to("nowhere.py")
    with pytest.raises(EmotionError, match=r"a\.py is a folder, a pipe or a link to nothing, expected a Python file"):
        plugins.load("plugins/a.py:X")


def test_a_name_that_is_gone_after_the_import_is_the_plugins_fault(write):
    write(a="class X: pass\ndel X\n")
    with pytest.raises(EmotionError, match=r"plugins/a\.py:X: cannot be imported: .*has no attribute 'X'"):
        plugins.load("plugins/a.py:X")


def test_what_a_plugin_prints_goes_to_stderr(write, capsys):
    write(a="print('imported')\ndef f():\n    print('called')\n")
    f = plugins.load("plugins/a.py:f")
    with plugins.running("plugins/a.py:f", "cannot be called"):
        f()
    print("a result")
    assert capsys.readouterr() == ("a result\n", "imported\ncalled\n")
