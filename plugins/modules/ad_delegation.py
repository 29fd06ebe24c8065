#!/usr/bin/python
# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E402  (ansible-test wants the imports after the documentation)
from __future__ import annotations

DOCUMENTATION = r"""
module: ad_delegation
short_description: Allow Hyper-V hosts to delegate to each other for live migration
version_added: 0.1.0
description:
  - Sets up Kerberos constrained delegation between Hyper-V hosts in Active Directory, for every ordered pair of them. Live migration with
    Kerberos needs it.
  - Runs on the controller and talks LDAP to a domain controller, so use it with C(delegate_to=localhost), once for all hosts. No Windows
    host with the Active Directory tools is needed.
  - Never creates an account. A host without one is an error that names it, and nothing is changed anywhere then.
  - A change counts when it has reached the domain controllers that the hosts use and the hosts have new tickets; purge those of
    RV(changed_hosts).
options:
  hosts:
    description:
      - The Hyper-V hosts, by their short or full DNS names.
      - Short and long names of the services are derived from the accounts. The full name is needed only for an account that has no DNS
        name yet.
    type: list
    elements: str
    required: true
  file_servers:
    description:
      - File servers whose shares hold virtual machines. The hosts may delegate to C(cifs) there.
      - The account behind a scale-out file server is that of its client access point.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) makes delegation between O(hosts) possible.
      - V(absent) ends it for O(hosts) that leave. The hosts that may migrate to them are found in the directory. A host that has no
        account any more is no error then.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - V(classic) lists the services C(cifs) and C(Microsoft Virtual System Migration Service) of the destinations at each source.
      - V(resource_based) lists the sources at each destination; it covers all services there and needs no protocol transition. That live
        migration works with it outside clusters is unconfirmed.
      - Changing the type does not remove what the other one has left; use O(state=absent) with the old type first.
    type: str
    choices: [classic, resource_based]
    default: classic
  mode:
    description:
      - What happens to entries that are not for O(hosts) and O(file_servers).
      - V(additive) keeps them.
      - V(exact) removes them from the accounts of O(hosts), which also takes out hosts that left. The list of a file server is never cut.
    type: str
    choices: [additive, exact]
    default: additive
  protocol_transition:
    description:
      - Whether the hosts may delegate for users who did not come with Kerberos ("use any authentication protocol").
      - V(true) is needed from Windows Server 2016 on. V(false) clears the setting, in both modes.
      - Not touched with O(type=resource_based). With O(state=absent) it is cleared where nothing is left to delegate to.
    type: bool
    default: true
  service_user:
    description:
      - The account that starts migrations, as a logon name, C(DOMAIN\name) or user principal name. It is only looked at. A warning says
        when it is of those that cannot be delegated.
    type: str
  server:
    description:
      - A domain controller, by the name in its certificate. All reading and writing goes to this one.
    type: str
    required: true
  port:
    description:
      - The port; 636 for O(transport=ldaps), 389 for O(transport=ldap) by default.
    type: int
  transport:
    description:
      - V(ldaps) is TLS with a certificate that is always verified.
      - V(ldap) needs O(authentication=kerberos), which signs and seals the connection then, and ldap3 2.10 or newer.
    type: str
    choices: [ldaps, ldap]
    default: ldaps
  ca_file:
    description:
      - The certificate authority of O(server), a PEM file on the controller. By default those that the controller trusts.
    type: path
  authentication:
    description:
      - V(simple) sends O(username) and O(password); over TLS only.
      - V(kerberos) takes the ticket of the controller's own cache (C(kinit), C(KRB5CCNAME)).
    type: str
    choices: [simple, kerberos]
    default: simple
  username:
    description:
      - Who changes the accounts, as a user principal name, C(DOMAIN\name) or distinguished name. For O(authentication=simple) only.
      - Besides write access it needs the right to enable accounts to be trusted for delegation, which domain administrators have.
    type: str
  password:
    description:
      - The password of O(username).
    type: str
  timeout:
    description:
      - How many seconds to wait for the connection and for each answer.
    type: int
    default: 30
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    support: full
    description: Returns details on what has changed (or would change), account by account.
  idempotent:
    support: full
    description: When run twice in a row with the same options, the second run changes nothing. After a change the accounts are read
      again; a change that did not take is an error.
  platform:
    support: full
    platforms: posix
    description: The controller, with the Python library ldap3; for O(authentication=kerberos) also gssapi.
requirements:
  - ldap3 >= 2.9.1
  - gssapi, for O(authentication=kerberos)
seealso:
  - module: microsoft.ad.computer
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Let all compute nodes migrate to each other
  winstack.hyperv.ad_delegation:
    hosts: "{{ groups['hyperv_compute'] | map('extract', hostvars, 'inventory_hostname_short') }}"
    file_servers: [fs1.example.org]
    mode: exact
    server: dc1.example.org
    ca_file: /etc/ssl/example-ca.pem
    username: delegation-admin@example.org
    password: "{{ vault_delegation_password }}"
  delegate_to: localhost
  run_once: true
  register: delegation

- name: New tickets where delegation has changed
  ansible.windows.win_command:
    argv: [klist.exe, -li, "0x3e7", purge]
  when: inventory_hostname_short in delegation.changed_hosts

- name: A host leaves
  winstack.hyperv.ad_delegation:
    hosts: [hv07]
    state: absent
    server: dc1.example.org
    authentication: kerberos
  delegate_to: localhost
"""

