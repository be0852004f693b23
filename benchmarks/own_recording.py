"""Speed and memory of `emotion predict` on a film of your own.

    python -m benchmarks.own_recording --film talk.mp4 --asr DIR --light-asd FILE [--model DIR] [--minutes 10,120]

The film, two people who talk, is brought to 720p and shown over and over until it is so long. Each length is predicted
in a process of its own: the front end (speech and words, faces, who speaks), then features and classification. Time is
processor time of one core. Figures go to benchmarks/results.json and, with `python -m benchmarks.robustness`, into
docs/performance.md; what is in the film does not.
"""

import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from math import ceil, log
from pathlib import Path
from typing import Annotated, Any

import av
import typer
from av.filter import Graph
from rich.console import Console
from rich.table import Table

from benchmarks.record import record

_CHILD = """
import json, resource, sys, time
from pathlib import Path
import torch
from emotion.bundle.folder import load
from emotion.predict.classify import classify
from emotion.predict.media import look
from emotion.predict.talk import Listening, find_turns

torch.set_num_threads(1)
film, asr, weights, model, work = sys.argv[1:]
bundle, recording = load(Path(model)), look(Path(film))
how = Listening(asr=asr, light_asd=Path(weights), detector=bundle.clips.detector)
begin = time.process_time()
talk = find_turns(recording, how, progress=lambda *_: None)
found = time.process_time()
classify(bundle, recording, talk.turns, work=Path(work))
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
children = resource.getrusage(resource.RUSAGE_CHILDREN)
end = time.process_time() + children.ru_utime + children.ru_stime
print(json.dumps({"seconds": talk.seconds, "turns": len(talk.turns), "front_end": found - begin,
                  "features": end - found, "peak_mib": peak / 1024}))
"""


def at_720p(film: Path, out: Path) -> Path:
    """The film at 1280x720, H.264 and AAC, with borders where its shape is another one."""
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        video, sound = source.streams.video[0], source.streams.audio[0]
        seen = target.add_stream("libx264", rate=video.average_rate or Fraction(25))
        seen.width, seen.height, seen.pix_fmt = 1280, 720, "yuv420p"
        heard = target.add_stream("aac", rate=sound.rate)
        graph = Graph()
        shape = "1280:720:force_original_aspect_ratio=decrease"
        graph.link_nodes(
            graph.add_buffer(template=video),
            graph.add("scale", shape),
            graph.add("pad", "1280:720:(ow-iw)/2:(oh-ih)/2"),
            graph.add("buffersink"),
        ).configure()
        for frame in source.decode(video, sound):
            if isinstance(frame, av.AudioFrame):
                target.mux(heard.encode(frame))
                continue
            graph.push(frame)
            target.mux(seen.encode(graph.pull()))
        target.mux([*seen.encode(None), *heard.encode(None)])
    return out


def looped(film: Path, out: Path, *, times: int) -> Path:
    """The film over and over, its packets as they are."""
    with av.open(str(out), "w") as target:
        with av.open(str(film)) as source:
            streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        offset = 0.0
        for _ in range(times):
            end = 0.0
            with av.open(str(film)) as source:
                for packet in source.demux():
                    if packet.dts is None:
                        continue
                    end = max(end, float((packet.pts + packet.duration) * packet.time_base))
                    shift = round(offset / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    target.mux(packet)
            offset += end + 0.04
    return out


def measured(film: Path, *, asr: str, light_asd: Path, model: Path) -> dict[str, float]:
    """What a prediction of the film costs: s of it, turns, s of processor time of both parts, peak memory in MiB."""
    with tempfile.TemporaryDirectory() as work:
        command = [sys.executable, "-c", _CHILD, str(film), asr, str(light_asd), str(model), work]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {film.name}: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def figures(runs: list[dict[str, float]]) -> list[tuple[str, float, float]]:
    """What, measured, at most: of the longest run; exponents from the shortest to the longest."""
    last = runs[-1]
    made = [
        ("front end, s of processor time per second", last["front_end"] / last["seconds"], 0.5),
        ("features and classification, s per second", last["features"] / last["seconds"], 0.2),
        ("peak memory, MiB", last["peak_mib"], 2048.0),
    ]
    if len(runs) > 1:
        times = [run["front_end"] + run["features"] for run in runs]
        growth = log(times[-1] / times[0]) / log(last["seconds"] / runs[0]["seconds"])
        made.append(
            (f"exponent of time, {runs[0]['seconds'] / 60:.0f} to {last['seconds'] / 60:.0f} min", growth, 1.05)
        )
    return made


def main(
    film: Annotated[Path, typer.Option(help="Two people who talk.")],
    asr: Annotated[str, typer.Option(help="Folder or name of a Whisper model.")],
    light_asd: Annotated[Path, typer.Option(help="Weights that tell who speaks.")],
    model: Annotated[Path, typer.Option(help="Packed model.")] = Path("models/packed"),
    minutes: Annotated[str, typer.Option(help="Lengths, rising.")] = "2,10",
) -> None:
    """Measure, print and record."""
    runs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        once = at_720p(film, Path(folder) / "once.mp4")
        with av.open(str(once)) as source:
            seconds = source.duration / 1e6
        for length in map(float, minutes.split(",")):
            path = looped(once, Path(folder) / f"{length:g}.mp4", times=ceil(60 * length / seconds))
            runs.append(measured(path, asr=asr, light_asd=light_asd, model=model))
            print(f"{length:g} min: {json.dumps(runs[-1])}", flush=True)
            path.unlink()
    shown = Table("what", "measured", "at most")
    content: dict[str, Any] = {"runs": runs, "figures": []}
    for what, value, most in figures(runs):
        shown.add_row(what, f"{value:.3g}", f"{most:g}")
        content["figures"].append({"what": what, "measured": round(value, 3), "most": most})
    Console().print(shown)
    record("own_recording", content)


if __name__ == "__main__":
    typer.run(main)
