"""The Fowler-Noll-Vo hashes, compiled: the span is checked once, not byte by byte."""

from twemproxy.span cimport first_of


cpdef unsigned int fnv1a(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                         unsigned int state, unsigned int prime) except? -1:
    """Mix each byte of ``buf[start:end]`` in, then multiply."""
    cdef const signed char *byte = <const signed char *>first_of(buf, start, end)
    cdef const signed char *behind = byte + (end - start)
    while byte < behind:
        state = (state ^ <unsigned int>byte[0]) * prime
        byte += 1
    return state


cpdef unsigned int fnv1(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                        unsigned int state, unsigned int prime) except? -1:
    """Multiply, then mix each byte of ``buf[start:end]`` in."""
    cdef const signed char *byte = <const signed char *>first_of(buf, start, end)
    cdef const signed char *behind = byte + (end - start)
    while byte < behind:
        state = (state * prime) ^ <unsigned int>byte[0]
        byte += 1
    return state
