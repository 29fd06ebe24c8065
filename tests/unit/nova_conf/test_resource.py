# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/nova-conf.md: errors all at once, comparison by meaning, secrets never shown, what is kept of an existing file."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, ReadFile, Ref, WriteFile
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import catalogue
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import NEUTRON, NOVA
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.file_resource import parse_offline, render_offline
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import MASK, Difference, Plan, Promise
from ansible_collections.winstack.hyperv.plugins.module_utils.resources import neutron_conf, nova_conf

PATH = r"C:\OpenStack\etc\nova.conf"
NEEDED = {
    "path": PATH,
    "release": "2023.2",
    "compute_driver": "compute_hyperv.driver.HyperVDriver",
    "instances_path": r"C:\I",
    "state_path": r"C:\S",
    "lock_path": r"C:\L",
    "transport_url": "rabbit://u:s3cret@h:5672/",
    "my_ip": "10.0.0.1",
    "log_dir": r"C:\Log",
    "accept": ["service-user", "service-credentials", "log-rotation"],
}

CLUSTER = "compute_hyperv.cluster.driver.HyperVClusterDriver"
CLUSTERED = {
    "compute_driver": CLUSTER, "instances_path": r"\\s\share\i", "sync_power_state_interval": -1, "handle_virt_lifecycle_events": False,
    "backend_url": "etcd3+http://h:2379?api_version=v3", "connect_cluster_timeout": 300, "limit_cpu_features": False,
}


def options(**changes: Any) -> dict[str, Any]:
    return NEEDED | changes


def file(text: str | bytes | None) -> Answers:
    data = text.encode() if isinstance(text, str) else text
    return Answers({"file": Answer("file", content=data)})


def plan(text: str | bytes | None, **changes: Any) -> Plan:
    return nova_conf.RESOURCE.plan(options(**changes), file(text))


def written(made: Plan) -> WriteFile:
    [call] = made.calls
    assert isinstance(call, WriteFile)
    return call


def current(**changes: Any) -> str:
    """The file that a task with these options leaves behind."""
    return str(render_offline(NOVA, options(**changes), reveal=True)["rendered"])


def test_reads_the_file_and_the_name_only_where_it_matters() -> None:
    computer = Cmdlet("computer", "Get-CimInstance", {"ClassName": "Win32_ComputerSystem"}, ("DNSHostName",))
    assert nova_conf.RESOURCE.read(options()) == [ReadFile("file", PATH)]
    assert nova_conf.RESOURCE.read(options(host="node1")) == [ReadFile("file", PATH), computer]
    assert nova_conf.RESOURCE.read(options(options={"DEFAULT": {"host": "node1"}})) == [ReadFile("file", PATH), computer]
    nodes = Cmdlet("nodes", "Get-ClusterNode", properties=("Name",))
    assert nova_conf.RESOURCE.read(options(compute_driver=CLUSTER)) == [ReadFile("file", PATH), computer, nodes]
    assert nova_conf.RESOURCE.read(options(options={"DEFAULT": {"compute_driver": CLUSTER}})) == [ReadFile("file", PATH), computer, nodes]


@pytest.mark.parametrize(("nodes", "warned"), [
    (Answer("nodes", ({"Name": "NODE2"}, {"Name": "NODE1"})), False),
    (Answer("nodes", ({"Name": "NODE2"}, {"Name": "node1"})), True),
    (Answer("nodes", error=CmdletError("CommandNotFoundException", "not recognized")), False),
])
def test_the_cluster_spells_the_node_as_windows_does(nodes: Answer, warned: bool) -> None:
    """A host that is in no cluster yet, or whose cluster does not answer, tells nothing."""
    given = options(**CLUSTERED)
    computer = Answer("computer", ({"DNSHostName": "NODE1"},))
    plan = nova_conf.RESOURCE.plan(given, Answers({"file": Answer("file"), "computer": computer, "nodes": nodes}))
    assert plan.refusals == ()
    assert any("the cluster calls this node 'node1', and Windows 'NODE1'" in warning for warning in plan.warnings) is warned


def test_a_missing_file_is_written_whole() -> None:
    made = plan(None)
    assert written(made) == WriteFile("write", PATH, current().encode())
    assert made.state == {"path": PATH, "exists": False, "options": {}}
    assert Difference("DEFAULT.instances_path", None, r"C:\I") in made.differences
    assert Difference("DEFAULT.transport_url", None, MASK) in made.differences
    assert "s3cret" not in repr(made)


def test_a_second_run_changes_nothing() -> None:
    made = plan(current())
    assert (made.differences, made.calls, made.refusals) == ((), (), ())
    assert made.state["options"]["DEFAULT"]["transport_url"] == MASK