RETURN = r"""
changed_hosts:
  description: The hosts whose tickets no longer tell what they may do, named as in O(hosts); with O(state=absent) also the hosts that
    could migrate to those that leave, by their short names. Also in check mode.
  returned: success
  type: list
  elements: str
  sample: [hv01, hv02]
computers:
  description: Every account that was looked at for a change.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name as in the options, or else the short name.
      type: str
      sample: hv01
    dn:
      description: The distinguished name.
      type: str
      sample: CN=HV01,OU=Compute,DC=example,DC=org
    changed:
      description: Whether it was (or would be) changed.
      type: bool
      sample: true
    before:
      description:
        - The state before. With O(type=classic) C(delegates_to), the list of services, and C(protocol_transition).
        - With O(type=resource_based) C(allows), the accounts that may act on behalf of others towards this one.
      type: dict
      sample: {delegates_to: [], protocol_transition: false}
    after:
      description: The state after, in the same form.
      type: dict
      sample: {delegates_to: [cifs/HV02, cifs/hv02.example.org], protocol_transition: true}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.winstack.hyperv.plugins.module_utils.directory import delegation, ldap_directory
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.delegation import Change, Computer, DelegationError, Wanted
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.ldap_directory import Directory, DirectoryError, Entry, Settings
from ansible_collections.winstack.hyperv.plugins.module_utils.directory.security_descriptor import sid_bytes, sid_text

ARGUMENTS: dict[str, dict[str, Any]] = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "file_servers": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "type": {"type": "str", "choices": ["classic", "resource_based"], "default": "classic"},
    "mode": {"type": "str", "choices": ["additive", "exact"], "default": "additive"},
    "protocol_transition": {"type": "bool", "default": True},
    "service_user": {"type": "str"},
    "server": {"type": "str", "required": True},
    "port": {"type": "int"},
    "transport": {"type": "str", "choices": ["ldaps", "ldap"], "default": "ldaps"},
    "ca_file": {"type": "path"},
    "authentication": {"type": "str", "choices": ["simple", "kerberos"], "default": "simple"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "timeout": {"type": "int", "default": 30},
}
PORTS = {"ldaps": 636, "ldap": 389}
COMPUTER = "(objectCategory=computer)"
# The group Protected Users of a domain, [MS-DTYP] 2.4.2.4; and the rule that follows nested groups, [MS-ADTS] 3.1.1.3.4.4.3.
PROTECTED_USERS = "525"
IN_CHAIN = "1.2.840.113556.1.4.1941"


def settings(options: dict[str, Any]) -> Settings:
    port, timeout, ca_file = options["port"], options["timeout"], options["ca_file"]
    if port is not None and not 1 <= port <= 65535:
        raise DelegationError(f"port: {port} is no port; allowed is 1 to 65535")
    if timeout < 1:
        raise DelegationError(f"timeout: {timeout} seconds is too short; allowed is 1 or more")
    if ca_file and not Path(ca_file).is_file():
        raise DelegationError(f"ca_file: {ca_file!r} is no file on the controller")
    if options["authentication"] == "kerberos" and (options["username"] or options["password"]):
        raise DelegationError("username, password: not allowed with authentication: kerberos, which uses the controller's ticket cache")
    if options["authentication"] == "simple" and options["transport"] == "ldap":
        raise DelegationError("transport: 'ldap' would send the password in the clear; allowed with authentication: simple is ldaps")
    return Settings(
        server=options["server"],
        port=port or PORTS[options["transport"]],
        transport=options["transport"],
        authentication=options["authentication"],
        ca_file=ca_file or "",
        username=options["username"] or "",
        password=options["password"] or "",
        timeout=timeout,
    )


def check_names(options: dict[str, Any]) -> None:
    if not options["hosts"]:
        raise DelegationError("hosts: [] names no host; allowed is at least one")
    delegation.check_names("hosts", options["hosts"])
    delegation.check_names("file_servers", options["file_servers"])


def computers(directory: Directory, conditions: list[str]) -> list[Computer]:
    return [delegation.computer(entry) for entry in directory.search_any(COMPUTER, conditions, delegation.ATTRIBUTES)]


def plan(directory: Directory, options: dict[str, Any]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Reads the accounts; the changes that are due, and warnings."""
    present = options["state"] == "present"
    names = [*options["hosts"], *options["file_servers"]]
    found = computers(directory, [condition for name in names for condition in delegation.name_conditions(name)])
    hosts = delegation.named("hosts", options["hosts"], found, complete=present)
    file_servers = delegation.named("file_servers", options["file_servers"], found, complete=True)
    changes = changes_of(directory, options, hosts, file_servers)
    if present:
        return changes, (*delegation.host_warnings(hosts), *user_warnings(directory, options["service_user"]))
    known = {host.name for host in hosts}
    return changes, tuple(
        f"{name}: no computer account; only what names it elsewhere is removed" for name in options["hosts"] if name not in known
    )


