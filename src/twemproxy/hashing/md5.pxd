cimport cython

cdef unsigned int MASK
cdef int BLOCK, ROOM, SECOND_ROUND, THIRD_ROUND, FOURTH_ROUND

ctypedef (unsigned int, unsigned int, unsigned int, unsigned int) Words

cdef unsigned int[64] SINES
cdef int[64] SHIFTS

@cython.locals(state=Words, length=cython.ulonglong, rest=Py_ssize_t, size=Py_ssize_t,
               tail=bytearray, i=Py_ssize_t)
cpdef Words md5_words(bytearray buf, Py_ssize_t start, Py_ssize_t end) except *

@cython.locals(a=cython.uint, b=cython.uint, c=cython.uint, d=cython.uint,
               mix=cython.uint, words=cython.uint[16], top=cython.uint, i=cython.int, pos=Py_ssize_t)
cdef Words _absorb(Words state, bytearray buf, Py_ssize_t start) except *
