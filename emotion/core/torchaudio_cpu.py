"""Make `import torchaudio` work beside a torch without CUDA.

The Linux wheels of torchaudio are linked against CUDA libraries, so with a CPU build of torch `import torchaudio`
(and every `transformers` module that imports it) raises OSError. torchaudio needs its compiled extension for forced
alignment only and has a documented answer for "the extension is not there": `torchaudio._extension.utils._load_lib`
returns False. We give that answer when loading fails. The hook costs nothing until torchaudio is imported, and
changes nothing where the extension loads.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_TARGET = "torchaudio._extension.utils"


class _Loader(SourceFileLoader):
    """Executes the module, then lets its `_load_lib` answer "absent" instead of raising OSError."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        load: Callable[[str], bool] = module._load_lib

        def load_or_absent(lib: str) -> bool:
            try:
                return load(lib)
            except OSError:
                return False

        module._load_lib = load_or_absent  # type: ignore[attr-defined]


class _Finder(MetaPathFinder):
    """Finds the one module to adjust; everything else is left to the next finder."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _TARGET:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def install() -> None:
    """Install the import hook once per process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
