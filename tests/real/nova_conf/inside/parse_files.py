# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: what the real ConfigParser makes of files. stdin: [TEXT, ...]; stdout: [SECTIONS or null, ...]."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

cfg = importlib.import_module("oslo_config.cfg")


def parse(path: Path) -> Any:
    """{section: {key: [value, ...]}}, or None where the file is refused."""
    sections: dict[str, Any] = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except Exception:
        return None
    return sections


def main() -> None:
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.conf"
        for text in json.load(sys.stdin):
            path.write_bytes(text.encode())
            answers.append(parse(path))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
