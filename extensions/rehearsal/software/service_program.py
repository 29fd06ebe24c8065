# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the simulated OpenStack services have in common: their command line, and the configuration files that it names."""
from __future__ import annotations

import configparser
import ntpath
import re
from collections.abc import Sequence

from ..machine import Machine
from ..machine.services import Service

_PROGRAM = re.compile(r'\s*(?:"([^"]+)"|(\S+))')
_CONFIG_FILE = re.compile(r'--config-file[= ]\s*(?:"([^"]+)"|(\S+))')


class Exit(Exception):
    """The program ended; its wrapper, and so the service, ends with it."""


def wrapper(service: Service) -> str:
    """The program of the service itself."""
    match = _PROGRAM.match(service.path_name)
    return (match.group(1) or match.group(2)) if match else ""


def command(machine: Machine, service: Service) -> str:
    """The command line of what the service runs: NSSM has it in the registry (its README, Managing services using the registry)."""
    if not ntpath.basename(wrapper(service)).lower().startswith("nssm"):
        return service.path_name
    application, parameters = (machine.registry.get(rf"{service.key}\Parameters", name, "") for name in ("Application", "AppParameters"))
    return f'"{application}" {parameters}'


def config_files(line: str) -> list[str]:
    """Those of a command line."""
    return [quoted or plain for quoted, plain in _CONFIG_FILE.findall(line)]


def read_configuration(machine: Machine, files: Sequence[str]) -> configparser.ConfigParser:
    """oslo.config reads no ini files, but what separates the two (repeated options, continued lines) is of no matter here. Raises Exit."""
    config = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), default_section="DEFAULT")
    for path in files:
        content = machine.files.read(path)
        if content is None:
            raise Exit(f"Failed to find some config files: {path}")
        try:
            config.read_string(content.decode())
        except (configparser.Error, UnicodeDecodeError) as error:
            raise Exit(f"Failed to parse {path}: {type(error).__name__}") from error
    return config


def option(config: configparser.ConfigParser, group: str, name: str) -> str:
    """An option's text; empty where it is not set. oslo.config does not mind the case of a group's name."""
    section = next((section for section in config.sections() if section.lower() == group.lower()), "DEFAULT")
    if section == "DEFAULT" and group != "DEFAULT":
        return ""
    return config.get(section, name, fallback="").replace(r"\$", "$")
