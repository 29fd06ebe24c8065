# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Samba domain controller for the session, and the module ad_delegation run by ansible-playbook beside it."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.delegation.domain import ADMIN, SERVER, Domain, DomainUnavailable, install_packages

ROOT = Path(__file__).parents[3]
COMPUTERS = ("HV01", "HV02", "HV03", "HV04", "FS01")

RunModule = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    made = Domain(tmp_path_factory.mktemp("domain"), f"winstack-{os.getpid()}")
    try:
        install_packages()
        made.make_namespace()
    except DomainUnavailable as error:
        pytest.fail(str(error))
    try:
        made.start()
        for name in COMPUTERS:
            made.add_computer(name)
        made.add_user("alice")
        yield made
    finally:
        made.stop()


@pytest.fixture
def clean(domain: Domain) -> Domain:
    """The domain with nothing delegated. Other computers than COMPUTERS hold nothing."""
    for name in COMPUTERS:
        domain.ldif(
            f"dn: CN={name},CN=Computers,DC=lab,DC=test\nchangetype: modify\n"
            "replace: userAccountControl\nuserAccountControl: 4096\n-\n"
            "replace: msDS-AllowedToDelegateTo\n-\nreplace: msDS-AllowedToActOnBehalfOfOtherIdentity\n"
        )
    return domain


@pytest.fixture(scope="session")
def sealing_ldap3(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with gssapi and the ldap3 that can sign and seal, which is newer than the one that constraints.txt pins."""
    folder = tmp_path_factory.mktemp("sealing")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "ldap3>=2.10.2rc4", "gssapi"]
    subprocess.run(install, check=True, timeout=600)
    return str(folder)


@pytest.fixture
def delegation(domain: Domain, tmp_path: Path) -> RunModule:
    """delegation(hosts=[...], check=..., environment=..., **options): the result of the module as ansible-playbook reports it."""

    def run(check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
        simple = {"ca_file": str(domain.ca_file), "username": ADMIN[0], "password": ADMIN[1]}
        given = {"server": SERVER, **({} if options.get("authentication") else simple), **options}
        task = {"winstack.hyperv.ad_delegation": {name: value for name, value in given.items() if value is not None}}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
        playbook = tmp_path / "play.json"
        playbook.write_text(json.dumps([play]))
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            **(environment or {}),
        }
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "--diff", *(["--check"] if check else [])]
        variables = ["-e", f"ansible_python_interpreter={sys.executable}"]
        done = domain.run(*command, *variables, str(playbook), check=False, **settings)
        assert ADMIN[1] not in done.stdout + done.stderr
        report = json.loads(done.stdout[done.stdout.index("{") :])
        result: dict[str, Any] = report["plays"][0]["tasks"][0]["hosts"]["localhost"]
        print(json.dumps(result, indent=1))
        return result

    return run
