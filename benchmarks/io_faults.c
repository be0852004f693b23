/* Makes the N-th change of a file below a folder fail, for benchmarks/io_faults.py: cc -shared -fPIC -o io_faults.so io_faults.c -ldl

   io_faults_arm(folder, n, error, kinds, lasting)  from now on count; fail the n-th (0 = only count) with errno `error`
   io_faults_count()                                how many there were
   kinds: 1 = what needs space (write, create, mkdir, allocate), 2 = opening of any kind, 4 = fsync and rename too */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long count, target;
static int number, wanted, lasting;

void io_faults_arm(const char *where, long n, int error, int kinds, int lasts) {
    strncpy(folder, where, sizeof folder - 1);
    count = 0; target = n; number = error; wanted = kinds; lasting = lasts;
}

long io_faults_count(void) { return count; }

static int inside(const char *path) {
    char whole[PATH_MAX];
    if (!folder[0] || !path) return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole)) return 0;
        if (strlen(whole) + strlen(path) + 2 > sizeof whole) return 0;
        strcat(whole, "/"); strcat(whole, path);
        path = whole;
    }
    return strncmp(path, folder, strlen(folder)) == 0;
}

static int fd_inside(int fd) {
    char link[64], path[PATH_MAX];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0 || path[0] != '/') return 0; /* a pipe or a socket is no file */
    path[size] = 0;
    return inside(path);
}

/* Whether this call is one that fails; sets errno. */
static int fails(int kind) {
    if (!(kind & wanted)) return 0;
    long here = __sync_add_and_fetch(&count, 1);
    if (target && (here == target || (lasting && here > target))) { errno = number; return 1; }
    return 0;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define MODE va_list rest; va_start(rest, flags); mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; va_end(rest)
#define KIND(flags) (((flags) & (O_CREAT | O_TRUNC) ? 1 : 0) | 2)

int open(const char *path, int flags, ...) {
    MODE; REAL(int, "open", const char *, int, ...);
    return inside(path) && fails(KIND(flags)) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE; REAL(int, "open64", const char *, int, ...);
    return inside(path) && fails(KIND(flags)) ? -1 : real(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE; REAL(int, "openat", int, const char *, int, ...);
    return inside(path) && fails(KIND(flags)) ? -1 : real(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE; REAL(int, "openat64", int, const char *, int, ...);
    return inside(path) && fails(KIND(flags)) ? -1 : real(at, path, flags, mode);
}
FILE *fopen(const char *path, const char *how) {
    REAL(FILE *, "fopen", const char *, const char *);
    return inside(path) && fails(how[0] == 'r' ? 2 : 3) ? NULL : real(path, how);
}
FILE *fopen64(const char *path, const char *how) {
    REAL(FILE *, "fopen64", const char *, const char *);
    return inside(path) && fails(how[0] == 'r' ? 2 : 3) ? NULL : real(path, how);
}
ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fd > 2 && fd_inside(fd) && fails(1) ? -1 : real(fd, data, size);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return fd_inside(fd) && fails(1) ? -1 : real(fd, parts, n);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fd_inside(fd) && fails(1) ? -1 : real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fd_inside(fd) && fails(1) ? -1 : real(fd, data, size, at);
}
int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    return fd_inside(fd) && fails(4) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    return fd_inside(fd) && fails(4) ? -1 : real(fd, size);
}
int posix_fallocate(int fd, off_t at, off_t size) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    return fd_inside(fd) && fails(1) ? number : real(fd, at, size);
}
int posix_fallocate64(int fd, off64_t at, off64_t size) {
    REAL(int, "posix_fallocate64", int, off64_t, off64_t);
    return fd_inside(fd) && fails(1) ? number : real(fd, at, size);
}
int fsync(int fd) {
    REAL(int, "fsync", int);
    return fd_inside(fd) && fails(4) ? -1 : real(fd);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return inside(to) && fails(4) ? -1 : real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return inside(to) && fails(4) ? -1 : real(a, from, b, to);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return inside(path) && fails(1) ? -1 : real(path, mode);
}
