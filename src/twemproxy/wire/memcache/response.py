"""Where a memcached response ends, and whether it can be the answer to its request.

Nothing in a response says what it answers, so the scanner is told what its request
expects. Errors answer everything. A word that answers another kind of request is
passed on, as it always was, but marks the response as *doubtful*: its connection
may have come out of step. Data is never passed on in doubt: a value that was not
asked for is a protocol error.
"""

from typing import Final

from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress
from twemproxy.wire.lookup import CommandIndex
from twemproxy.wire.memcache import due
from twemproxy.wire.memcache.plain import ValueWalker, begins, key_hash

MAX_LINE_BYTES: Final = limits.MAX_LINE_BYTES
MAX_REPLY_BYTES: Final = limits.MAX_REPLY_BYTES
END_BYTES: Final = 5  # END CR LF
ENOUGH: Final = 10**17  # larger numbers are not worth reading to their end

# What a line begins with: the number of its word in WORDS. Those before VALUE are
# harmless where they are not expected.
END: Final = 0
STORED: Final = 1
NOT_STORED: Final = 2
EXISTS: Final = 3
NOT_FOUND: Final = 4
TOUCHED: Final = 5
DELETED: Final = 6
VERSION: Final = 7
NUMBER: Final = 8
VALUE: Final = 9
STAT: Final = 10
ITEM: Final = 11
PREFIX: Final = 12
RESET: Final = 13
OK: Final = 14
ERROR: Final = 15
CLIENT_ERROR: Final = 16
SERVER_ERROR: Final = 17
HD: Final = 18
EN: Final = 19
NF: Final = 20
NS: Final = 21
EX: Final = 22
VA: Final = 23
ME: Final = 24
MN: Final = 25
WORDS: Final = (
    b"END STORED NOT_STORED EXISTS NOT_FOUND TOUCHED DELETED VERSION 0 VALUE"
    b" STAT ITEM PREFIX RESET OK ERROR CLIENT_ERROR SERVER_ERROR"
    b" HD EN NF NS EX VA ME MN"
).split()
INDEX: Final = CommandIndex(WORDS, fold=False)

# The line that answers most requests, by what they expect.
USUAL: Final = [bytearray() for _ in range(due.QUIET_META + 1)]
USUAL[due.STORED] = bytearray(WORDS[STORED] + b"\r\n")
USUAL[due.TOUCHED] = bytearray(WORDS[TOUCHED] + b"\r\n")
USUAL[due.DELETED] = bytearray(WORDS[DELETED] + b"\r\n")
USUAL[due.META] = bytearray(WORDS[HD] + b"\r\n")


