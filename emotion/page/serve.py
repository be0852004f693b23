"""The page from this machine, for this machine: Starlette on 127.0.0.1, a run only read, media made when asked for."""

import re
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from emotion.core.errors import EmotionError
from emotion.page.build import page_text, policy
from emotion.page.data import Gathered
from emotion.page.media import Media, Medium, make_one
from emotion.page.pictures import Strips

HOST = "127.0.0.1"
READING = ("GET", "HEAD")
_HOSTS = ("127.0.0.1", "localhost")
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Answers nobody but the page itself: other hosts (DNS rebinding) 400, other origins 403, other methods 405.

    What changes something (POST, DELETE) must say that it comes from the page: no origin is none.

    Args:
        app: what is behind it.
        port: on which it is served; an origin must be of this host and port.
        methods: that are answered.
    """

    def __init__(self, app: ASGIApp, *, port: int, methods: tuple[str, ...] = READING) -> None:
        self.app, self.methods = app, methods
        self.hosts = {f"{host}:{port}" for host in _HOSTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the request's method, host and origin before anything else."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        refusal = self._refusal(scope)
        if refusal is None:
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        return await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["type"] != "http":
            return PlainTextResponse("no such thing here\n", 403)
        named = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        if [value for name, value in named if name == "host"] not in [[host] for host in self.hosts]:
            return PlainTextResponse("this page is served to this machine only\n", 400, headers=HEADERS)
        origins = {value for name, value in named if name == "origin"}
        sites = {value for name, value in named if name == "sec-fetch-site"}
        method, home = scope["method"], {f"http://{host}" for host in self.hosts}
        if origins - home or "cross-site" in sites - self._visits(named):
            return PlainTextResponse("this page answers itself only\n", 403, headers=HEADERS)
        if method not in self.methods:
            allowed = ", ".join(self.methods)
            return PlainTextResponse(f"{allowed} only\n", 405, headers=HEADERS | {"allow": allowed})
        if method not in READING and not origins:
            return PlainTextResponse("this page answers itself only\n", 403, headers=HEADERS)
        return None

    def _visits(self, named: list[tuple[str, str]]) -> set[str]:
        """A link on another page may lead here: that shows the page, it tells the other one nothing."""
        return {"cross-site"} if ("sec-fetch-mode", "navigate") in named else set()


def application(
    data: dict[str, Any],
    *,
    port: int,
    media: Media | None = None,
    strips: Strips | None = None,
    names: tuple[str, ...] = (),
) -> Starlette:
    """The page, its media and its strips.

    Args:
        data: of the page.
        port: on which it is served.
        media: what can be played.
        strips: face strips.
        names: utterances in the order of the index, for the strips.
    """
    text = page_text(data, served=True)
    lock = Lock()  # HDF5 files are read by one thread at a time
    known = media or Media([], {})

    async def page(_: Request) -> Response:
        headers = HEADERS | {"content-security-policy": policy(served=True)}
        return Response(text, media_type="text/html; charset=utf-8", headers=headers)

    async def play(request: Request) -> Response:
        medium = _asked(known, request.path_params["name"])
        path = None if medium is None else await run_in_threadpool(make_one, medium)
        if path is None or medium is None:
            return PlainTextResponse("no such media\n", 404, headers=HEADERS)
        kind = "audio/mp4" if medium.video is None else "video/mp4"
        # A player comes back for ranges: it may keep them, for as long as the file is the same.
        return FileResponse(path, media_type=kind, headers=HEADERS | {"cache-control": "private, no-cache"})

    def draw(row: int) -> bytes | None:
        if strips is None or row >= len(names):
            return None
        with lock:
            return strips.jpeg(names[row])

    async def strip(request: Request) -> Response:
        row = number_in(request.path_params["name"], r"(\d{1,9})\.jpg")
        content = None if row is None else await run_in_threadpool(draw, row)
        if content is None:
            return PlainTextResponse("no such strip\n", 404, headers=HEADERS)
        return Response(content, media_type="image/jpeg", headers=HEADERS)

    routes = [Route("/", page), Route("/media/{name}", play), Route("/strips/{name}", strip)]
    return Starlette(routes=routes, middleware=[Middleware(Guard, port=port)])


def addressed(found: Gathered) -> dict[str, Any]:
    """The data with the addresses of the media."""
    dialogues = [dict(item) for item in found.data["dialogues"]]
    for i, medium in enumerate(found.media.dialogues):
        if medium is not None:
            dialogues[i]["sound" if medium.video is None else "media"] = f"media/{i}.mp4"
    if not found.media:
        return found.data | {"media": {"mode": "none", "note": "The media of this corpus are not here."}}
    return found.data | {"dialogues": dialogues, "media": {"mode": "url", "note": ""}}


def listen(port: int) -> socket.socket:
    """A socket on 127.0.0.1.

    Args:
        port: 0 = any that is free.

    Raises:
        EmotionError: another program has the port.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError as error:
        found.close()
        raise EmotionError(f"port {port}: {error.strerror}; choose another one with --port, or 0 for any") from None
    return found


def run(app: Starlette, door: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C, or another signal that asks the program to end: it tidies up then, too.

    Args:
        app: of `application`.
        door: of `listen`.
        ready: called once the server answers.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            ready()

    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False, ws="none")
    with suppress(KeyboardInterrupt):  # the usual end
        Server(config).run(sockets=[door])


def _asked(media: Media, name: str) -> Medium | None:
    dialogue, clip = number_in(name, r"(\d{1,9})\.mp4"), number_in(name, r"u(\d{1,9})\.mp4")
    if clip is not None:
        return media.clips.get(clip)
    return media.dialogues[dialogue] if dialogue is not None and dialogue < len(media.dialogues) else None


def number_in(name: str, pattern: str) -> int | None:
    """The number in a part of an address; None where the part is not of the pattern."""
    match = re.fullmatch(pattern, name, re.ASCII)
    return int(match[1]) if match else None