def changes_of(
    directory: Directory, options: dict[str, Any], hosts: tuple[Computer, ...], file_servers: tuple[Computer, ...]
) -> tuple[Change, ...]:
    wanted = Wanted(exact=options["mode"] == "exact", protocol_transition=options["protocol_transition"])
    present = options["state"] == "present"
    if options["type"] == "classic":
        if present:
            return delegation.classic_present(hosts, file_servers, wanted)
        gone = leaving_names(options["hosts"], hosts, directory.domain)
        others = computers(directory, [delegation.migration_peers_condition(name) for name in gone])
        return delegation.classic_absent(hosts, gone, others, file_servers, wanted)
    allowed = allowed_accounts(directory, (*hosts, *file_servers))
    accounts = {sid_text(entry.raw("objectSid")): entry.text("sAMAccountName").removesuffix("$") for entry in allowed}
    if present:
        return delegation.resource_present(hosts, file_servers, wanted, {**accounts, **{host.sid: host.short for host in hosts}})
    listed = frozenset(sid for host in hosts for sid in host.descriptor.allowed)
    others = [delegation.computer(entry) for entry in allowed if b"computer" in entry.attributes["objectclass"]]
    others = [other for other in others if other.sid in listed]
    return delegation.resource_absent(hosts, others, file_servers, wanted, accounts)


