cpdef Py_ssize_t move(int source, int target, Py_ssize_t length, bint more) except? -1000
cpdef int unread(int fd) except? -1000
