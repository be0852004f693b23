import subprocess
import sys
import threading

import pytest

from emotion.core.errors import Busy, EmotionError
from emotion.core.locks import hold, lock_of

HOLD = (
    "import sys, time; from pathlib import Path; from emotion.core.locks import hold\n"
    "with hold(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "a")], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_in_one_line_until_the_first_ends(tmp_path, holder):
    with (
        pytest.raises(Busy, match=r"a: another process is writing it; wait"),
        hold(tmp_path / "a"),
    ):
        pass
    with hold(tmp_path / "b"):
        pass
    holder.kill()
    holder.wait()
    with hold(tmp_path / "a"):
        assert lock_of(tmp_path / "a").exists()
    assert not lock_of(tmp_path / "a").exists()


def test_links_to_a_folder_share_its_lock(tmp_path, holder):
    (tmp_path.parent / "link").symlink_to(tmp_path)
    with pytest.raises(Busy), hold(tmp_path.parent / "link" / "a"):
        pass


def test_many_threads_one_at_a_time(tmp_path):
    inside, most = [], []

    def work():
        with hold(tmp_path / "a", wait=30):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 12


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EmotionError, match=r"file/a: cannot be written \(.*\)"), hold(tmp_path / "file" / "a"):
        pass
