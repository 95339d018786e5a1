cimport cython

@cython.final
cdef class Ledger:
    cdef public Py_ssize_t held

cdef Ledger _ledger

cpdef hold(Py_ssize_t count)
cpdef Py_ssize_t held_bytes() noexcept
