/* A disk and a clock with troubles, turned on and off while the program runs: LD_PRELOAD.
 *
 * $TROUBLE names a file of one struct trouble, mapped here and written by trouble.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

struct trouble {
    int64_t clock_ns; /* added to the time of day; the monotonic clock goes on as it did */
    int64_t fsync_us; /* every fsync takes so much longer */
    int64_t full;     /* 1: writes to the database's files fail with ENOSPC, as on a full copy-on-write disk */
};

static const volatile struct trouble *trouble;

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TROUBLE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *trouble, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) trouble = mapped;
    if (fd >= 0) close(fd);
}

static int (*next_clock)(clockid_t, struct timespec *);

int clock_gettime(clockid_t which, struct timespec *now) {
    int done;
    int64_t ns;
    if (!next_clock) next_clock = REAL(clock_gettime);
    done = next_clock(which, now);
    if (done == 0 && trouble && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        ns = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec + trouble->clock_ns;
        now->tv_sec = ns / 1000000000;
        now->tv_nsec = ns % 1000000000;
    }
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec at;
    int done = clock_gettime(CLOCK_REALTIME, &at);
    (void)zone;
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return done;
}

time_t time(time_t *out) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (out) *out = at.tv_sec;
    return at.tv_sec;
}

static void dawdle(void) {
    struct timespec pause;
    if (!trouble || !trouble->fsync_us) return;
    pause.tv_sec = trouble->fsync_us / 1000000;
    pause.tv_nsec = trouble->fsync_us % 1000000 * 1000;
    nanosleep(&pause, NULL);
}

int fsync(int fd) {
    dawdle();
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    dawdle();
    return REAL(fdatasync)(fd);
}

static int no_room(int fd) {
    char link[64], path[512];
    ssize_t n;
    if (!trouble || !trouble->full) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    if (!strstr(path, "bridge.db")) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    return no_room(fd) ? -1 : REAL(pwrite)(fd, data, count, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off_t offset) {
    return no_room(fd) ? -1 : REAL(pwrite)(fd, data, count, offset);
}
