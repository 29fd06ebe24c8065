# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The witness of a failover cluster: none, a disk, a share, or an Azure storage account.

docs/resources/cluster_quorum.md names the source of every rule.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..answers import CONDITION_NOT_MET, Answers, CmdletError
from ..calls import Call, Cmdlet, Credential, PlainSecret, Ref, Retry
from ..cluster import asking, errors
from ..network import tcp_endpoints
from ..network.tcp_endpoints import Endpoint
from ..plans import Difference, Finding, Plan, Promise
from ..storage.locations import Location, locate, short_name

# The first Windows Server that takes a credential for the share.
_CREDENTIAL_BUILD = 17763
_KINDS = {"Physical Disk": "disk", "File Share Witness": "share", "File Share Quorum Witness": "share", "Cloud Witness": "cloud"}
# Where the version of the key is noted: a private property of the cluster, which every node sees.
_NOTE = "WinstackWitnessKeyVersion"
# Azure: 3 to 24 lower-case letters and digits.
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_ONLINE = Retry(count=24, seconds=5)
_NO_LOGON_SESSION = "8009030e"


@dataclass(frozen=True)
class _Current:
    """witness: one of the option's words, disk_only, or the resource type's own name where it is none that this module knows."""

    witness: str
    resource: str | None
    state: str | None
    share: str | None
    account: str | None
    key_version: str | None

    def as_state(self) -> dict[str, Any]:
        return {
            "witness": self.witness,
            "resource": self.resource,
            "state": self.state,
            "share": self.share,
            "account": self.account,
            "key_version": self.key_version,
        }


class ClusterQuorum:
    """Compares by the quorum's resource, because QuorumType does not tell one witness from another since Server 2016."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        if tuple(_option_refusals(options)):
            return []
        resource = Ref("quorum", property="QuorumResource")
        properties = ("QuorumType", "QuorumResource.Name", "QuorumResource.State", "QuorumResource.ResourceType.Name")
        return [
            *asking.read("Domain"),
            Cmdlet("system", "Get-CimInstance", {"ClassName": "Win32_OperatingSystem"}, ("BuildNumber",)),
            Cmdlet("nodes", "Get-ClusterNode", properties=("Name",)),
            Cmdlet("quorum", "Get-ClusterQuorum", properties=properties),
            Cmdlet("share", "Get-ClusterParameter", {"InputObject": resource, "Name": "SharePath"}, ("Value",)),
            Cmdlet("account", "Get-ClusterParameter", {"InputObject": resource, "Name": "AccountName"}, ("Value",)),
            *_read_notes(options),
            Cmdlet("resources", "Get-ClusterResource", properties=("Name", "ResourceType.Name")),
            Cmdlet("volumes", "Get-ClusterSharedVolume", properties=("Name",)),
            *tcp_endpoints.tests(_endpoints(options)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = tuple(_option_refusals(options))
        if refusals:
            return Plan(refusals=refusals)
        blocker = asking.blocker(answers)
        if blocker:
            return Plan(differences=tuple(_differences(options, None)), blockers=(blocker,), state=dict.fromkeys(_NOTHING.as_state()))
        current = _current(answers)
        refusals = tuple(_cluster_refusals(options, answers))
        if refusals:
            return Plan(refusals=refusals, state=current.as_state())
        differences = tuple(_differences(options, current))
        missing = _missing_secret(options, differences)
        if missing:
            return Plan(refusals=(missing,), state=current.as_state())
        return Plan(
            differences=differences,
            calls=tuple(_calls(options, current, differences)),
            findings=tuple(_findings(options, answers, current, bool(differences))),
            blockers=tuple(_blockers(options, answers)),
            state=current.as_state(),
        )

    def explain(self, error: CmdletError) -> str:
        return _explain(error)

    def evidence(self, options: Mapping[str, Any]) -> list[Call]:
        """The witness is one of the cluster's core resources, and CIM shows its private properties."""
        where = {"Namespace": asking.NAMESPACE, "ClassName": "MSCluster_Resource", "Filter": "CoreResource=TRUE"}
        properties = ("Name", "Type", "PrivateProperties.SharePath?", "PrivateProperties.AccountName?")
        return [Cmdlet("core", "Get-CimInstance", where, properties)]

    def promises(self, options: Mapping[str, Any], answers: Answers) -> tuple[Promise, ...]:
        witness = next((row for row in answers.rows("core") if row["Type"] in _KINDS), None)
        found = _KINDS[witness["Type"]] if witness else "none"
        promises = [_promise("witness", options["witness"], found)]
        if witness and options["witness"] == found == "disk":
            promises.append(_promise("disk", options["disk"], witness["Name"]))
        if witness and options["witness"] == found == "share":
            promises.append(_promise("share", _normal(options["share"]), _normal(witness["PrivateProperties.SharePath"] or "")))
        if witness and options["witness"] == found == "cloud":
            promises.append(_promise("cloud.account", options["cloud"]["account"], witness["PrivateProperties.AccountName"] or ""))
        return tuple(promises)


RESOURCE = ClusterQuorum()
_NOTHING = _Current("none", None, None, None, None, None)


