# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The item cmdlets of Microsoft.PowerShell.Management, on the registry, on files, and on certificates as far as they are listed.

Error ids and categories: PowerShell/PowerShell RegistryProvider.cs and FileSystemProvider.cs; PathNotFound from its tests and transcripts.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..machine.errors import Win32Error
from ..machine.files import Entry, name, normalise, parent
from ..machine.registry import KINDS, is_registry_path
from ..machine.registry import normalise as registry_path
from ..powershell.errors import PowerShellError, not_modelled
from ..powershell.registry import Bound, cmdlet
from ..powershell.values import PSEnum, PSObject
from .certificate_provider import certificates, is_certificate_path
from .matching import as_list, has_wildcard, like_any, name_of

if TYPE_CHECKING:
    from ..machine import Machine

_COMMANDS = "Microsoft.PowerShell.Commands"
_SOURCE = "PowerShell/PowerShell RegistryProvider.cs, FileSystemProvider.cs; PowerShell-Docs 5.1"
_CUSTOM = "System.Management.Automation.PSCustomObject"
_KNOWN = frozenset({
    "Path", "LiteralPath", "Name", "Value", "PropertyType", "Force", "ItemType", "Recurse", "PathType", "PassThru", "Include", "Exclude",
    "File", "Directory", "InputObject", "Type",
})


def path_not_found(command: str, path: str) -> PowerShellError:
    return PowerShellError(
        f"PathNotFound,{_COMMANDS}.{command}", "ObjectNotFound", "System.Management.Automation.ItemNotFoundException",
        f"Cannot find path '{path}' because it does not exist.",
    )


