cpdef unsigned int fnv1a(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                         unsigned int state, unsigned int prime) except? -1
cpdef unsigned int fnv1(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                        unsigned int state, unsigned int prime) except? -1
