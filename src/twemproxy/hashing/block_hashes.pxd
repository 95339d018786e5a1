cimport cython

cdef unsigned int MASK, SEED

@cython.locals(length=cython.uint, h=cython.uint, k=cython.uint)
cpdef unsigned int murmur(bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

@cython.locals(h=cython.uint, word=cython.uint)
cpdef unsigned int hsieh(bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

cdef unsigned int _avalanche(unsigned int h) noexcept

@cython.locals(a=cython.uint, b=cython.uint, c=cython.uint)
cpdef unsigned int jenkins(bytearray buf, Py_ssize_t start, Py_ssize_t end) except? -1

cdef unsigned int _rotate(unsigned int word, int bits) noexcept

@cython.locals(word=cython.uint, i=Py_ssize_t)
cdef unsigned int _word(bytearray buf, Py_ssize_t pos, Py_ssize_t end) except? -1
