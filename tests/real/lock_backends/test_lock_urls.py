# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is a lock: a URL that the rules take must lock between two coordinators of that release's tooz; one they refuse must not."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import lock_url
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.releases import RELEASES

WORKS = {"refused_while_held": True, "granted_after_release": True}


def own_environment() -> dict[str, str]:
    """Without the variables that requests, and so etcd3gw, prefers to the ca_cert of a URL."""
    return {name: value for name, value in os.environ.items() if name not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}


def exercise(release: str, url: str) -> Any:
    from tools.option_catalogue.environments import RELEASES as KNOWN
    from tools.option_catalogue.environments import environment

    command = [str(environment(KNOWN[release])), str(Path(__file__).with_name("exercise_lock.py")), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=own_environment())
    return json.loads(done.stdout)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("query", ["", "?api_version=v3", "?api_version=v3&timeout=5&lock_timeout=10"])
def test_etcd(etcd: Any, release: str, query: str) -> None:
    url = f"etcd3+http://127.0.0.1:{etcd.port}{query}"
    assert (exercise(release, url) == WORKS) == (lock_url.problems(url, release) == [])


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("scheme", ["etcd3", "mysql+pymysql", "nonsense"])
def test_schemes_that_do_not_work(etcd: Any, release: str, scheme: str) -> None:
    url = f"{scheme}://plain:p@w@127.0.0.1:{etcd.port}/locks"
    assert "error" in exercise(release, url)
    assert lock_url.problems(url, release)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("user", ["plain:p@w", "plain:p%40w"])
def test_mysql(mariadb: Any, release: str, user: str) -> None:
    url = f"mysql://{user}@127.0.0.1:{mariadb.port}/locks"
    assert (exercise(release, url) == WORKS) == (lock_url.problems(url, release) == [])


@pytest.mark.parametrize("release", RELEASES)
def test_mysql_passwords_are_sent_as_they_stand(mariadb: Any, release: str) -> None:
    """Proves the reason for refusing %: a user whose password really is p%40w gets in with that text."""
    assert exercise(release, f"mysql://escaped:p%40w@127.0.0.1:{mariadb.port}/locks") == WORKS


@pytest.mark.parametrize("release", RELEASES)
def test_mysql_over_tls(mariadb: Any, release: str) -> None:
    """The user is let in over TLS only. Yoga's tooz reads past ssl_ca, which the rules say."""
    url = f"mysql://secure:p@w@127.0.0.1:{mariadb.port}/locks"
    trusting = f"{url}?ssl_ca={mariadb.authority}"
    assert (exercise(release, trusting) == WORKS) == (lock_url.problems(trusting, release) == [])
    assert "error" in exercise(release, f"{url}?ssl_ca={mariadb.other}")
    assert "error" in exercise(release, url)


@pytest.mark.parametrize("release", RELEASES)
def test_mysql_needs_a_database_that_exists(mariadb: Any, release: str) -> None:
    assert "error" in exercise(release, f"mysql://plain:p@w@127.0.0.1:{mariadb.port}/missing")


@pytest.mark.parametrize("release", RELEASES)
def test_file(release: str, tmp_path: Path) -> None:
    """The Windows forms of the path can only be judged on Windows; that file locks exclude each other is judged here."""
    assert exercise(release, f"file://{tmp_path}/locks") == WORKS
