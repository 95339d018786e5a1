cimport cython

from twemproxy.hashing.continuum cimport Continuum
from twemproxy.hashing.md5 cimport md5_words

cdef unsigned int MASK
cdef Py_ssize_t MAX_TEXT, POINTS_PER_DIGEST, POINTS_PER_SERVER


@cython.final
cdef class Ketama(Continuum):
    cdef list labels
    cdef list weights
    cdef list laid_counts
    cdef unsigned long long[::1] laid
    cdef unsigned int[::1] laid_owners
    cdef unsigned int[::1] points
    cdef unsigned int[::1] owners
    cdef unsigned int[::1] first
    cdef int shift

    @cython.locals(slot=Py_ssize_t, at=Py_ssize_t, behind=Py_ssize_t)
    cdef Py_ssize_t _index(self, unsigned int h) except -1

    @cython.locals(points=cython.ulonglong[::1], serial=cython.uint, text=bytearray,
                   a=cython.ulonglong, b=cython.ulonglong, c=cython.ulonglong,
                   d=cython.ulonglong)
    cdef object _lay(self, list counts)

    @cython.locals(limits=cython.uint[::1], serial=cython.uint, index=Py_ssize_t,
                   point=cython.uint, slots=Py_ssize_t, slot=Py_ssize_t, at=Py_ssize_t,
                   i=Py_ssize_t)
    cdef object _pick(self, list counts)


@cython.locals(begins=cython.uint[::1], ordered=cython.ulonglong[::1], i=Py_ssize_t,
               slot=Py_ssize_t, at=Py_ssize_t, value=cython.ulonglong)
cdef object _sorted(unsigned long long[::1] values, int shift)
