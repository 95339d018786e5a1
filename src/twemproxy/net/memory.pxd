cpdef bytearray allocate(Py_ssize_t size)
cpdef require(Py_ssize_t size)
cpdef resize(bytearray buf, Py_ssize_t size)
cpdef Py_ssize_t copy(bytearray target, Py_ssize_t at, bytearray source, Py_ssize_t start, Py_ssize_t end) except -1