# What can never be

def _option_refusals(options: Mapping[str, Any]) -> Iterator[str]:
    witness = options["witness"]
    for name in ("disk", "share", "cloud"):
        if (options[name] is not None) != (name == witness):
            yield f"{name}: {'needed' if name == witness else 'only'} with witness: {name}; it is {witness}"
    if options["share_credential"] is not None and witness != "share":
        yield f"share_credential: only with witness: share; it is {witness}"
    if witness == "share" and options["share"] is not None and _share(options) is None:
        yield f"share: {options['share']!r} is no UNC path such as \\\\server\\share; the nodes would each see another folder there"
    if witness == "cloud" and options["cloud"] is not None:
        yield from _cloud_refusals(options["cloud"])


def _cloud_refusals(cloud: Mapping[str, Any]) -> Iterator[str]:
    if not _ACCOUNT.fullmatch(cloud["account"]):
        yield f"cloud.account: {cloud['account']!r} is no name of an Azure storage account, which is 3 to 24 lower-case letters and digits"
    if cloud["access_key"] == "":
        yield "cloud.access_key: it is empty"
    if cloud["key_version"] is not None and cloud["access_key"] is None:
        yield "cloud.key_version: it is the version of a key, and none is given"
    if "/" in (cloud["endpoint"] or ""):
        yield f"cloud.endpoint: {cloud['endpoint']!r} is no server name such as core.chinacloudapi.cn"


