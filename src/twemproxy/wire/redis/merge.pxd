cimport cython
from twemproxy.wire cimport expect
from twemproxy.wire.redis.response cimport ResponseScanner

cdef Py_ssize_t ENOUGH

cpdef bint is_trouble(bytearray buf, Py_ssize_t start, Py_ssize_t end) except -1
@cython.locals(kind=int)
cpdef bint fits(int expects, Py_ssize_t wanted, ResponseScanner walker, bytearray buf, Py_ssize_t start) except -1
@cython.locals(value=Py_ssize_t, pos=Py_ssize_t, negative=bint)
cpdef Py_ssize_t integer(bytearray buf, Py_ssize_t start) except? -1
cpdef Py_ssize_t after_line(bytearray buf, Py_ssize_t start) except -1
