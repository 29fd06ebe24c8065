# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: msi_arguments
short_description: Properties of a Windows Installer package as arguments for win_package
version_added: 0.1.0
description:
  - Turns a dictionary of public properties into the list that O(ansible.windows.win_package#module:arguments) takes.
positional: _input
options:
  _input:
    description: The properties. Their names are upper case.
    type: dict
    required: true
  features:
    description: The features to install; they become the property C(ADDLOCAL).
    type: list
    elements: str
    default: []
author:
  - the winstack.hyperv developers (@winstack)
"""

EXAMPLES = r"""
- name: Install the driver
  ansible.windows.win_package:
    path: C:\Windows\Temp\HyperVNovaCompute.msi
    arguments: "{{ {'SKIPNOVACONF': 1} | winstack.hyperv.msi_arguments(features=['HyperVNovaCompute']) }}"
"""

RETURN = r"""
_value:
  description: One argument a property.
  type: list
  elements: str
"""

import re  # noqa: E402
from collections.abc import Mapping, Sequence  # noqa: E402
from typing import Any  # noqa: E402

from ansible.errors import AnsibleFilterError  # noqa: E402

# Public properties, the only ones that a command line may set, have no lower case letters (Windows Installer: Public Properties).
_PUBLIC = re.compile(r"[A-Z_][A-Z0-9_.]*")


def msi_arguments(properties: Mapping[str, Any], features: Sequence[str] = ()) -> list[str]:
    """NAME=VALUE for each property. Raises AnsibleFilterError for a name that Windows Installer would not take."""
    wrong = [name for name in properties if not _PUBLIC.fullmatch(name)]
    if wrong:
        raise AnsibleFilterError(f"not the name of a public property, which is upper case letters, digits, _ and dots: {', '.join(wrong)}")
    given = {**({"ADDLOCAL": ",".join(features)} if features else {}), **properties}
    return [f"{name}={int(value) if isinstance(value, bool) else value}" for name, value in given.items()]


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"msi_arguments": msi_arguments}
