# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The modules for files: ansible.windows win_file, win_stat, win_copy and slurp. Links, shares and hidden files are not modelled."""
from __future__ import annotations

import base64
import io
import ntpath
import zipfile
from datetime import datetime
from typing import Any

from ..machine.files import Entry
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module
from .win_get_url import CHECKSUMS, digest

_SOURCE = "ansible.windows 3.3.0: "
_PATH = Option("path", required=True, aliases=("dest", "name"))


@module(
    "ansible.windows.win_stat",
    Spec({
        "path": _PATH,
        "get_checksum": Option("bool", default=True),
        "get_size": Option("bool", default=True),
        "checksum_algorithm": Option(default="sha1", choices=CHECKSUMS),
        "follow": Option("bool", default=False),
    }),
    source=f"{_SOURCE}win_stat.ps1",
)
def win_stat(context: Context) -> dict[str, Any]:
    params = context.params
    entry = context.machine.files.info(params["path"])
    if entry is None:
        return {"changed": False, "stat": {"exists": False}}
    stat: dict[str, Any] = {
        "exists": True, "path": entry.path, "filename": ntpath.basename(entry.path), "owner": r"BUILTIN\Administrators",
        "attributes": "Directory" if entry.is_folder else "Archive", "isarchive": not entry.is_folder, "isdir": entry.is_folder,
        "isreg": not entry.is_folder, "ishidden": False, "isjunction": False, "islnk": False, "isreadonly": False, "isshared": False,
        "nlink": 1, "hlnk_targets": [], "creationtime": _seconds(entry.created), "lastaccesstime": _seconds(entry.modified),
        "lastwritetime": _seconds(entry.modified),
    }
    if entry.data is not None:
        stat["extension"] = ntpath.splitext(entry.path)[1]
        if params["get_checksum"]:
            stat["checksum"] = digest(entry.data, params["checksum_algorithm"])
    if params["get_size"]:
        stat["size"] = sum(inner.size for inner in _below(context, entry))
    return {"changed": False, "stat": stat}


@module(
    "ansible.windows.slurp",
    Spec({"src": Option("path", required=True, aliases=("path",))}, strict=False),
    source=f"{_SOURCE}slurp.ps1",
)
def slurp(context: Context) -> dict[str, Any]:
    path = context.params["src"]
    entry = context.machine.files.info(path)
    if entry is None:
        raise ModuleFailure(f"Path {path} is not found")
    if entry.data is None:
        raise ModuleFailure(f"Path {path} is a directory")
    return {"changed": False, "content": base64.b64encode(entry.data).decode(), "encoding": "base64"}


@module(
    "ansible.windows.win_file",
    Spec({
        "path": _PATH,
        "state": Option(choices=("absent", "directory", "file", "touch")),
        "_original_basename": Option(),
    }, strict=False),
    source=f"{_SOURCE}win_file.ps1",
)
def win_file(context: Context) -> dict[str, Any]:
    path, state, files = context.params["path"], context.params["state"], context.machine.files
    if files.is_folder(path) and context.params["_original_basename"] is not None:
        path = ntpath.join(path, context.params["_original_basename"])
    entry = files.info(path)
    if state == "touch":
        if not context.check_mode:
            _write(context, path, (entry.data or b"") if entry else b"")
        return {"changed": True}
    if entry is not None:
        return _existing(context, entry, state)
    if state is None:
        state = "file" if ntpath.basename(path) else "directory"
    if state == "file":
        raise ModuleFailure(f"path {path} will not be created")
    if state == "directory" and not context.check_mode:
        _make_folder(context, path)
    return {"changed": state == "directory"}


def _existing(context: Context, entry: Entry, state: str | None) -> dict[str, Any]:
    if state == "absent":
        if not context.check_mode:
            context.machine.files.delete(entry.path)
            context.machine.note(f"deleted {entry.path}")
        return {"changed": True}
    if state == "directory" and not entry.is_folder:
        raise ModuleFailure(f"path {entry.path} is not a directory")
    if state == "file" and entry.is_folder:
        raise ModuleFailure(f"path {entry.path} is not a file")
    return {"changed": False}


