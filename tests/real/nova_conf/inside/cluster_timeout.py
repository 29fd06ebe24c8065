# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: how long os-win's ClusterUtils would wait for the cluster. stdin: a nova.conf as JSON; stdout: seconds.

os-win reads the option as a default argument, so when its module is imported: this goes nova-compute's way, by which that is late enough.
"""
from __future__ import annotations

import importlib
import inspect
import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    text = json.load(sys.stdin)
    importlib.import_module("nova.cmd.compute")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nova.conf"
        file.write_text(text)
        importlib.import_module("nova.config").parse_args(["nova-compute", "--config-file", str(file)])
    importlib.import_module("nova.virt.compute_hyperv.cluster.driver")
    utils = importlib.import_module("os_win.utils.compute.clusterutils").ClusterUtils
    json.dump(inspect.signature(utils.__init__).parameters["timeout"].default, sys.stdout)


if __name__ == "__main__":
    main()
