# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is each release's own oslo.config: what is written is what it reads, and what it refuses is refused here."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import content, syntax, values
from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf.engine import wanted_setting

from tests.unit.nova_conf.random_values import TYPES, case, file_text, raw_text, value_type

FILES, PER_FILE = 50, 400  # 20,000 values a release


def test_values_come_back_equal(run_real: Any, release: str) -> None:
    chance = random.Random(f"values {release}")
    files = [{f"o{number}": case(chance, f"o{number}") for number in range(PER_FILE)} for _number in range(FILES)]
    declared = [{name: item.spec for name, item in cases.items()} for cases in files]
    answers = run_real(
        release,
        "read_values.py",
        [
            {"declared": specs, "text": content.render(_settings(cases), ["values"], chance.choice(("\n", "\r\n")))}
            for specs, cases in zip(declared, files, strict=True)
        ],
    )
    wrong = [
        (item.given, answer[name])
        for answer, cases in zip(answers, files, strict=True)
        for name, item in cases.items()
        if answer[name] != {"value": item.expected}
    ]
    assert not wrong, wrong[:5]


def _settings(cases: Any) -> content.Settings:
    made = [wanted_setting(item.option, item.given) for item in cases.values()]
    return {item.key: item for item in made if item is not None}


def test_refused_is_refused_and_read_is_read(run_real: Any, release: str) -> None:
    """6,000 texts over every kind of type: refused here where oslo.config refuses, and else the same value."""
    chance = random.Random(f"texts {release}")
    rounds = [{f"o{number}": (spec, raw_text(chance)) for number, spec in enumerate(TYPES * 4)} for _number in range(54)]
    answers = run_real(
        release,
        "read_values.py",
        [
            {
                "declared": {name: spec for name, (spec, _text) in texts.items()},
                "text": _file({name: text for name, (_spec, text) in texts.items()}),
            }
            for texts in rounds
        ],
    )
    wrong = []
    for texts, answer in zip(rounds, answers, strict=True):
        for name, (spec, text) in texts.items():
            mine, real = _mine(spec, text), answer[name]
            if mine != real.get("value", "refused") and not (mine == "refused" and _useless(spec, text)):
                wrong.append((spec, text, mine, real))
    assert not wrong, wrong[:5]


def _useless(spec: dict[str, Any], text: str) -> bool:
    """What oslo.config takes and no service can use: a URI whose path has blanks or broken escapes."""
    return spec["type"] == "uri" and bool(re.search("%(?![0-9A-Fa-f]{2})| ", text))


def _file(texts: dict[str, str]) -> str:
    lines = [syntax.assignment(name, syntax.write(syntax.escape(text)) or []) for name, text in texts.items()]
    return "[g]\n" + "\n".join(lines) + "\n"


def _mine(spec: dict[str, Any], text: str) -> Any:
    try:
        return values.from_text(value_type(spec), text)
    except values.BadValue:
        return "refused"


def test_any_file_is_parsed_alike(run_real: Any, release: str) -> None:
    """5,000 files of awkward lines: the same assignments, or refused by both."""
    chance = random.Random(f"files {release}")
    texts = [file_text(chance) for _number in range(5000)]
    answers = run_real(release, "parse_files.py", texts)
    wrong = [(text, answer) for text, answer in zip(texts, answers, strict=True) if _parsed(text) != answer]
    assert not wrong, wrong[:3]
    assert 1000 < sum(answer is None for answer in answers) < 4000


def _parsed(text: str) -> Any:
    try:
        found = syntax.parse(text)
    except syntax.SyntaxFault:
        return None
    sections: dict[str, Any] = {line[1:-1]: {} for line in text.replace("\r", "\n").split("\n") if _is_header(line)}
    for entry in found:
        sections[entry.group].setdefault(entry.name, []).append(entry.value)
    return sections


def _is_header(line: str) -> bool:
    return line.rstrip() == line and line.startswith("[") and line.endswith("]")


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf[DEFAULT]\n", b"\xff\xfe[\x00D\x00"])
def test_what_cannot_be_loaded_is_a_fault(data: bytes) -> None:
    from ansible_collections.winstack.hyperv.plugins.module_utils.nova_conf import catalogue

    assert not content.read(data, catalogue.load("nova-compute", "2023.2"), "ascii").loadable
