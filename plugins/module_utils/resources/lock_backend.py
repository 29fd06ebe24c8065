# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lock backend of the cluster driver, seen from one node: that it locks between nodes, that the release can use it, that it is reached.

Nothing is ever changed. docs/resources/lock_backend.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint, Reached
from ..nova_conf import lock_url
from ..plans import Finding, Plan

# What pip leaves of an installed package: NAME-VERSION.dist-info (PyPA specifications, recording installed projects).
_INSTALLED = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)\.dist-info", re.IGNORECASE)

# The first part of the error id of Get-ChildItem.
_NO_SUCH_FOLDER = "PathNotFound"


class LockBackend:
    """Reads only: the TCP port, the share or cluster volume, the files that the URL names, the packages of the driver's environment."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if any(_refusals(options)):
            return []
        url = options["backend_url"]
        return [
            *tcp_endpoints.tests(_endpoints(url)),
            *(_test_path("folder", folder, "Container") for folder in _folders(options)),
            *(_test_path(f"file{number}", path, "Leaf") for number, path in enumerate(lock_url.files(url))),
            *_read_packages(options),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refused = tuple(_refusals(options))
        if refused:
            return Plan(refusals=refused)
        url = options["backend_url"]
        reached = tcp_endpoints.results(_endpoints(url), answers)
        folders = {folder: _there(answers, "folder") for folder in _folders(options)}
        files = {path: _there(answers, f"file{number}") for number, path in enumerate(lock_url.files(url))}
        packages = _packages(options, answers)
        # What lies on a server that does not answer cannot be there; the server's silence says it all.
        seen = folders if all(item.reachable for item in reached) else {}
        return Plan(
            findings=(
                *_unreachable(reached), *_missing_folders(seen, answers), *_missing_files(files), *_package_findings(url, packages),
            ),
            warnings=tuple(_warnings(options)),
            state={
                "url": lock_url.without_password(url),
                "kind": lock_url.kind(url),
                "endpoints": [item.as_state() for item in reached],
                "folders": folders,
                "files": files,
                "packages": packages,
            },
        )


RESOURCE = LockBackend()


# What can never be

def _refusals(options: Mapping[str, Any]) -> Iterator[str]:
    """The texts never repeat the URL: it may hold a password."""
    url = options["backend_url"]
    problems = lock_url.problems(url, options["release"])
    yield from (f"backend_url: {problem}" for problem in problems)
    if not problems and lock_url.is_local(url):
        yield (
            "backend_url: this lock is local to the host, so two nodes can fail over one instance at the same time; use "
            "etcd3+http://HOST:2379?api_version=v3, mysql://USER:PASSWORD@HOST:3306/DATABASE or file:////SERVER/SHARE/FOLDER"
        )


def _warnings(options: Mapping[str, Any]) -> Iterator[str]:
    url = options["backend_url"]
    if lock_url.is_untried(url):
        yield "backend_url: nobody tried this tooz backend with the driver, and it is not tested here; etcd3+http(s), mysql and file were"
    if lock_url.is_on_csv(url):
        yield "backend_url: that file locks on a cluster shared volume hold between nodes is not confirmed"


# What is read

def _endpoints(url: str) -> list[Endpoint]:
    found = lock_url.endpoint(url)
    return [Endpoint(*found)] if found else []


def _folders(options: Mapping[str, Any]) -> list[str]:
    """A share shows only to a session that may use the network in somebody's name."""
    folder = lock_url.folder(options["backend_url"])
    looked_at = folder and (options["network_credentials"] or lock_url.kind(options["backend_url"]) != "share")
    return [folder] if looked_at else []


def _test_path(call: str, path: str, kind: str) -> Call:
    return Cmdlet(call, "Test-Path", {"LiteralPath": [path], "PathType": kind}, ("$value",))


def _read_packages(options: Mapping[str, Any]) -> Iterator[Call]:
    if not options["environment"]:
        return
    folder = options["environment"].rstrip("\\") + "\\Lib\\site-packages"
    for number, name in enumerate(lock_url.packages(options["backend_url"])):
        parameters = {"LiteralPath": [folder], "Filter": f"{name}-*.dist-info"}
        yield Cmdlet(f"package{number}", "Get-ChildItem", parameters, ("Name",))


# What the host answered

def _there(answers: Answers, call: str) -> bool:
    """A path that may not be looked at is not there for this account; Test-Path says so with an error."""
    answer = answers[call]
    return answer.ok and bool(answers.row(call)["$value"])


def _packages(options: Mapping[str, Any], answers: Answers) -> dict[str, str] | None:
    """Versions by name; None where no environment is given or there is none yet."""
    names = lock_url.packages(options["backend_url"])
    if not options["environment"] or any(_absent(answers, f"package{number}") for number in range(len(names))):
        return None
    found = {}
    for number, name in enumerate(names):
        for row in answers.rows(f"package{number}"):
            described = _INSTALLED.fullmatch(row["Name"])
            if described and described["name"].lower() == name.lower():
                found[name] = described["version"]
    return found


def _absent(answers: Answers, call: str) -> bool:
    error = answers[call].error
    return error is not None and error.id.split(",")[0] == _NO_SUCH_FOLDER


# What a person must know

def _unreachable(reached: list[Reached]) -> Iterator[Finding]:
    for item in reached:
        if not item.reachable:
            yield Finding(
                "lock_backend_unreachable", "critical", str(item.endpoint), item.found(), "a TCP connection",
                "nova-compute with the cluster driver does not start without its lock backend: see that the server runs, listens on an "
                "address that the nodes reach, and that no firewall is in between.",
            )


def _missing_folders(folders: Mapping[str, bool], answers: Answers) -> Iterator[Finding]:
    for path, there in folders.items():
        if not there:
            error = answers["folder"].error
            yield Finding(
                "lock_folder_missing", "critical", path, str(error) if error else "this account does not see it", "a folder",
                "See that it is there, and that the account of nova-compute may write to it, on the share and on its files.",
            )


def _missing_files(files: Mapping[str, bool]) -> Iterator[Finding]:
    for path, there in files.items():
        if not there:
            yield Finding(
                "lock_file_missing", "critical", path, "no such file on this host", "the certificate or key that backend_url names",
                "Bring the file to every node, or correct its path; the account of nova-compute must be able to read it.",
            )


def _package_findings(url: str, packages: Mapping[str, str] | None) -> Iterator[Finding]:
    problems = lock_url.package_problems(url, packages) if packages is not None else []
    for problem in problems:
        yield Finding(
            "lock_packages", "critical", "the driver's environment", problem, "packages that can use this backend on Windows",
            "Build the wheelhouse under the release's constraints: it has tooz, etcd3gw and PyMySQL in the versions that fit.",
        )