def _cluster_refusals(options: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    """What this cluster can never have as its witness."""
    build = int(answers.row("system")["BuildNumber"])
    if options["share_credential"] is not None and build < _CREDENTIAL_BUILD:
        yield f"share_credential: needs Windows Server 2019 (build {_CREDENTIAL_BUILD}); this host has build {build}"
    share = _share(options)
    if share is not None:
        yield from _share_refusals(options["share"], share, answers)
    disk = options["disk"]
    if disk is not None and disk.lower() in _names(answers, "volumes"):
        yield f"disk: {disk!r} is a cluster shared volume, which cannot be a witness; give a cluster disk of its own"
    kind = next((row["ResourceType.Name"] for row in answers.rows("resources") if row["Name"].lower() == (disk or "").lower()), None)
    if kind not in (None, "Physical Disk"):
        yield f"disk: the cluster resource {disk!r} is a {kind}, not a Physical Disk"


def _share_refusals(path: str, share: Location, answers: Answers) -> Iterator[str]:
    cluster = answers.row("cluster")
    server = short_name(share.server)
    node = next((row["Name"] for row in answers.rows("nodes") if row["Name"].lower() == server), None)
    if node is not None:
        yield f"share: {path!r} lies on {node}, a node of this cluster; when that node fails its vote and the witness are lost together"
    if server == cluster["Name"].lower():
        yield f"share: {path!r} lies on this cluster itself; the witness must be outside of it"
    domain = (cluster["Domain"] or "").lower()
    if domain and share.server in (domain, domain.split(".")[0]):
        yield f"share: {path!r} is in a DFS namespace of the domain, which is not supported for a witness; give the server's name"


# What is wanted

def _differences(options: Mapping[str, Any], current: _Current | None) -> Iterator[Difference]:
    """current None: on a host that is in no cluster."""
    wanted = options["witness"]
    found = current or _NOTHING
    if current is None or found.witness != wanted:
        yield Difference("witness", current and found.witness, wanted)
    if wanted == "disk" and (found.witness != "disk" or (found.resource or "").lower() != options["disk"].lower()):
        yield Difference("disk", found.resource if found.witness == "disk" else None, options["disk"])
    if wanted == "share" and _normal(found.share or "") != _normal(options["share"]):
        yield Difference("share", found.share, options["share"])
    if wanted == "cloud":
        cloud = options["cloud"]
        if (found.account or "").lower() != cloud["account"]:
            yield Difference("cloud.account", found.account, cloud["account"])
        if cloud["key_version"] not in (None, found.key_version):
            yield Difference("cloud.key_version", found.key_version, cloud["key_version"])


def _missing_secret(options: Mapping[str, Any], differences: tuple[Difference, ...]) -> str:
    if options["witness"] == "cloud" and differences and options["cloud"]["access_key"] is None:
        return f"cloud.access_key: the storage account {options['cloud']['account']} needs one when the witness is set"
    return ""


def _blockers(options: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    disk = options["disk"]
    if disk is not None and disk.lower() not in _names(answers, "resources"):
        yield f"the cluster has no disk {disk!r} yet; win_hv_cluster_disks adds it under that name"


def _share(options: Mapping[str, Any]) -> Location | None:
    location = locate(options["share"]) if options["share"] is not None else None
    return location if location is not None and location.kind == "share" else None


def _endpoints(options: Mapping[str, Any]) -> list[Endpoint]:
    share = _share(options)
    return [] if share is None else [Endpoint(share.server, tcp_endpoints.SMB_PORT)]


def _normal(path: str) -> str:
    """Windows compares paths without regard to case, and a share may be written with a backslash at its end."""
    return path.replace("/", "\\").rstrip("\\").lower()


# What the cluster answered

def _current(answers: Answers) -> _Current:
    row = answers.row("quorum")
    kind = row["QuorumResource.ResourceType.Name"]
    witness = "none" if kind is None else _KINDS.get(kind, kind)
    if row["QuorumType"] == "DiskOnly":
        witness = "disk_only"
    notes = {note["Name"]: note["Value"] for note in answers.rows("notes")} if "notes" in answers else {}
    return _Current(
        witness=witness,
        resource=row["QuorumResource.Name"],
        state=row["QuorumResource.State"],
        share=answers.row("share")["Value"] if witness == "share" else None,
        account=answers.row("account")["Value"] if witness == "cloud" else None,
        key_version=notes.get(_NOTE),
    )


def _read_notes(options: Mapping[str, Any]) -> Iterator[Call]:
    if options["witness"] == "cloud":
        yield Cmdlet("notes", "Get-ClusterParameter", {"InputObject": Ref("cluster")}, ("Name", "Value"))


def _names(answers: Answers, call: str) -> set[str]:
    return {row["Name"].lower() for row in answers.rows(call)}


# What a person must know

def _findings(options: Mapping[str, Any], answers: Answers, current: _Current, changes: bool) -> Iterator[Finding]:
    nodes = [row["Name"] for row in answers.rows("nodes")]
    if options["witness"] == "none" and len(nodes) == 2:
        yield Finding(
            "no_witness", "warning", answers.row("cluster")["Name"], "two nodes and no witness", "a witness",
            "Set a share, disk or cloud witness: with two votes the loss of either node can stop the whole cluster.",
        )
    for reached in tcp_endpoints.results(_endpoints(options), answers):
        if not reached.reachable:
            yield Finding(
                "witness_unreachable", "critical" if changes else "warning", str(reached.endpoint), reached.found(), "a TCP connection",
                "See that the file server is up and that its name resolves and its SMB port is open from every node.",
            )
    if not changes and current.resource is not None and current.state != "Online":
        yield Finding(
            "witness_state", "warning", current.resource, str(current.state), "Online",
            "See the cluster's events; a share must let the cluster's computer account change it, Azure must be reachable from every node.",
        )


def _explain(error: CmdletError) -> str:
    if _NO_LOGON_SESSION in error.message.lower():
        return errors.explain(error)
    if error.id == CONDITION_NOT_MET:
        return f"The witness was set but does not come online. {_WHO_NEEDS_WHAT}"
    if "quorum" not in error.id.lower():
        return ""
    if "azure" in error.message.lower():
        return _AZURE_NEEDS
    return _WHO_NEEDS_WHAT


_AZURE_NEEDS = (
    "Every node must reach the storage account's blob endpoint by HTTPS (TCP port 443, through WinHTTP's proxy if there is one), and the "
    "key must be a present one of a general-purpose account with standard performance"
)
_WHO_NEEDS_WHAT = (
    "A share needs Change and Read for the cluster's computer account (CLUSTER$) on the share and Modify in its file system; the account "
    "of the task must reach the share too, which a WinRM logon without become: true (runas, with a password) cannot"
)


# What is called

def _calls(options: Mapping[str, Any], current: _Current, differences: tuple[Difference, ...]) -> Iterator[Call]:
    if not differences:
        return
    if current.witness == "cloud" and options["witness"] == "cloud":
        # Set over one that is there, Windows makes a second resource 'Cloud Witness (2)' and fails (FailoverClusterDsc issue 197).
        yield Cmdlet("clear", "Set-ClusterQuorum", {"NoWitness": True})
    yield Cmdlet("set", "Set-ClusterQuorum", _parameters(options))
    if options["witness"] == "none":
        return
    state = "QuorumResource.State"
    yield Cmdlet("online", "Get-ClusterQuorum", properties=(state,), until={state: "Online"}, retry=_ONLINE)
    if options["witness"] == "cloud" and options["cloud"]["key_version"] is not None:
        # Noted last, so that a run that breaks off before is done again.
        note = {"Name": _NOTE, "Value": options["cloud"]["key_version"], "Create": True}
        yield Cmdlet("cluster", "Get-Cluster", properties=("Name",))
        yield Cmdlet("note", "Set-ClusterParameter", {"InputObject": Ref("cluster"), **note})


def _parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    if options["witness"] == "none":
        return {"NoWitness": True}
    if options["witness"] == "disk":
        return {"DiskWitness": options["disk"]}
    if options["witness"] == "share":
        given = options["share_credential"]
        credential = {"Credential": Credential(given["username"], given["password"])} if given else {}
        return {"FileShareWitness": options["share"].rstrip("\\"), **credential}
    cloud = options["cloud"]
    endpoint = {"Endpoint": cloud["endpoint"]} if cloud["endpoint"] else {}
    return {"CloudWitness": True, "AccountName": cloud["account"], "AccessKey": PlainSecret(cloud["access_key"]), **endpoint}


def _promise(name: str, wanted: str, found: str) -> Promise:
    return Promise(name, wanted, found, "CIM MSCluster_Resource", wanted.lower() == found.lower())
