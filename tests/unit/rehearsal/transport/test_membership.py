# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The model of microsoft.ad.membership. Oracle: the module's source and documentation, and the messages that users quote in issues."""
from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from rehearsal.faults import Faults
from rehearsal.journal import Entry
from rehearsal.machine import HostSpec, Machine, SpecError
from rehearsal.machine.directory import Directory, read_directory
from rehearsal.machine.fields import Fields
from rehearsal.modules.arguments import ModuleFailure, parse
from rehearsal.modules.registry import Context, find
from rehearsal.watch import Watch

DIRECTORY = {
    "dns_name": "example.org", "user": r"EXAMPLE\joiner", "password": "Join-1", "units": ["OU=Compute,DC=example,DC=org"],
    "accounts": ["hv08"], "blocked": ["hv09"],
}
JOIN: dict[str, Any] = {
    "state": "domain", "dns_domain_name": "example.org", "domain_admin_user": "joiner@example.org", "domain_admin_password": "Join-1",
}
ACTIVE = r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName"
PENDING = r"HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
NETLOGON = r"HKLM:\SYSTEM\CurrentControlSet\Services\Netlogon"


class Server:
    def __init__(self, folder: Path, **spec: Any) -> None:
        self.machine = Machine.build("WIN-1", HostSpec.from_mapping(spec, "hosts.hv01"))
        self.machine.directory = Directory(read_directory(Fields(DIRECTORY, "lab.active_directory")))
        self._faults = Faults(folder / "faults.json")

    def run(self, check: bool = False, module: str = "microsoft.ad.membership", **options: Any) -> dict[str, Any]:
        model = find(module)
        assert model is not None
        params = parse(module, model.spec, {name: value for name, value in options.items() if value is not None}, {})
        watch = Watch(self.machine, self._faults, Entry(time=""), threading.Event(), threading.Lock())
        return model.function(Context(self.machine, params, check, True, watch, lambda seconds: None))

    def refuse(self, **options: Any) -> str:
        with pytest.raises(ModuleFailure) as caught:
            self.run(**options)
        return caught.value.message

    def names(self) -> tuple[str, str]:
        registry = self.machine.registry
        return registry.get(ACTIVE, "ComputerName"), registry.get(PENDING, "ComputerName")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_rename_and_join_take_effect_with_one_restart(server: Server) -> None:
    machine = server.machine
    assert server.run(**JOIN, hostname="hv01", check=True)["reboot_required"]
    assert machine.changes == []
    result = server.run(**JOIN, hostname="hv01")
    assert (result["changed"], result["reboot_required"]) == (True, True)
    assert result["diff"]["before"] == {
        "dns_domain_name": None, "hostname": "WIN-1", "state": "workgroup", "workgroup_name": "WORKGROUP",
    }
    assert machine.identity.domain == ""
    assert server.names() == ("WIN-1", "HV01")
    assert {"JoinDomain", "AvoidSpnSet"} <= set(machine.registry.subkeys(NETLOGON))
    assert machine.directory.accounts == {"hv01", "hv08", "hv09"}
    machine.reboot()
    assert machine.identity.full_name == "HV01.example.org"
    assert server.names() == ("HV01", "HV01")
    assert machine.registry.subkeys(NETLOGON) == ["Parameters"]
    again = server.run(**JOIN, hostname="hv01")
    assert (again["changed"], again["reboot_required"]) == (False, False)


def test_before_the_restart_a_second_run_renames_again(server: Server) -> None:
    server.run(**JOIN, hostname="hv01")
    message = server.refuse(**JOIN, hostname="hv01")
    assert message.endswith("Skip computer 'WIN-1' with new name 'hv01' because the new name is the same as the current name.")


def test_a_netbios_name_joins_and_never_matches_again(server: Server) -> None:
    netbios = {**JOIN, "dns_domain_name": "EXAMPLE"}
    assert server.run(**netbios)["changed"]
    server.machine.reboot()
    assert server.refuse(**netbios) == "Host is already joined to 'example.org', switching domains is not implemented"


def test_without_a_dns_name_nothing_is_joined(server: Server) -> None:
    assert server.run(**{**JOIN, "dns_domain_name": None})["changed"] is False
    assert server.machine.changes == []


