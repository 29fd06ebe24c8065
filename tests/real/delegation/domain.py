# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real Active Directory for a test session: Samba's domain controller with its KDC, in a network namespace of its own.

Everything listens on that namespace's loopback interface, so no port clashes and nothing leaves it. Needs root, and the Debian packages
below, which are installed where they are absent. docs/resources/ad_delegation.md says what this domain controller can prove.
"""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {
    # What tells that a package is there, and the package.
    "/usr/bin/samba-tool": "samba",
    "/usr/sbin/samba": "samba-ad-dc",
    "/usr/share/samba/setup/provision.ldif": "samba-ad-provision",
    "/usr/sbin/winbindd": "winbind",
    "/usr/bin/kvno": "krb5-user",
    "/usr/bin/ldbmodify": "ldb-tools",
    "/usr/bin/krb5-config": "libkrb5-dev",
    "/usr/bin/gcc": "gcc",
    "/usr/sbin/ip": "iproute2",
}
REALM = "LAB.TEST"
SUFFIX = "DC=lab,DC=test"
SERVER = "dc1.lab.test"
# Not secrets: they live as long as the test session. A computer's own password is nothing a KDC needs to have seen before.
ADMIN = ("Administrator@LAB.TEST", "Adm1n.of-the-lab")
MACHINE_PASSWORD = "M4chine.in-the-lab"
MIGRATION = "Microsoft Virtual System Migration Service"
RUN_FOLDERS = ("pid directory", "ncalrpc dir", "winbindd socket directory", "ntp signd socket directory")
START_SECONDS = 60
STOP_SECONDS = 10

KRB5_CONF = """\
[libdefaults]
  default_realm = LAB.TEST
  dns_lookup_kdc = false
  dns_lookup_realm = false
  rdns = false
  forwardable = true
[realms]
  LAB.TEST = {
    kdc = 127.0.0.1
  }
