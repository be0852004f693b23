"""Which machine and versions a measurement was made with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch


def describe() -> dict[str, str | int]:
    """Processor, cores, memory in GiB, GPU and the versions that matter for speed."""
    cpuinfo = Path("/proc/cpuinfo")
    models = (
        [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if cpuinfo.exists()
        else []
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "opencv-python", "dvc")},
    }
