"""get of one key, from many clients at once: one line for those that wait together.

    client 1: get a ─┐                          ┌─▶ VALUE a, END
    client 2: get b ─┼▶ get a b c ─▶ VALUE a,  ─┼─▶ END
    client 3: get c ─┘               VALUE c,   └─▶ VALUE c, END
                                     END

memcached writes once for each line, whatever it asks for, so shared lines save the
servers most of their work. Each request stays one of its own in the queue of its
server connection; those behind the first of a line are `joined`. A value finds its
request by its key, in whatever order they come.
"""

from typing import Final

from twemproxy.errors import ProtocolError
from twemproxy.net.slab import Slab
from twemproxy.proxy.line import Line
from twemproxy.proxy.request import Request
from twemproxy.proxy.server import ServerConnection
from twemproxy.wire import expect
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.response import ResponseScanner

MAX_RESPONSE_BYTES: Final = 65536  # nobody waits for more of others, as values are
END: Final = bytearray(answers.END)


def write_jointly(
    conn: ServerConnection, request: Request, slab: Slab, start: int, end: int
) -> None:
    """Write slab[start:end], ``get <key>``, or add its key to the last line."""
    outbox = conn.outbox
    line = conn.line
    if line is None:
        line = Line()
        conn.line = line
    key = start + 3  # the blank before it
    more = end - key - 2
    total = conn.bytes_out + outbox.pending
    short = (line.count + 1) * conn.value_bytes <= MAX_RESPONSE_BYTES
    if short and line.may_grow(total, outbox.pending, more, request.wanted):
        outbox.retract(2)
        outbox.add(slab, key, end)
        line.grow(more, request.wanted)
        request.joined = True
    else:
        outbox.add(slab, start, end)
        line.begin(total + end - start, end - start, request.wanted)


def is_shared(request: Request) -> bool:
    """Tell whether the response to a request is that to the next one as well."""
    return request.next_sent is not None and request.next_sent.joined


def disperse(
    conn: ServerConnection, walker: ResponseScanner, slab: Slab, start: int
) -> None:
    """Give the requests of one line what the response at `start` has for each.

    Raises ProtocolError when there is something in it for none of them. An error is
    for all of them; the connection's requests share no lines after that, for another
    server than memcached may not know lines with many keys.
    """
    if walker.failed:
        conn.joins = False
    elif walker.doubtful:
        raise ProtocolError("a response to something else")
    elif not walker.values:
        end = start + walker.length
        if walker.after_values(slab.buf, start, end) != end:
            raise ProtocolError("values that cannot be told apart")
    first = 0
    found = 0
    request = conn.head
    while request is not None:
        if walker.failed:
            conn.answer(slab, start, start + walker.shown, expect.ERROR)
        else:
            number = place_of(walker, request.wanted, first)
            if number < walker.values:
                found += 1
                first = number + 1
            give(conn, walker, slab, start, number)
        if conn.fd < 0:
            return
        request = conn.head
        if request is not None and not request.joined:
            break
    if found < walker.values:
        raise ProtocolError("a value that was not asked for")


def place_of(walker: ResponseScanner, wanted: int, first: int) -> int:
    """Return the number of the value of a key, looked for from `first` on.

    If there is none it is how many values there are.
    """
    count = walker.values
    for number in range(first, count):
        if walker.hashes[number] == wanted:
            return number
    for number in range(first):
        if walker.hashes[number] == wanted:
            return number
    return count


def give(
    conn: ServerConnection, walker: ResponseScanner, slab: Slab, start: int, number: int
) -> None:
    """Answer the oldest request with a value, if there is one, and END behind it."""
    begin = end = start
    if number < walker.values:
        end = start + walker.ends[number]
        if number > 0:
            begin = start + walker.ends[number - 1]
    reply = conn.process.parking_for(end - begin + len(END))
    at = reply.take(slab.buf, begin, end)
    reply.take(END, 0, len(END))
    conn.answer(reply, at, reply.used, expect.FINE)
