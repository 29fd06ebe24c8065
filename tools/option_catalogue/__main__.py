# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the option catalogues from the real packages: python -m tools.option_catalogue [RELEASE ...]

Each release is installed into a virtual environment of its own (a few minutes and 600 MB the first time). The data goes to
plugins/module_utils/nova_conf/data, one file a service and release, one option a line; the same packages give the same bytes.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .environments import RELEASES, ROOT, Release, environment

DATA = ROOT / "plugins" / "module_utils" / "nova_conf" / "data"
SERVICES = ("nova-compute", "neutron-hyperv-agent")

# The packages whose options the catalogue holds, and the two whose behaviour its rules know.
SOURCES = ("nova", "compute-hyperv", "neutron", "networking-hyperv", "os-win", "os-brick", "os-vif", "castellan", "keystoneauth1",
           "keystonemiddleware", "osprofiler", "tooz", "etcd3gw")


def catalogue(release: Release, service: str) -> str:
    """One catalogue as the text of its file."""
    command = [str(environment(release)), str(Path(__file__).with_name("read_options.py")), service]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return render(release, service, json.loads(answer))


def render(release: Release, service: str, answer: Mapping[str, Any]) -> str:
    """JSON with one option a line, so that a change of an option is one line of a diff."""
    packages = {name: version for name, version in answer["packages"].items() if name in SOURCES or name.startswith("oslo-")}
    groups = ",\n".join(f" {_text(group)}: {_lines(options)}" for group, options in sorted(answer["groups"].items()))
    return (
        "{\n"
        f'"release": {_text(release.name)},\n'
        f'"service": {_text(service)},\n'
        f'"packages": {_text(packages)},\n'
        f'"auth_groups": {_text(answer["auth_groups"])},\n'
        f'"auth_options": {_lines(answer["auth_options"])},\n'
        f'"groups": {{\n{groups}\n}}\n'
        "}\n"
    )


def _lines(options: list[Any]) -> str:
    return "[\n  " + ",\n  ".join(map(_text, options)) + "\n ]"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Write the option catalogues from the real packages.")
    parser.add_argument("release", nargs="*", choices=[[], *RELEASES], help="default: all")
    for name in parser.parse_args(arguments).release or RELEASES:
        for service in SERVICES:
            path = DATA / f"{service}-{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(catalogue(RELEASES[name], service), encoding="ascii")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
