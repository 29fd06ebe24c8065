# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules that download share (ansible.windows 3.3.0, module_utils/WebRequest.psm1): options, and a real HTTP request."""
from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .arguments import ModuleFailure, Option

WEB_OPTIONS: Mapping[str, Option] = {
    "url_method": Option(aliases=("method",)),
    "follow_redirects": Option(default="safe", choices=("all", "none", "safe")),
    "headers": Option("dict"),
    "http_agent": Option(default="ansible-httpget"),
    "maximum_redirection": Option("int", default=50),
    "url_timeout": Option("int", default=30, aliases=("timeout",)),
    "validate_certs": Option("bool", default=True),
    "client_cert": Option(),
    "client_cert_password": Option(),
    "force_basic_auth": Option("bool", default=False),
    "url_username": Option(),
    "url_password": Option(),
    "use_default_credential": Option("bool", default=False),
    "use_proxy": Option("bool", default=True),
    "proxy_url": Option(),
    "proxy_username": Option(),
    "proxy_password": Option(),
    "proxy_use_default_credential": Option("bool", default=False),
}
# What the rehearsal's request does not do: given, it is refused rather than ignored.
_NOT_MODELLED = ("client_cert", "client_cert_password", "url_username", "url_password", "proxy_url", "proxy_username", "proxy_password")


@dataclass(frozen=True)
class Response:
    """What a web server answered. modified: the Last-Modified header, if there was one."""

    status: int
    reason: str
    content: bytes
    modified: str | None


def fetch(url: str, params: Mapping[str, Any]) -> Response:
    """Really asks the web server. Raises ModuleFailure for options that are not modelled, OSError (URLError too) where it fails."""
    for name in _NOT_MODELLED:
        if params[name] is not None:
            raise ModuleFailure(f"The rehearsal does not model the option {name}; see rehearsal/modules/web.py.")
    headers = {"User-Agent": params["http_agent"], **(params["headers"] or {})}
    request = urllib.request.Request(url, headers=headers, method=params["url_method"] or "GET")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=params["url_timeout"] or None) as response:
        return Response(response.status, response.reason, response.read(), response.headers.get("Last-Modified"))


def explain(error: OSError) -> str:
    """The failure in the words of .NET's WebException."""
    if isinstance(error, urllib.error.HTTPError):
        return f"The remote server returned an error: ({error.code}) {error.reason}."
    return "Unable to connect to the remote server"
