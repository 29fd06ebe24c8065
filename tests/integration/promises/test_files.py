# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each promise about files and folders, broken behind the collection's back. The oracle is the simulated server's one state."""
from __future__ import annotations

from typing import Any

import pytest

from tests.integration.promises.node import Node
from tests.unit.rehearsal.cmdlets.hosts import Host

CONF, LOG = r"C:\OpenStack\etc\nova.conf", r"C:\OpenStack\Log"
SECTIONS: dict[str, Any] = {
    "folders": {"paths": [r"C:\OpenStack\etc", LOG]},
    "nova_conf": {
        "path": CONF, "release": "2023.2", "compute_driver": "compute_hyperv.driver.HyperVDriver", "instances_path": r"C:\I",
        "state_path": r"C:\S", "lock_path": r"C:\L", "transport_url": "rabbit://u:s3cret@h:5672/", "my_ip": "10.0.0.1", "log_dir": LOG,
        "accept": ["service-user", "service-credentials", "log-rotation"],
    },
}


@pytest.fixture
def node() -> Node:
    node = Node(Host(), SECTIONS)
    node.converge()
    return node


def test_all_are_kept(node: Node) -> None:
    assert [(row["name"], row["found"], row["kept"]) for row in node.seen()] == [
        (r"C:\OpenStack\etc", "folder", True), (LOG, "folder", True), ("file", "as rendered", True),
    ]


def test_a_folder_that_is_gone(node: Node) -> None:
    node.host.machine.files.delete(LOG)
    assert node.broken() == {f"folders.{LOG}": None}


def test_a_file_in_the_place_of_a_folder(node: Node) -> None:
    node.host.machine.files.delete(LOG)
    node.host.machine.files.write(LOG, b"")
    assert node.broken() == {f"folders.{LOG}": None}


def test_an_option_that_somebody_changed(node: Node) -> None:
    text = node.host.machine.files.read(CONF) or b""
    node.host.machine.files.write(CONF, text.replace(b"10.0.0.1", b"10.0.0.9"))
    assert node.broken() == {"nova_conf.DEFAULT.my_ip": "10.0.0.9"}


def test_a_comment_breaks_no_promise(node: Node) -> None:
    text = node.host.machine.files.read(CONF) or b""
    node.host.machine.files.write(CONF, b"# by hand\n" + text)
    assert node.broken() == {}


def test_a_file_that_is_gone_breaks_every_option(node: Node) -> None:
    node.host.machine.files.delete(CONF)
    broken = node.broken()
    assert "nova_conf.DEFAULT.my_ip" in broken
    assert "s3cret" not in repr(node.seen())
