cimport cython
from twemproxy.wire.word cimport WordTable

cdef int SLOT_BYTES, MAX_NAME, MAX_ROWS, UPPER_A, UPPER_Z, TO_LOWER, DOT


@cython.final
cdef class CommandIndex:
    cdef bint _fold
    cdef int _mask
    cdef Py_ssize_t _stride
    cdef bytearray _slots, _names
    cdef WordTable _short

    @cython.locals(row=int)
    cpdef int find(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2

    cpdef int find_below(
        self, int parent, bytearray buf, Py_ssize_t start, Py_ssize_t end
    ) except -2

    @cython.locals(pos=Py_ssize_t)
    cpdef int find_prefix(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2

    @cython.locals(length=int, slot=int, at=Py_ssize_t)
    cdef int _add(self, int row, bytearray word, int parent) except -1

    @cython.locals(fold=cython.bint, value=int, pos=Py_ssize_t, byte=int)
    cdef int _hash(
        self, bytearray buf, Py_ssize_t start, Py_ssize_t end, int parent
    ) except -1

    @cython.locals(slots=bytearray, length=Py_ssize_t, slot=int, at=Py_ssize_t, row=int)
    cdef int _search(
        self, bytearray buf, Py_ssize_t start, Py_ssize_t end, int parent
    ) except -2

    @cython.locals(
        names=bytearray, fold=cython.bint, at=Py_ssize_t, i=Py_ssize_t, byte=int
    )
    cdef bint _same(
        self, int row, bytearray buf, Py_ssize_t start, Py_ssize_t length
    ) except -1
