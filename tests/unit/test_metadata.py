# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of the collection in several places agrees. Oracle: the files themselves."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import tomllib
import yaml

ROOT = Path(__file__).parents[2]
# The module on the host; the others drive it.
INTERNAL = {"win_cmdlets"}


def names(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / "plugins" / folder).iterdir() if path.suffix in (".py", ".ps1") and path.stem != "__init__"}


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def test_every_documented_task_has_something_that_runs() -> None:
    """A file with documentation alone needs an action of its name; every action needs documentation."""
    on_their_own = {name for name in names("modules") - INTERNAL if "AnsibleModule(" in (ROOT / f"plugins/modules/{name}.py").read_text()}
    assert names("action") == names("modules") - INTERNAL - on_their_own


def test_the_action_group_is_all_modules() -> None:
    assert read("meta/runtime.yml")["action_groups"]["all"] == sorted(names("modules") - INTERNAL)


def test_the_readme_lists_every_module() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(names("modules") - INTERNAL)


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert read("galaxy.yml")["version"] == project["version"]


def test_what_a_controller_needs_is_pinned_for_development() -> None:
    wanted = re.findall(r"^([\w.-]+)>=", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert wanted
    assert set(wanted) <= set(pinned)
