# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible.windows.win_package for the rehearsal's installers: packages (provider msi), and executables (provider registry)."""
from __future__ import annotations

import shlex
from typing import Any

from ..machine import Machine, executables
from ..powershell.registry import load_models
from ..software.msi import SUCCESS_REBOOT_REQUIRED, decode, is_installed, msiexec
from .arguments import ModuleFailure, Option, Spec
from .registry import Context, module
from .web import WEB_OPTIONS, explain, fetch
from .win_get_url import CHECKSUMS, digest

_SPEC = Spec(
    {
        "arguments": Option("raw"),
        "expected_return_code": Option("list", default=[0, SUCCESS_REBOOT_REQUIRED]),
        "path": Option(),
        "chdir": Option("path"),
        "checksum": Option(),
        "checksum_algorithm": Option(default="sha1", choices=CHECKSUMS),
        "product_id": Option(),
        "state": Option(default="present", choices=("absent", "present")),
        "creates_path": Option("path"),
        "creates_version": Option(),
        "creates_service": Option(),
        "log_path": Option("path"),
        "provider": Option(default="auto", choices=("msi", "msix", "msp", "registry", "auto")),
        "wait_for_children": Option("bool", default=False),
        **WEB_OPTIONS,
    },
    required_if=(("state", "present", ("path",), False), ("state", "absent", ("path", "product_id"), True)),
    required_by={"creates_version": "creates_path"},
)
_TEMPORARY = r"C:\Windows\Temp\ansible-moduletmp-package.msi"
_TEMPORARY_LOG = r"C:\Windows\Temp\ansible-moduletmp-msiexec.log"


@module("ansible.windows.win_package", _SPEC, source="ansible.windows 3.3.0, win_package.ps1 and its documentation",
        unconfirmed="the providers msix and msp, creates_version")
def win_package(context: Context) -> dict[str, Any]:
    params, machine = context.params, context.machine
    if params["provider"] not in ("auto", "msi", "registry") or params["creates_version"] is not None:
        raise ModuleFailure("The rehearsal models win_package for MSI packages and executables, without creates_version.")
    result: dict[str, Any] = {"changed": False, "reboot_required": False, "rc": 0}
    path = _local_path(context)
    product = _product(machine, params["product_id"], path)
    result["changed"] = (params["state"] == "present") != _is_there(machine, params, product)
    try:
        if result["changed"] and not context.check_mode:
            _run(context, product, path, result)
    finally:
        machine.files.delete(_TEMPORARY)
    return result


def _local_path(context: Context) -> str:
    """Where the package lies; one at a URL is downloaded first. Empty where only a product id was given."""
    params, machine = context.params, context.machine
    path: str = params["path"] or ""
    if path.lower().startswith("http"):
        installed = params["product_id"] and is_installed(machine, params["product_id"])
        if installed and params["state"] == "present":
            return ""
        try:
            machine.files.write(_TEMPORARY, fetch(path, params).content)
        except OSError as error:
            raise ModuleFailure(f"Error downloading '{path}': {explain(error)}") from error
        return _TEMPORARY
    if path and not machine.files.exists(path) and not context.check_mode:
        raise ModuleFailure(f"the file at the path '{path}' cannot be reached")
    return path


def _product(machine: Machine, product_id: str | None, path: str) -> str:
    package = decode(machine.files.read(path) or b"") if path else None
    return package.product_code if package else product_id or ""


def _is_there(machine: Machine, params: dict[str, Any] | Any, product: str) -> bool:
    if params["creates_service"] is not None:
        return machine.services.find(params["creates_service"]) is not None
    if params["creates_path"] is not None:
        return machine.files.exists(params["creates_path"])
    return bool(product) and is_installed(machine, product)


def _run(context: Context, product: str, path: str, result: dict[str, Any]) -> None:
    params, machine = context.params, context.machine
    present = params["state"] == "present"
    if present:
        found = digest(machine.files.read(path) or b"", params["checksum_algorithm"]).upper()
        result["checksum"] = found
        if params["checksum"] and params["checksum"].upper() != found:
            raise ModuleFailure(f"The checksum for {path} did not match '{params['checksum']}', it was '{found}'", **result)
    if present and (setup := executables.decode(machine.files.read(path) or b"", path)):
        _run_setup(context, setup, result)
        return
    log = params["log_path"] or _TEMPORARY_LOG
    arguments = params["arguments"] or []
    own = arguments if isinstance(arguments, list) else shlex.split(arguments, posix=False)
    target = ["/i", path] if present else ["/x", product or path]
    result["rc"] = msiexec(machine, [*target, "/L*V", log, "/qn", "/norestart", *map(str, own)])
    result["reboot_required"] = result["rc"] == SUCCESS_REBOOT_REQUIRED
    written = (machine.files.read(log) or b"").decode("utf-16")
    machine.files.delete(_TEMPORARY_LOG)
    if result["rc"] not in [int(code) for code in params["expected_return_code"]]:
        raise ModuleFailure(
            r"unexpected rc from 'C:\Windows\System32\msiexec.exe': see rc, stdout, and stderr for more details",
            **{**result, "changed": False, "stdout": "", "stderr": "", "log": written},
        )
    # Else Ansible would take any exit code but 0 for a failure.
    result["failed"] = False


def _run_setup(context: Context, setup: executables.Executable, result: dict[str, Any]) -> None:
    """Provider registry: the executable itself is run with the arguments, and product_id tells whether it is installed."""
    params = context.params
    if not params["product_id"]:
        raise ModuleFailure("The rehearsal models win_package of an executable with product_id alone; see modules/win_package.py.")
    given = params["arguments"] or []
    arguments = given if isinstance(given, list) else shlex.split(given, posix=False)
    outcome = load_models().executables[setup.kind].function(context.machine, setup, list(map(str, arguments)))
    result["rc"] = outcome.exit_code
    result["reboot_required"] = outcome.exit_code == SUCCESS_REBOOT_REQUIRED
    if outcome.exit_code not in [int(code) for code in params["expected_return_code"]]:
        message = f"unexpected rc from '{setup.path}': see rc, stdout, and stderr for more details"
        raise ModuleFailure(message, **{**result, "changed": False, "stdout": outcome.stdout, "stderr": outcome.stderr})
    result["failed"] = False
