"""environment.yml and pyproject.toml declare the same ranges."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_conda_and_pip_declare_the_same_ranges() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {*project["dependencies"], f"python{project['requires-python']}"}
    listed = re.findall(r"^\s+- ([a-z0-9-]+[<>=][^\s]*)$", (ROOT / "environment.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(wanted)
    assert len(listed) == len(set(listed))
