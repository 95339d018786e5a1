cimport cython
from libc.stdint cimport int64_t
from twemproxy.stats cimport slot

@cython.final
cdef class Block:
    cdef long long[::1] slots
    cdef readonly Py_ssize_t at
    cpdef add(self, int number, long long amount)
    cpdef put(self, int number, long long value)
    cpdef int64_t get(self, int number) except? -1
    @cython.locals(at=Py_ssize_t)
    cpdef observe(self, int histogram, long long time_us)
    cpdef observe_none(self, int histogram, Py_ssize_t count)

@cython.locals(rest=cython.longlong, bucket=int)
cpdef int bucket_of(long long time_us) except -1
