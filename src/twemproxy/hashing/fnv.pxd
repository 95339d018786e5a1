cpdef unsigned int fnv1a(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                         unsigned int state, unsigned int prime) except? -1
cpdef unsigned int fnv1(bytearray buf, Py_ssize_t start, Py_ssize_t end,
                        unsigned int state, unsigned int prime) except? -1
cpdef int fnv1a_each(bytearray buf, long long[::1] spans, Py_ssize_t count,
                     unsigned int[::1] hashes, unsigned int state,
                     unsigned int prime) except -1
