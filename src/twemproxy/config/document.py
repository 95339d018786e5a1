"""From bytes to a tree of nodes that know their lines.

YAML is used for its shape only: a scalar is its text, so nothing is ever a number,
a date or a boolean by accident. Tags are refused, they would ask for just that.

An alias shares the node of its anchor, so the tree has one node per event of the
file however often an anchor is used; whoever expands it must count.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from twemproxy.config.problems import ConfigFileError, Phase, Problem

# libyaml when PyYAML has it: the C program's own parser, with the same verdicts.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG_TOKEN: Final = 20  # libyaml's number for it, part of the C program's message


class Node:
    """A scalar with its text, or a sequence or mapping with its items.

    The items of a mapping alternate between keys and values.
    """

    __slots__ = ("items", "kind", "line", "open", "plain", "text")

    def __init__(self, kind: str, line: int, text: str = "", plain: bool = False):
        """Start a node; a collection is `open` until its end was seen."""
        self.kind = kind
        self.line = line
        self.text = text
        self.plain = plain
        self.items: list[Node] = []
        self.open = kind != "scalar"

    @property
    def pairs(self) -> list[tuple["Node", "Node"]]:
        """The keys of a mapping with their values."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))


def compose(data: bytes, file: str) -> Node:
    """Give the root of the one document in `data`."""
    composer = _Composer(file)
    for event in _events(data, file):
        composer.take(event)
    if len(composer.roots) != 1:
        raise ConfigFileError(file, [_document_count(file, len(composer.roots))])
    if composer.problems:
        raise ConfigFileError(file, composer.problems)
    return composer.roots[0]


class _Composer:
    """Builds nodes from events with a stack of its own, so depth costs no recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.roots: list[Node] = []
        self.problems: list[Problem] = []
        self._stack: list[Node] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
        elif isinstance(event, yaml.AliasEvent):
            self._attach(self._aliased(event))
        elif isinstance(event, yaml.ScalarEvent):
            self._add(event, self._scalar(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._add(event, Node("sequence", _line(event)))
        elif isinstance(event, yaml.MappingStartEvent):
            self._add(event, Node("mapping", _line(event)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop().open = False

    def _scalar(self, event: Any) -> Node:
        try:
            event.value.encode()
        except UnicodeEncodeError:
            # Only PyYAML without libyaml lets half a surrogate pair through.
            problem = _syntax(_line(event), "half a surrogate pair", "UTF-8", 3)
            raise ConfigFileError(self.file, [problem]) from None
        return Node("scalar", _line(event), event.value, plain=not event.style)

    def _add(self, event: Any, node: Node) -> None:
        if event.tag is not None:
            reason = f"conf: tag token ({_TAG_TOKEN}) is disallowed"
            found, line = f"tag {event.tag!r}", _line(event)
            self.problems.append(
                Problem(Phase.TOKENS, line, "", found, "no tags", (reason,))
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._attach(node)
        if node.open:
            self._stack.append(node)

    def _attach(self, node: Node) -> None:
        if self._stack:
            self._stack[-1].items.append(node)
        else:
            self.roots.append(node)

    def _aliased(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is not None and not node.open:
            return node
        found = f"alias '*{event.anchor}'"
        expected = f"an anchor '&{event.anchor}' before it"
        if node is not None:
            expected = "an anchor that does not contain its own alias"
        problem = _syntax(_line(event), found, expected, 5)
        raise ConfigFileError(self.file, [problem])


def _events(data: bytes, file: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(data, Loader=_LOADER)
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        problem = _syntax(line, f"bytes that are no text: {error.reason}", "UTF-8", 2)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        number = 3 if isinstance(error, yaml.scanner.ScannerError) else 4
        line = mark.line + 1 if mark else 0
        problem = _syntax(
            line, f"a mistake: {_said(error)}", "well-formed YAML", number
        )
    except (ValueError, OverflowError) as error:
        # PyYAML without libyaml lets an escape beyond Unicode through to chr().
        problem = _syntax(0, f"an impossible character: {error}", "UTF-8", 3)
    else:
        return
    raise ConfigFileError(file, [problem])


def _said(error: yaml.MarkedYAMLError) -> str:
    """Tell what the parser met, and where that began which it did not see end."""
    said = " ".join(filter(None, (error.problem, error.context)))
    begin, end = error.context_mark, error.problem_mark
    if not error.context or not begin or not end or begin.line == end.line:
        return said
    return f"{said} that begins on line {begin.line + 1}"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _syntax(line: int, found: str, expected: str, number: int) -> Problem:
    reason = f"conf: failed (err {number}) to get the next yaml document"
    return Problem(Phase.SYNTAX, line, "", found, expected, (reason,))


def _document_count(file: str, count: int) -> Problem:
    reason = f"conf: '{file}' must contain only 1 document; found {count} documents"
    return Problem(
        Phase.DOCUMENTS, 0, "", f"{count} documents", "exactly one", (reason,)
    )
