"""The keys of one request, chained by their servers, compiled: see ``chains.py``.

What a caller names, a key or a server, is checked once for each call.
"""

from array import array

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.string cimport memcpy
from twemproxy.hashing.distribution cimport Distribution
from twemproxy.proxy.pool cimport Pool

cdef enum:
    FIRST_ROOM = 64
    KEPT_KEYS = 4096  # scratch space for more keys is not kept
    FRAME = 2  # CR LF


@cython.final
cdef class Chains:
    """The chains of one request at a time."""

    def __init__(self, Pool pool not None):
        self.pool = pool
        self.servers = len(pool.config.servers)
        self.first = array("i", bytes(4 * self.servers))
        self.last = array("i", bytes(4 * self.servers))
        self.lengths = array("i", bytes(4 * self.servers))
        self.numbers = array("i", bytes(4 * self.servers))
        self.set_room(FIRST_ROOM)

    cdef set_room(self, Py_ssize_t keys):
        """Have scratch space for as many keys."""
        self.room = keys
        self.owners = array("i", bytes(4 * keys))
        self.following = array("i", bytes(4 * keys))
        self.hashed = array("q", bytes(16 * keys))
        self.hashes = array("I", bytes(4 * keys))

    cpdef begin(self, long long[::1] spans, bytearray buf, Py_ssize_t at, Py_ssize_t keys):
        """Begin with a request that has as many keys."""
        cdef Py_ssize_t server
        self.spans = spans
        self.buf = buf
        self.at = at
        self.keys = keys
        if keys > self.room:
            self.set_room(2 * keys)
        for server in range(self.servers):
            self.first[server] = -1
            self.lengths[server] = 0

    cpdef end(self):
        """Let go of the request, and of the scratch space that a giant one needed."""
        self.buf = None
        self.spans = None
        self.keys = 0
        if self.room > KEPT_KEYS:
            self.set_room(FIRST_ROOM)

    cpdef Py_ssize_t link(self, Py_ssize_t word, Py_ssize_t step, Py_ssize_t longest) except -1:
        """Find the servers of the keys; return how many keys had one."""
        cdef Distribution ring = self.pool.ring
        cdef Py_ssize_t key, keys, server
        self.step = step
        keys = self.find_keys(word, longest)
        self.pool.readmit_due()
        ring.hash_keys(self.buf, self.hashed, keys, self.hashes)
        for key in range(keys):
            server = ring.server_of(self.hashes[key])
            if server < 0:
                return key
            self.add(key, server)
        return keys

    cdef Py_ssize_t find_keys(self, Py_ssize_t word, Py_ssize_t longest) except -1:
        """Take down where the keys are; return how many come before one too long."""
        cdef long long *span = &self.hashed[0]
        cdef Py_ssize_t key
        cdef long long start, end
        for key in range(self.keys):
            start = self.spans[2 * word]
            end = self.spans[2 * word + 1]
            if end - start > longest:
                return key
            span[0] = self.at + start
            span[1] = self.at + end
            span += 2
            word += self.step
        return self.keys

    cdef int add(self, Py_ssize_t key, Py_ssize_t server) except -1:
        """Put the next key, for which there is room, at the end of a server's chain."""
        cdef int *first = &self.first[server]
        cdef int *last = &self.last[server]
        cdef int *following = &self.following[0]
        (&self.owners[0])[key] = <int>server
        following[key] = -1
        if first[0] < 0:
            first[0] = <int>key
        else:
            following[last[0]] = <int>key
        last[0] = <int>key
        (&self.lengths[0])[server] += 1
        return 0

    cpdef bytearray places(self):
        """Return, in two bytes for each key, the `numbers` of their servers."""
        cdef bytearray places = bytearray(2 * self.keys)
        cdef unsigned char *byte = <unsigned char *>PyByteArray_AS_STRING(places)
        cdef Py_ssize_t key
        cdef int number
        for key in range(self.keys):
            number = self.numbers[self.owners[key]]
            byte[2 * key] = number & 0xFF
            byte[2 * key + 1] = number >> 8
        return places

    cpdef Py_ssize_t copy(self, Py_ssize_t server, bytearray target, Py_ssize_t to) except -2:
        """Copy a server's keys with what frames and follows them; -1 without room."""
        cdef const char *source
        cdef char *place = PyByteArray_AS_STRING(target)
        cdef Py_ssize_t start, end, word
        cdef Py_ssize_t key = self.first[server]
        if self.buf is None or self.at < 0 or to < 0:
            raise IndexError(f"{self.at} to {to} of {len(target)}")
        source = PyByteArray_AS_STRING(self.buf)
        while key >= 0:
            word = 1 + key * self.step
            start = self.at + self.spans[2 * word - 1] + FRAME
            end = self.at + self.spans[2 * (word + self.step) - 1] + FRAME
            if start < 0 or end < start or end > len(self.buf):
                raise IndexError(f"{start}..{end} of {len(self.buf)}")
            if end - start > len(target) - to:
                return -1
            memcpy(place + to, source + start, <size_t>(end - start))
            to += end - start
            key = self.following[key]
        return to