def test_order_comments_spelling_and_old_names_are_no_change() -> None:
    wanted = {
        "options": {"hyperv": {"use_multipath_io": True, "iscsi_initiator_list": ["a", "b"]}, "image_cache": {"manager_interval": 60}}
    }
    text = current(**wanted).replace("\r\n", "\n")
    text = (
        text.replace("use_multipath_io = true", "use_multipath_io: YES")
        .replace("= a,b", "=a ,  b,")
        .replace("[hyperv]", "; hand\n[HyperV]")
    )
    text = text.replace("[image_cache]\nmanager_interval = 60\n", "") + "[DEFAULT]\nimage_cache_manager_interval='60'\n"
    assert "YES" in text
    assert "a ,  b," in text
    assert plan(text, **wanted).differences == ()


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ({}, {"options": {"hyperv": {"limit_cpu_features": True}}}, Difference("hyperv.limit_cpu_features", None, True)),
        ({"options": {"hyperv": {"limit_cpu_features": True}}}, {}, Difference("hyperv.limit_cpu_features", True, None)),
        ({"my_ip": "10.0.0.1"}, {"my_ip": "10.0.0.2"}, Difference("DEFAULT.my_ip", "10.0.0.1", "10.0.0.2")),
        ({}, {"transport_url": "rabbit://u:other@h/"}, Difference("DEFAULT.transport_url", MASK, MASK)),
    ],
)
def test_one_difference_an_option(before: dict[str, Any], after: dict[str, Any], difference: Difference) -> None:
    made = plan(current(**before), **after)
    assert made.differences == (difference,)
    assert written(made).content.decode() == current(**after)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xef\xbb\xbf" + current().encode(), "byte order mark"),
        (current().encode("utf-16"), "UTF-16"),
        ((current() + "# \xe9\r\n").encode(), "not plain ASCII"),
        ((current() + "# \xe9\r\n").encode("latin-1"), "neither ASCII nor UTF-8"),
        ((" x = 1\n" + current()).encode(), "line 1: an indented line"),
        ((current() + "novalue\n").encode(), "neither = nor :"),
    ],
)
def test_a_file_that_oslo_config_misreads_is_replaced(data: bytes, words: str) -> None:
    made = plan(data)
    assert words in made.differences[0].before
    assert written(made).content.decode() == current()


def test_backup_is_named_after_what_it_keeps() -> None:
    old = b"[DEFAULT]\nmy_ip=1.2.3.4\n"
    name = f"{PATH}.{hashlib.sha256(old).hexdigest()[:12]}.bak"
    made = plan(old, backup=True)
    assert (written(made).backup, made.state["backup_file"]) == (name, name)
    assert written(plan(None, backup=True)).backup == ""


def test_all_errors_at_once_and_no_secret_in_them() -> None:
    wrong = {
        "hyperv": {"dinamic_memory_ratio": 1, "use_multipath_io": "maybe", "iscsi_initiator_list": ["a,b"]},
        "placement": {"os_region_name": "R"},
        "DEFAULT": {
            "reserved_host_memory_mb": -1,
            "log-dir": "x",
            "transport_url": ["hidden"],
            "config_drive_format": "vfat",
            "my_ip": True,
        },
        "neutron": {"password": "hid\x00den"},
        "default": {"debug": True},
        "serial_console": {"serialproxy_port": 70000},
    }
    made = plan(None, my_ip=None, transport_url=None, options=wrong)
    assert made.calls == ()
    text = "\n".join(made.refusals)
    for words in (
        "[hyperv] dinamic_memory_ratio: not an option of nova-compute 2023.2; the closest is [hyperv] dynamic_memory_ratio",
        "[hyperv] use_multipath_io: 'maybe': a boolean",
        "[hyperv] iscsi_initiator_list: ['a,b']: an item of a list cannot",
        "[placement] os_region_name: not an option of nova-compute 2023.2 (gone since Train or earlier; write [placement] region_name",
        "[DEFAULT] reserved_host_memory_mb: -1: an integer, at least 0 is needed",
        "[DEFAULT] log-dir: not an option",
        "the closest is [DEFAULT] log_dir",
        "[DEFAULT] transport_url: ********: text is needed, not a list",
        "[DEFAULT] my_ip: True: ",
        "[neutron] password: ********: it cannot be written",
        "[default] debug: not an option",
        "[serial_console] serialproxy_port: 70000: a port number, at least 0, at most 65535 is needed",
        "config_drive_format: 'vfat'",
    ):
        assert words in text
    assert "hid" not in text


