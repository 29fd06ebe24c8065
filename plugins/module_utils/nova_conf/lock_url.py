# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lock URLs ([coordination] backend_url) as the tooz of each release accepts them.

Every statement here was tried with the releases' tooz against real etcd and MariaDB servers; tests/real/lock_backends repeats it.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlsplit

from ..plans import MASK
from .releases import at_least

# Query options of tooz/drivers/etcd3gw.py; tooz reads past any other.
_ETCD_OPTIONS = frozenset({"api_version", "ca_cert", "cert_key", "cert_cert", "timeout", "lock_timeout", "membership_timeout"})

# Query options of tooz/drivers/mysql.py; those of TLS are new in Zed's.
_MYSQL_OPTIONS = frozenset({"unix_socket"})
_MYSQL_TLS_OPTIONS = frozenset({
    "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_verify_mode", "ssl_check_hostname",
})

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)

# Query options of both that name a file on the host.
_FILES = ("ca_cert", "cert_key", "cert_cert", "ssl_ca", "ssl_cert", "ssl_key")

# tooz/drivers/etcd3gw.py, tooz/drivers/mysql.py; a share is reached over SMB.
_PORTS = {"etcd3+http": 2379, "etcd3+https": 2379, "mysql": 3306, "file": 445}

# The package that tooz loads for a scheme.
_CLIENTS = {"etcd3+http": "etcd3gw", "etcd3+https": "etcd3gw", "mysql": "PyMySQL"}

# tooz 7.0.0 dropped Windows: its file driver no longer makes Windows paths of file URLs (ad-and-cluster facts 6). The tooz of Yoga
# cannot be told etcd's API version.
_FIRST_WITHOUT_WINDOWS = 7
_FIRST_WITH_API_VERSION = 3

# Schemes that tooz has but that nobody tried with this driver.
_UNTRIED = frozenset({"consul", "ipc", "kazoo", "memcached", "postgresql", "redis", "zookeeper"})


def problems(url: str, release: str) -> list[str]:
    """What keeps a URL from working. The texts never repeat the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
        str(parts.port)  # an invalid port shows only when it is read
    except ValueError:
        return ["it is not a URL; a character such as # or / in a password would do that"]
    if parts.scheme in ("etcd3+http", "etcd3+https"):
        return _etcd(parts, release)
    if parts.scheme == "mysql":
        return _mysql(parts, release)
    if parts.scheme == "file":
        return _file(parts)
    if parts.scheme == "etcd3":
        return ["etcd3:// needs the Python package etcd3, which the driver does not bring; write etcd3+http://HOST:2379?api_version=v3"]
    if parts.scheme == "etcd":
        return ["etcd:// is etcd's v2 API; write etcd3+http://HOST:2379?api_version=v3"]
    if parts.scheme.startswith("mysql+"):
        return ["tooz has no driver by that name; write mysql://USER:PASSWORD@HOST:3306/DATABASE"]
    if parts.scheme in _UNTRIED:
        return []
    return [f"tooz has no driver '{parts.scheme}'; use etcd3+http, etcd3+https, mysql or file"]


def is_untried(url: str) -> bool:
    return urlsplit(url).scheme in _UNTRIED


def is_local(url: str) -> bool:
    """A lock that no other host sees: a file on a drive, or a server under a name that every host has for itself.

    A cluster shared volume is not local.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return not parts.path.startswith("//") and not _on_csv(parts.path)
    return parts.scheme == "ipc" or bool(_LOOPBACK.fullmatch(parts.hostname or ""))


