"""The recipes lie at the top of a clone; in a wheel they come with the module that reads them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithRecipes(build_py):
    """Build the package, and lay the recipes into it."""

    def run(self) -> None:
        """See setuptools."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "emotion" / "fusion" / "shipped_recipes"
            shutil.copytree(Path(__file__).parent / "recipes", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": WithRecipes})
