"""Where a memcached request ends, what its words are, and what is wrong with it.

    set key 0 0 5 noreply CR LF hello CR LF
    words ..............  line  block

The scanner walks the bytes once, keeps its place when they run out, and resumes
when more have arrived. memcached reads a command line in a lenient way (a lone LF
ends it, a zero byte cuts it, `+1`, a tab behind a number) and forgets the data
block of a line that it refuses, which it then takes for commands. Therefore only
lines that mean the same to everybody pass; the rest gets the answer that memcached
has for it, and the block that belongs to a refused line is swallowed with it.
"""

from array import array
from typing import Final

from twemproxy import limits
from twemproxy.errors import ProtocolError
from twemproxy.wire import progress, rule
from twemproxy.wire.lookup import CommandIndex
from twemproxy.wire.memcache import due, fault
from twemproxy.wire.memcache.commands import COMMANDS
from twemproxy.wire.memcache.words import WordReader

MAX_KEY_BYTES: Final = limits.MAX_MEMCACHE_KEY_BYTES
MAX_LINE_BYTES: Final = limits.MAX_MEMCACHE_LINE_BYTES
MAX_VALUE_BYTES: Final = limits.MAX_MEMCACHE_VALUE_BYTES
MAX_KEYS: Final = limits.MAX_REQUEST_KEYS
# memcached hangs up on a longer line without a line end, except get and gets.
MAX_SHORT_LINE_BYTES: Final = 2048
MAX_META_WORDS: Final = 19  # of `ms`; with more, memcached forgets the data block
MAX_LENGTH: Final = 2**31 - 3  # of a data block, for memcached
NOREPLY: Final = bytearray(b"noreply")
HTTP: Final = bytearray(b"HTTP/")
INDEX: Final = CommandIndex([row.name for row in COMMANDS], fold=False)