class ResponseScanner(ValueWalker):
    """Walks one response at a time; `reset` before the next.

    Before `advance`, `expects` is what the request expects (a number of `due`),
    and `wanted` the hash of the one key that it asks for, -1 for any; of a meta
    command, 0 if it asks for no value. Offsets are relative to the response's first
    byte. `shown` is how much of a whole response is for the client: all, but for what
    the proxy itself has asked behind it. `blocks` counts its values, in one go or not.
    """

    __slots__ = (
        "at",
        "blocks",
        "doubtful",
        "expects",
        "failed",
        "index",
        "kind",
        "looked",
        "shown",
        "usual",
        "wanted",
    )

    def __init__(self) -> None:
        ValueWalker.__init__(self)
        self.index = INDEX
        self.usual = USUAL
        self.expects = 0
        self.wanted = -1
        self.reset()

    def reset(self) -> None:
        """Forget the last response."""
        self.at = 0  # everything before has been walked over
        self.looked = 0  # how far the line at `at` has been looked through
        self.kind = -1  # what the last line began with
        self.failed = False  # it is an error
        self.doubtful = False
        self.length = 0
        self.need = self.at_least = 0
        self.shown = 0
        self.values = 0
        self.blocks = 0

    def advance(self, buf: bytearray, start: int, filled: int) -> int:
        """Go on with the response that starts at buf[start]; bytes end at `filled`.

        Return MORE or WHOLE. Raise ProtocolError when this is no response, or not
        to this request.
        """
        if self.at == 0 and self.need == 0 and self.take_plain(buf, start, filled):
            return progress.WHOLE
        while True:
            if self.need:
                if start + self.need > filled:
                    return progress.MORE
                if self.end_block(buf, start):
                    return progress.WHOLE
            if self.read_plain(buf, start, filled):
                continue
            end = self.find_end(buf, start, filled)
            if end < 0:
                return progress.MORE
            whole = self.read_line(buf, start, end)
            if not self.need:
                self.at = end + 2 - start
                self.looked = self.at
            if self.at > MAX_REPLY_BYTES or self.need > MAX_REPLY_BYTES:
                raise ProtocolError(f"response of more than {MAX_REPLY_BYTES} bytes")
            if whole:
                self.length = self.at
                if self.expects != due.QUIET_META:
                    self.shown = self.at
                return progress.WHOLE

    def end_block(self, buf: bytearray, start: int) -> bool:
        """Walk over a data block that is here; true when it ends the response."""
        if buf[start + self.need - 2] != 13 or buf[start + self.need - 1] != 10:
            raise ProtocolError("data block does not end with CRLF")
        self.at = self.need
        self.looked = self.at
        self.need = 0
        self.blocks += 1
        if self.kind == VA:
            self.shown = self.at
            if self.expects == due.META:
                self.length = self.at
                return True
        return False

    def take_plain(self, buf: bytearray, start: int, filled: int) -> bool:
        """Walk over a usual line, or values and their END, if all is there.

        False, with nothing done, for everything else. Raise ProtocolError for values
        that were not asked for.
        """
        if self.expects != due.VALUES:
            return self.take_usual(buf, start, filled)
        end = self.after_values(buf, start, filled)
        if end < 0 or end - start > MAX_REPLY_BYTES:
            return False
        alone = self.values == 1 and self.hashes[0] == self.wanted
        if self.values and self.wanted >= 0 and not alone:
            raise ProtocolError("a value that was not asked for")
        self.at = end - start
        self.blocks = self.values
        self.kind = END
        self.length = self.at
        self.shown = self.at
        return True

    def take_usual(self, buf: bytearray, start: int, filled: int) -> bool:
        """Walk over the line that answers most requests like this, if it is that."""
        line = self.usual[self.expects]
        if not line or not begins(buf, start, filled, line):
            return False
        self.at = len(line)
        self.length = self.at
        self.shown = self.at
        return True

    def read_plain(self, buf: bytearray, start: int, filled: int) -> bool:
        """Understand a VALUE line in one go, as most lines are.

        False, with nothing done, for every other line and for what is not whole.
        """
        if self.expects != due.VALUES:
            return False
        if not self.find_value(buf, start + self.at, filled):
            return False
        if self.behind - start > MAX_REPLY_BYTES:
            return False
        self.check_wanted(buf, self.key, self.key_end)
        self.kind = VALUE
        self.expect_data(self.behind - start)
        return True

    def find_end(self, buf: bytearray, start: int, filled: int) -> int:
        """Return the offset of the CR LF that ends the line at `at`, -1 if not here.

        The next call goes on where this one stopped.
        """
        pos = start + self.looked
        while pos < filled:
            if buf[pos] == 13:
                if pos + 1 == filled:
                    break
                if buf[pos + 1] != 10:
                    raise ProtocolError("CR without LF")
                return pos
            if buf[pos] == 10:
                raise ProtocolError("LF without CR")
            pos += 1
        self.looked = pos - start
        if self.looked - self.at > MAX_LINE_BYTES:
            raise ProtocolError(f"line longer than {MAX_LINE_BYTES} bytes")
        return -1

    def read_line(self, buf: bytearray, start: int, end: int) -> bool:
        """Understand the line from `at` to `end`; true when it is the last one."""
        first = self.at == 0
        stop = word_end(buf, start + self.at, end)
        kind = self.index.find(buf, start + self.at, stop)
        if kind < 0 and number(buf, start + self.at, stop) >= 0:
            kind = NUMBER
        self.kind = kind
        if first and ERROR <= kind <= SERVER_ERROR:
            self.failed = True
            self.shown = end + 2 - start
            return self.expects != due.QUIET_META
        if self.expects >= due.META:
            return self.read_meta(buf, start, stop, end)
        if self.expects == due.VALUES:
            if kind == VALUE:
                self.read_value(buf, start, stop, end)
                return False
            if kind == END and stop == end:
                return True
        elif self.expects == due.STATS:
            if STAT <= kind <= PREFIX:
                return False
            if kind == END and stop == end:
                return True
        if not first:
            raise ProtocolError("line in the middle of a response")
        self.read_word(buf, stop, end)
        return True

    def read_word(self, buf: bytearray, stop: int, end: int) -> None:
        """Understand a response of one line."""
        kind = self.kind
        if kind == END and stop < end:
            raise ProtocolError("text behind END")
        if kind != VERSION and not is_blank(buf, stop, end):
            raise ProtocolError("text behind a word that stands alone")
        if not self.fits(kind):
            if kind < 0 or kind >= VALUE:
                raise ProtocolError("a response to something else")
            self.doubtful = True

    def read_meta(self, buf: bytearray, start: int, stop: int, end: int) -> bool:
        """Understand a line that answers a meta command."""
        quietly = self.expects == due.QUIET_META
        if self.kind == MN and quietly and stop == end:
            return True
        if self.shown:
            raise ProtocolError("line in the middle of a response")
        if self.kind == VA:
            if not self.wanted:
                raise ProtocolError("a value that was not asked for")
            size_end = word_end(buf, stop + 1, end)
            size = number(buf, stop + 1, size_end)
            if size < 0:
                raise ProtocolError("bad length of data")
            self.need = end + 2 - start + size + 2
            return False
        if not HD <= self.kind <= ME:
            raise ProtocolError("a response to something else")
        self.shown = end + 2 - start
        return not quietly

    def read_value(self, buf: bytearray, start: int, stop: int, end: int) -> None:
        """Understand ``VALUE <key> <flags> <bytes> [<cas>]``."""
        key = stop + 1
        key_end = word_end(buf, key, end)
        flags_end = word_end(buf, key_end + 1, end)
        size_end = word_end(buf, flags_end + 1, end)
        size = number(buf, flags_end + 1, size_end)
        if number(buf, key_end + 1, flags_end) < 0 or size < 0:
            raise ProtocolError("bad VALUE line")
        if size_end < end and number(buf, size_end + 1, end) < 0:
            raise ProtocolError("bad VALUE line")
        self.check_wanted(buf, key, key_end)
        self.expect_data(end + 2 - start + size + 2)

    def expect_data(self, end: int) -> None:
        """Wait for the data of a value, which ends there, and at least for END."""
        self.need = end
        self.at_least = end + END_BYTES

    def check_wanted(self, buf: bytearray, key: int, end: int) -> None:
        """Refuse a value of another key than the one that was asked for."""
        if self.wanted >= 0 and (self.at or key_hash(buf, key, end) != self.wanted):
            raise ProtocolError("a value that was not asked for")

    def fits(self, kind: int) -> bool:
        """Tell whether a line can be the whole answer to the request."""
        expects = self.expects
        if expects in (due.VALUES, due.STATS):
            return kind == END or (kind in (RESET, OK) and expects == due.STATS)
        if kind == NOT_FOUND:
            return expects in (due.STORED, due.NUMBER, due.TOUCHED, due.DELETED)
        if expects == due.STORED:
            return kind in (STORED, NOT_STORED, EXISTS)
        if expects == due.NUMBER:
            return kind == NUMBER
        if expects == due.TOUCHED:
            return kind == TOUCHED
        if expects == due.DELETED:
            return kind == DELETED
        if expects == due.VERSION:
            return kind == VERSION
        return expects == due.OKAY and kind == OK


def word_end(buf: bytearray, pos: int, end: int) -> int:
    """Return where the word at buf[pos] ends."""
    while pos < end and buf[pos] != 32:
        pos += 1
    return pos


def number(buf: bytearray, pos: int, end: int) -> int:
    """Return the number at buf[pos:end], -1 if it is none; huge ones stay huge."""
    if pos >= end or end - pos > 20:
        return -1
    value = 0
    while pos < end:
        digit = buf[pos] - 48
        if digit < 0 or digit > 9:
            return -1
        if value < ENOUGH:
            value = value * 10 + digit
        pos += 1
    return value


def is_blank(buf: bytearray, pos: int, end: int) -> bool:
    """Tell whether there is nothing but blanks."""
    while pos < end:
        if buf[pos] != 32:
            return False
        pos += 1
    return True
