"""One self-contained HTML file: style, scripts, data and media inside; it asks nothing of any network."""

import base64
import hashlib
import html
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from emotion.core.files import check_name, write_text
from emotion.core.progress import track
from emotion.page.against import compare
from emotion.page.data import Gathered, gather, open_strips, with_strips
from emotion.page.files import read_run
from emotion.page.media import make
from emotion.page.packing import safe_json
from emotion.page.pictures import Strips, data_uri
from emotion.page.study import check_folder, is_study, study_data

MAIN, TRY = "main.js", "try.js"  # scripts with which a page begins; the second alone asks its server for something
_IMPORT = re.compile(r'^import\s[^;]*?"\./([\w-]+\.js)";\n?', re.M)
_EXPORT = re.compile(r"^export ", re.M)
_ROOM = {"default-src": "'none'", "connect-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}


def report(folder: Path, out: Path, *, media: str = "all", limit: int = 64 << 20, against: str = "") -> int:
    """Write a run or a study as one HTML file.

    Args:
        folder: of the run or the study.
        out: the file.
        media: `none`, `faces` (strips of the face clips) or `all` (sound and video too).
        limit: bytes of media in the file.
        against: another run, see `against.compare`; '' = none.

    Returns:
        Bytes written.

    Raises:
        EmotionError: the run is not finished, a file is damaged, or the page cannot be written.
    """
    check_name(out, suffixes=(".html", ".htm"))
    check_folder(folder, against=against)
    text = page_text(study_data(folder) if is_study(folder) else _run_data(folder, media, limit, against))
    write_text(out, text)
    return len(text.encode())


def _run_data(folder: Path, media: str, limit: int, against: str) -> dict[str, Any]:
    found = gather(read_run(folder))
    data = found.data | {"against": compare(found, against) if against else None}
    if media == "none":
        note = "Made without media (--media none)."
        return data | {"media": {"mode": "none", "note": note}}
    used, note = 0, ""
    strips = open_strips(found)
    if strips is not None:
        try:
            embedded, used, left = _embed_strips(found, strips, limit)
            data |= {key: with_strips(found, strips, embedded=embedded).data[key] for key in ("strips", "faces")}
        finally:
            strips.close()
        note = f"{left} face strips did not fit. " if left else ""
    if media == "faces" or not found.media:
        why = (
            "Made without sound and video (--media faces)." if found.media else "The media of this corpus are not here."
        )
        return data | {"media": {"mode": "none", "note": note + why}}
    return _embed_media(found, data, note, used=used, limit=limit)


def _embed_strips(found: Gathered, strips: Strips, limit: int) -> tuple[list[str | None], int, int]:
    """Strips as data URIs until half of the limit, their bytes, and how many did not fit."""
    embedded: list[str | None] = []
    used = left = 0
    rows = found.run.index.utterances
    for row in track(rows, total=len(rows), title="face strips", unit="utterances"):
        content = strips.jpeg(row.utterance)
        uri = None if content is None else data_uri(content, "image/jpeg")
        if uri is not None and used + len(uri) > limit // 2:
            uri, left = None, left + 1
        used += len(uri or "")
        embedded.append(uri)
    return embedded, used, left


def _embed_media(found: Gathered, data: dict[str, Any], note: str, *, used: int, limit: int) -> dict[str, Any]:
    """Dialogues' media as data URIs, test dialogues first, as long as they fit."""
    rows = found.run.index.utterances
    order = sorted(
        (i for i, medium in enumerate(found.media.dialogues) if medium is not None),
        key=lambda i: (rows[data["dialogues"][i]["first"]].split != "test", i),
    )
    dialogues, left = [dict(item) for item in data["dialogues"]], 0
    total = used
    step = 16  # made so many at a time, so that little is made in vain
    while order:
        now, order = order[:step], order[step:]
        named = {str(i): medium for i in now if (medium := found.media.dialogues[i]) is not None}
        for name, path in make(named).items():
            size = -(-path.stat().st_size // 3) * 4
            if total + size > limit:
                left += 1
                continue
            total += size
            pictures = named[name].video is not None
            dialogues[int(name)]["media" if pictures else "sound"] = data_uri(
                path.read_bytes(), "video/mp4" if pictures else "audio/mp4"
            )
        if total > 0.98 * limit:
            left += len(order)
            break
    parts = [f"{note}{total / 1e6:.0f} MB of media are inside"]
    parts += [f"{left} dialogues did not fit (--media-limit)"] if left else []
    parts += ["clips of single utterances play in `emotion view`"] if found.media.clips else []
    return data | {"dialogues": dialogues, "media": {"mode": "embedded", "note": "; ".join(parts)}}


def page_text(data: dict[str, Any], *, entry: str = MAIN, served: bool = False) -> str:
    """The page with its data; the same data give the same text.

    Args:
        data: see `data.gather`, `study.study_data` and `timeline.timeline_data`.
        entry: the script.
        served: the policy comes as a header, see `policy`.
    """
    style, script = assets(entry)
    values = {
        "csp": "" if served else f'<meta http-equiv="Content-Security-Policy" content="{policy(entry=entry)}">',
        "style": f"<style>{style}</style>",
        "scripts": f'<script type="module">{script}</script>',
        "title": html.escape(str(data["title"])),
        "data": safe_json(data),
    }
    template = (resources.files("emotion.page") / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def policy(*, entry: str = MAIN, served: bool = False) -> str:
    """The Content-Security-Policy: this style and this script, pictures and media from inside, nothing else."""
    style, script = assets(entry)
    rules = {
        **_ROOM,
        "script-src": f"'{_hash(script)}'",
        "style-src": f"'{_hash(style)}'",
        "img-src": "data: blob: 'self'",
        "media-src": "data: blob: 'self'",
    }
    if entry == TRY:
        rules["connect-src"] = "'self'"
    if served:
        rules["frame-ancestors"] = "'none'"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@cache
def assets(entry: str = MAIN) -> tuple[str, str]:
    """Style, and a script with all that it needs: each module after what it imports, without import and export."""
    room = resources.files("emotion.page")
    seen: dict[str, str] = {}

    def visit(name: str) -> None:
        text = (room / "js" / name).read_text(encoding="utf-8")
        for other in _IMPORT.findall(text):
            if other not in seen:
                visit(other)
        seen[name] = _EXPORT.sub("", _IMPORT.sub("", text))

    visit(entry)
    return (room / "page.css").read_text(encoding="utf-8"), "\n".join(seen.values())


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
