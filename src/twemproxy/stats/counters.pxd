cimport cython
from libc.stdint cimport int64_t
from twemproxy.stats cimport slot

@cython.final
cdef class Block:
    cdef long long[::1] slots
    cdef readonly Py_ssize_t at
    cpdef int add(self, int number, long long amount) except -1
    @cython.locals(at=Py_ssize_t)
    cpdef int add_two(self, int number, long long amount, long long behind) except -1
    cpdef put(self, int number, long long value)
    cpdef int64_t get(self, int number) except? -1
    @cython.locals(at=Py_ssize_t)
    cpdef int observe(self, int histogram, long long time_us) except -1
    cpdef observe_none(self, int histogram, Py_ssize_t count)

@cython.locals(rest=cython.longlong, bucket=int)
cpdef int bucket_of(long long time_us) except -1
