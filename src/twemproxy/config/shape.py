"""The shape of the tree: pools, their keys, one sequence in each.

The messages are the C program's, depth numbers included: 0 is outside everything,
1 is where pools are named, 2 is where their keys are.
"""

from typing import Final

from twemproxy.config.document import Node
from twemproxy.config.merge import is_merge, merged
from twemproxy.config.problems import Phase, Problem, show
from twemproxy.config.settings import LISTED, SETTINGS

# Merged mappings inside merged mappings; more than anybody writes by hand.
MAX_MERGE_DEPTH: Final = 16

LISTS: Final = {row.key for row in SETTINGS if row.kind in LISTED}

_POOLS: Final = "a mapping of pools"
_BODY: Final = "a mapping of keys and values"
_LISTLESS: Final = "missing sequence directive at depth 2"
_SECOND: Final = "has more than one sequence directive"
_KEY_REASONS: Final = {
    "sequence": 'has invalid "key:value" at depth 2',
    "mapping": "has a depth greater than 2",
}
_DEEP: Final = "a plain value, in quotes if it has braces"


def check_shape(root: Node, file: str) -> tuple[list[Problem], bool]:
    """List what is wrong with the tree; tell whether it can be read all the same."""
    shape = _Shape(file)
    problems = shape.check(root)
    return problems, len(problems) == shape.listless


class _Shape:
    """Walks the tree to the depth it may have, and each shared node once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.listless = 0  # problems that are a pool without a list
        self._listed: dict[int, bool] = {}  # by id of a mapping or merged value
        self._checked: set[int] = set()  # ids of sequences

    def check(self, root: Node) -> list[Problem]:
        if root.kind == "scalar":
            self._say(root, "", _POOLS, 'has invalid empty "key:" at depth 0')
        elif root.kind == "sequence":
            self._say(root, "", _POOLS, "has sequence at depth 0 instead of 2")
        else:
            for name, body in root.pairs:
                self._pool(name, body)
        return self.problems

    def _pool(self, name: Node, body: Node) -> None:
        if name.kind == "mapping":
            reason = 'has more than one "key:value" at depth 1'
            self._say(name, "", "the name of a pool", reason)
        elif name.kind == "sequence":
            reason = "has sequence at depth 1 instead of 2"
            self._say(name, "", "the name of a pool", reason)
        elif body.kind == "scalar":
            reason = 'has invalid mapping "key:" at depth 1'
            self._say(body, name.text, _BODY, reason)
        elif body.kind == "sequence":
            reason = "has sequence at depth 1 instead of 2"
            self._say(body, name.text, _BODY, reason)
        else:
            self._body(name, body)

    def _body(self, name: Node, body: Node) -> None:
        before = len(self.problems)
        listed = self._keys(name.text, body, 0)
        if not listed and len(self.problems) == before:
            self.listless += 1
            self._no_list(name, body)

    def _no_list(self, name: Node, body: Node) -> None:
        """Report a pool without a list, at its servers where it names some."""
        reason, expected = _LISTLESS, "'servers:' and a list"
        for key, value in body.pairs:
            if key.text == "servers" and value.text:
                self._say(value, f"{name.text}.servers", expected, reason)
                return
        self._add(name.line, name.text, "no list", expected, reason)

    def _keys(self, pool: str, body: Node, depth: int) -> bool:
        """Check one mapping of keys; tell whether it brings a list of servers."""
        if id(body) in self._listed:
            return self._listed[id(body)]
        meant = _meant(body)
        lists, inherited = 0, False
        surplus: list[tuple[str, Node]] = []
        for key, value in body.pairs:
            where = f"{pool}.{key.text}"
            if key.kind != "scalar":
                self._say(key, pool, "a key", _KEY_REASONS[key.kind])
            elif is_merge(key, value):
                inherited |= self._merge(pool, value, depth)
            elif value.kind == "mapping":
                self._say(value, where, _DEEP, "has a depth greater than 2")
            elif value.kind == "sequence":
                if key.text not in LISTS:
                    lists += 1
                    surplus += [(where, value)] if key is not meant else []
                if lists > 1:  # the C program complains here, whichever is meant
                    self._too_many(surplus)
                self._sequence(where, value)
        self._listed[id(body)] = meant is not None or inherited
        return self._listed[id(body)]

    def _too_many(self, surplus: list[tuple[str, Node]]) -> None:
        """Report lists that a pool does not need, and forget them."""
        for where, value in surplus:
            self._say(value, where, "one list in a pool", _SECOND)
        surplus.clear()

    def _sequence(self, where: str, value: Node) -> None:
        if id(value) in self._checked:
            return
        self._checked.add(id(value))
        for item in value.items:
            if item.kind == "sequence":
                self._say(item, where, "a list of plain values", _SECOND)
            elif item.kind == "mapping":
                deep = "has a depth greater than 2"
                self._say(item, where, "a list of plain values", deep)

    def _merge(self, pool: str, value: Node, depth: int) -> bool:
        if value.kind == "mapping" and depth < MAX_MERGE_DEPTH:
            return self._keys(pool, value, depth + 1)
        if id(value) in self._listed:
            return self._listed[id(value)]
        listed = False
        for other in merged(value):
            if other.kind == "mapping" and depth < MAX_MERGE_DEPTH:
                listed |= self._keys(pool, other, depth + 1)
            else:
                expected = "a mapping, or a list of mappings, not too deep"
                reason = "has a depth greater than 2"
                self._say(other, f"{pool}.<<", expected, reason)
        self._listed[id(value)] = listed
        return listed

    def _say(self, node: Node, where: str, expected: str, reason: str) -> None:
        found = show(node.text) if node.kind == "scalar" else f"a {node.kind}"
        self._add(node.line, where, found, expected, reason)

    def _add(
        self, line: int, where: str, found: str, expected: str, reason: str
    ) -> None:
        reasons = (f"conf: '{self.file}' {reason}",)
        self.problems.append(
            Problem(Phase.STRUCTURE, line, where, found, expected, reasons)
        )


def _meant(body: Node) -> Node | None:
    """Find the key whose list is that of the servers, though its name may be wrong."""
    keys = [
        key
        for key, value in body.pairs
        if key.kind == "scalar" and value.kind == "sequence"
        if key.text not in LISTS and not is_merge(key, value)
    ]
    named = [key for key in keys if key.text == "servers"]
    return next(iter(named or keys), None)
