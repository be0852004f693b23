"""The page on which people try a clip, from this machine, for this machine: upload, progress, timeline."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from emotion.bundle.card import Card
from emotion.bundle.folder import load
from emotion.bundle.page import sections
from emotion.conversation import light_asd, whisper
from emotion.conversation.recording import NONE
from emotion.core.errors import because
from emotion.page.build import TRY, page_text, policy
from emotion.page.clips import Clip, Clips, Full, private_folder
from emotion.page.serve import HEADERS, Guard, number_in
from emotion.page.timeline import REPORT
from emotion.page.trial import FILES, Asked
from emotion.predict.talk import Listening

_METHODS = ("GET", "HEAD", "POST", "DELETE")


@contextmanager
def application(asked: Asked, *, port: int, limit: int) -> Iterator[Starlette]:
    """The application; clips lie in a private folder meanwhile.

    Args:
        asked: model, and how clips are predicted.
        port: on which it is served.
        limit: bytes of an upload.

    Raises:
        EmotionError: the model cannot be used, or nothing could be heard or seen with these options.
    """
    card = load(asked.model).card
    _check_how(asked.how)
    with private_folder() as folder:
        clips = Clips(folder, asked)
        try:
            yield served(clips, page_data(card, demo=asked.demo, limit=limit), port=port, limit=limit)
        finally:
            clips.close()


def _check_how(how: Listening) -> None:
    """Say now what every clip would fail with."""
    if how.asr not in (NONE, Listening.asr):
        whisper.check_name(how.asr)
    if how.light_asd is not None:
        light_asd.load(how.light_asd)


def page_data(card: Card, *, demo: bool, limit: int) -> dict[str, Any]:
    """What the page says: how to begin, and what the model is."""
    notes = []
    about = [
        {"title": title.replace("it", "the model"), "rows": list(map(list, rows))} for title, rows in sections(card)
    ]
    if card.corpus.synthetic:
        now = (
            "it takes any recording now (--demo), and what it says means nothing"
            if demo
            else ("it takes the recordings of that corpus only; to see how it works on others, start with --demo")
        )
        notes.append(f"The model was trained on drawn faces and synthetic voices: {now}.")
    return {
        "kind": "try",
        "title": f"Try a clip: {card.name}",
        "notes": notes,
        "limit": limit,
        "about": about,
        "footer": (
            "Nothing leaves this machine. An upload is removed as soon as it was looked at; timelines when you remove "
            "them, or the server ends."
        ),
    }


def served(clips: Clips, data: dict[str, Any], *, port: int, limit: int) -> Starlette:
    """The routes; see `application`."""
    text = page_text(data, entry=TRY, served=True)

    async def page(_: Request) -> Response:
        headers = HEADERS | {"content-security-policy": policy(entry=TRY, served=True)}
        return Response(text, media_type="text/html; charset=utf-8", headers=headers)

    async def all_clips(request: Request) -> Response:
        if request.method != "POST":
            return JSONResponse(clips.states(), headers=HEADERS)
        return await _upload(request, clips, limit=limit)

    async def one_clip(request: Request) -> Response:
        clip = _asked(clips, request)
        if clip is None or not await run_in_threadpool(clips.remove, clip.number):
            return _line("no such clip", 404)
        return Response(status_code=204, headers=HEADERS)

    async def file(request: Request) -> Response:
        clip, name = _asked(clips, request), request.path_params.get("name", REPORT)
        if clip is None or clip.state != "done" or (name != REPORT and name not in FILES):
            return _line("no such file", 404)
        if name == REPORT:
            headers = HEADERS | {"content-security-policy": policy(served=True)}
            return FileResponse(clip.out / name, media_type="text/html; charset=utf-8", headers=headers)
        return FileResponse(clip.out / name, filename=f"{Path(clip.name).stem}{Path(name).suffix}", headers=HEADERS)

    routes = [
        Route("/", page),
        Route("/clips", all_clips, methods=["GET", "POST"]),
        Route("/clips/{number}", one_clip, methods=["DELETE"]),
        Route("/clips/{number}/", file),
        Route("/clips/{number}/{name}", file),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, port=port, methods=_METHODS)])
    app.router.redirect_slashes = False
    return app


async def _upload(request: Request, clips: Clips, *, limit: int) -> Response:
    """Take a file; the body is the file itself, its name stands in the address."""
    size, speakers = request.headers.get("content-length", "0"), request.query_params.get("speakers", "")
    wanted = number_in(speakers, r"(\d{1,2})") if speakers else 0
    if wanted is None:
        return _line("speakers is no whole number from 0 to 99 (0 = not known)", 400)
    if not size.isdecimal():
        return _line("content-length is no whole number", 400)
    if int(size) > limit:
        return _too_large(limit)
    try:
        clip = clips.new(request.query_params.get("name", ""), speakers=wanted or None)
    except Full as error:
        return _line(str(error), 429)
    try:
        if not await _store(request, clip, limit=limit):
            return _too_large(limit)
        clips.start(clip)
    except ClientDisconnect:
        return _line("not the whole file came", 400)
    except OSError as error:
        return _line("the file cannot be kept: {}; {}".format(*because(error)), 507)
    finally:
        if clip.state == "uploading":
            clips.remove(clip.number)
    return JSONResponse({"id": clip.number}, 201, headers=HEADERS)


async def _store(request: Request, clip: Clip, *, limit: int) -> bool:
    """Write what comes to the clip's file; False where it is more than the limit."""
    size = 0
    with clip.media.open("xb") as file:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                return False
            await run_in_threadpool(file.write, part)
    return True


def _asked(clips: Clips, request: Request) -> Clip | None:
    number = number_in(request.path_params["number"], r"(\d{1,9})")
    return None if number is None else clips.get(number)


def _too_large(limit: int) -> Response:
    return _line(f"the file is larger than {limit / 1e6:.0f} MB (--limit); cut it, or use emotion predict", 413)


def _line(text: str, status: int) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=HEADERS)
