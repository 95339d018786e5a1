from libc.stdint cimport uint64_t

cdef class WordTable:
    cdef bint fold
    cdef uint64_t mask
    cdef uint64_t *words
    cdef int *rows
    cpdef add(self, bytearray word, int row)
    cdef uint64_t slot_of(self, uint64_t number) noexcept
    cpdef int find(self, bytearray buf, Py_ssize_t start, Py_ssize_t end) except -3

cpdef uint64_t word_at(bytearray buf, Py_ssize_t start, Py_ssize_t end, bint fold) except? 0
