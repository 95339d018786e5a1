"""What the scanners of both protocols have in common.

A scanner is fed the same message again and again as more of it arrives; it
resumes, it does not restart. Offsets are relative to the message's first byte.
"""


class Scanner:
    """Walks one message at a time; `reset` before the next.

    `need` is where the payload that is being received ends, once it is known, so that
    the receiver can make room for it, and `at_least` how long the message is at least
    where more must follow. `length` is its length once it is whole.
    """

    __slots__ = ("at_least", "length", "need")

    at_least: int
    length: int
    need: int

    def reset(self) -> None:
        """Forget the last message."""
        raise NotImplementedError

    def skip(self, count: int) -> None:
        """Take the message for `count` bytes shorter, all of a payload yet to come.

        They are received elsewhere; its `length` will be that of the rest. A
        negative number takes some of that back.
        """
        self.need -= count
        self.at_least -= count
