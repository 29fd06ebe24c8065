# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Strings that something between Python and a cmdlet's parameter might change: the same ones in every run."""
from __future__ import annotations

import random

# Whole strings that a JSON reader, CLIXML, a command line, PowerShell's parser or Ansible's templating might take for something else.
LOOK_ALIKES = (
    "", " ", "\t", "\n", "\r\n", "\0", "a\0b", "null", "true", "False", "0", "-1", "1e5", "0x10", "NaN", "[]", "{}", '{"a": 1}',
    '{"$ref": "x"}', "$ref", "$text", "$value", '["a"]', "2024-01-31", "2024-01-31T12:00:00", "2024-01-31T12:00:00Z", "/Date(0)/",
    "/Date(1700000000000+0100)/", "\\/Date(0)\\/", "#< CLIXML", "#< CLIXML\r\n<Objs Version=\"1.1.0.1\"></Objs>", "_x000D__x000A_",
    "_x0000_", "_xD83D_", "<S>text</S>", "<![CDATA[x]]>", "&amp;", "&#0;", "$(Get-Process)", "$env:PATH", "${x}", "$_", "@(1)",
    "@{a=1}", "`n",
    "`$x", "``", "'", "''", '"', '""', "'\"", "\\", "\\\\", '\\"', "a\\", "; exit 1", "| Out-Null", "& calc", "-WhatIf", "--%", "%TEMP%",
    "^", "{{ item }}", "{% raw %}", "{#", "!unsafe x", "\ufeff", "\ufeffx", "\u2028", "\u2029", "\u0085", "\u200b", "\u2018quoted\u2019",
    "\u201cquoted\u201d", "\u2013dash", "\u0130\u0131", "\u00e4\u0061\u0308", "\U0001f600", "\ud800", "\udc00x", "x\ud83d", "\uffff",
)

_PIECES = (
    *LOOK_ALIKES, "Get-VMHost", "C:\\OpenStack\\nova.conf", "\\\\server\\share$", "Ethernet 2", "pass word", "\x01", "\x1b[0m", "\x7f",
    "\u00fc", "\u0416", "\u4e2d", "\u05d0", "\U00010348", ",", ":", "=", "#", "[", "]", "<", ">", "*", "?", "~", "%",
)


def exact_strings(count: int, seed: int = 20260101) -> list[str]:
    """So many strings: the look-alikes first, then random joins of pieces and random text of the whole of Unicode."""
    chance = random.Random(seed)
    made = list(LOOK_ALIKES[:count])
    while len(made) < count:
        made.append("".join(_piece(chance) for _part in range(chance.randint(1, 6))))
    return made


def _piece(chance: random.Random) -> str:
    if chance.random() < 0.7:
        return chance.choice(_PIECES)
    highest = chance.choice((0x7F, 0xFF, 0xFFFF, 0x10FFFF))
    return "".join(chr(chance.randint(0, highest)) for _character in range(chance.randint(1, 8)))
