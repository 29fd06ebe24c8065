# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A configuration as the rules see it, and what a rule says of it."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .catalogue import Catalogue, normalized
from .content import Settings

CLUSTER_DRIVER = "compute_hyperv.cluster.driver.HyperVClusterDriver"
DRIVER = "compute_hyperv.driver.HyperVDriver"


@dataclass(frozen=True)
class Verdict:
    """What one rule says."""

    severity: Literal["refusal", "warning"]
    text: str


@dataclass(frozen=True)
class Host:
    """What is known of the host. node_name: what its failover cluster calls it; empty outside of one.

    switches: its virtual switches by name, and whether an Open vSwitch extension is enabled on each.
    """

    computer_name: str = ""
    node_name: str = ""
    switches: Mapping[str, bool] | None = None


@dataclass(frozen=True)
class Configuration:
    """The configuration that the rules judge. virtualenv: the folder of the virtual environment on the host, where known."""

    catalogue: Catalogue
    settings: Settings
    host: Host
    virtualenv: str = ""

    @property
    def release(self) -> str:
        return self.catalogue.release

    def given(self, group: str, name: str) -> bool:
        return (normalized(group), name) in self.settings

    def value(self, group: str, name: str) -> Any:
        """What the service will read: the file's value, or the default."""
        found = self.settings.get((normalized(group), name))
        if found is not None:
            return None if found.fault else found.value
        option = self.catalogue.find(group, name)
        return option.default if option else None

    @property
    def clustered(self) -> bool:
        return bool(self.value("DEFAULT", "compute_driver") == CLUSTER_DRIVER)


Verdicts = Iterable[Verdict]
Rule = Callable[[Configuration], Verdicts]


def refusal(text: str) -> Verdict:
    return Verdict("refusal", text)


def warning(text: str) -> Verdict:
    return Verdict("warning", text)


# Windows paths

def is_unc(path: str) -> bool:
    return path.replace("/", "\\").startswith("\\\\")


def is_csv(path: str) -> bool:
    """A cluster shared volume; compute-hyperv treats `C:\\ClusterStorage` as shared (pathutils.py)."""
    return bool(re.match(r"[a-z]:\\clusterstorage\\", path.replace("/", "\\"), re.IGNORECASE))


def has_drive(path: str) -> bool:
    return bool(re.match(r"[A-Za-z]:[\\/]", path))


def is_shared(path: str) -> bool:
    return is_unc(path) or is_csv(path)
