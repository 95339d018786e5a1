cimport cython

cdef Py_ssize_t MAX_BLOCKS, MAX_BYTES, MAX_WASTE

@cython.final
cdef class Spare:
    cdef list blocks
    cdef Py_ssize_t total, idle
    @cython.locals(i=Py_ssize_t, block=bytearray, length=Py_ssize_t)
    cpdef bytearray take(self, Py_ssize_t size)
    @cython.locals(length=Py_ssize_t)
    cpdef give(self, bytearray block)
    cpdef trim(self)

cdef Spare SPARE

cpdef bytearray take_block(Py_ssize_t size)
cpdef give_block(bytearray block)
cpdef trim_blocks()
