# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Simulated servers for the tests of the models: calls go through the whole interpreter, time passes when the test says so."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from rehearsal.batch import run_batch
from rehearsal.machine import HostSpec, Machine
from rehearsal.powershell.registry import load_models

MODELS = load_models()

GPU = {
    "name": "Contoso Accelerator",
    "location_path": "PCIROOT(16)#PCI(0000)#PCI(0000)",
    "instance_id": r"PCI\VEN_10DE&DEV_1EB8&SUBSYS_12A210DE&REV_A1\4&1A2B3C&0&0000",
    "memory_mb": [16, 256],
}


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 8, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class _Silent:
    def before(self, number: int, call: dict[str, Any]) -> None:
        return None

    def after(self, number: int, call: dict[str, Any], result: dict[str, Any]) -> None:
        pass


class Host:
    """A machine of its own with a clock of its own. Everything answers at once unless the spec's timing says otherwise."""

    def __init__(self, **spec: Any) -> None:
        timing = {"reboot_seconds": 0, "vmms_ready_seconds": 0, **spec.pop("timing", {})}
        self.clock = Clock()
        name = spec.get("computer_name", "hv01")
        self.spec = HostSpec.from_mapping({**spec, "timing": timing}, f"hosts.{name}")
        self.machine = Machine.build(name, self.spec, self.clock)
        self.machine.sleep = self.clock.pass_by

    def up(self) -> bool:
        return self.machine.up

    def call(self, name: str, properties: tuple[str, ...] = (), **parameters: Any) -> dict[str, Any]:
        """The result of one cmdlet call, with `output` or `error`."""
        return self.batch({"id": "call", "cmdlet": name, "parameters": parameters, "properties": list(properties)})[0]

    def rows(self, name: str, *properties: str, **parameters: Any) -> list[dict[str, Any]]:
        result = self.call(name, properties, **parameters)
        assert "error" not in result, result["error"]
        output: list[dict[str, Any]] = result["output"]
        return output

    def values(self, name: str, property_name: str, **parameters: Any) -> list[Any]:
        return [row[property_name] for row in self.rows(name, property_name, **parameters)]

    def error(self, name: str, **parameters: Any) -> str:
        """The id of the error that the call must fail with."""
        result = self.call(name, ("$value",), **parameters)
        assert "error" in result, result
        identifier: str = result["error"]["id"]
        return identifier

    def program(self, name: str, *arguments: str) -> dict[str, Any]:
        return self.batch({"id": "call", "program": name, "arguments": list(arguments)})[0]

    def batch(self, *calls: dict[str, Any]) -> list[dict[str, Any]]:
        """The results of calls in the form of the wire."""
        return run_batch(self.machine, {"calls": list(calls)}, _Silent(), models=MODELS)


def hyper_v_host(**spec: Any) -> Host:
    """A host with the role and multipathing in effect."""
    features = {"installed": ["Hyper-V", "Hyper-V-PowerShell", "Multipath-IO"]}
    return Host(features=features, **spec)
