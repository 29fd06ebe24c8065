# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible.windows.win_get_url: a real request, usually to the lab's own file server."""
from __future__ import annotations

import hashlib
import ntpath
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from ..machine import Machine
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module
from .web import WEB_OPTIONS, explain, fetch

CHECKSUMS = ("md5", "sha1", "sha256", "sha384", "sha512")
_SPEC = Spec(
    {
        "url": Option(required=True),
        "dest": Option("path", required=True),
        "force": Option("bool", default=True),
        "checksum": Option(),
        "checksum_algorithm": Option(default="sha1", choices=CHECKSUMS),
        "checksum_url": Option(),
        **WEB_OPTIONS,
    },
    mutually_exclusive=(("checksum", "checksum_url"),),
)


def digest(data: bytes, algorithm: str) -> str:
    return hashlib.new(algorithm.lower(), data, usedforsecurity=False).hexdigest()


@module("ansible.windows.win_get_url", _SPEC, source="ansible.windows 3.3.0, win_get_url.ps1 and its documentation",
        unconfirmed="force: false asks for Last-Modified only where the file's checksum does not decide")
def win_get_url(context: Context) -> dict[str, Any]:
    params, files = context.params, context.machine.files
    if params["checksum_url"] is not None:
        raise ModuleFailure("The rehearsal does not model the option checksum_url; see rehearsal/modules/win_get_url.py.")
    started = time.monotonic()
    dest = _destination(context)
    algorithm = params["checksum_algorithm"]
    checksum = (params["checksum"] or "").strip().lower()
    result: dict[str, Any] = {"changed": False, "url": params["url"], "dest": dest, "elapsed": 0}
    present = files.read(dest)
    matches = present is not None and digest(present, algorithm) == checksum
    force = params["force"] or (present is not None and bool(checksum) and not matches)
    if force or present is None or (not matches and _is_newer(context, dest)):
        result.update(_download(context, dest, checksum, present))
    present = files.read(dest)
    if present is not None:
        result.update(checksum_dest=digest(present, algorithm), size=len(present))
    result["elapsed"] = round(time.monotonic() - started, 3)
    return result


def _destination(context: Context) -> str:
    dest: str = context.params["dest"]
    if context.machine.files.is_folder(dest):
        url = urlsplit(context.params["url"])
        return ntpath.join(dest, unquote(url.path).rpartition("/")[2] or url.hostname or "")
    if not ntpath.basename(dest):
        raise ModuleFailure(
            f"The destination path '{dest}' does not exist, or is not visible to the current user. Ensure download destination folder "
            "exists (perhaps using win_file state=directory) before win_get_url runs."
        )
    return dest


def _download(context: Context, dest: str, checksum: str, present: bytes | None) -> dict[str, Any]:
    params, machine = context.params, context.machine
    url = params["url"]
    folder = ntpath.dirname(dest)
    if not machine.files.is_folder(folder):
        raise ModuleFailure(
            f"The path '{folder}' does not exist for destination '{dest}', or is not visible to the current user. Ensure download "
            "destination folder exists (perhaps using win_file state=directory) before win_get_url runs.",
            url=url, dest=dest,
        )
    try:
        response = fetch(url, params)
    except OSError as error:
        raise ModuleFailure(f"Error downloading '{url}' to '{dest}': {explain(error)}", url=url, dest=dest) from error
    found = digest(response.content, params["checksum_algorithm"])
    result: dict[str, Any] = {"status_code": response.status, "msg": response.reason, "checksum_src": found}
    if checksum and found != checksum:
        raise ModuleFailure(f"The checksum for {url} did not match '{checksum}', it was '{found}'", url=url, dest=dest, **result)
    if response.content == present:
        return result
    if not context.check_mode:
        _write(machine, dest, response.content)
    return {**result, "changed": True}


def _write(machine: Machine, dest: str, content: bytes) -> None:
    machine.files.write(dest, content)
    machine.note(f"wrote {dest} ({len(content)} bytes)")


def _is_newer(context: Context, dest: str) -> bool:
    entry = context.machine.files.info(dest)
    try:
        response = fetch(context.params["url"], {**context.params, "url_method": "HEAD"})
    except OSError as error:
        url = context.params["url"]
        raise ModuleFailure(f"Error when requesting 'Last-Modified' date from '{url}'. {explain(error)}") from error
    return entry is None or (response.modified is not None and parsedate_to_datetime(response.modified) > entry.modified)