@pytest.mark.parametrize(
    ("release", "group", "name", "story"),
    [
        ("yoga", "pci", "device_spec", "new in zed; write [pci] passthrough_whitelist instead"),
        ("2023.2", "neutron", "url", "gone since Train or earlier; write [neutron] endpoint_override instead"),
        ("2023.2", "DEFAULT", "use_neutron", "gone since Ussuri"),
        ("2023.2", "DEFAULT", "rabbit_password", "write [DEFAULT] transport_url instead"),
    ],
)
def test_names_of_other_releases(release: str, group: str, name: str, story: str) -> None:
    problems = plan(None, release=release, options={group: {name: "x"}}).refusals
    assert any(story in problem for problem in problems)


def test_deprecated_names_are_written_under_their_successor() -> None:
    made = plan(None, options={"DEFAULT": {"image_cache_manager_interval": 60}, "glance": {"api_servers": ["http://g:9292"]}})
    assert "[DEFAULT] image_cache_manager_interval: deprecated name; [image_cache] manager_interval is written instead" in made.warnings
    assert any(warning.startswith("[glance] api_servers: deprecated for removal since 21.0.0.") for warning in made.warnings)
    assert b"[image_cache]\r\nmanager_interval = 60\r\n" in written(made).content


def test_one_option_given_twice() -> None:
    twice = plan(None, options={"DEFAULT": {"my_ip": "10.9.9.9"}}).refusals
    assert twice == ("[DEFAULT] my_ip: given twice, by my_ip and by options.DEFAULT.my_ip, with different values",)
    assert plan(None, options={"DEFAULT": {"my_ip": "10.0.0.1"}}).refusals == ()


EXTRA = "[DEFAULT]\ndebug = true\ntypo = 5\n[workarounds]\ndisable_rootwrap = $nonsense\n[oslo_messaging_rabbit]\nssl = perhaps\n"


def test_unmanaged_options_are_replaced_unless_kept() -> None:
    made = plan(current() + EXTRA)
    assert [item.path for item in made.differences] == [
        "DEFAULT.debug",
        "DEFAULT.typo",
        "oslo_messaging_rabbit.ssl",
        "workarounds.disable_rootwrap",
    ]
    assert all(item.after is None for item in made.differences)


def test_unmanaged_options_are_kept_as_they_stand_with_doubts() -> None:
    made = plan(current() + EXTRA, unmanaged="keep")
    assert (made.differences, made.calls) == ((), ())
    assert any("kept: nothing reads [DEFAULT] typo" in warning for warning in made.warnings)
    assert any("kept: the service will fail to read [oslo_messaging_rabbit] ssl" in warning for warning in made.warnings)
    changed = written(plan(current() + EXTRA, unmanaged="keep", my_ip="10.0.0.9")).content.decode()
    for line in ("debug = true", "typo = 5", "disable_rootwrap = $nonsense", "ssl = perhaps", "my_ip = 10.0.0.9"):
        assert f"\r\n{line}\r\n" in changed


def test_unmanaged_by_option() -> None:
    made = plan(
        current() + EXTRA, unmanaged="replace", unmanaged_options={"workarounds.*": "keep", "DEFAULT.*": "refuse", "DEFAULT.debug": "keep"}
    )
    assert made.refusals == (
        "[DEFAULT] typo: stands in the file, not in the task; add it to options (null removes it) or unmanaged_options",
    )
    gone = plan(current() + EXTRA, unmanaged_options={"workarounds.*": "keep", "DEFAULT.debug": "keep"})
    assert [item.path for item in gone.differences] == ["DEFAULT.typo", "oslo_messaging_rabbit.ssl"]
    assert any("unmanaged_options" in problem for problem in plan(None, unmanaged_options={"x": "maybe"}).refusals)


def test_null_removes_an_option_that_would_be_kept() -> None:
    made = plan(current() + EXTRA, unmanaged="keep", options={"DEFAULT": {"debug": None}})
    assert made.differences == (Difference("DEFAULT.debug", True, None),)


def test_ascii_or_utf_8() -> None:
    assert any("only ASCII" in problem for problem in plan(None, log_dir="C:\\Protokoll\xe9").refusals)
    assert "log_dir = C:\\Protokoll\xe9".encode() in written(plan(None, log_dir="C:\\Protokoll\xe9", encoding="utf-8")).content
    assert any("PYTHONUTF8=1" in warning for warning in plan(None, log_dir="C:\\Protokoll\xe9", encoding="utf-8").warnings)
    assert plan(None, encoding="utf-8").warnings == plan(None).warnings
    assert b"\r" not in written(plan(None, newline="lf")).content


