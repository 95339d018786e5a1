from libc.stdint cimport uint64_t

cpdef uint64_t word_at(bytearray buf, Py_ssize_t start, Py_ssize_t end, bint fold) except? 0
