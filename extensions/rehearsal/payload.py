# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Ansible asks of a host, decoded from a command line and its standard input.

Ansible starts `PowerShell ... -EncodedCommand SCRIPT`. The script is either text that core or an action plugin wrote (RawScript), or a
bootstrap that reads a manifest from the standard input: core's own helper scripts (CoreScript) and modules (ModuleCall).

ansible-core 2.19 and later send a JSON bootstrap, a line of four NULs, the JSON manifest and, for some, another such line and input;
2.16 to 2.18 send a wrapper script, four NULs, and the JSON manifest.
Source: ansible/executor/powershell/module_manifest.py and ansible/plugins/shell/powershell.py of these releases.
"""
from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_SEPARATOR = b"\0\0\0\0"
_ENCODED = re.compile(r"(?i)powershell(?:\.exe)?\s.*-(?:encodedcommand|enc|e)\s+(\S+)\s*")
_COLLECTION_MODULE = re.compile(r"ansible_collections\.(\w+)\.(\w+)\.plugins\.modules\.([\w.]+)")
# What core puts around the text of a script (ShellModule._encode_script and _CONSOLE_ENCODING).
_PREFIX = re.compile(
    r"(Set-StrictMode -Version Latest\n)?"
    r"(try \{ \[Console\]::OutputEncoding = New-Object System\.Text\.UTF8Encoding \} catch \{\}[;\n]\s*)?"
)
# LogonType and LogonFlags of Ansible.Become.cs; become_flags of ansible-core before 2.19 reach the host as the play has them.
_LOGON_TYPES = frozenset({"Interactive", "Network", "Batch", "Service", "Unlock", "NetworkCleartext", "NewCredentials"})
_LOGON_FLAGS = frozenset({"WithProfile", "NetCredentialsOnly"})
_FLAG_NAMES = {name.lower(): name for name in _LOGON_TYPES | _LOGON_FLAGS} | {
    "network_cleartext": "NetworkCleartext", "new_credentials": "NewCredentials", "with_profile": "WithProfile",
    "netcredentials_only": "NetCredentialsOnly",
}
_PRESERVE_RC = re.compile(r"[;\n]\s*If \(-not \$\?\) \{ If \(Get-Variable LASTEXITCODE .*? Else \{ exit 1 \} \}\s*$", re.DOTALL)


@dataclass(frozen=True)
class Become:
    """`become_method: runas`. user: as the play names it; password: None where the play has none.

    logon_type, logon_flags: in the spelling of Ansible.Become; failure: how this release of ansible-core begins its message of a logon that
    failed.
    """

    user: str
    password: str | None = field(default=None, repr=False)
    logon_type: str = "Interactive"
    logon_flags: frozenset[str] = frozenset({"WithProfile"})
    failure: str = "failure during exec_wrapper"


@dataclass(frozen=True)
class ModuleCall:
    """One module execution. name: fully qualified; args: without Ansible's own; check_mode and diff: the task's modes."""

    name: str
    args: Mapping[str, Any] = field(repr=False)
    check_mode: bool = False
    diff: bool = False
    become: Become | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class CoreScript:
    """One of core's helper scripts (`winrm_put_file.ps1`). input: what is piped into it."""

    name: str
    parameters: Mapping[str, Any]
    input: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class RawScript:
    """PowerShell text, without what core wraps around it."""

    text: str
    input: bytes = field(default=b"", repr=False)


class NotUnderstood(Exception):
    """The host was asked something that this decoder does not know."""


def reads_input(line: str) -> bool:
    """Whether the process of this command line reads its standard input to the end."""
    try:
        return "$input" in _script(line)
    except NotUnderstood:
        return False


def decode(line: str, data: bytes) -> ModuleCall | CoreScript | RawScript:
    """Says what a command line with its standard input asks for. Raises NotUnderstood."""
    script = _script(line)
    if "$codeJson" in script:
        return _from_manifest(data)
    if "$exec_wrapper_str" in script:
        return _from_old_manifest(data)
    return RawScript(_unwrapped(script), data)


