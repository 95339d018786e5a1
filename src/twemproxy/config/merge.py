"""What a pool says once aliases and merge keys are followed.

``<<`` takes a mapping, or a sequence of mappings, and adds the keys that the pool
does not have itself; an earlier mapping wins over a later one. The merged mapping
may be written in place (and given an anchor there) or be another pool's alias.

Aliases let a small file ask for much work: what is reached through them is counted,
and past `MAX_ALIASED` values the file is refused.
"""

from typing import Final

from twemproxy.config.document import Node
from twemproxy.config.problems import Phase, Problem

MERGE: Final = "<<"

# Two hundred pools may share a block of five hundred servers.
MAX_ALIASED: Final = 100_000

Pairs = list[tuple[Node, Node]]


def is_merge(key: Node, value: Node) -> bool:
    """Tell a merge from a quoted ``"<<"`` or a scalar, which is an unknown key."""
    return key.plain and key.text == MERGE and value.kind != "scalar"


def merged(value: Node) -> list[Node]:
    """List what a merge key brings in, right or wrong."""
    return value.items if value.kind == "sequence" else [value]


class Expansion:
    """Expands the pools of one file within one budget."""

    def __init__(self, root: Node) -> None:
        """Allow as many values as the file has, and `MAX_ALIASED` more."""
        self._left = _count(root) + MAX_ALIASED
        self._flat: dict[int, Pairs] = {}

    @property
    def spent(self) -> bool:
        """The budget is used up, and what was expanded since is not complete."""
        return self._left < 0

    def settings(self, body: Node) -> Pairs:
        """Give the keys and values of a pool, its own first, in file order."""
        pairs = self._flatten(body)
        for _key, value in pairs:
            self._left -= 1 + len(value.items)
            if self.spent:
                return []
        return pairs

    def problem(self, node: Node) -> Problem:
        """Report that the budget is spent."""
        reason = "conf: failed (err 1) to get the next yaml document"
        found = f"aliases that stand for more than {MAX_ALIASED} values"
        return Problem(Phase.SYNTAX, node.line, "", found, "fewer", (reason,))

    def _flatten(self, mapping: Node) -> Pairs:
        """Resolve the merge keys of one mapping, once however often it is used."""
        known = self._flat.get(id(mapping))
        if known is not None:
            return known
        pairs = [pair for pair in mapping.pairs if not is_merge(*pair)]
        seen = {key.text for key, _value in pairs}
        for key, value in mapping.pairs:
            if is_merge(key, value):
                for other in merged(value):
                    if self.spent:
                        return []
                    self._merge(pairs, seen, other)
        self._flat[id(mapping)] = pairs
        return pairs

    def _merge(self, pairs: Pairs, seen: set[str], other: Node) -> None:
        own = self._flatten(other)
        self._left -= 1 + len(own)
        fresh = [pair for pair in own if pair[0].text not in seen]
        # Added together: a key that `other` itself has twice stays a duplicate.
        pairs.extend(fresh)
        seen.update(key.text for key, _value in fresh)


def _count(root: Node) -> int:
    """Count the nodes of the file, each once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            waiting.extend(node.items)
    return len(seen)
