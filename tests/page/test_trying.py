"""The server of clips: nobody but its page is answered, clips are queued and removed, errors are one line."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from page.planted_clips import LIMIT, PORT, files, server, until

from emotion.bundle.card import read_card
from emotion.core.errors import EmotionError
from emotion.page import clips
from emotion.page.clips import file_of, private_folder
from emotion.page.trial import Asked, in_words
from emotion.page.trying import application, page_data
from emotion.predict.talk import Listening


@pytest.fixture
def serving(packed, monkeypatch):
    with server(monkeypatch, read_card(packed)) as found:
        yield found


def states(client):
    return [(clip["name"], clip["state"], clip["said"]) for clip in client.get("/clips").json()]


def test_hosts_and_origins(serving):
    client, *_ = serving
    assert client.get("/").status_code == 200
    for host in ("evil.example", f"evil.example:{PORT}", "127.0.0.1"):
        assert client.post("/clips", headers={"host": host}, content=b"a").status_code == 400
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{PORT}"):
        assert client.post("/clips", headers={"origin": origin}, content=b"a").status_code == 403
        assert client.delete("/clips/1", headers={"origin": origin}).status_code == 403
    del client.headers["origin"]  # e.g. a program that is no browser: what changes something must name the page
    assert client.post("/clips", content=b"a").status_code == 403
    assert client.get("/clips").json() == [] and client.put("/clips").status_code == 405


def test_only_the_page_for_trying_may_ask_its_server(serving):
    client, *_ = serving
    rules = client.get("/").headers["content-security-policy"]
    assert "connect-src 'self'" in rules and "default-src 'none'" in rules and "frame-ancestors 'none'" in rules


def test_from_upload_to_timeline(serving):
    client, _, folder, played = serving
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    answer = client.post("/clips?name=a.wav&speakers=2", content=b"words")
    assert (answer.status_code, answer.json()) == (201, {"id": 1})
    until(lambda: states(client) == [("a.wav", "running", "watching: 1 of 4 s, 6 s left")])
    assert client.get("/clips").json()[0]["share"] == 0.25 and client.get("/clips/1/").status_code == 404
    played.free.set()
    until(lambda: states(client) == [("a.wav", "done", "")])
    assert played.asked == [("a.wav", b"words", 2)]
    assert all(name.startswith("1/out/") for name in files(folder)) and not (folder / "1/out/work").exists()
    page = client.get("/clips/1/")
    assert page.text == "report.html of a.wav" and "connect-src 'none'" in page.headers["content-security-policy"]
    table = client.get("/clips/1/timeline.csv")
    assert table.text == "timeline.csv of a.wav" and 'filename="a.csv"' in table.headers["content-disposition"]
    assert client.delete("/clips/1").status_code == 204 and files(folder) == [] and states(client) == []
    assert client.delete("/clips/1").status_code == 404


def test_the_second_waits_for_the_first(serving):
    client, _, _, played = serving
    for name in ("a.wav", "b.wav", "c.wav"):
        client.post(f"/clips?name={name}", content=b"words")
    until(lambda: [state for _, state, _ in states(client)] == ["waiting", "waiting", "running"])
    assert [said for _, _, said in states(client)][:2] == ["waits: 2 clips before it", "waits: 1 clip before it"]
    client.delete("/clips/2")
    played.free.set()
    until(lambda: [state for _, state, _ in states(client)] == ["done", "done"])
    assert [name for name, _, _ in played.asked] == ["a.wav", "c.wav"]


def test_a_clip_that_is_removed_while_it_runs_ends(serving):
    client, _, folder, played = serving
    client.post("/clips?name=a.wav", content=b"words")
    until(lambda: len(played.asked) == 1)
    assert client.delete("/clips/1").status_code == 204
    until(lambda: files(folder) == [] and not list(folder.iterdir()))
    client.post("/clips?name=b.wav", content=b"words")
    played.free.set()
    until(lambda: states(client) == [("b.wav", "done", "")])


def test_what_cannot_be_predicted_is_one_line_and_the_next_goes_on(serving):
    client, _, folder, played = serving
    played.free.set()
    for words in (b"refused", b"fault", b"words"):
        client.post("/clips?name=a.wav", content=words)
    until(lambda: [state for _, state, _ in states(client)] == ["done", "failed", "failed"])
    fault, refused = states(client)[1:]
    assert refused[2] == "the model refuses it" and fault[2].startswith("the prediction failed (RuntimeError)")
    assert not [name for name in files(folder) if name.endswith("a.wav")]


def test_where_no_process_can_be_started_each_clip_says_so(packed, monkeypatch):
    with server(monkeypatch, read_card(packed), broken=True) as (client, _, _, played):
        for number in (1, 2):
            client.post("/clips?name=a.wav", content=b"words")
            until(lambda: [state for _, state, _ in states(client)] == ["failed"] * number)  # noqa: B023 - at once
        assert states(client)[0][2].startswith("the prediction failed (OSError)") and played.calls <= 3


def test_too_large_too_many_and_odd(serving):
    client, _, folder, _ = serving
    parts = (bytes(300) for _ in range(9))  # no length is said before
    for content in (bytes(LIMIT + 1), parts):
        answer = client.post("/clips?name=a.wav", content=content)
        assert answer.status_code == 413 and answer.text.count("\n") == 1
    assert states(client) == [] and not list(folder.iterdir())
    assert client.post("/clips?name=a.wav&speakers=two", content=b"a").status_code == 400
    codes = [client.post("/clips?name=a.wav", content=b"words").status_code for _ in range(13)]
    assert codes[:10] == [201] * 10 and codes[-1] == 429


@pytest.mark.parametrize(
    "path",
    [
        "/clips/../../etc/passwd",
        "/clips/1/..%2f..%2fa.wav",
        "/clips/1/%2e%2e/%2e%2e/etc/passwd",
        "/clips/1/a.wav",
        "/clips/1/work",
        "/clips/1/turns.json",
        "/clips/2/",
        "/clips/٣/",
        "/clips/-1/report.html",
        "/clips/1/report.html%00",
    ],
)
def test_nothing_else_has_an_address(serving, path):
    client, queue, _, played = serving
    played.free.set()
    client.post("/clips?name=a.wav", content=b"words")
    until(lambda: queue.get(1).state == "done")
    assert client.get(path).status_code == 404
    assert client.get("/clips/1/report.html").status_code == 200


def test_the_oldest_go(serving, monkeypatch):
    client, _, folder, played = serving
    monkeypatch.setattr(clips, "_KEPT", 2)
    played.free.set()
    for number in range(1, 6):
        client.post(f"/clips?name={number}.wav", content=b"words")
        until(lambda: {state for _, state, _ in states(client)} == {"done"})
    assert [name for name, _, _ in states(client)] == ["5.wav", "4.wav", "3.wav"]
    assert sorted(path.name for path in folder.iterdir()) == ["3", "4", "5"]


def test_names_of_uploads():
    given = [
        "../../a.mp4",
        '<script>".mp4',
        "",
        "..",
        "out",
        "a\nb.wav",
        "\u202ecod.wav",
        "x" * 400 + ".webm",
        "é" * 300,
    ]
    found = list(map(file_of, given))
    assert found[:7] == ["a.mp4", "script.mp4", "clip", "clip", "clip", "a b.wav", "cod.wav"]
    assert all(len(name.encode()) <= 255 and name.isprintable() for name in found) and found[7].endswith(".webm")


def test_how_far_it_is():
    assert in_words("", 0, 0, 0) == ("starting", None)
    assert in_words("listen", 30, 0, 9) == ("listening", None)
    assert in_words("listen", 30, 120, 10) == ("listening: 30 of 120 s, 30 s left", 0.25)
    assert in_words("features", 2, 3, 0.5) == ("comparing: 2 of 3", pytest.approx(2 / 3))
    assert in_words("watch", 9, 8, 3) == ("watching: 9 of 8 s", 1.0)


def test_the_folder_goes_and_what_a_killed_server_left_too(tmp_path, monkeypatch):
    monkeypatch.setattr(clips.tempfile, "tempdir", str(tmp_path))
    left, used = tmp_path / "emotion-serve-left", tmp_path / "emotion-serve-used"
    for folder in (left, used):
        folder.mkdir()
        (folder / "a.wav").touch()
    (tmp_path / "emotion-serve-link").symlink_to(used)
    command = (
        f"import time; from pathlib import Path; from emotion.core.locks import hold\nwith hold(Path({str(used)!r})):"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", f"{command}\n print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    )
    with other:
        other.stdout.readline()
        with private_folder() as folder:
            assert folder.parent == tmp_path and not left.exists() and (used / "a.wav").exists()
        assert not folder.exists()
        other.kill()


def test_what_the_page_says_of_the_model(packed):
    card = read_card(packed)
    data = page_data(card, demo=False, limit=5)
    assert data["notes"] == [] and data["limit"] == 5 and data["about"][0]["rows"][0] == ["model", card.model]
    synthetic = card.model_copy(update={"corpus": card.corpus.model_copy(update={"synthetic": True})})
    for demo, words in ((False, "start with --demo"), (True, "means nothing")):
        assert words in json.dumps(page_data(synthetic, demo=demo, limit=5)["notes"])


def test_a_wrong_model_is_said_at_once(tmp_path):
    serving = application(Asked(tmp_path, Listening()), port=PORT, limit=LIMIT)
    with pytest.raises(EmotionError, match="expected the folder of a packed model"), serving:
        pass


@pytest.mark.slow  # the slow suite has faster-whisper
@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"asr": "nonsense"}, "nonsense: no such recogniser"),
        ({"light_asd": "weights"}, "weights: not the weights of Light-ASD .*no file of PyTorch's weights"),
    ],
)
def test_options_with_which_every_clip_would_fail_are_said_at_once(packed, tmp_path, monkeypatch, how, line):
    pytest.importorskip("faster_whisper")
    monkeypatch.chdir(tmp_path)
    Path("weights").write_bytes(b"no weights")
    listening = Listening(**{name: Path(value) if name == "light_asd" else value for name, value in how.items()})
    with pytest.raises(EmotionError, match=line), application(Asked(packed, listening), port=PORT, limit=LIMIT):
        pass