class RequestScanner(WordReader):
    """Walks one request at a time; `reset` before the next.

    All offsets are relative to the request's first byte, so the bytes may move
    between two calls. `spans` holds the start and the end of each word, `line`
    the length of the command line, `block` that of the data, -1 without data.

    A request with a `fault` is to be answered, or ignored when it is `quiet`, and
    not to be passed on. `owed` bytes after it belong to it: they come back as
    NOTHING, in pieces, so that nobody has to keep them.

    `canonical` is false when a line has to be written anew before it is passed
    on: blanks too many, a number with leading zeros or out of range for
    memcached, a last word without a meaning (which `count` then excludes).
    """

    __slots__ = (
        "at",
        "block",
        "blocks",
        "fault",
        "first",
        "how",
        "index",
        "least",
        "limit",
        "max_bytes",
        "max_keys",
        "most",
        "noreply",
        "owed",
        "quiet",
        "reply",
        "row",
        "spoiled",
        "word",
    )

    def __init__(self) -> None:
        self.index = INDEX
        self.how = array("i", [row.how for row in COMMANDS])
        self.least = array("i", [row.least for row in COMMANDS])
        self.most = array("i", [row.most for row in COMMANDS])
        self.first = array("i", [row.first for row in COMMANDS])
        self.noreply = array("i", [row.noreply for row in COMMANDS])
        self.blocks = array("i", [row.block for row in COMMANDS])
        self.reply = array("i", [row.reply for row in COMMANDS])
        self.make_spans()
        self.max_bytes = MAX_VALUE_BYTES  # of data
        self.max_keys = MAX_KEYS  # of one request
        self.owed = 0
        self.reset()

    def reset(self) -> None:
        """Forget the last request, but not what is `owed`."""
        self.at = 0  # how far the line has been walked over
        self.word = -1  # where the unfinished word began
        self.limit = MAX_SHORT_LINE_BYTES
        self.letters = 0
        self.spoiled = False  # a byte that must not be in a line
        self.count = 0
        self.line = 0
        self.block = -1
        self.row = -1
        self.fault = fault.NONE
        self.quiet = False
        self.canonical = True
        self.length = 0
        self.need = self.at_least = 0
        if self.grown:
            self.make_spans()

    def advance(self, buf: bytearray, start: int, filled: int) -> int:
        """Go on with the request that starts at buf[start]; bytes end at `filled`.

        Return MORE, WHOLE or NOTHING. Raise ProtocolError when it cannot be told
        where the next request would begin.
        """
        if start >= filled:
            return progress.MORE
        if self.owed:
            self.length = min(self.owed, filled - start)
            self.owed -= self.length
            return progress.NOTHING
        if self.line == 0:
            if buf[start] in (128, 22):  # binary memcached, TLS
                raise ProtocolError("only the text protocol is spoken here")
            if not self.find_line(buf, start, filled):
                return progress.MORE
            self.examine(buf, start)
            if self.fault or self.block < 0:
                self.length = self.line
                if self.block >= 0:
                    self.owed = self.block + 2
                return progress.WHOLE
            self.need = self.line + self.block + 2
        if start + self.need > filled:
            return progress.MORE
        if buf[start + self.need - 2] != 13 or buf[start + self.need - 1] != 10:
            self.fault = fault.BAD_CHUNK
        self.length = self.need
        return progress.WHOLE

    def find_line(self, buf: bytearray, start: int, filled: int) -> bool:
        """Find the line in one go or byte by byte; false when it is not all there."""
        if self.at or not self.take_line(buf, start, filled, MAX_SHORT_LINE_BYTES):
            return self.walk_line(buf, start, filled)
        if self.count:
            end = start + self.spans[1]
            self.row = self.index.find(buf, start + self.spans[0], end)
        if self.count > self.max_keys:
            self.check_keys()
        return True

    def walk_line(self, buf: bytearray, start: int, filled: int) -> bool:
        """Find the words of the line; false when its end is not there yet."""
        pos = start + self.at
        word = self.word
        while True:
            stop = min(filled, start + self.limit)
            while pos < stop:
                byte = buf[pos]
                if byte > 32:
                    if word < 0:
                        word = pos - start
                elif byte == 32:
                    if word >= 0:
                        self.end_word(buf, start, word, pos - start)
                        word = -1
                elif byte == 13:
                    if pos + 1 == filled:
                        break
                    if buf[pos + 1] == 10:
                        self.end_line(buf, start, word, pos - start)
                        return True
                    self.spoiled = True
                elif byte == 10 and word < 0 and self.count == 0 and not self.spoiled:
                    self.line = pos - start + 1  # nothing before it: no command
                    return True
                else:
                    word = self.on_control(byte, word, pos - start)
                pos += 1
            self.at = pos - start
            self.word = word
            if self.at < self.limit:
                return False
            self.lengthen()

    def end_line(self, buf: bytearray, start: int, word: int, end: int) -> None:
        """Add the last word, if one is unfinished; the line is whole."""
        if word >= 0:
            self.end_word(buf, start, word, end)
        self.line = end + 2

    def on_control(self, byte: int, word: int, at: int) -> int:
        """Return where the word with a control character at `at` began.

        A zero byte and a lone LF spoil the line; the others are letters.
        """
        if byte in (0, 10):
            self.spoiled = True
            return word
        return at if word < 0 else word

    def lengthen(self) -> None:
        """Allow a long line to a command with many keys."""
        if self.limit == MAX_LINE_BYTES or self.row < 0:
            raise ProtocolError("line too long")
        if self.how[self.row] != rule.SPLIT_VALUES:
            raise ProtocolError("line too long")
        self.limit = MAX_LINE_BYTES

    def end_word(self, buf: bytearray, start: int, word: int, end: int) -> None:
        """Add a word; the first one is the command."""
        if self.count == self.room:
            self.double_spans()
        self.spans[2 * self.count] = word
        self.spans[2 * self.count + 1] = end
        self.count += 1
        self.letters += end - word
        if self.count == 1:
            self.row = self.index.find(buf, start + word, start + end)
        if self.count > self.max_keys:
            self.check_keys()

    def check_keys(self) -> None:
        """Refuse more keys than one request may have; other words are not counted."""
        row = self.row
        if row < 0 or self.how[row] != rule.SPLIT_VALUES:
            return
        if self.count - self.first[row] > self.max_keys:
            raise ProtocolError("too many keys")

    def examine(self, buf: bytearray, start: int) -> None:
        """Find out what the line asks for, and what is wrong with it."""
        if self.spoiled:
            raise ProtocolError("bad command line format")
        row = self.row
        if row < 0:
            self.on_unknown(buf, start)
            return
        self.canonical = self.letters + self.count + 1 == self.line
        if self.reply[row] == due.STORED and self.is_usual_store(buf, start):
            return
        if self.blocks[row] and self.count > self.blocks[row]:
            self.read_block(buf, start, self.blocks[row])
        if self.count_words(buf, start):
            self.fault = self.judge(buf, start)
        else:
            self.fault = fault.UNKNOWN

    def is_usual_store(self, buf: bytearray, start: int) -> bool:
        """Tell whether this is a value to store, and nothing is wrong: most are."""
        if self.count != 5 or self.least[self.row] != 5:
            return False
        self.block = self.last_number(buf, start, 2)
        long_key = self.spans[3] - self.spans[2] > MAX_KEY_BYTES
        return not long_key and self.judge_block() == fault.NONE

    def on_unknown(self, buf: bytearray, start: int) -> None:
        """Answer an unknown command as memcached does, who hangs up on browsers."""
        self.fault = fault.UNKNOWN
        if self.count and self.begins(buf, start, self.count - 1, HTTP):
            raise ProtocolError("this is not an HTTP server")

    def count_words(self, buf: bytearray, start: int) -> bool:
        """Tell whether the command takes so many words; see about `noreply`."""
        row = self.row
        words = self.count
        if words < self.least[row]:
            return False
        most = self.most[row]
        if self.noreply[row] and words > self.first[row] + 1:
            self.quiet = self.equals(buf, start, words - 1, NOREPLY)
        if most and words > most:
            if words > most + 1 or not self.noreply[row]:
                self.quiet = False
                return False
            if not self.quiet and self.reply[row] != due.DELETED:
                self.count = most
                self.canonical = False
        return True

    def has_long_key(self) -> bool:
        """Tell whether any key is longer than memcached takes."""
        row = self.row
        first = self.first[row]
        if first == 0:
            return False
        last = self.count
        if last > first + 1 and self.how[row] != rule.SPLIT_VALUES:
            last = first + 1
        for i in range(first, last):
            if self.spans[2 * i + 1] - self.spans[2 * i] > MAX_KEY_BYTES:
                return True
        return False

    def judge(self, buf: bytearray, start: int) -> int:
        """Return the fault of a line with as many words as it needs.

        Where there are several, it is the one that memcached finds first.
        """
        row = self.row
        reply = self.reply[row]
        if reply == due.VALUES and self.first[row] > 1:
            if not self.is_exptime(buf, start, 1):
                return fault.BAD_EXPTIME
        elif reply == due.DELETED and not self.is_delete(buf, start):
            return fault.BAD_DELETE
        if self.has_long_key():
            return fault.BAD_LINE
        if reply == due.STORED:
            return self.judge_storage(buf, start)
        if reply == due.META:
            return self.judge_meta()
        return self.judge_number(buf, start, reply)

    def judge_number(self, buf: bytearray, start: int, reply: int) -> int:
        """Return what is wrong with the one number of a line without data."""
        if reply == due.NUMBER and self.number(buf, start, 2) < 0:
            return fault.BAD_DELTA
        if reply == due.TOUCHED and not self.is_exptime(buf, start, 2):
            return fault.BAD_EXPTIME
        if reply == due.OKAY:
            return self.judge_server(buf, start)
        return fault.NONE

    def judge_storage(self, buf: bytearray, start: int) -> int:
        """Return what is wrong with the numbers of a storage command."""
        if not self.is_flags(buf, start, 2) or not self.is_exptime(buf, start, 3):
            return fault.BAD_LINE
        if self.least[self.row] > 5 and self.number(buf, start, 5) < 0:
            return fault.BAD_LINE
        return self.judge_block()

    def judge_meta(self) -> int:
        """Return what is wrong with a meta command; its flags are the server's."""
        row = self.row
        if self.count <= self.first[row]:
            return fault.BAD_LINE
        if self.blocks[row] == 0:
            return fault.NONE
        if self.count > MAX_META_WORDS:
            return fault.TOO_MANY_FLAGS
        return self.judge_block()

    def judge_block(self) -> int:
        """Return what is wrong with the length of the data."""
        if self.block < 0:
            return fault.BAD_LINE
        if self.block > MAX_VALUE_BYTES or self.block > self.max_bytes:
            return fault.TOO_LARGE
        return fault.NONE

    def is_delete(self, buf: bytearray, start: int) -> bool:
        """Tell whether a delete has no time, or the 0 that old clients send."""
        words = self.count
        if self.quiet:
            words -= 1
        if words == 2:
            return True
        one_digit = self.spans[5] - self.spans[4] == 1
        return words == 3 and one_digit and self.number(buf, start, 2) == 0

    def judge_server(self, buf: bytearray, start: int) -> int:
        """Return what is wrong with the argument of flush_all or verbosity."""
        if self.count == 1 or (self.count == 2 and self.quiet):
            return fault.NONE
        if self.least[self.row] == 1:
            if not self.is_exptime(buf, start, 1):
                return fault.BAD_EXPTIME
        elif not self.is_flags(buf, start, 1):
            return fault.BAD_LINE
        return fault.NONE

    def read_block(self, buf: bytearray, start: int, word: int) -> None:
        """Learn the length of the data, also when the line will be refused."""
        value = self.number(buf, start, word)
        if value <= MAX_LENGTH:
            self.block = value
