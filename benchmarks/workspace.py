"""A scratch folder in which benchmarks run the pipeline's stages on the data of the last `dvc repro`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
CODE = ("emotion", "stages", "recipes")


class Workspace:
    """A folder in which the stages from `fit` on can run, and which of its steps are done.

    Args:
        folder: what is in it already is kept if it is a workspace.
        environment: variables for the stages, besides those of this process.
    """

    def __init__(self, folder: Path, *, environment: dict[str, str]) -> None:
        self.folder, self.done, self.index = folder, folder / "done.json", folder / "data" / "index.csv"
        self.environment = os.environ | {"DVC_ROOT": str(folder)} | environment
        if self.done.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "data").mkdir(parents=True)
        for name in CODE:
            if (ROOT / name).exists():
                (folder / name).symlink_to(ROOT / name)
        for name in ("raw", "faces.h5"):
            (folder / "data" / name).symlink_to(ROOT / "data" / name)
        for name in ("index.csv", "index.json"):
            shutil.copy(ROOT / "data" / name, folder / "data" / name)
        self.done.write_text("{}", encoding="utf-8")

    def step(
        self,
        name: str,
        stages: Sequence[str],
        result: str = "",
        *,
        prepare: Callable[[], None] | None = None,
        **changes: Any,  # noqa: ANN401 - values of params.yaml
    ) -> Any:  # noqa: ANN401 - from JSON
        """Prepare, then run stages with changed parameters, unless that is done; returns what `result` (JSON) holds."""
        done = json.loads(self.done.read_text(encoding="utf-8"))
        if name not in done:
            if prepare is not None:
                prepare()
            self._set_params(changes)
            for stage in stages:
                self._run(stage)
            done[name] = json.loads((self.folder / result).read_text(encoding="utf-8")) if result else {}
            partial = self.done.with_suffix(".partial")
            partial.write_text(json.dumps(done), encoding="utf-8")
            partial.replace(self.done)
        return done[name]

    def _set_params(self, changes: dict[str, Any]) -> None:
        """Write params.yaml; `a__b` stands for the key b of section a."""
        yaml = YAML()
        params = yaml.load(ROOT / "params.yaml")
        for key, value in changes.items():
            *section, name = key.split("__")
            (params[section[0]] if section else params)[name] = value
        yaml.dump(params, self.folder / "params.yaml")

    def _run(self, stage: str) -> None:
        command = [sys.executable, "-m", f"stages.{stage}"]
        options: dict[str, Any] = {"cwd": self.folder, "env": self.environment, "capture_output": True, "text": True}
        made = subprocess.run(command, check=False, **options)
        if made.returncode:
            raise RuntimeError(f"stage {stage} failed in {self.folder}:\n{made.stderr}")
