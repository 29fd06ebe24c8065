# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) writes the file on the host when it says something else than the task.
      - V(gathered) only reads the file on the host and returns its options.
      - V(rendered) returns the file's text in RV(rendered), without a host. Secrets are masked unless the task has C(no_log=true).
      - V(parsed) returns the options that O(running_config) holds in RV(parsed), without a host.
    type: str
    choices: [present, gathered, rendered, parsed]
    default: present
  path:
    description:
      - The file on the host. Its folder must exist.
      - Needed for O(state=present) and O(state=gathered).
    type: str
  running_config:
    description:
      - The text of a file, for O(state=parsed).
    type: str
  release:
    description:
      - The OpenStack release of the packages on the host; it decides which options exist and how some are named.
      - One of C(yoga), C(zed), C(2023.1) and C(2023.2). No later release of nova can load the driver.
    type: str
    default: '2023.2'
  host:
    description:
      - Only where needed; must equal the Windows computer name.
    type: str
  transport_url:
    description:
      - The message queue, for example C(rabbit://USER:PASSWORD@HOST:5672/), with C(%) escapes in user and password. Secret.
    type: str
  log_dir:
    description:
      - Folder of the log.
    type: str
  debug:
    description:
      - Log at debug level.
    type: bool
  options:
    description:
      - Any options of the file, as a mapping of groups to mappings of names to values.
      - Names, types, ranges and choices are checked against what the real packages of O(release) register. An unknown name is an error
        that names the closest one, or what became of it.
      - A value of V(null) makes sure that the option is absent. A list is for list options and multi-valued options.
      - A dollar sign is literal; C($name) is never substituted.
    type: dict
    default: {}
  unmanaged:
    description:
      - What happens to options that stand in the file on the host and not in the task.
      - V(replace) drops them, V(keep) keeps them with their value as it stands, V(refuse) makes them an error.
    type: str
    choices: [replace, keep, refuse]
    default: replace
  unmanaged_options:
    description:
      - The same decision for single options and groups. Keys are C(GROUP.NAME) or C(GROUP.*), values as for O(unmanaged). A key without
        an asterisk goes first.
    type: dict
    default: {}
  accept:
    description:
      - Names of rules that do not apply here. A refusal by such a rule becomes a warning, and its warnings are silent.
      - Every refusal and warning names its rule; docs/nova-conf.md lists them.
    type: list
    elements: str
    default: []
  virtualenv:
    description:
      - The folder of the Python environment on the host, so that no state is put into it.
    type: str
  encoding:
    description:
      - V(ascii) refuses any other character, because the services read the file in the code page of the host.
      - V(utf-8) needs C(PYTHONUTF8=1) in the environment of the service.
    type: str
    choices: [ascii, utf-8]
    default: ascii
  newline:
    description:
      - How lines end.
    type: str
    choices: [crlf, lf]
    default: crlf
  backup:
    description:
      - Keep the former content beside the file, under a name that holds the first digits of its SHA-256.
    type: bool
    default: false
"""
