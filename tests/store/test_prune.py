"""`emotion cache prune`: only our own files, only old ones, never what a process holds, no links."""

import errno
import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from emotion import cli
from emotion.core.errors import EmotionError
from emotion.core.locks import hold, using
from emotion.store import prune as module
from emotion.store.prune import prune

OLD = time.time() - 40 * 24 * 3600


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / ".cache" / "emotion"
    (folder / "deeper").mkdir(parents=True)
    for name in ("a-1.journal", "a.finished", "fuse-1.pt", "fit_audio_1.pt", "fuse-2.pt.partial", "deeper/b.journal"):
        (folder / name).write_bytes(bytes(1000))
        os.utime(folder / name, (OLD, OLD))
    for name in ("mine.txt", "new.journal", ".a-1.journal.lock"):
        (folder / name).write_bytes(b"x")
    os.utime(folder / "mine.txt", (OLD, OLD))
    (tmp_path / "outside.journal").write_bytes(b"x")
    (folder / "link.journal").symlink_to(tmp_path / "outside.journal")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.journal").write_bytes(b"x")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    return folder


def left(folder):
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.suffix != ".lock"
    )


def test_old_files_go(scratch):
    before = left(scratch)
    found = prune(scratch, days=30, dry_run=True)
    assert left(scratch) == before and sum(not item.kept for item in found) == 6
    assert prune(scratch, days=30) == found
    assert left(scratch) == ["mine.txt", "new.journal"] and not list(scratch.rglob(".*.lock"))
    assert (scratch / "link.journal").read_bytes() == b"x" and (scratch / "linked" / "c.journal").exists()
    assert [item.path.name for item in prune(scratch, days=0)] == ["new.journal"]
    assert left(scratch) == ["mine.txt"]
    assert prune(scratch / "none", days=0) == []


def test_what_a_process_holds_stays(scratch):
    with hold(scratch / "a-1.journal"), using(scratch / "fuse-1.pt"), hold(scratch / "fuse-2.pt"):
        kept = {item.path.name for item in prune(scratch, days=0) if item.kept}
        assert kept == {"a-1.journal", "fuse-1.pt", "fuse-2.pt.partial"}
        assert kept <= set(left(scratch))
    prune(scratch, days=0)
    assert left(scratch) == ["mine.txt"]


def test_command(scratch, monkeypatch, capsys):
    monkeypatch.setenv("DVC_ROOT", str(scratch.parent.parent))

    def run(*words):
        monkeypatch.setattr("sys.argv", ["emotion", "cache", "prune", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        return capsys.readouterr().out

    assert "would be removed" in run("--dry-run") and (scratch / "a-1.journal").exists()
    said = run("--days", "30")
    assert "a-1.journal (0.0 MB)" in said and "6 files" in said and "1 that changed in the last 30 days" in said
    assert "1 file," in run("--days", "0")


def test_a_folder_that_is_a_link_is_left_alone(scratch, tmp_path):
    before = left(scratch)
    for link, target in ((tmp_path / "emotion", scratch), (tmp_path / "cache", scratch.parent)):
        link.symlink_to(target)
        folder = link if target == scratch else link / scratch.name
        with pytest.raises(EmotionError, match=r"is a link to .*, nothing is removed there"):
            prune(folder, days=0)
    assert left(scratch) == before


def test_a_lock_that_a_killed_process_left_goes(scratch):
    (scratch / ".gone.journal.lock").touch()
    assert prune(scratch, days=30, dry_run=True) and (scratch / ".gone.journal.lock").exists()
    prune(scratch, days=30)
    assert not list(scratch.rglob(".*.lock"))


def test_a_process_that_finishes_meanwhile_takes_its_file_away(scratch, monkeypatch):
    known = module.alone

    @contextmanager
    def alone(path):
        (scratch / "fuse-1.pt").unlink(missing_ok=True)  # while the first file of all is looked at
        with known(path):
            yield

    monkeypatch.setattr(module, "alone", alone)
    removed = [item.path.name for item in prune(scratch, days=30) if not item.kept]
    assert removed == ["a-1.journal", "a.finished", "fit_audio_1.pt", "fuse-2.pt.partial", "b.journal"]
    assert left(scratch) == ["mine.txt", "new.journal"]


def test_a_file_that_cannot_be_removed_is_named(scratch, monkeypatch):
    known = Path.unlink

    def unlink(path, missing_ok=False):
        if path.name == "fuse-1.pt":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        known(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(EmotionError, match=r"fuse-1\.pt: cannot be pruned \(no right to do that\); change its owner"):
        prune(scratch, days=30)
    assert left(scratch) == ["b.journal", "fuse-1.pt", "fuse-2.pt.partial", "mine.txt", "new.journal"]