@module(
    "ansible.windows.win_copy",
    Spec({
        "_copy_mode": Option(default="single", choices=("explode", "query", "remote", "single")),
        "src": Option("path"),
        "dest": Option("path", required=True),
        "backup": Option("bool", default=False),
        "_original_basename": Option(),
        "force": Option("bool", default=True),
        "files": Option("list", default=[]),
        "directories": Option("list", default=[]),
    }, strict=False),
    source=f"{_SOURCE}win_copy.ps1, action/win_copy.py",
    unconfirmed="copies that start on the host (remote_src) and backups are refused",
)
def win_copy(context: Context) -> dict[str, Any]:
    mode = context.params["_copy_mode"]
    if mode == "query":
        return _query(context)
    if mode == "remote" or context.params["backup"]:
        raise ModuleFailure("The rehearsal models win_copy without remote_src and backup; see rehearsal/modules/files.py.")
    source = context.params["src"]
    content = context.machine.files.read(source) if source else None
    if content is None:
        raise ModuleFailure(f"Cannot copy src file: '{source}' as it does not exist")
    return _explode(context, content) if mode == "explode" else _single(context, content)


def _query(context: Context) -> dict[str, Any]:
    params, files = context.params, context.machine.files
    changed_files = []
    for file in params["files"]:
        path = ntpath.join(params["dest"], file["dest"])
        if files.is_folder(path):
            path = ntpath.join(path, file["src"].rpartition("/")[2])
        content = files.read(path)
        if content is None or (params["force"] and digest(content, "sha1") != file["checksum"]):
            changed_files.append(file)
    changed_folders = []
    for folder in params["directories"]:
        path = ntpath.join(params["dest"], folder["dest"])
        if files.exists(path) and not files.is_folder(path):
            raise ModuleFailure(f"cannot copy folder to dest '{path}': object at path is already a file")
        if not files.exists(path):
            changed_folders.append(folder)
    return {"changed": False, "files": changed_files, "directories": changed_folders, "symlinks": []}


def _single(context: Context, content: bytes) -> dict[str, Any]:
    dest, files = context.params["dest"], context.machine.files
    if files.is_folder(dest) or dest.endswith(("\\", "/")):
        dest = ntpath.join(dest, context.params["_original_basename"] or ntpath.basename(context.params["src"]))
    changed = files.read(dest) != content
    if changed and not context.check_mode:
        folder = ntpath.dirname(dest)
        if not files.exists(folder):
            _make_folder(context, folder)
        _write(context, dest, content)
    return {
        "changed": changed, "src": context.params["src"], "dest": dest, "checksum": digest(content, "sha1"), "size": len(content),
        "operation": "file_copy", "original_basename": context.params["_original_basename"],
    }


def _explode(context: Context, content: bytes) -> dict[str, Any]:
    """The action plugin sends a zip whose entries are named in base64."""
    dest = context.params["dest"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            name = base64.b64decode(info.filename.rstrip("/")).decode()
            path = ntpath.join(dest, name.replace("/", "\\"))
            if context.check_mode:
                continue
            if info.is_dir():
                _make_folder(context, path)
                continue
            _make_folder(context, ntpath.dirname(path))
            _write(context, path, archive.read(info))
    return {"changed": True}


def _write(context: Context, path: str, content: bytes) -> None:
    try:
        context.machine.files.write(path, content)
    except FileNotFoundError:
        raise ModuleFailure(f"Could not find a part of the path '{path}'.") from None
    context.machine.note(f"wrote {path} ({len(content)} bytes)")


def _make_folder(context: Context, path: str) -> None:
    if context.machine.files.is_folder(path):
        return
    try:
        context.machine.files.make_folder(path)
    except FileExistsError:
        raise ModuleFailure(f"path {path} is not a directory") from None
    except FileNotFoundError:
        raise ModuleFailure(f"Cannot find drive. A drive with the name '{path[:1]}' does not exist.") from None
    context.machine.note(f"created folder {path}")


def _below(context: Context, entry: Entry) -> list[Entry]:
    """The files of a folder and of all folders in it, or the file itself."""
    if not entry.is_folder:
        return [entry]
    return [inner for child in context.machine.files.list(entry.path) for inner in _below(context, child)]


def _seconds(time: datetime) -> float:
    return time.timestamp()