def test_gathered_reads_only() -> None:
    made = plan(
        "[DEFAULT]\nmy_ip = 10.0.0.1\n[placement]\npassword = x\n[neutron]\nadmin_password = y\n[a]\nurl = mysql://u:p@h/\n",
        state="gathered",
    )
    assert made.state["options"] == {
        "DEFAULT": {"my_ip": "10.0.0.1"},
        "a": {"url": MASK},
        "neutron": {"admin_password": MASK},
        "placement": {"password": MASK},
    }
    assert (made.differences, made.calls) == ((), ())


def test_states_without_a_host() -> None:
    assert "s3cret" not in str(render_offline(NOVA, options()))
    assert "s3cret" in str(render_offline(NOVA, options(), reveal=True))
    parsed = parse_offline(NOVA, {"release": "2023.2", "running_config": "[hyperv]\nuse_multipath_io=on\nx=1\n"})
    assert parsed["parsed"] == {"hyperv": {"use_multipath_io": True, "x": "1"}}
    assert "nothing reads [hyperv] x" in parsed["warnings"][0]
    with pytest.raises(ValueError, match="line 1"):
        parse_offline(NOVA, {"release": "2023.2", "running_config": "x"})
    with pytest.raises(ValueError, match="cannot load the compute-hyperv driver"):
        render_offline(NOVA, options(release="2024.1"))


@pytest.mark.parametrize("name", ["transport_url", "backend_url"])
@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hid#den@h/db",
        "mysql://u:hid/den@h:x/db",
        "hidden",
        "rabbit://u:hid%den@h/",
        "x://u:hidden\x00@h",
        "etcd3+http://u:hid\xe9@h",
    ],
)
def test_no_problem_shows_what_may_hold_a_password(name: str, url: str) -> None:
    made = plan(current(), **{name: url, "compute_driver": CLUSTER, "accept": []})
    assert made.refusals != ()
    assert "hid" not in repr(made)


def test_misuse_is_refused() -> None:
    assert nova_conf.RESOURCE.read(options(path=None)) == []
    assert nova_conf.RESOURCE.plan(options(path=None), Answers()).refusals == ("path: must be given unless state is rendered or parsed",)
    assert "works only in the module" in nova_conf.RESOURCE.plan(options(state="rendered"), Answers()).refusals[0]
    assert any("accept: 'x' is not a rule" in problem for problem in plan(None, accept=["x"]).refusals)
    assert "2024.1" in plan(None, release="2024.1").refusals[0]


def test_a_file_that_cannot_be_read_is_no_missing_file() -> None:
    with pytest.raises(CallFailed):
        nova_conf.RESOURCE.plan(options(), Answers({"file": Answer("file", error=CmdletError("UnauthorizedAccessException", "no"))}))


AGENT = {
    "path": PATH,
    "release": "2023.2",
    "physical_network_vswitch_mappings": ["physnet1:Ext", "*:other"],
    "firewall_driver": "hyperv",
    "transport_url": "rabbit://u:p@h/",
    "lock_path": r"C:\L",
    "accept": ["log-rotation"],
}


def switches(*names: str, extensions: tuple[tuple[str, str, bool], ...] = ()) -> Answers:
    rows = tuple({"SwitchName": switch, "Name": name, "Enabled": enabled} for switch, name, enabled in extensions)
    return Answers(
        {
            **file(None),
            "switches": Answer("switches", tuple({"Name": name} for name in names)),
            "extensions": Answer("extensions", rows),
        }
    )


def test_the_agent_reads_the_switches() -> None:
    assert neutron_conf.RESOURCE.read(AGENT)[1:] == [
        Cmdlet("switches", "Get-VMSwitch", properties=("Name",)),
        Cmdlet("extensions", "Get-VMSwitchExtension", {"VMSwitch": Ref("switches")}, ("Name", "SwitchName", "Enabled")),
    ]


@pytest.mark.parametrize(
    ("changes", "answers", "words"),
    [
        ({}, switches("ext", "Other"), ""),
        ({}, switches("ext"), "'other': the host has no such virtual switch; it has ext"),
        (
            {},
            switches("Ext", "other", extensions=(("Ext", "Cloudbase Open vSwitch Extension", True),)),
            "Open vSwitch extension is enabled",
        ),
        (
            {},
            switches(
                "Ext", "other", extensions=(("Ext", "Cloudbase Open vSwitch Extension", False), ("other", "Microsoft NDIS Capture", True))
            ),
            "",
        ),
        ({"physical_network_vswitch_mappings": ["a:b:c"]}, switches("b"), "with one colon"),
        ({"physical_network_vswitch_mappings": []}, switches("b"), "names no virtual switch"),
        ({"options": {"NVGRE": {"enable_support": True}}}, switches("ext", "other"), "provider_vlan_id, provider_tunnel_ip"),
        ({"options": {"AGENT": {"worker_cuont": 1}}}, switches("ext", "other"), "the closest is [AGENT] worker_count"),
    ],
)
def test_what_the_agent_would_refuse(changes: dict[str, Any], answers: Answers, words: str) -> None:
    refusals = neutron_conf.RESOURCE.plan(AGENT | changes, answers).refusals
    assert any(words in refusal for refusal in refusals) if words else refusals == ()


