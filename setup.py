"""Puts the workflow into the wheel: its files stand at the top of the repository, once."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
WORKFLOW = ("Snakefile", "rules", "workflow", "config/policies", "envs/resweep.yaml", "slurm")


class BuildWithWorkflow(build_py):
    """Copies the workflow to ``resweep/bundle``."""

    def run(self):
        """Build the package, then add the workflow; not where it is installed from a checkout."""
        super().run()
        if self.editable_mode:
            return
        for name in WORKFLOW:
            source, target = HERE / name, Path(self.build_lib, "resweep/bundle", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignore)
            else:
                shutil.copy2(source, target)


setup(cmdclass={"build_py": BuildWithWorkflow})
