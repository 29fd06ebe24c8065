# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/driver_packages.md: by which paths packages, programs and DSMs are seen."""
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.driver_packages import RESOURCE

from tests.unit.resources.test_driver_packages import BOUND, DEVICE, ENTRY, STAGED, dsm, installer, options, package, programs, store

REGISTRY, STORE = "registry Control\\Class", "Get-WindowsDriver, as it is read"
KEY = {"InfPath": "oem7.inf", "ProviderName": "QLogic", "DriverVersion": "9.4.5.20"}
INBOX = {"InfPath": "machine.inf", "ProviderName": "QLogic", "DriverVersion": "9.4.5.20"}
OTHERS = ({"InfPath": None, "ProviderName": None, "DriverVersion": None}, INBOX)


def seen(*keys: dict[str, Any], waiting: tuple[str, ...] = (), **wanted: Any) -> list[Promise]:
    answers = store(STAGED, drivers=(BOUND,), waiting=waiting)
    answers["class_keys"] = Answer("class_keys", output=(*OTHERS, *keys))
    return list(RESOURCE.promises(options(package(**wanted)), answers))


def test_the_keys_are_read_where_a_device_must_use_a_package() -> None:
    (call,) = [call for call in RESOURCE.evidence(options(package())) if call.id == "class_keys"]
    assert call == Cmdlet(
        "class_keys", "Get-ItemProperty", {"Path": r"HKLM:\SYSTEM\CurrentControlSet\Control\Class\*\0*"},
        ("InfPath?", "ProviderName?", "DriverVersion?"),
    )
    assert "class_keys" not in [call.id for call in RESOURCE.evidence(options(package(device_required=False)))]
    assert RESOURCE.evidence(options()) == []


def test_a_package_in_use() -> None:
    assert seen(KEY) == [
        Promise("packages.ql2300.version", "9.4.5.20", "9.4.5.20", REGISTRY, True),
        Promise("packages.ql2300.restart", "none due", "none due", "CIM Win32_PnPSignedDriver, Win32_PnPEntity", True),
    ]


@pytest.mark.parametrize(("keys", "found"), [
    ((), None),
    (({**KEY, "DriverVersion": "9.1.11.20"},), "9.1.11.20"),
    (({**KEY, "ProviderName": "Contoso"},), None),
])
def test_what_windows_noted_counts_and_not_its_own_drivers(keys: Any, found: str | None) -> None:
    assert seen(*keys)[0] == Promise("packages.ql2300.version", "9.4.5.20", found, REGISTRY, False)


def test_a_restart_that_is_due_is_a_broken_promise() -> None:
    kept, broken = seen(KEY, waiting=(DEVICE,))
    assert kept.kept
    assert (broken.name, broken.found, broken.kept) == ("packages.ql2300.restart", f"due for {DEVICE}", False)


def test_hardware_that_is_still_to_come_is_seen_in_the_store() -> None:
    assert seen(device_required=False) == [Promise("packages.ql2300.version", "9.4.5.20", "9.4.5.20", STORE, True)]
    (promise,) = RESOURCE.promises(options(package(device_required=False)), store())
    assert (promise.found, promise.kept) == (None, False)


def test_programs_and_dsms_as_they_are_read() -> None:
    wanted = options(installers=(installer(version="4.2.1", dsm_version="4.2"),))
    listed, dsm_as_read = "the list of programs, as it is read", "CIM MPIO_REGISTERED_DSM, as it is read"
    kept = RESOURCE.promises(wanted, programs(ENTRY, dsms=(dsm("Contoso DSM", "4.2.0.0"),)))
    assert kept == (
        Promise("installers.contoso dsm.version", "4.2.1", "4.2.1", listed, True),
        Promise("installers.contoso dsm.dsm", "Contoso DSM 4.2", "Contoso DSM 4.2.0.0", dsm_as_read, True),
    )
    broken = RESOURCE.promises(wanted, programs({**ENTRY, "DisplayVersion": "4.1.0"}, dsms=None))
    assert [(item.found, item.kept) for item in broken] == [("4.1.0", False), (None, False)]
    missing = RESOURCE.promises(options(installers=(installer(dsm=None),)), Answers({"programs": Answer("programs")}))
    assert missing == (Promise("installers.contoso dsm.version", "installed", None, listed, False),)


def test_a_path_that_is_not_there_shows_nothing() -> None:
    answers = store(STAGED, drivers=(BOUND,))
    answers["class_keys"] = Answer("class_keys", error=CmdletError("SecurityException,X", "Requested registry access is not allowed."))
    assert [(item.found, item.kept) for item in RESOURCE.promises(options(package()), answers)] == [(None, False), ("none due", True)]
