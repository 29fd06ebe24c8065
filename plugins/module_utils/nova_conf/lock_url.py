# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lock URLs ([coordination] backend_url) as the tooz of each release accepts them.

Every statement here was tried with the releases' tooz against real etcd and MariaDB servers; tests/real/lock_backends repeats it.
"""
from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, urlsplit

from .releases import at_least

# Query options of tooz/drivers/etcd3gw.py; tooz reads past any other.
_ETCD_OPTIONS = frozenset({"api_version", "ca_cert", "cert_key", "cert_cert", "timeout", "lock_timeout", "membership_timeout"})

# Query options of tooz/drivers/mysql.py.
_MYSQL_OPTIONS = frozenset({
    "unix_socket", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_verify_mode", "ssl_check_hostname", "timeout",
})

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
        return _mysql(parts)
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
    """A lock that no other host sees: a file on a drive of this host. A cluster shared volume is not local."""
    parts = urlsplit(url)
    return parts.scheme == "ipc" or (parts.scheme == "file" and not parts.path.startswith("//") and not _on_csv(parts.path))


def is_on_csv(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "file" and _on_csv(parts.path)


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


def _mysql(parts: SplitResult) -> list[str]:
    found = [] if parts.hostname else ["the host is missing"]
    if not parts.path.strip("/"):
        found.append("the database is missing: mysql://USER:PASSWORD@HOST:3306/DATABASE (the database must exist)")
    if not parts.username:
        found.append("the user is missing; PyMySQL would take the name of the service account, without a password")
    if "%" in (parts.password or "") or "%" in (parts.username or ""):
        found.append("tooz does not decode %xx in the user or password of a mysql URL: write the characters themselves")
    return found + _unknown_options(parse_qs(parts.query), _MYSQL_OPTIONS)


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
