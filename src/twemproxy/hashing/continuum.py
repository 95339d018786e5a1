"""What the three distributions have in common.

A continuum is a row of points, each owned by a live server. A key's hash falls on
one of them. Ejecting or readmitting a server rebuilds the row, by the rules that
built it first.
"""


class Continuum:
    """The points of a pool; `rebuild` before the first lookup.

    A lookup takes place only while at least one server is live.
    """

    def rebuild(self, live: list[bool]) -> None:
        """Lay the points out again, for the servers that are live."""
        raise NotImplementedError

    def owner(self, h: int) -> int:
        """Return the index of the server that owns this hash."""
        raise NotImplementedError

    def point(self, h: int) -> int:
        """Return the point this hash falls on."""
        raise NotImplementedError
