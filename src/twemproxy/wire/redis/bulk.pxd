from twemproxy.wire.scanner cimport Scanner

cdef class PlainWalker(Scanner):
    cdef readonly Py_ssize_t at, count, declared
    cdef Py_ssize_t room
    cdef long long[::1] spans
    cdef take_plain(self, bytearray buf, Py_ssize_t start, Py_ssize_t filled, Py_ssize_t longest)

cpdef Py_ssize_t plain_count(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t bulk_length(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t after_bulk(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t after_line(bytearray buf, Py_ssize_t pos, Py_ssize_t filled) except -2
cpdef Py_ssize_t head_size(Py_ssize_t number) noexcept
