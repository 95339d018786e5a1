cimport cython

cdef int SLOT_BYTES, MAX_NAME, UPPER_A, UPPER_Z, TO_LOWER, DOT


@cython.final
cdef class CommandIndex:
    cdef bint _fold
    cdef unsigned int _mask
    cdef Py_ssize_t _stride
    cdef bytearray _slots, _names

    @cython.locals(slot=cython.uint, value=cython.uint, byte=int, at=Py_ssize_t)
    cdef int _add(self, Py_ssize_t row, bytes word, Py_ssize_t parent) except -1

    cpdef int find(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2

    cpdef int find_below(
        self, int parent, bytearray buf, Py_ssize_t start, Py_ssize_t end
    ) except -2

    @cython.locals(pos=Py_ssize_t)
    cpdef int find_prefix(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -2

    @cython.locals(
        slots=bytearray,
        fold=cython.bint,
        pos=Py_ssize_t,
        length=Py_ssize_t,
        at=Py_ssize_t,
        value=cython.uint,
        slot=cython.uint,
        byte=int,
        row=int,
    )
    cdef int _search(
        self, bytearray buf, Py_ssize_t start, Py_ssize_t end, int parent
    ) except -2

    @cython.locals(
        names=bytearray, fold=cython.bint, at=Py_ssize_t, i=Py_ssize_t, byte=int
    )
    cdef bint _same(
        self, int row, bytearray buf, Py_ssize_t start, Py_ssize_t length
    ) except -1
