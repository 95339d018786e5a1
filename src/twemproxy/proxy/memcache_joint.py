"""gets from many clients at once: one line for those that wait together.

    client 1: get a   ─┐                            ┌─▶ VALUE a, END
    client 2: get b   ─┼▶ get a b c d ─▶ VALUE a,  ─┼─▶ END
    client 3: get c d ─┘                 VALUE c,   └─▶ VALUE c, END
                                         END

memcached writes once for each line, whatever it asks for, so shared lines save the
servers most of their work. Each request, or fragment of one, stays one of its own in
the queue of its server connection; those behind the first of a line are `joined`. A
value finds its request by its key, in whatever order they come.
"""

from typing import Final

from twemproxy.errors import ProtocolError
from twemproxy.net.slab import Slab
from twemproxy.proxy.line import Line
from twemproxy.proxy.memcache_values import Values, place_of, start_of
from twemproxy.proxy.request import Request
from twemproxy.proxy.server_connection import ServerConnection
from twemproxy.wire import expect
from twemproxy.wire.memcache import answers
from twemproxy.wire.memcache.commands import ROW
from twemproxy.wire.memcache.response import ResponseScanner

GET: Final = ROW[b"get"]
MAX_RESPONSE_BYTES: Final = 65536  # nobody waits for more of others, as values are
BLANK: Final = bytearray(b" ")
END: Final = bytearray(answers.END)


def may_join(conn: ServerConnection, row: int) -> bool:
    """Tell whether a request of this command may share a line now."""
    return row == GET and conn.joins and conn.reactor.is_busy()


def has_room(conn: ServerConnection, line: Line, keys: int) -> bool:
    """Tell whether so many keys may be added to the last line."""
    outbox = conn.outbox
    short = (line.count + keys) * conn.value_bytes <= MAX_RESPONSE_BYTES
    return short and line.may_grow(
        conn.bytes_out + outbox.pending, outbox.pending, keys
    )


def line_of(conn: ServerConnection) -> Line:
    """Return what is known of the last line."""
    line = conn.line
    if line is None:
        line = Line()
        conn.line = line
    return line


def write_jointly(
    conn: ServerConnection, request: Request, slab: Slab, start: int, end: int
) -> None:
    """Write slab[start:end], ``get <key>``, or add its key to the last line."""
    outbox = conn.outbox
    before = outbox.pending
    line = line_of(conn)
    if has_room(conn, line, 1) and not line.has(request.wanted):
        outbox.retract(2)
        outbox.add(slab, start + 4 if line.blank else start + 3, end)
        request.joined = True
    else:
        line.begin()
        outbox.add(slab, start, end)
    line.mark(request.wanted)
    line.grow(conn.bytes_out + outbox.pending, outbox.pending - before, 1, False)


def continue_line(conn: ServerConnection, fragment: Request, gather: Values) -> bool:
    """Open the last line for a fragment's keys, if they may be added; else false.

    Then they are written in any case, each with a blank behind it, and CR LF at the
    end, and `end_line` is told of it.
    """
    outbox = conn.outbox
    line = line_of(conn)
    number = fragment.wanted
    fragment.joined = has_room(conn, line, gather.width(number)) and gather.is_new(
        number, line
    )
    if not fragment.joined:
        line.begin()
    else:
        outbox.retract(2)
        if not line.blank:
            outbox.copy_in(BLANK, 0, 1)
    gather.mark(number, line)
    return fragment.joined


def end_line(conn: ServerConnection, more: int, keys: int) -> None:
    """Take down that so many bytes and `keys` have been added to the last line."""
    line_of(conn).grow(conn.bytes_out + conn.outbox.pending, more, keys, True)


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
    end = start + walker.length
    if walker.failed:
        conn.joins = False
    elif walker.doubtful:
        raise ProtocolError("a response to something else")
    elif not walker.values and walker.after_values(slab.buf, start, end) != end:
        raise ProtocolError("values that cannot be told apart")
    found = 0
    abandoned = False
    request = conn.head
    while request is not None:
        if walker.failed:
            conn.answer(slab, start, start + walker.shown, expect.ERROR)
        else:
            count = answer(conn, request, walker, slab, start, found)
            found += max(0, count)
            abandoned = abandoned or count < 0
        request = next_of_line(conn)
    if found < walker.values and not abandoned and conn.fd >= 0:
        raise ProtocolError("a value that was not asked for")


def next_of_line(conn: ServerConnection) -> Request | None:
    """Return the oldest request if it shares the line of the one just answered."""
    request = conn.head
    return request if request is not None and request.joined else None


def answer(
    conn: ServerConnection,
    request: Request,
    walker: ResponseScanner,
    slab: Slab,
    start: int,
    first: int,
) -> int:
    """Answer the oldest request of a line; return with how many values.

    They are looked for from value `first` on. It is -1 when nobody waits any more, and
    it is no longer known for what.
    """
    if request.whole is None:
        number = place_of(walker, request.wanted, first)
        give(conn, walker, slab, start, number)
        return int(number < walker.values)
    values = values_of(request.whole)
    if values is None:
        conn.answer(slab, start, start, expect.FINE)
        return -1
    count = values.take_shared(request.wanted, walker, first)
    conn.answer(slab, start + values.low, start + values.high, expect.FINE)
    return count


def values_of(whole: Request) -> Values | None:
    """Return what the fragments of a request bring together, None if nobody waits."""
    gather = whole.gather
    return gather if isinstance(gather, Values) else None


def give(
    conn: ServerConnection, walker: ResponseScanner, slab: Slab, start: int, number: int
) -> None:
    """Answer the oldest request with a value, if there is one, and END behind it."""
    begin = end = start
    if number < walker.values:
        begin = start + start_of(walker, number)
        end = start + walker.ends[number]
    reply = conn.process.parking_for(end - begin + len(END))
    at = reply.take(slab.buf, begin, end)
    reply.take(END, 0, len(END))
    conn.answer(reply, at, reply.used, expect.FINE)
