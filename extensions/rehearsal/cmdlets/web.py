# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Invoke-WebRequest: a real request, usually to the lab's own file server."""
from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any

from ..modules.web import explain
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet

if TYPE_CHECKING:
    from ..machine import Machine

_COMMAND = "Microsoft.PowerShell.Commands.InvokeWebRequestCommand"
_SECONDS = 60


@cmdlet(
    "Invoke-WebRequest",
    source="PowerShell-Docs 5.1 Microsoft.PowerShell.Utility; error id from public transcripts",
    unconfirmed="the error of an -OutFile whose folder is missing",
)
def invoke_web_request(machine: Machine, bound: Bound) -> list[Any]:
    """Only a download to a file."""
    others = sorted(set(bound) - {"Uri", "OutFile", "UseBasicParsing"})
    if others or "OutFile" not in bound:
        raise not_modelled(f"Invoke-WebRequest {' '.join(others) or 'without -OutFile'}", "extend rehearsal/cmdlets/web.py")
    url = str(bound["Uri"])
    if not url.lower().startswith(("http://", "https://")):
        raise not_modelled(f"Invoke-WebRequest of {url}", "give a web address")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=_SECONDS) as response:
            data = response.read()
    except OSError as error:
        raise PowerShellError(
            f"WebCmdletWebResponseException,{_COMMAND}", "InvalidOperation", "System.Net.WebException", explain(error),
        ) from None
    try:
        machine.files.write(bound["OutFile"], data)
    except FileNotFoundError as error:
        raise PowerShellError(
            f"System.IO.DirectoryNotFoundException,{_COMMAND}", "NotSpecified", "System.IO.DirectoryNotFoundException",
            f"Could not find a part of the path '{error}'.",
        ) from None
    machine.note(f"downloaded {url} to {bound['OutFile']} ({len(data)} bytes)")
    return []
