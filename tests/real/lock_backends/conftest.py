# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real etcd and MariaDB servers of Debian's packages, on loopback with data folders of their own, stopped by their process."""
from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.lock_backends.certificates import Authority

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
SERVERS = ROOT / "build" / "real" / "servers"


@dataclass(frozen=True)
class Server:
    """A server that answers on a port of loopback."""

    port: int
    process: subprocess.Popen[bytes]


def etcd_program() -> Path:
    """etcd of this machine, or of Debian's package, unpacked and not installed: the package would start a service."""
    found = shutil.which("etcd")
    if found:
        return Path(found)
    unpacked = SERVERS / "etcd-server"
    if not unpacked.is_dir():
        SERVERS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "etcd-server"], cwd=SERVERS, check=True, capture_output=True)
        [archive] = SERVERS.glob("etcd-server_*.deb")
        subprocess.run(["dpkg", "-x", str(archive), str(unpacked)], check=True)
    return unpacked / "usr" / "bin" / "etcd"


def mariadb_program(name: str) -> str:
    """MariaDB's programs; the core packages bring them without a service."""
    path = os.pathsep.join(["/usr/sbin", "/usr/bin"])
    if not all(shutil.which(tool, path=path) for tool in ("mariadbd", "mariadb-install-db", "my_print_defaults")):
        packages = ["mariadb-server-core", "mariadb-client-core"]
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages], check=True, capture_output=True)
    found = shutil.which(name, path=path)
    assert found, f"{name} is in none of Debian's MariaDB core packages"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(command: list[str], port: int, log: Path) -> Server:
    """Starts a server and waits until its port answers."""
    process = subprocess.Popen(command, stdout=log.open("wb"), stderr=subprocess.STDOUT)
    for _number in range(150):
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return Server(port, process)
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise AssertionError(f"{command[0]} did not answer: {log.read_text(errors='replace')[-2000:]}")


def stopped(server: Server) -> None:
    server.process.terminate()
    server.process.wait(timeout=30)


def etcd_command(folder: Path, port: int, scheme: str, *options: str) -> list[str]:
    """etcd with one member, its clients at `scheme`://127.0.0.1:port."""
    client_url, peer_url = f"{scheme}://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    command = [str(etcd_program()), "--data-dir", str(folder / "data"), "--listen-client-urls", client_url]
    command += ["--advertise-client-urls", client_url, "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url]
    return [*command, "--initial-cluster", f"default={peer_url}", *options]


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("etcd"), free_port()
    server = started(etcd_command(folder, port, "http"), port, folder / "log")
    yield server
    stopped(server)


@dataclass(frozen=True)
class TlsServer:
    """An etcd that shows a certificate and wants one. query: what a lock URL needs for it; the other two are wrong."""

    server: Server
    query: str
    with_another_authority: str
    with_a_strange_certificate: str


@pytest.fixture(scope="session")
def etcd_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    folder, port = tmp_path_factory.mktemp("etcd-tls"), free_port()
    authority, other = Authority(folder, "authority"), Authority(folder, "other")
    own, client, stranger = authority.sign("server"), authority.sign("client"), other.sign("stranger")
    options = ["--cert-file", str(own.certificate), "--key-file", str(own.key), "--client-cert-auth"]
    options += ["--trusted-ca-file", str(authority.pair.certificate)]
    server = started(etcd_command(folder, port, "https", *options), port, folder / "log")
    identity = f"cert_cert={client.certificate}&cert_key={client.key}"
    yield TlsServer(
        server,
        query=f"ca_cert={authority.pair.certificate}&{identity}",
        with_another_authority=f"ca_cert={other.pair.certificate}&{identity}",
        with_a_strange_certificate=(
            f"ca_cert={authority.pair.certificate}&cert_cert={stranger.certificate}&cert_key={stranger.key}"
        ),
    )
    stopped(server)


@dataclass(frozen=True)
class Database(Server):
    """authority, other: certificates of the authority that signed the server's own, and of another one."""

    authority: Path
    other: Path


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """With the users `plain` (password `p@w`), `escaped` (password `p%40w`) and `secure` (password `p@w`, over TLS only), and the database
    `locks`."""
    folder = tmp_path_factory.mktemp("mariadb")
    authority, other = Authority(folder, "authority"), Authority(folder, "other")
    own = authority.sign("server")
    data, port = folder / "data", free_port()
    installer = mariadb_program("mariadb-install-db")
    subprocess.run(
        [installer, "--no-defaults", f"--datadir={data}", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    setup = folder / "setup.sql"
    setup.write_text(
        "CREATE DATABASE locks;\n"
        "CREATE USER 'plain'@'%' IDENTIFIED BY 'p@w';\nCREATE USER 'escaped'@'%' IDENTIFIED BY 'p%40w';\n"
        "CREATE USER 'secure'@'%' IDENTIFIED BY 'p@w' REQUIRE SSL;\nGRANT ALL ON locks.* TO 'secure'@'%';\n"
        "GRANT ALL ON locks.* TO 'plain'@'%';\nGRANT ALL ON locks.* TO 'escaped'@'%';\n"
    )
    command = [mariadb_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}", "--user=root"]
    command += ["--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--init-file={setup}", "--skip-name-resolve"]
    command += [f"--ssl-cert={own.certificate}", f"--ssl-key={own.key}"]
    server = started(command, port, folder / "log")
    yield Database(server.port, server.process, authority.pair.certificate, other.pair.certificate)
    stopped(server)