@pytest.mark.parametrize(("options", "message"), [
    ({"domain_admin_password": "wrong"}, "The user name or password is incorrect."),
    ({"dns_domain_name": "other.org"}, "The specified domain either does not exist or could not be contacted."),
    ({"domain_server": "dc9.example.org"}, "The specified domain either does not exist or could not be contacted."),
    (
        {"domain_ou_path": "OU=None,DC=example,DC=org"},
        "The system cannot find the file specified. Check domain_ou_path is pointing to a valid OU in the target domain.",
    ),
    (
        {"hostname": "HV09"},
        "An account with the same name exists in Active Directory. Re-using the account was blocked by security policy.",
    ),
])
def test_what_the_domain_refuses_is_quoted(server: Server, options: dict[str, Any], message: str) -> None:
    wish = {**JOIN, **options}
    assert server.refuse(**wish) == (
        f"Computer 'WIN-1' failed to join domain '{wish['dns_domain_name']}' from its current workgroup 'WORKGROUP' with following error "
        f"message: {message}"
    )
    assert server.machine.identity.pending_domain is None


def test_the_rename_stays_when_the_join_fails(server: Server) -> None:
    server.refuse(**{**JOIN, "domain_admin_password": "wrong", "hostname": "hv01"})
    assert server.names() == ("WIN-1", "HV01")


def test_an_account_that_may_be_taken_over_and_a_unit_that_is_there(server: Server) -> None:
    assert server.run(**JOIN, hostname="hv08", domain_ou_path="OU=Compute,DC=example,DC=org", domain_server="dc1.example.org")["changed"]


def test_a_member_is_renamed_by_a_user_of_the_domain(tmp_path: Path) -> None:
    server = Server(tmp_path, domain="example.org")
    server.machine.directory.add("WIN-1")
    assert "The user name or password is incorrect." in server.refuse(**{**JOIN, "domain_admin_password": "no"}, hostname="hv01")
    assert server.run(**JOIN, hostname="hv01")["reboot_required"]
    assert server.machine.directory.accounts == {"hv01", "hv08", "hv09"}


def test_a_rename_alone(server: Server) -> None:
    module = "ansible.windows.win_hostname"
    assert server.run(module=module, name="hv01", check=True)["changed"]
    assert server.names() == ("WIN-1", "WIN-1")
    assert server.run(module=module, name="hv01") == {"changed": True, "reboot_required": True, "old_name": "WIN-1"}
    server.machine.reboot()
    assert server.run(module=module, name="hv01") == {"changed": False, "reboot_required": False, "old_name": "HV01"}


@pytest.mark.parametrize(("directory", "message"), [
    ({"dns_name": "EXAMPLE"}, "lab.active_directory.dns_name: 'EXAMPLE' is not allowed; allowed: a DNS domain name with a dot"),
    ({"forest": "x"}, "lab.active_directory.forest: 'x' is not allowed; allowed: one of the keys accounts, blocked, computers"),
    (
        {"users": [{"name": "a", "password": "b"}, {"name": "A", "password": "c"}]},
        "lab.active_directory.users: 'a' is not allowed; allowed: each user name once",
    ),
    (
        {"users": [{"name": "a", "password": "b", "rights": ["everything"]}]},
        "lab.active_directory.users[0].rights: 'everything' is not allowed; allowed: create_computers",
    ),
    (
        {"computers": [{"name": "cl1", "unit": "OU=None"}]},
        "lab.active_directory.computers: 'OU=None' is not allowed; allowed: one of the units (none)",
    ),
])
def test_a_wrong_domain_in_the_lab_file_is_named(directory: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_directory(Fields(directory, "lab.active_directory"))
    assert str(caught.value).startswith(message)


def test_win_command_runs_the_programs_that_are_known(server: Server) -> None:
    model = find("ansible.windows.win_command")
    assert model is not None
    watch = Watch(server.machine, Faults(Path("none.json")), Entry(time=""), threading.Event(), threading.Lock())

    def run(arguments: dict[str, Any], check: bool = False) -> dict[str, Any]:
        params = parse("win_command", model.spec, arguments, {})
        return model.function(Context(server.machine, params, check, False, watch, lambda seconds: None))

    purge = {"argv": ["klist.exe", "-li", "0x3e7", "purge"]}
    assert run(purge, check=True)["skipped"]
    assert server.machine.changes == []
    assert run(purge)["rc"] == 0
    assert server.machine.changes == ["Kerberos tickets of the logon session 0x3e7 purged"]
    with pytest.raises(ModuleFailure):
        run({"argv": ["format.com", "C:"]})
    with pytest.raises(ModuleFailure):
        run({"_raw_params": "klist.exe purge"})
