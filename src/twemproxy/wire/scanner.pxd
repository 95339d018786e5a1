cimport cython

cdef Py_ssize_t USUAL_WORDS, KEPT_WORDS

cdef class Scanner:
    cdef readonly Py_ssize_t at_least, length, need
    cpdef int reset(self) except -1
    cpdef skip(self, Py_ssize_t count)

cdef class WordScanner(Scanner):
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t room
    cdef long long[::1] spans
    cdef bint grown
    cdef make_spans(self)
    @cython.locals(former="long long[::1]", i=Py_ssize_t)
    cdef double_spans(self)
    @cython.locals(spans="long long[::1]", i=Py_ssize_t)
    cpdef list words(self, bytearray buf, Py_ssize_t at, Py_ssize_t count)
