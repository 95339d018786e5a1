cpdef bytearray allocate(Py_ssize_t size)
cpdef resize(bytearray buf, Py_ssize_t size)
cpdef copy(bytearray target, Py_ssize_t at, bytearray source, Py_ssize_t start, Py_ssize_t length)
