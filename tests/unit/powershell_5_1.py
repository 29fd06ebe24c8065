# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a PowerShell file may use so that Windows PowerShell 5.1 runs it.

The grammar is tree-sitter-powershell: it refuses the null and ternary operators of PowerShell 7, and reads `clean {}`, `1n` and `0b1`
as commands of these names. What remains is held against lists of what 5.1 has; a file that starts to use more of PowerShell needs an
entry here, looked up in the source that stands beside the list.
"""
from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

# MicrosoftDocs/PowerShell-Docs, reference/5.1, one page a cmdlet. ErrorAction is one of the common parameters.
CMDLETS: dict[str, set[str]] = {
    "Get-Command": {"-Name", "-CommandType", "-ErrorAction"},
    "Get-Verb": set(),
    "New-Object": set(),
    "Start-Sleep": {"-Milliseconds"},
    "ConvertFrom-Json": set(),
    "ConvertTo-Json": {"-Depth", "-Compress"},
}

# about_Type_Accelerators of 5.1, and classes of the .NET Framework 4.5 (learn.microsoft.com/dotnet/api, "Applies to").
TYPES = {
    "array", "bool", "byte[]", "char", "datetime", "decimal", "enum", "int", "NullString", "string", "timespan", "ValueType",
    "Collections.IDictionary", "Collections.IEnumerable", "Convert", "Diagnostics.Process", "Guid", "IO.Compression.CompressionMode",
    "IO.File", "Management.Automation.PSCredential", "Management.Automation.PSCustomObject", "Security.SecureString", "Text.Encoding",
}

# What New-Object may make; same source.
CLASSES = {
    "Diagnostics.ProcessStartInfo", "InvalidOperationException", "IO.Compression.GZipStream", "IO.FileStream", "IO.MemoryStream",
    "IO.StreamReader", "Management.Automation.ErrorRecord", "Management.Automation.PSCredential", "Security.SecureString",
}

# Static members and the number of their arguments in the .NET Framework 4.5; newer frameworks have more overloads
# (File.Move with three arguments, Convert.ToHexString).
STATIC_CALLS = {
    ("Convert", "FromBase64String", 1), ("Convert", "ToBase64String", 1), ("Diagnostics.Process", "Start", 1), ("Guid", "NewGuid", 0),
    ("IO.File", "Delete", 1), ("IO.File", "Exists", 1), ("IO.File", "Move", 2), ("IO.File", "Replace", 3), ("IO.File", "WriteAllBytes", 2),
}

# about_Operators of 5.1.
OPERATORS = {
    "-and", "-or", "-not", "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-is", "-isnot", "-in", "-notin", "-contains", "-notcontains",
    "-match", "-notmatch", "-replace", "-join", "=", "+=", "+",
}

# Node types of constructs that came after 5.1: `a && b` and `a || b` (about_Pipeline_Chain_Operators of PowerShell 7).
NEWER_NODES = {"pipeline_chain_tail"}

_parser = Parser(Language(tree_sitter_powershell.language()))


def complaints(source: bytes) -> list[str]:
    """Why Windows PowerShell 5.1 would not run this source, with line numbers; empty when it would."""
    root = _parser.parse(source).root_node
    nodes = list(_walk(root))
    broken = [f"line {_line(node)}: not PowerShell: {_text(node)[:60]!r}" for node in nodes if node.is_error or node.is_missing]
    if broken or root.has_error:
        return broken or ["the file does not parse"]
    own = {_text(node): set[str]() for node in nodes if node.type == "function_name"}
    return [
        f"line {_line(node)}: {problem}"
        for node in nodes
        for problem in (*_construct(node), *_command(node, CMDLETS | own), *_types(node))
    ]


def _construct(node: Node) -> Iterator[str]:
    if node.type in NEWER_NODES:
        yield f"{_text(node)!r} is newer than 5.1"
    if node.type in ("comparison_operator", "assignement_operator", "-and", "-or", "-not") and _text(node) not in OPERATORS:
        yield f"operator {_text(node)} is not on the list"


def _command(node: Node, known: dict[str, set[str]]) -> Iterator[str]:
    name = node.child_by_field_name("command_name") if node.type == "command" else None
    if name is None or name.type != "command_name":
        return
    if _text(name) not in known:
        yield f"command {_text(name)} is not on the list"
        return
    if _text(name) == "New-Object" and (made := _first_word(node)) not in CLASSES:
        yield f"class {made} is not on the list"
    for parameter in (child for child in _walk(node) if child.type == "command_parameter" and _owner(child) == node):
        if _text(parameter) not in known[_text(name)]:
            yield f"{_text(name)} has no parameter {_text(parameter)} on the list"


def _types(node: Node) -> Iterator[str]:
    if node.type == "type_literal" and _text(node)[1:-1] not in TYPES:
        yield f"type {_text(node)} is not on the list"
    if node.type != "invokation_expression" or node.children[0].type != "type_literal":
        return
    target, _colons, member, arguments = node.children[:4]
    count = sum(child.type == "argument_expression" for child in _children(arguments, "argument_expression_list"))
    call = (_text(target)[1:-1], _text(member), count)
    if call not in STATIC_CALLS:
        yield f"static call {call} is not on the list"


def _children(node: Node, inner: str) -> list[Node]:
    return next((child.children for child in node.children if child.type == inner), [])


def _first_word(command: Node) -> str:
    return next((_text(child) for child in _walk(command) if child.type == "generic_token"), "")


def _owner(node: Node) -> Node | None:
    parent = node.parent
    while parent is not None and parent.type != "command":
        parent = parent.parent
    return parent


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _line(node: Node) -> int:
    return node.start_point.row + 1
