# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A driver package of a Fibre Channel adapter, in the form of Microsoft's reference of .inf files."""
from __future__ import annotations

HBA = {
    "name": "QLogic Fibre Channel Adapter",
    "class": "SCSIAdapter",
    "location_path": "PCIROOT(0)#PCI(0200)#PCI(0000)",
    "instance_id": r"PCI\VEN_1077&DEV_2031&SUBSYS_02671077&REV_02\4&257301F0&0&0010",
}


def inf(version: str = "9.4.5.20", date: str = "07/19/2023", ids: str = r"PCI\VEN_1077&DEV_2031", catalog: str = "ql2300.cat") -> str:
    """The .inf file. catalog: empty for a package that is not signed."""
    return "\r\n".join([
        "; QLogic Fibre Channel",
        "[Version]",
        'Signature="$WINDOWS NT$"',
        "Class=SCSIAdapter",
        "ClassGuid={4D36E97B-E325-11CE-BFC1-08002BE10318}",
        "Provider=%Vendor%",
        *([f"CatalogFile.NTamd64={catalog}"] if catalog else []),
        f"DriverVer={date},{version}",
        "[SourceDisksFiles]",
        "ql2300.sys = 1",
        "[Manufacturer]",
        "%Vendor%=QLogic,NTamd64.10.0",
        "[QLogic.NTamd64.10.0]",
        f"%Adapter% = Install, {ids}",
        "[Strings]",
        'Vendor = "QLogic"',
        'Adapter = "QLogic Fibre Channel Adapter"',
        "",
    ])