def test_the_agent_before_the_role_is_there() -> None:
    answers = Answers(
        {
            **file(None),
            "switches": Answer("switches", error=CmdletError("CommandNotFoundException", "no")),
            "extensions": Answer("extensions", skipped=True),
        }
    )
    assert neutron_conf.RESOURCE.plan(AGENT, answers).refusals == ()


def test_the_catalogues_know_what_the_facts_say() -> None:
    """A few facts that were found by hand in the packages (nova-and-driver facts, section 3)."""
    bobcat, yoga = (catalogue.load(NOVA.name, release) for release in ("2023.2", "yoga"))
    assert bobcat.packages["nova"] == "28.3.1"
    assert (
        bobcat.options[("DEFAULT", "initial_cpu_allocation_ratio")].default,
        yoga.options[("DEFAULT", "initial_cpu_allocation_ratio")].default,
    ) == (4.0, 16.0)
    assert bobcat.options[("hyperv", "max_failover_count")].type.minimum == 1
    assert bobcat.options[("coordination", "backend_url")].default == "file:///C:/OpenStack/Lock"
    assert bobcat.options[("placement", "password")].secret
    assert bobcat.options[("placement", "application_credential_secret")].secret
    assert bobcat.find("DEFAULT", "lock_path") is bobcat.options[("oslo_concurrency", "lock_path")]
    assert ("pci", "device_spec") not in yoga.options
    assert catalogue.load(NEUTRON.name, "2023.2").find("agent", "worker_count") is not None


def hashed(text: str, digest: str | None = None) -> Answers:
    """What evidence answers: the file, and its hash as Get-FileHash writes it."""
    found = (digest or hashlib.sha256(text.encode()).hexdigest()).upper()
    return Answers({**file(text), "hash": Answer("hash", ({"Hash": found},))})


def test_the_file_is_seen_as_a_hash() -> None:
    assert nova_conf.RESOURCE.evidence(options()) == [
        ReadFile("file", PATH), Cmdlet("hash", "Get-FileHash", {"LiteralPath": [PATH], "Algorithm": "SHA256"}, ("Hash",)),
    ]
    assert nova_conf.RESOURCE.evidence(options(state="gathered")) == []
    assert nova_conf.RESOURCE.promises(options(state="gathered"), Answers()) == ()


@pytest.mark.parametrize("comment", ["", "# by hand\n"])
def test_the_promise_of_a_file_is_what_was_rendered_whatever_comments_it_has(comment: str) -> None:
    assert nova_conf.RESOURCE.promises(options(), hashed(current() + comment)) == (
        Promise("file", "as rendered", "as rendered", "Get-FileHash", True),
    )


def test_a_changed_option_is_a_broken_promise_and_its_secret_stays_one() -> None:
    text = current().replace("10.0.0.1", "10.0.0.2").replace("s3cret", "0ther")
    found = nova_conf.RESOURCE.promises(options(), hashed(text))
    assert {(item.name, item.wanted, item.found, item.kept) for item in found} == {
        ("DEFAULT.my_ip", "10.0.0.1", "10.0.0.2", False), ("DEFAULT.transport_url", MASK, MASK, False),
    }
    assert "s3cret" not in repr(found)
    assert "0ther" not in repr(found)


def test_a_hash_of_another_file_is_a_broken_promise() -> None:
    (found,) = nova_conf.RESOURCE.promises(options(), hashed(current(), "ab" * 32))
    assert found == Promise("file", "as rendered", "another file", "Get-FileHash", False)


def test_without_a_hash_nothing_is_seen() -> None:
    failed = Answers({**file(current()), "hash": Answer("hash", error=CmdletError("FileReadError,Get-FileHash", "in use"))})
    (found,) = nova_conf.RESOURCE.promises(options(), failed)
    assert (found.found, found.kept) == (None, False)


def test_options_that_cannot_be_rendered_break_the_promise() -> None:
    found = nova_conf.RESOURCE.promises(options(options={"DEFAULT": {"no_such_option": 1}}), hashed(current()))
    assert found
    assert not any(item.kept for item in found)