"""


class DomainUnavailable(Exception):
    """What this machine lacks for a domain controller."""


def install_packages() -> None:
    if os.geteuid() != 0:
        raise DomainUnavailable("A domain controller in a network namespace needs root; run these tests as root.")
    absent = [package for path, package in PACKAGES.items() if not Path(path).exists()]
    if not absent:
        return
    if not shutil.which("apt-get"):
        raise DomainUnavailable(f"These Debian packages are absent, and there is no apt-get to install them: {' '.join(absent)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *absent]):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode != 0:
            raise DomainUnavailable(f"{' '.join(command)}: {done.stderr[-2000:]}")


@dataclass
class Domain:
    """folder: all state of the domain controller and of the clients. namespace: the network namespace's name."""

    folder: Path
    namespace: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def smb_conf(self) -> Path:
        return self.folder / "dc/etc/smb.conf"

    @property
    def database(self) -> Path:
        return self.folder / "dc/private/sam.ldb"

    @property
    def ca_file(self) -> Path:
        return self.folder / "dc/private/tls/ca.pem"

    @property
    def _covered(self) -> Path:
        """`ip netns exec` lays these files over /etc, for its command alone."""
        return Path("/etc/netns", self.namespace)

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command inside the namespace, with the domain as its Kerberos realm."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace, *command],
            env={**os.environ, "KRB5_CONFIG": str(self.folder / "krb5.conf"), **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def samba_tool(self, *arguments: str) -> str:
        return self.run("samba-tool", *arguments, "-s", str(self.smb_conf)).stdout

    def make_namespace(self) -> None:
        done = subprocess.run(["ip", "netns", "add", self.namespace], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DomainUnavailable(f"This machine does not let root make a network namespace: {done.stderr.strip()}")

    def start(self) -> None:
        # An empty /etc/samba: a smb.conf there would be taken for this domain's.
        (self._covered / "samba").mkdir(parents=True)
        # The first name is what Kerberos makes of the others.
        (self._covered / "hosts").write_text(f"127.0.0.1 {SERVER} dc1 localhost\n")
        (self.folder / "krb5.conf").write_text(KRB5_CONF)
        for name in RUN_FOLDERS:
            (self.folder / "run" / name.split()[0]).mkdir(0o750 if name.startswith("ntp") else 0o755, parents=True)
        self.run("ip", "link", "set", "lo", "up")
        self.run(
            *("samba-tool", "domain", "provision", f"--realm={REALM}", "--domain=LAB", "--server-role=dc", "--dns-backend=SAMBA_INTERNAL"),
            *(f"--targetdir={self.folder / 'dc'}", "--host-name=dc1", f"--adminpass={ADMIN[1]}"),
            *("--option=interfaces=lo", "--option=bind interfaces only=yes"),
            # These lie below /run and /var by default, where another domain controller of this machine has its own.
            *(f"--option={name}={self.folder / 'run' / name.split()[0]}" for name in RUN_FOLDERS),
            # SASL inside TLS, as Windows allows it; Samba's default refuses it.
            "--option=ldap server require strong auth=allow_sasl_over_tls",
        )
        command = ["samba", "-F", "--no-process-group", "--debug-stdout", "-s", str(self.smb_conf), "--option=dns forwarder=127.0.0.1"]
        with (self.folder / "samba.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *command], stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_it_answers()
        # [MS-ADA2] 2.218 calls the attribute systemOnly, which Samba takes at its word; Windows lets LDAP clients write it.
        self.ldif(
            f"dn: CN=ms-DS-Allowed-To-Act-On-Behalf-Of-Other-Identity,CN=Schema,CN=Configuration,{SUFFIX}\nchangetype: modify\n"
            "replace: systemOnly\nsystemOnly: FALSE\n"
        )

    def _wait_until_it_answers(self) -> None:
        assert self.process
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            ticket = self.run("sh", "-c", 'echo "$0" | kinit "$1"', ADMIN[1], ADMIN[0], check=False, KRB5CCNAME=f"FILE:{self.folder}/admin")
            ports = self.run("sh", "-c", "ss -ltn | grep -q :636", check=False)
            if ticket.returncode == ports.returncode == 0:
                return
            time.sleep(0.5)
        raise AssertionError(f"The domain controller did not start: {(self.folder / 'samba.log').read_text()[-3000:]}")

    def stop(self) -> None:
        """Ends what runs in the namespace, all of which this object started, and removes the namespace."""
        if self.process:
            self.process.terminate()
        for sign in (signal.SIGTERM, signal.SIGKILL):
            end = time.monotonic() + STOP_SECONDS
            while (left := self._processes()) and time.monotonic() < end:
                time.sleep(0.2)
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, sign)
        if self.process:
            self.process.wait(STOP_SECONDS)
        subprocess.run(["ip", "netns", "delete", self.namespace], check=True)
        shutil.rmtree(self._covered, ignore_errors=True)

    def _processes(self) -> list[int]:
        listed = subprocess.run(["ip", "netns", "pids", self.namespace], check=True, capture_output=True, text=True).stdout
        return [int(line) for line in listed.split() if self._runs(int(line))]

    def _runs(self, process: int) -> bool:
        """False for one that has ended and waits for its parent to notice."""
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    # What a test needs in the domain

    def add_computer(self, name: str) -> None:
        """A computer as a join and the Hyper-V role leave it. Without a password the KDC has no keys for it."""
        long = f"{name.lower()}.lab.test"
        self.samba_tool("computer", "create", name)
        self.ldif(f"dn: CN={name},CN=Computers,{SUFFIX}\nchangetype: modify\nadd: dNSHostName\ndNSHostName: {long}\n")
        for service in ("cifs", MIGRATION):
            for target in (name, long):
                self.samba_tool("spn", "add", f"{service}/{target}", f"{name}$")
        self.samba_tool("user", "setpassword", f"{name}$", f"--newpassword={MACHINE_PASSWORD}")
        self.samba_tool("domain", "exportkeytab", str(self.folder / f"{name}.keytab"), f"--principal={name}$")

    def add_user(self, name: str) -> None:
        self.samba_tool("user", "create", name, f"Us3r.{name}-in-the-lab")

    def ldif(self, text: str) -> None:
        """Changes the directory by another way than the module's."""
        file = self.folder / "change.ldif"
        file.write_text(text)
        self.run("ldbmodify", "-H", str(self.database), "--option=dsdb:schema update allowed=yes", str(file))

    def dump(self) -> str:
        """All computers with everything that delegation touches, read by another way than the module's."""
        names = ("msDS-AllowedToDelegateTo", "msDS-AllowedToActOnBehalfOfOtherIdentity", "userAccountControl", "uSNChanged")
        return self.run("ldbsearch", "-H", str(self.database), "(objectCategory=computer)", *names).stdout

    def values(self, computer: str, attribute: str) -> list[str]:
        found = self.run(
            "ldbsearch", "-H", str(self.database), "--show-binary", f"(sAMAccountName={computer}$)", attribute
        ).stdout
        unfolded = found.replace("\n ", "")
        return sorted(line.partition(": ")[2] for line in unfolded.splitlines() if line.lower().startswith(f"{attribute.lower()}: "))

    def accepted(self, computer: str) -> list[str]:
        """The accounts that the computer's descriptor accepts, as Samba's own tool reads it."""
        lines = self.samba_tool("delegation", "show", f"{computer}$").splitlines()
        return sorted(line.partition(": ")[2] for line in lines if line.startswith("msDS-AllowedToActOnBehalfOfOtherIdentity: "))

    def delegated_ticket(self, source: str, user: str, service: str) -> subprocess.CompletedProcess[str]:
        """The source's attempt to get a ticket to the service in the user's name (S4U2Self, then S4U2Proxy). Fails without raising."""
        cache = f"FILE:{self.folder}/{source}.cache"
        keytab = str(self.folder / f"{source}.keytab")
        self.run("kinit", "-k", "-t", keytab, f"{source}$@{REALM}", KRB5CCNAME=cache)
        return self.run("kvno", "-k", keytab, "-U", user, "-P", service, check=False, KRB5CCNAME=cache)
