"""The server answers the page on this machine and nobody else; nothing outside the run has an address."""

import pytest
from starlette.testclient import TestClient

from benchmarks.planted_run import plant
from emotion.core.errors import EmotionError
from emotion.page import serve
from emotion.page.media import Media, Medium
from emotion.page.view import application

PORT = 8123
HOME = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    plant(folder)
    with application(folder, port=PORT) as app:
        yield TestClient(app, base_url=HOME)


@pytest.mark.slow
def test_the_page(client):
    answer = client.get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", f"evil.example:{PORT}", "127.0.0.1:1", "", "localhost"])
def test_foreign_hosts(client, host):
    assert client.get("/", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}"])
def test_foreign_origins(client, origin):
    for path in ("/", "/strips/0.jpg", "/media/0.mp4"):
        assert client.get(path, headers={"origin": origin}).status_code == 403


def test_another_site_may_link_here_and_no_more(client):
    foreign = {"sec-fetch-site": "cross-site"}
    assert client.get("/strips/0.jpg", headers=foreign).status_code == 403
    assert client.get("/", headers=foreign | {"sec-fetch-mode": "navigate"}).status_code == 200
    assert client.get("/", headers={"origin": HOME, "sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_get_only(client, method):
    assert client.request(method, "/").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/media/../../etc/passwd",
        "/media/..%2f..%2fetc%2fpasswd",
        "/media/%2e%2e/data/index.csv",
        "/media/99999.mp4",
        "/media/-1.mp4",
        "/media/0.mp4%00",
        "/media/u0.mp4",
        "/strips/99999.jpg",
        "/strips/٣.jpg",
        "/strips/../data/index.csv",
        "/data/index.csv",
        "/favicon.ico",
        "/" + "a" * 5000,
    ],
)
def test_nothing_else_has_an_address(client, path):
    assert client.get(path).status_code == 404


def test_strips(client):
    found = {client.get(f"/strips/{row}.jpg").status_code for row in range(22)}
    assert found == {200, 404}  # some utterances have no face
    assert client.get("/strips/0.jpg").headers["content-type"] == "image/jpeg"


def test_ranges_of_media(tmp_path, monkeypatch):
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(200)))
    monkeypatch.setattr(serve, "make_one", lambda _: film)
    app = serve.application({"title": "t"}, port=PORT, media=Media([Medium(film, None), None], {7: Medium(None, film)}))
    client = TestClient(app, base_url=HOME)
    answer = client.get("/media/0.mp4", headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == "bytes 10-19/200"
    assert client.get("/media/0.mp4", headers={"range": "bytes=900-"}).status_code == 416
    assert client.get("/media/1.mp4").status_code == 404
    assert client.get("/media/u7.mp4").headers["content-type"] == "audio/mp4"


def test_a_port_that_is_taken():
    with serve.listen(0) as door:
        door.listen()
        with pytest.raises(EmotionError, match="choose another one with --port"):
            serve.listen(door.getsockname()[1])
        assert door.getsockname()[0] == "127.0.0.1"
