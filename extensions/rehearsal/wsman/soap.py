# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SOAP envelopes of WS-Management's remote shell protocol (MS-WSMV): requests in, responses and faults out.

The fault codes are those of wsmerror.h of the Windows SDK; the shape of the fault envelopes is that of Windows Server 2022.
"""
from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
MICROSOFT_WSMAN = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
WSMAN_FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
CMD_SHELL = f"{SHELL}/cmd"

ERROR_WSMAN_ENVELOPE_TOO_LARGE = 0x80338026
ERROR_WSMAN_OPERATION_TIMEDOUT = 0x80338029
ERROR_WSMAN_SCHEMA_VALIDATION_ERROR = 0x80338041
ERROR_WSMAN_UNEXPECTED_SELECTORS = 0x8033805B
ERROR_WSMAN_QUOTA_MAX_SHELLS = 0x803381A5
ERROR_WSMAN_QUOTA_MAX_OPERATIONS = 0x803381A6

_DEFAULT_OPERATION_TIMEOUT = 60.0
_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


@dataclass(frozen=True)
class Request:
    """The parts of a request's envelope that the service looks at. operation_timeout: seconds."""

    action: str
    resource: str
    message_id: str
    shell_id: str
    operation_timeout: float
    body: ET.Element


@dataclass(eq=False)
class Fault(Exception):
    """What WinRM answers instead of a result.

    code: "Sender" or "Receiver"; subcode: of the WS-Management namespace; number: of wsmerror.h.
    wmi: the detail is an MSFT_WmiError instead of a WSManFault, which is how Windows reports a shell's operation quota.
    """

    code: str
    subcode: str
    number: int
    reason: str
    wmi: bool = False


def parse(data: bytes) -> Request:
    """Reads a request. Raises Fault where it is no SOAP envelope with an action and a message id."""
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise _malformed(f"it is not XML: {error}") from error
    header = root.find(f"{{{SOAP}}}Header")
    body = root.find(f"{{{SOAP}}}Body")
    if header is None or body is None:
        raise _malformed("it has no SOAP header or body")
    action = _text(header, ADDRESSING, "Action")
    message_id = _text(header, ADDRESSING, "MessageID")
    if not action or not message_id:
        raise _malformed("its header has no Action or no MessageID")
    selectors = {
        selector.get("Name"): selector.text or "" for selector in header.iterfind(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector")
    }
    return Request(
        action=action,
        resource=_text(header, WSMAN, "ResourceURI"),
        message_id=message_id,
        shell_id=selectors.get("ShellId", ""),
        operation_timeout=_seconds(_text(header, WSMAN, "OperationTimeout")),
        body=body,
    )


def respond(request: Request, action: str, body: str) -> bytes:
    """A response envelope; body is XML that uses the prefixes declared here."""
    return _envelope(action, request.message_id, body)


def fault(message_id: str, error: Fault, machine: str) -> bytes:
    """A fault envelope."""
    reason = escape(error.reason)
    detail = (
        f'<p:MSFT_WmiError xmlns:p="{WMI_ERROR}"><p:CIMStatusCode>27</p:CIMStatusCode><p:Message>{reason}</p:Message>'
        f"<p:MessageID>HRESULT 0x{error.number:08x}</p:MessageID><p:error_Code>{error.number}</p:error_Code>"
        "<p:error_Type>HRESULT</p:error_Type></p:MSFT_WmiError>"
        if error.wmi
        else f'<f:WSManFault xmlns:f="{WSMAN_FAULT}" Code="{error.number}" Machine={quoteattr(machine)}>'
        f"<f:Message>{reason}</f:Message></f:WSManFault>"
    )
    body = (
        f"<s:Fault><s:Code><s:Value>s:{error.code}</s:Value><s:Subcode><s:Value>w:{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>'
    )
    return _envelope(FAULT_ACTION, message_id, body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{WSMAN}" '
        f'xmlns:p="{MICROSOFT_WSMAN}" xmlns:rsp="{SHELL}"><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ADDRESSING}/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _malformed(why: str) -> Fault:
    return Fault(
        "Sender", "SchemaValidationError", ERROR_WSMAN_SCHEMA_VALIDATION_ERROR,
        f"The SOAP XML in the message does not match the corresponding XML schema definition: {why}.",
    )


def _text(parent: ET.Element, namespace: str, name: str) -> str:
    return (parent.findtext(f"{{{namespace}}}{name}") or "").strip()


def _seconds(duration: str) -> float:
    """An xs:duration of days to seconds ("PT20S", "PT1M30.5S")."""
    match = _DURATION.fullmatch(duration)
    if not match or not any(match.groups()):
        return _DEFAULT_OPERATION_TIMEOUT
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