@cmdlet("Get-ItemProperty", source=_SOURCE)
def get_item_property(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Get-ItemProperty")
    found = []
    for path in _paths(bound, machine):
        if not is_registry_path(path):
            found.append(_file(_existing_file(machine, path, "GetItemPropertyCommand")))
            continue
        key = _existing_key(machine, path, "GetItemPropertyCommand")
        found.append(_key_properties(machine, key, bound.get("Name")))
    return found


@cmdlet("New-ItemProperty", source=_SOURCE)
def new_item_property(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "New-ItemProperty")
    key, value_name = _property_target(machine, bound, "NewItemPropertyCommand")
    if machine.registry.has(key, value_name) and not bound.get("Force"):
        raise PowerShellError(
            f"System.IO.IOException,{_COMMANDS}.NewItemPropertyCommand", "ResourceExists", "System.IO.IOException",
            "The property already exists.",
        )
    _set(machine, key, value_name, bound.get("Value"), str(bound.get("PropertyType", "")))
    return [_key_properties(machine, key, [value_name])]


@cmdlet("Set-ItemProperty", source=_SOURCE)
def set_item_property(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Set-ItemProperty")
    key, value_name = _property_target(machine, bound, "SetItemPropertyCommand")
    kind = str(bound.get("Type", "")) or machine.registry.kind(key, value_name) or ""
    _set(machine, key, value_name, bound["Value"], kind)
    return [_key_properties(machine, key, [value_name])] if bound.get("PassThru") else []


@cmdlet("Remove-ItemProperty", source=_SOURCE)
def remove_item_property(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Remove-ItemProperty")
    for path in _paths(bound):
        key = _existing_key(machine, path, "RemoveItemPropertyCommand")
        for value_name in as_list(bound["Name"]):
            if not machine.registry.delete(key, value_name):
                raise _no_property("RemoveItemPropertyCommand", key, value_name)
            machine.note(f"registry {key}: {value_name} removed")
    return []


@cmdlet("Get-Item", source=_SOURCE)
def get_item(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Get-Item")
    return [_item(machine, path, "GetItemCommand") for path in _paths(bound)]


@cmdlet("Get-ChildItem", source=_SOURCE)
def get_child_item(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Get-ChildItem", "Filter")
    found: list[PSObject] = []
    for path in _paths(bound):
        if "Filter" in bound and (is_registry_path(path) or "[" in bound["Filter"]):
            # The registry's provider takes no filter, and in a filter of files only * and ? are wildcards.
            raise not_modelled(f"-Filter {bound['Filter']} on {path}", "extend rehearsal/cmdlets/items.py")
        found += _children(machine, path, bool(bound.get("Recurse")))
    found = [item for item in found if like_any(item.properties["PSChildName"], as_list(bound.get("Filter", ["*"])))]
    kept = [item for item in found if like_any(item.properties["PSChildName"], as_list(bound.get("Include", ["*"])))]
    if bound.get("File"):
        kept = [item for item in kept if not item.properties["PSIsContainer"]]
    if bound.get("Directory"):
        kept = [item for item in kept if item.properties["PSIsContainer"]]
    return [item for item in kept if not like_any(item.properties["PSChildName"], as_list(bound.get("Exclude", [])))]


@cmdlet("Test-Path", source=_SOURCE)
def test_path(machine: Machine, bound: Bound) -> list[bool]:
    _known(bound, "Test-Path")
    kind = str(bound.get("PathType", "Any"))
    return [_test(machine, path, kind) for path in _paths(bound)]


@cmdlet("New-Item", source=_SOURCE,
        unconfirmed="the id of a registry key whose parent is missing; that -Force does not hide a share that is out of reach")
def new_item(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "New-Item")
    created = []
    for base in as_list(bound.get("Path", [""])):
        path = f"{base}\\{bound['Name']}" if "Name" in bound else base
        if is_registry_path(path):
            _new_key(machine, path, bound)
        else:
            _new_file(machine, path, bound)
        created.append(_item(machine, path, "NewItemCommand"))
    return created


@cmdlet("Remove-Item", source=_SOURCE)
def remove_item(machine: Machine, bound: Bound) -> list[PSObject]:
    _known(bound, "Remove-Item")
    for path in _paths(bound):
        item = _item(machine, path, "RemoveItemCommand")
        if _has_children(machine, path) and not bound.get("Recurse"):
            # PowerShell asks here, and there is nobody to answer.
            raise PowerShellError(
                f"InvalidOperation,{_COMMANDS}.RemoveItemCommand", "InvalidOperation",
                "System.Management.Automation.PSInvalidOperationException",
                f"The item at {path} has children and the Recurse parameter was not specified.",
            )
        if is_registry_path(path):
            machine.registry.delete(registry_path(path))
        else:
            with _refusals("RemoveItemCommand", "RemoveFileSystemItemUnAuthorizedAccess", "RemoveFileSystemItemIOError", path):
                machine.files.delete(path)
        machine.note(f"removed {item.properties['PSPath'].partition('::')[2]}")
    return []


def _known(bound: Bound, command: str, *more: str) -> None:
    unknown = sorted(set(bound) - _KNOWN - set(more))
    if unknown:
        raise not_modelled(f"{command} -{unknown[0]}", "extend rehearsal/cmdlets/items.py")


def _paths(bound: Bound, machine: Machine | None = None) -> Iterator[str]:
    """-Path takes wildcards, -LiteralPath does not. Wildcards are understood in registry paths, where a machine is given to look in."""
    if "LiteralPath" in bound:
        yield from as_list(bound["LiteralPath"])
        return
    for path in as_list(bound["Path"]):
        text = name_of(path, "PSPath")
        if not has_wildcard(text):
            yield text
        elif machine is not None and is_registry_path(text):
            yield from _keys_like(machine, text)
        else:
            raise not_modelled(f"the wildcard path {text}", "give it as -LiteralPath, or extend rehearsal/cmdlets/items.py")


def _keys_like(machine: Machine, pattern: str) -> list[str]:
    """The keys that a wildcard path means. None is no error, but the key that is searched must be there."""
    root, *parts = registry_path(pattern).split("\\")
    found = [root]
    for part in parts:
        if not has_wildcard(part):
            found = [f"{key}\\{part}" for key in found]
            continue
        for key in found:
            _existing_key(machine, key, "GetItemPropertyCommand")
        found = [f"{key}\\{child}" for key in found for child in machine.registry.subkeys(key) if like_any(child, [part])]
    return [key for key in found if machine.registry.exists(key)]


# The registry

def _existing_key(machine: Machine, path: str, command: str) -> str:
    key = _modelled_key(machine, path)
    if not machine.registry.exists(key):
        raise path_not_found(command, path)
    return key


def _modelled_key(machine: Machine, path: str) -> str:
    key = registry_path(path)
    if not machine.knows_key(key):
        raise not_modelled(f"the registry key {key}", "seed it in machine/setup.py, or say in knows_key there that no server has it")
    return key


def _property_target(machine: Machine, bound: Bound, command: str) -> tuple[str, str]:
    paths = list(_paths(bound))
    if len(paths) != 1 or not is_registry_path(paths[0]):
        raise not_modelled(f"item properties of {paths}", "extend rehearsal/cmdlets/items.py")
    return _existing_key(machine, paths[0], command), str(bound["Name"])


def _set(machine: Machine, key: str, value_name: str, data: Any, kind: str) -> None:
    """PowerShell converts the value to the kind; without one the value decides, and a new number is a DWord."""
    kind = next((known for known in KINDS if known.lower() == kind.lower()), "")
    if kind in ("DWord", "QWord"):
        data = int(data)
    elif kind == "MultiString":
        data = [str(item) for item in as_list(data)]
    elif kind in ("String", "ExpandString") or isinstance(data, bool):
        data = str(data)
    elif kind == "Binary" and isinstance(data, list):
        data = bytes(data)
    if machine.registry.has(key, value_name) and machine.registry.get(key, value_name) == data:
        return
    machine.registry.set(key, value_name, data, kind)
    machine.note(f"registry {key}: {value_name} set")


def _key_properties(machine: Machine, key: str, names: Any) -> PSObject:
    values = {item.name or "(default)": item.data for item in machine.registry.values(key).values()}
    if names is not None:
        wanted = [str(item) for item in as_list(names)]
        for text in wanted:
            if not has_wildcard(text) and text.lower() not in (known.lower() for known in values):
                raise _no_property("GetItemPropertyCommand", key, text)
        values = {known: data for known, data in values.items() if like_any(known, wanted)}
    return PSObject(_CUSTOM, {**values, **_registry_place(key)})


def _no_property(command: str, key: str, value_name: str) -> PowerShellError:
    return PowerShellError(
        f"System.Management.Automation.PSArgumentException,{_COMMANDS}.{command}", "InvalidArgument",
        "System.Management.Automation.PSArgumentException", f"Property {value_name} does not exist at path {key}.",
    )


def _registry_place(key: str) -> dict[str, Any]:
    full = key.replace("HKLM:", "HKEY_LOCAL_MACHINE").replace("HKCU:", "HKEY_CURRENT_USER")
    above, _unused, last = full.rpartition("\\")
    provider = "Microsoft.PowerShell.Core\\Registry"
    return {
        "PSPath": f"{provider}::{full}",
        "PSParentPath": f"{provider}::{above}" if above else "",
        "PSChildName": last or full,
        "PSDrive": PSObject("System.Management.Automation.PSDriveInfo", {"Name": key[:4]}, text=key[:4]),
        "PSProvider": PSObject("System.Management.Automation.ProviderInfo", {"Name": "Registry"}, text=provider),
    }


def _key(machine: Machine, key: str) -> PSObject:
    names = [item or "(default)" for item in machine.registry.values(key)]
    subkeys = machine.registry.subkeys(key)
    place = _registry_place(key)
    full = place["PSPath"].partition("::")[2]
    return PSObject("Microsoft.Win32.RegistryKey", {
        "Name": full, "Property": names, "ValueCount": len(names), "SubKeyCount": len(subkeys), "PSIsContainer": True, **place,
    }, text=full)


def _new_key(machine: Machine, path: str, bound: Bound) -> None:
    key = _modelled_key(machine, path)
    if machine.registry.exists(key) and not bound.get("Force"):
        raise PowerShellError(
            f"System.IO.IOException,{_COMMANDS}.NewItemCommand", "ResourceExists", "System.IO.IOException",
            "A key in this path already exists.",
        )
    if not machine.registry.exists(parent(key)) and not bound.get("Force"):
        raise PowerShellError(
            f"System.ArgumentException,{_COMMANDS}.NewItemCommand", "InvalidArgument", "System.ArgumentException",
            "The registry key at the specified path does not exist.",
        )
    # -Force replaces a key that is there, with all that is in it.
    machine.registry.delete(key)
    machine.registry.create(key)
    machine.note(f"registry {key}: created")
    if "Value" in bound:
        _set(machine, key, "", bound["Value"], str(bound.get("ItemType", "String")))


# Files

def _existing_file(machine: Machine, path: str, command: str) -> Entry:
    entry = _looked_up(machine, path, command)
    if entry is None:
        raise path_not_found(command, path)
    return entry


def _looked_up(machine: Machine, path: str, command: str) -> Entry | None:
    try:
        return machine.files.info(_local(path))
    except PermissionError:
        raise PowerShellError(
            f"ItemExistsUnauthorizedAccessError,{_COMMANDS}.{command}", "PermissionDenied", "System.UnauthorizedAccessException",
            "Access is denied",
        ) from None


def _local(path: str) -> str:
    text = path.rpartition("::")[2]
    try:
        normalise(text)
    except ValueError:
        raise not_modelled(f"the path {path}", "give an absolute path on a drive or a share") from None
    return text


def file_object(machine: Machine, path: str) -> PSObject:
    """The FileInfo or DirectoryInfo of a file that is there."""
    entry = machine.files.info(path)
    assert entry is not None, path
    return _file(entry)


def _file(entry: Entry) -> PSObject:
    file_name, folder = name(entry.path), parent(entry.path)
    stem, dot, extension = file_name.rpartition(".")
    common = {
        "FullName": entry.path, "Name": file_name, "Exists": True, "CreationTime": entry.created, "CreationTimeUtc": entry.created,
        "LastWriteTime": entry.modified, "LastWriteTimeUtc": entry.modified, "PSIsContainer": entry.is_folder,
        "PSPath": f"Microsoft.PowerShell.Core\\FileSystem::{entry.path}",
        "PSParentPath": f"Microsoft.PowerShell.Core\\FileSystem::{folder}", "PSChildName": file_name,
        "Extension": f".{extension}" if stem and dot else "",
    }
    if entry.is_folder:
        attributes = PSEnum("System.IO.FileAttributes", "Directory", 16)
        return PSObject("System.IO.DirectoryInfo", {**common, "Attributes": attributes}, text=entry.path)
    return PSObject("System.IO.FileInfo", {
        **common, "Length": entry.size, "DirectoryName": folder, "IsReadOnly": False, "BaseName": stem or file_name,
        "Attributes": PSEnum("System.IO.FileAttributes", "Archive", 32),
    }, text=entry.path)


def _new_file(machine: Machine, path: str, bound: Bound) -> None:
    kind, local = str(bound.get("ItemType", "File")).lower(), _local(path)
    there = _looked_up(machine, path, "NewItemCommand")
    if kind in ("directory", "container"):
        if there is not None and not (bound.get("Force") and there.is_folder):
            raise _file_error("DirectoryExist", "ResourceExists", f"An item with the specified name {path} already exists.")
        with _refusals("NewItemCommand", "CreateDirectoryUnauthorizedAccessError", "CreateDirectoryIOError", path):
            machine.files.make_folder(local)
        machine.note(f"created the folder {local}")
        return
    if kind != "file":
        raise not_modelled(f"New-Item -ItemType {kind}", "extend rehearsal/cmdlets/items.py")
    if there is not None and not bound.get("Force"):
        raise _file_error("NewItemIOError", "WriteError", f"The file '{path}' already exists.")
    if not machine.files.is_folder(parent(normalise(local))):
        raise _file_error("NewItemIOError", "WriteError", f"Could not find a part of the path '{path}'.")
    with _refusals("NewItemCommand", "NewItemUnauthorizedAccessError", "NewItemIOError", path):
        machine.files.write(local, str(bound.get("Value", "")).encode())
    machine.note(f"created the file {local}")


@contextmanager
def _refusals(command: str, denied: str, unreachable: str, path: str) -> Iterator[None]:
    """What a share answers to a change that it does not take, as the provider reports it."""
    try:
        yield
    except PermissionError:
        raise PowerShellError(
            f"{denied},{_COMMANDS}.{command}", "PermissionDenied", "System.UnauthorizedAccessException",
            f"Access to the path '{path}' is denied.",
        ) from None
    except Win32Error as error:
        raise PowerShellError(f"{unreachable},{_COMMANDS}.{command}", "WriteError", "System.IO.IOException", error.message) from None


def _file_error(identifier: str, category: str, message: str) -> PowerShellError:
    return PowerShellError(f"{identifier},{_COMMANDS}.NewItemCommand", category, "System.IO.IOException", message)


# Both

def _item(machine: Machine, path: str, command: str) -> PSObject:
    if is_registry_path(path):
        return _key(machine, _existing_key(machine, path, command))
    return _file(_existing_file(machine, path, command))


def _children(machine: Machine, path: str, recurse: bool) -> list[PSObject]:
    if is_certificate_path(path):
        return certificates(machine, path)
    if is_registry_path(path):
        key = _existing_key(machine, path, "GetChildItemCommand")
        paths = [f"{key}\\{child}" for child in machine.registry.subkeys(key)]
        own = [_key(machine, child) for child in paths]
    else:
        entry = _existing_file(machine, path, "GetChildItemCommand")
        entries = machine.files.list(entry.path) if entry.is_folder else [entry]
        paths, own = [child.path for child in entries if child.is_folder], [_file(child) for child in entries]
    if not recurse:
        return own
    return own + [inner for child in paths for inner in _children(machine, child, recurse)]


def _has_children(machine: Machine, path: str) -> bool:
    if is_registry_path(path):
        return bool(machine.registry.subkeys(registry_path(path)))
    return bool(machine.files.list(_local(path)))


def _test(machine: Machine, path: str, kind: str) -> bool:
    if is_registry_path(path):
        return kind != "Leaf" and machine.registry.exists(_modelled_key(machine, path))
    entry = _looked_up(machine, path, "TestPathCommand")
    return entry is not None and (kind == "Any" or entry.is_folder == (kind == "Container"))
