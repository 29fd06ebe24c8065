# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inside a release's environment: reads values with the real oslo.config. stdin and stdout are JSON.

In: [{"declared": {NAME: TYPE, ...}, "text": TEXT}, ...], TYPE as in the catalogue's data, one a file; the options are in group g.
Out: one mapping of names to {"value": ...} or {"error": TEXT} a file; {"file_error": TEXT} where the file does not load.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

cfg = importlib.import_module("oslo_config.cfg")
types = importlib.import_module("oslo_config.types")


def make_type(spec: dict[str, Any]) -> Any:
    kind = spec["type"]
    if kind == "string":
        return types.String(
            choices=spec.get("choices"),
            ignore_case=spec.get("ignore_case", False),
            max_length=spec.get("max_length"),
            regex=spec.get("regex"),
            quotes=spec.get("quotes", False),
        )
    if kind in ("integer", "port"):
        return {"integer": types.Integer, "port": types.Port}[kind](min=spec.get("min"), max=spec.get("max"), choices=spec.get("choices"))
    if kind == "float":
        return types.Float(min=spec.get("min"), max=spec.get("max"))
    if kind == "list":
        return types.List(make_type(spec["item"]), bounds=spec.get("bounds", False))
    if kind == "dict":
        return types.Dict(make_type(spec["item"]), bounds=spec.get("bounds", False))
    if kind == "ip":
        return types.IPAddress(version=spec.get("version"))
    if kind == "uri":
        return types.URI(schemes=spec.get("schemes"), max_length=spec.get("max_length"))
    return {"boolean": types.Boolean, "hostname": types.Hostname, "hostaddress": types.HostAddress, "hostdomain": types.HostDomain}[kind]()


def read(declared: dict[str, Any], path: Path) -> dict[str, Any]:
    conf = cfg.ConfigOpts()
    for name, spec in declared.items():
        option = cfg.MultiOpt(name, item_type=make_type(spec)) if spec.get("multi") else cfg.Opt(name, type=make_type(spec))
        conf.register_opt(option, group="g")
    try:
        conf(args=[], default_config_files=[str(path)], default_config_dirs=[])
    except Exception as error:
        return {"file_error": f"{type(error).__name__}: {error}"}
    return {name: value_of(conf, name) for name in declared}


def value_of(conf: Any, name: str) -> dict[str, Any]:
    try:
        return {"value": getattr(conf.g, name)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.conf"
        for file in json.load(sys.stdin):
            path.write_bytes(file["text"].encode())
            answers.append(read(file["declared"], path))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