def leaving_names(names: list[str], hosts: tuple[Computer, ...], domain: str) -> list[str]:
    """All names under which others may delegate to these hosts, also to those whose account is gone."""
    by_name = {host.name: host.names for host in hosts}
    gone: list[str] = []
    for name in names:
        short, dot, _unused = name.partition(".")
        gone += by_name.get(name, (short, name if dot else f"{name}.{domain}"))
    return gone


def allowed_accounts(directory: Directory, targets: tuple[Computer, ...]) -> list[Entry]:
    """The accounts that any of the targets accepts."""
    sids = sorted({sid for target in targets for sid in target.descriptor.allowed})
    conditions = [f"(objectSid={ldap_directory.binary(sid_bytes(sid))})" for sid in sids]
    return directory.search_any("(objectClass=*)", conditions, (*delegation.ATTRIBUTES, "objectClass"))


def user_warnings(directory: Directory, user: str | None) -> tuple[str, ...]:
    if not user:
        return ()
    name = ldap_directory.escape(user.rpartition("\\")[2])
    query = f"(&(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})))"
    found = directory.search(query, ("objectSid", delegation.ACCOUNT_CONTROL))
    if len(found) != 1:
        raise DelegationError(f"service_user: {user!r} is {len(found) or 'no'} account{'s' if found else ''} in {directory.domain}")
    domain_sid = sid_text(found[0].raw("objectSid")).rpartition("-")[0]
    group_sid = ldap_directory.binary(sid_bytes(f"{domain_sid}-{PROTECTED_USERS}"))
    groups = directory.search(f"(objectSid={group_sid})", ("objectSid",))
    is_protected = any(
        directory.search(f"(memberOf:{IN_CHAIN}:={ldap_directory.escape(group.dn)})", ("objectSid",), base=found[0].dn) for group in groups
    )
    return delegation.user_warnings(user, int(found[0].text(delegation.ACCOUNT_CONTROL)), is_protected)


def apply(directory: Directory, changes: tuple[Change, ...]) -> None:
    done: list[str] = []
    for change in changes:
        try:
            directory.modify(change.computer.dn, change.operations)
        except DirectoryError as error:
            raise DirectoryError(f"{error}. Changed before that: {', '.join(done) or 'nothing'}.") from error
        done.append(change.computer.name)


def read_back(directory: Directory, options: dict[str, Any]) -> None:
    left = [change for change in plan(directory, options)[0] if change.operations]
    if left:
        names = ", ".join(f"{change.computer.name} ({', '.join(change.operations)})" for change in left)
        raise DirectoryError(f"the directory accepted the changes, but these did not take: {names}")


def result(changes: tuple[Change, ...]) -> dict[str, Any]:
    return {
        "changed": any(change.operations for change in changes),
        "changed_hosts": sorted(frozenset[str]().union(*(change.stale for change in changes))),
        "computers": [
            {
                "name": change.computer.name,
                "dn": change.computer.dn,
                "changed": bool(change.operations),
                "before": change.before,
                "after": change.after,
            }
            for change in changes
        ],
        "diff": [
            {
                "before_header": change.computer.dn,
                "after_header": change.computer.dn,
                "before": change.before,
                "after": change.after,
            }
            for change in changes
            if change.operations
        ],
    }


def run(module: AnsibleModule) -> dict[str, Any]:
    options = module.params
    check_names(options)
    wanted = settings(options)
    library, reason = ldap_directory.missing_library(wanted)
    if library:
        module.fail_json(msg=missing_required_lib(library), exception=reason)
    directory = ldap_directory.connect(wanted)
    try:
        changes, warnings = plan(directory, options)
        for warning in warnings:
            module.warn(warning)
        due = tuple(change for change in changes if change.operations)
        if due and not module.check_mode:
            apply(directory, due)
            read_back(directory, options)
    finally:
        directory.close()
    return result(changes)


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("authentication", "simple", ("username", "password"))],
        supports_check_mode=True,
    )
    try:
        outcome = run(module)
    except (DelegationError, DirectoryError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**outcome)


if __name__ == "__main__":
    main()
