cimport cython

cdef int MORE, WHOLE, LINE, NOTHING
cdef Py_ssize_t MAX_ARGUMENTS, MAX_INLINE_BYTES, KEPT_SPANS

@cython.final
cdef class RequestScanner:
    cdef readonly Py_ssize_t at, bulk, count, declared, length, need
    cdef Py_ssize_t pos, room, max_arguments, max_argument_bytes
    cdef readonly bint canonical
    cdef long long[::1] spans

    cpdef reset(self)
    cpdef limit(self, Py_ssize_t arguments, Py_ssize_t argument_bytes)
    @cython.locals(end=Py_ssize_t)
    cpdef int advance(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(value=Py_ssize_t)
    cdef bint read_count(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(value=Py_ssize_t, pos=Py_ssize_t)
    cdef bint read_length(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    @cython.locals(first=Py_ssize_t, value="long long", digit=int)
    cdef Py_ssize_t number(self, bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except? -3
    @cython.locals(pos=Py_ssize_t)
    cdef int advance_line(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled) except -1
    cdef double_spans(self)
