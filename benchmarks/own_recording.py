"""Speed and memory of `emotion predict` on a film of your own.

    python -m benchmarks.own_recording --film talk.mp4 --asr DIR --light-asd FILE [--model DIR] [--minutes 10,120]

The film, two people who talk, is brought to 720p and shown over and over until it is so long. Each length is predicted
in a process of its own: the front end (speech and words, faces, who speaks), then features and classification, then
all files with the page. A silent recording that is as long as the longest film comes last. Time is processor time,
memory that of all processes together. Figures go to benchmarks/results.json and, with
`python -m benchmarks.robustness`, into docs/performance.md; what is in the film does not.
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
import numpy as np
import soundfile
import typer
from av.filter import Graph
from rich.console import Console
from rich.table import Table

from benchmarks.record import record
from benchmarks.run import PeakMemory

_CHILD = """
import json, resource, sys, time
from pathlib import Path
import torch
from emotion.core import logs
from emotion.page.timeline import EXTRAS
from emotion.predict.lines import Lines
from emotion.predict.run import predict
from emotion.predict.talk import Listening
from emotion.timeline.writing import WRITERS

torch.set_num_threads(1)
film, asr, weights, model, out = sys.argv[1:]
lines, begun = Lines(Path(film).name), {}
used = lambda who: resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime
spent = lambda: used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)

def told(step, done, total):
    begun.setdefault(step, spent())
    lines(step, done, total)

logs.start()
begin, how = spent(), Listening(asr=asr, light_asd=Path(weights))
files = {"formats": (*WRITERS, "html"), "extras": EXTRAS}
predict([Path(film)], model=Path(model), out=Path(out), how=how, demo=True, progress=told, **files)
write = begun["write"]
features = begun.get("features", write)
found = json.loads((Path(out) / "timeline.json").read_text())
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
times = {"front_end": features - begin, "features": write - features, "write": spent() - write}
print(json.dumps({"seconds": found["duration"], "turns": len(found["segments"]), **times, "peak_mib": peak / 1024}))
"""
_SILENT_RATE = 16_000  # Hz


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


def silence(out: Path, *, seconds: float) -> Path:
    """A sound file in which there is nothing."""
    with soundfile.SoundFile(out, "w", _SILENT_RATE, 1, format="FLAC") as file:
        for _ in range(ceil(seconds / 60)):
            file.write(np.zeros(60 * _SILENT_RATE, np.int16))
    return out


def measured(film: Path, *, asr: str, light_asd: Path, model: Path) -> dict[str, float]:
    """What a prediction of the film costs, with all its files; how far it is goes to stderr.

    Returns:
        Seconds of it, turns, s of processor time of its parts, peak memory of its processes together in MiB.
    """
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", _CHILD, str(film), asr, str(light_asd), str(model), out]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        peak = PeakMemory(child.pid, every=1.0, shared_once=True)
        peak.start()
        said, _ = child.communicate()
        peak.over.set()
        peak.join()
    if child.returncode:
        raise SystemExit(f"error: {film.name} could not be predicted, see above")
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found | {"peak_mib": max(found["peak_mib"], peak.peak / 2**20)}


def figures(runs: list[dict[str, float]], silent: dict[str, float]) -> list[tuple[str, float, float]]:
    """What, measured, at most: of the longest run; exponents from the shortest to the longest."""
    last = runs[-1]
    made = [
        ("front end, s of processor time per second", last["front_end"] / last["seconds"], 0.5),
        ("features and classification, s per second", last["features"] / last["seconds"], 0.2),
        ("peak memory of all processes, MiB", last["peak_mib"], 2048.0),
        (f"peak memory, {silent['seconds'] / 60:.0f} min of silence, MiB", silent["peak_mib"], 2048.0),
    ]
    if len(runs) > 1:
        times = [run["front_end"] + run["features"] for run in runs]  # a page has no pictures of more than half an hour
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
        path = silence(Path(folder) / "silence.flac", seconds=runs[-1]["seconds"])
        silent = measured(path, asr=asr, light_asd=light_asd, model=model)
        print(f"silence: {json.dumps(silent)}", flush=True)
    shown = Table("what", "measured", "at most")
    content: dict[str, Any] = {"runs": runs, "silence": silent, "figures": []}
    for what, value, most in figures(runs, silent):
        shown.add_row(what, f"{value:.3g}", f"{most:g}")
        content["figures"].append({"what": what, "measured": round(value, 3), "most": most})
    Console().print(shown)
    record("own_recording", content)


if __name__ == "__main__":
    typer.run(main)
