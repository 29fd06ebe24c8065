# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: nova's own verdict.

stdin: {"specs": [TEXT, ...], "aliases": [[TEXT, ...], ...]}; stdout: the same as booleans.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

os.environ.setdefault("OS_NOVA_DISABLE_EVENTLET_PATCHING", "1")
whitelist = importlib.import_module("nova.pci.whitelist")
request = importlib.import_module("nova.pci.request")
CONF = importlib.import_module("nova.conf").CONF


def takes_spec(text: str) -> bool:
    try:
        whitelist.Whitelist([text])
    except Exception:
        return False
    return True


def takes_aliases(texts: list[str]) -> bool:
    CONF.set_override("alias", texts, group="pci")
    try:
        request._get_alias_from_config()
    except Exception:
        return False
    return True


def main() -> None:
    data: dict[str, Any] = json.load(sys.stdin)
    json.dump(
        {"specs": [takes_spec(text) for text in data["specs"]], "aliases": [takes_aliases(texts) for texts in data["aliases"]]}, sys.stdout
    )


if __name__ == "__main__":
    main()