def _script(line: str) -> str:
    """The script text. ansible-core before 2.19 starts PowerShell in PowerShell; the innermost script is the one that counts."""
    match = _ENCODED.fullmatch(line)
    if not match:
        raise NotUnderstood(f"the command line {line[:120]!r}: only PowerShell with -EncodedCommand is")
    try:
        script = base64.b64decode(match.group(1), validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotUnderstood(f"the -EncodedCommand, which is not base64 of UTF-16: {error}") from error
    return _script(script.strip()) if _ENCODED.fullmatch(script.strip()) else script


def _unwrapped(script: str) -> str:
    script = _PRESERVE_RC.sub("", script.replace("\r\n", "\n"))
    return _PREFIX.sub("", script, count=1).strip()


def _from_manifest(data: bytes) -> ModuleCall | CoreScript:
    parts = data.replace(b"\r\n", b"\n").split(b"\n" + _SEPARATOR + b"\n", 2)
    if len(parts) < 2:
        raise NotUnderstood("the bootstrap's input, which has no manifest")
    manifest = _json(parts[1])
    actions = manifest.get("actions", [])
    become: Become | None = None
    for action in actions:
        name, parameters = action["name"], action["params"]
        if name == "become_wrapper.ps1":
            become = _become(parameters, action.get("secure_params") or {})
        elif name == "module_wrapper.ps1":
            return _module(parameters, become)
        elif len(actions) == 1:
            return CoreScript(name, parameters, parts[2] if len(parts) == 3 else b"")
        else:
            raise NotUnderstood(f"the manifest's action {name!r} (async tasks and coverage are not modelled)")
    raise NotUnderstood("the manifest, which has no module_wrapper.ps1")


def _become(parameters: Mapping[str, Any], secrets: Mapping[str, Any]) -> Become:
    unknown = [name for name in (*parameters, *secrets) if name not in ("BecomeUser", "LogonType", "LogonFlags", "BecomePassword")]
    if unknown:
        raise NotUnderstood(f"the become parameters {', '.join(unknown)}")
    become = Become(str(parameters["BecomeUser"]), secrets.get("BecomePassword"))
    if "LogonType" in parameters:
        become = replace(become, logon_type=str(parameters["LogonType"]))
    if "LogonFlags" in parameters:
        become = replace(become, logon_flags=frozenset(str(parameters["LogonFlags"]).split(", ")) - {"", "None"})
    return become


def _old_become(manifest: Mapping[str, Any]) -> Become:
    user = str(manifest["become_user"])
    become = Become(user, manifest.get("become_password"), failure=f"internal error: failed to become user '{user}'")
    for flag in str(manifest.get("become_flags") or "").split():
        key, _unused, value = flag.partition("=")
        names = [_FLAG_NAMES.get(item.lower(), "") for item in value.split(",")]
        if key.lower() == "logon_type" and len(names) == 1 and names[0] in _LOGON_TYPES:
            become = replace(become, logon_type=names[0])
        elif key.lower() == "logon_flags" and set(names) <= _LOGON_FLAGS:
            become = replace(become, logon_flags=frozenset(names))
        else:
            raise NotUnderstood(f"the become flag {flag!r}")
    return become


def _module(parameters: Mapping[str, Any], become: Become | None) -> ModuleCall:
    script = str(parameters["Script"])
    variables = {variable["Name"]: variable["Value"] for variable in parameters.get("Variables", [])}
    if "complex_args" not in variables:
        raise NotUnderstood(f"the script {script!r}: only modules are, not the script action")
    return _call(re.sub(r"\.ps1$", "", script), variables["complex_args"], become, parameters.get("Environment") or {})


def _from_old_manifest(data: bytes) -> ModuleCall:
    _unused, separator, text = data.partition(_SEPARATOR)
    if not separator:
        raise NotUnderstood("the bootstrap's input, which has no manifest")
    manifest = _json(text)
    known = {"become_wrapper", "module_powershell_wrapper"}
    unknown = [action for action in manifest["actions"] if action not in known]
    if unknown:
        raise NotUnderstood(f"the manifest's actions {', '.join(unknown)} (async tasks, coverage and the script action are not modelled)")
    become = _old_become(manifest) if "become_wrapper" in manifest["actions"] else None
    args = manifest["module_args"]
    return _call(str(args["_ansible_module_name"]), args, become, manifest.get("environment") or {})


def _call(name: str, args: Mapping[str, Any], become: Become | None, environment: Mapping[str, str]) -> ModuleCall:
    match = _COLLECTION_MODULE.fullmatch(name)
    return ModuleCall(
        name=".".join(match.groups()) if match else name,
        args={key: value for key, value in args.items() if not key.startswith("_ansible_")},
        check_mode=bool(args.get("_ansible_check_mode")),
        diff=bool(args.get("_ansible_diff")),
        become=become,
        environment=dict(environment),
    )


def _json(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise NotUnderstood(f"the manifest, which is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise NotUnderstood("the manifest, which is not a JSON object")
    return value
