# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is the current oslo.config of requirements-dev.txt; tests/real/nova_conf has each release's own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import content, syntax
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.catalogue import Option, ValueType, load
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import wanted_setting
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.values import BadValue
from oslo_config import cfg, types

from tests.unit.nova_conf.random_values import case

OSLO: dict[str, Any] = {
    "string": types.String,
    "integer": types.Integer,
    "port": types.Port,
    "float": types.Float,
    "boolean": types.Boolean,
}


def oslo_type(spec: dict[str, Any]) -> Any:
    if spec["type"] in ("list", "dict"):
        return {"list": types.List, "dict": types.Dict}[spec["type"]](oslo_type(spec["item"]), bounds=spec["bounds"])
    if spec["type"] == "ip":
        return types.IPAddress(spec["version"])
    rest = {"hostaddress": types.HostAddress, "hostname": types.Hostname, "hostdomain": types.HostDomain, "uri": types.URI}
    arguments = {key: value for key, value in spec.items() if key in ("min", "max", "choices", "ignore_case")}
    return (OSLO | rest)[spec["type"]](**arguments)


def test_2000_random_values_come_back_equal(tmp_path: Path) -> None:
    chance = random.Random("unit")
    cases = {f"o{number}": case(chance, f"o{number}") for number in range(2000)}
    made = [wanted_setting(item.option, item.given) for item in cases.values()]
    path = tmp_path / "x.conf"
    path.write_bytes(content.render({item.key: item for item in made if item}, ["x"], "\r\n").encode())
    conf = cfg.ConfigOpts()
    for name, item in cases.items():
        made_type = oslo_type(item.spec)
        conf.register_opt(cfg.MultiOpt(name, item_type=made_type) if item.option.multi else cfg.Opt(name, type=made_type), group="g")
    conf(args=[], default_config_files=[str(path)], default_config_dirs=[])
    assert {name: conf.g[name] for name in cases} == {name: item.expected for name, item in cases.items()}


TEXT = Option("g", "o", ValueType("string"))
LIST = Option("g", "o", ValueType("list", item=ValueType("string")))


@pytest.mark.parametrize("value", ["a\x00b", "a\x1bb", "a\rb", "a\n\nb", "a\n b", "a\nb \nc", "x\x0by"])
def test_what_a_file_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(BadValue, match="cannot be written"):
        wanted_setting(TEXT, value)


@pytest.mark.parametrize("value", [["a,b"], [""], [" a"], ["a", "b "], ["a", ""]])
def test_what_a_list_cannot_hold_is_refused(value: list[str]) -> None:
    with pytest.raises(BadValue, match="an item of a list cannot"):
        wanted_setting(LIST, value)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (r"C:\OpenStack\Instances", r"o = C:\OpenStack\Instances"),
        (r"\\srv\C$\x", r"o = \\srv\C\$\x"),
        ("pa$word", r"o = pa\$word"),
        (" blank ", 'o = " blank "'),
        ("'quoted'", "o = \"'quoted'\""),
        ('"', 'o = """'),
        ("", "o = "),
        ("# no comment", "o = # no comment"),
        ("a\nb", "o = a\n    b"),
    ],
)
def test_how_values_look_in_the_file(value: str, line: str) -> None:
    item = wanted_setting(TEXT, value)
    assert item is not None
    assert content.render({item.key: item}, ["h"], "\n") == f"# h\n\n[g]\n{line}\n"


def test_the_same_settings_give_the_same_text_in_any_order() -> None:
    known = load("nova-compute", "2023.2")
    wanted = [
        ("hyperv", "use_multipath_io", True),
        ("DEFAULT", "my_ip", "10.0.0.1"),
        ("DEFAULT", "debug", False),
        ("cinder", "os_region_name", "R"),
    ]
    made = [wanted_setting(known.options[(group, name)], value) for group, name, value in wanted]
    settings = {item.key: item for item in made if item}
    turned = dict(reversed(settings.items()))
    text = content.render(settings, ["h"], "\n")
    assert text == content.render(turned, ["h"], "\n")
    assert [line for line in text.splitlines() if line.startswith("[")] == ["[DEFAULT]", "[cinder]", "[hyperv]"]


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("$name", ("name",)),
        ("${name}", ("name",)),
        ("$DEFAULT.x", ("DEFAULT.x",)),
        ("a$b$c", ("b", "c")),
        (r"\$name", ()),
        ("$$name", ()),
        ("$1", ()),
        ("$", ()),
        (r"\\srv\C$\x", ()),
        (r"C:\$Recycle.Bin", ()),
    ],
)
def test_what_is_substituted(text: str, references: tuple[str, ...]) -> None:
    assert syntax.expand(text).references == references
