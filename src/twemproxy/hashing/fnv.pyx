"""The Fowler-Noll-Vo hashes, compiled: the span is checked once, not byte by byte.

Each byte has to wait for the product of the one before. So many keys are hashed four
at a time: while one multiplies, the others do.
"""

from twemproxy.span cimport first_of

ctypedef const signed char *signed_bytes


cpdef unsigned int fnv1a(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                         unsigned int state, unsigned int prime) except? -1:
    """Mix each byte of ``buf[start:end]`` in, then multiply."""
    return mixed(<signed_bytes>first_of(buf, start, end), end - start, state, prime)


cdef inline unsigned int mixed(signed_bytes byte, Py_ssize_t length,
                               unsigned int state, unsigned int prime) noexcept:
    """Mix so many bytes in, and multiply after each."""
    cdef signed_bytes behind = byte + length
    while byte < behind:
        state = (state ^ <unsigned int>byte[0]) * prime
        byte += 1
    return state


cpdef int fnv1a_each(bytearray buf, long long[::1] spans, Py_ssize_t count,
                     unsigned int[::1] hashes, unsigned int state,
                     unsigned int prime) except -1:
    """Put the `fnv1a` of so many `spans`, the start and end of each, into `hashes`."""
    cdef Py_ssize_t i
    cdef Py_ssize_t alone = count % 4
    if count < 0 or len(spans) < 2 * count or len(hashes) < count:
        raise IndexError(f"{count} of {len(spans)} and {len(hashes)}")
    for i in range(alone):
        hashes[i] = fnv1a(buf, spans[2 * i], spans[2 * i + 1], state, prime)
    for i in range(alone, count, 4):
        four(buf, &spans[2 * i], &hashes[i], state, prime)
    return 0


cdef int four(bytearray buf, const long long *spans, unsigned int *hashes,
              unsigned int state, unsigned int prime) except -1:
    """Put the `fnv1a` of four spans into four hashes."""
    cdef signed_bytes a = <signed_bytes>first_of(buf, spans[0], spans[1])
    cdef signed_bytes b = <signed_bytes>first_of(buf, spans[2], spans[3])
    cdef signed_bytes c = <signed_bytes>first_of(buf, spans[4], spans[5])
    cdef signed_bytes d = <signed_bytes>first_of(buf, spans[6], spans[7])
    cdef Py_ssize_t shared = min(min(spans[1] - spans[0], spans[3] - spans[2]),
                                 min(spans[5] - spans[4], spans[7] - spans[6]))
    cdef unsigned int e = state
    cdef unsigned int f = state
    cdef unsigned int g = state
    cdef unsigned int h = state
    cdef Py_ssize_t at
    for at in range(shared):
        e = (e ^ <unsigned int>a[at]) * prime
        f = (f ^ <unsigned int>b[at]) * prime
        g = (g ^ <unsigned int>c[at]) * prime
        h = (h ^ <unsigned int>d[at]) * prime
    hashes[0] = mixed(a + shared, spans[1] - spans[0] - shared, e, prime)
    hashes[1] = mixed(b + shared, spans[3] - spans[2] - shared, f, prime)
    hashes[2] = mixed(c + shared, spans[5] - spans[4] - shared, g, prime)
    hashes[3] = mixed(d + shared, spans[7] - spans[6] - shared, h, prime)
    return 0


cpdef unsigned int fnv1(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                        unsigned int state, unsigned int prime) except? -1:
    """Multiply, then mix each byte of ``buf[start:end]`` in."""
    cdef signed_bytes byte = <signed_bytes>first_of(buf, start, end)
    cdef signed_bytes behind = byte + (end - start)
    while byte < behind:
        state = (state * prime) ^ <unsigned int>byte[0]
        byte += 1
    return state