def is_on_csv(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "file" and _on_csv(parts.path)


def kind(url: str) -> str:
    """etcd, mysql, share, cluster_volume, local or other."""
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return "local" if is_local(url) else "cluster_volume" if is_on_csv(url) else "share"
    return {"etcd3+http": "etcd", "etcd3+https": "etcd", "mysql": "mysql"}.get(scheme, "other")


def endpoint(url: str) -> tuple[str, int] | None:
    """Host and TCP port of the backend; None for a folder of this host and for a backend that nobody tried."""
    parts = urlsplit(url)
    host = parts.hostname or (parts.path.lstrip("/").split("/")[0] if kind(url) == "share" else "")
    return (host.lower(), parts.port or _PORTS[parts.scheme]) if host and parts.scheme in _PORTS else None


def folder(url: str) -> str:
    r"""The share (\\SERVER\SHARE) or the cluster volume of a file URL; empty for another. tooz makes what is below it."""
    path = urlsplit(url).path.replace("/", "\\")
    if kind(url) == "share":
        return "\\".join(path.split("\\")[:4])
    return "\\".join(path[1:].split("\\")[:3]) if kind(url) == "cluster_volume" else ""


def files(url: str) -> list[str]:
    """The files on the host that a URL names: certificates and keys."""
    options = parse_qs(urlsplit(url).query)
    return [options[name][-1].replace("/", "\\") for name in _FILES if name in options]


def packages(url: str) -> tuple[str, ...]:
    """The Python packages that the driver's environment needs for a URL, by the names of their folders there."""
    client = _CLIENTS.get(urlsplit(url).scheme)
    return ("tooz", client) if client else ("tooz",)


def package_problems(url: str, versions: Mapping[str, str]) -> list[str]:
    """What keeps an environment from using a URL. versions: of the packages that it has, out of `packages`."""
    found = [f"the package {name} is missing" for name in packages(url) if name not in versions]
    major = re.match(r"\d+", versions.get("tooz", ""))
    if major is None:
        return found
    number, shown = int(major.group()), f"tooz {versions['tooz']}"
    if kind(url) in ("share", "cluster_volume") and number >= _FIRST_WITHOUT_WINDOWS:
        found.append(f"{shown} has no file locks on Windows any more; install one older than 7, as the release's constraints say")
    if kind(url) == "etcd" and number < _FIRST_WITH_API_VERSION:
        found.append(f"{shown} speaks only etcd's /v3alpha API, which etcd 3.4 and newer do not serve; install the release's own")
    return found


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    netloc = urlsplit(url).netloc
    login, at, host = netloc.rpartition("@")
    user, colon, _password = login.partition(":")
    return url.replace(netloc, f"{user}:{MASK}{at}{host}", 1) if colon else url


def _on_csv(path: str) -> bool:
    return path[3:].lower().startswith(("/clusterstorage/", "\\clusterstorage\\"))


def _etcd(parts: SplitResult, release: str) -> list[str]:
    if not at_least(release, "zed"):
        return [
            f"the tooz of {release} speaks only etcd's /v3alpha API, which etcd 3.4 and newer do not serve, and has no option for it; "
            "use mysql://, or file:////SERVER/SHARE/FOLDER"
        ]
    options = parse_qs(parts.query)
    found = [] if parts.hostname else ["the host is missing"]
    if options.get("api_version") != ["v3"]:
        found.append("the query must hold api_version=v3, or tooz asks for /v3alpha, which etcd 3.4 and newer do not serve")
    return found + _unknown_options(options, _ETCD_OPTIONS)


def _mysql(parts: SplitResult, release: str) -> list[str]:
    found = [] if parts.hostname else ["the host is missing"]
    if not parts.path.strip("/"):
        found.append("the database is missing: mysql://USER:PASSWORD@HOST:3306/DATABASE (the database must exist)")
    if not parts.username:
        found.append("the user is missing; PyMySQL would take the name of the service account, without a password")
    if "%" in (parts.password or "") or "%" in (parts.username or ""):
        found.append("tooz does not decode %xx in the user or password of a mysql URL: write the characters themselves")
    options = parse_qs(parts.query)
    if not at_least(release, "zed") and not _MYSQL_TLS_OPTIONS.isdisjoint(options):
        found.append(f"the tooz of {release} reads past the ssl_ options and connects without TLS")
        return found
    if not _MYSQL_TLS_OPTIONS.isdisjoint(options) and not options.keys() & {"ssl_ca", "ssl_capath"}:
        found.append("without ssl_ca or ssl_capath PyMySQL does not verify whom it talks to")
    return found + _unknown_options(options, _MYSQL_OPTIONS | _MYSQL_TLS_OPTIONS)


def _unknown_options(options: dict[str, list[str]], known: frozenset[str]) -> list[str]:
    unknown = sorted(set(options) - known)
    return [f"tooz reads past the query option {name}; known are {', '.join(sorted(known))}" for name in unknown]


def _file(parts: SplitResult) -> list[str]:
    if parts.netloc:
        return [
            "a file URL with two slashes loses what follows them; write file:////SERVER/SHARE/FOLDER (four slashes) for a share or "
            "file:///C:/FOLDER (three) for a drive"
        ]
    share = parts.path.startswith("//") and len([part for part in parts.path.split("/") if part]) >= 2
    drive = parts.path[2:4] == ":/" and parts.path[1:2].isalpha()
    if not share and not drive:
        return ["a file URL is file:////SERVER/SHARE/FOLDER or file:///C:/FOLDER"]
    return ["%xx is not decoded in a file URL: write the characters themselves"] if "%" in parts.path else []
