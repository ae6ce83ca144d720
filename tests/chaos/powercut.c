/* A disk that forgets: LD_PRELOAD this into a program to be able to cut its power afterwards.
 *
 * Every change to a file under $POWERCUT_DIR is written down in $POWERCUT_LOG before it is made:
 * what was there, what will be there. fsync and fdatasync are written down when they begin and when
 * they have returned. After kill -9, powercut.py takes away what no finished fsync has promised.
 * Watched: pwrite, write, ftruncate, creation and unlink of files, fsync of files and directories.
 * Not watched: mmap (SQLite maps only -shm, which is no durable state) and rename (SQLite makes none).
 *
 * Every fsync takes $POWERCUT_FSYNC_US longer, as on a disk that turns: so most cuts come in the middle of one.
 * When every change has been promised, the log is begun anew, so it stays small.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
enum { NAME = 512, FILES = 64 };

/* One record; `path`, then `before`, then `after` follow it. powercut.py reads the same layout. */
struct __attribute__((packed)) record {
    char kind; /* W write, T truncate, B fsync begins, E fsync ended, C created, U unlinked */
    uint64_t inode, token, offset, size; /* size: of the file before; of the new size for T */
    uint32_t path_len, before_len, after_len;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static const char *watched_dir;
static uint64_t tokens;
static struct timespec slowness;
/* How many changes each file has seen, and how many of them are promised. A name is a change of its directory. */
static struct slot { uint64_t inode; uint64_t made, safe; } files[FILES], names;
static int overflow; /* more files than slots: from then on the log is kept for ever */

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWERCUT_LOG");
    const char *fsync_us = getenv("POWERCUT_FSYNC_US");
    watched_dir = getenv("POWERCUT_DIR");
    if (fsync_us) slowness.tv_nsec = atol(fsync_us) * 1000;
    if (log && watched_dir)
        journal = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched_path(const char *path) {
    size_t n;
    if (journal < 0 || !path) return 0;
    n = strlen(watched_dir);
    if (strncmp(path, watched_dir, n) != 0 || (path[n] != '/' && path[n] != 0)) return 0;
    return !strstr(path, "-shm") && !strstr(path, ".lock");
}

static int watched(int fd, char *path) {
    char link[64];
    ssize_t n;
    if (journal < 0 || fd == journal) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, NAME - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return watched_path(path);
}

static void note(char kind, const char *path, uint64_t inode, uint64_t token, uint64_t offset, uint64_t size,
                 const void *before, size_t before_len, const void *after, size_t after_len) {
    struct record head = {kind, inode, token, offset, size, (uint32_t)strlen(path), (uint32_t)before_len,
                          (uint32_t)after_len};
    struct iovec parts[4] = {{&head, sizeof head},
                             {(void *)path, head.path_len},
                             {(void *)before, before_len},
                             {(void *)after, after_len}};
    if (writev(journal, parts, 4) < 0) abort();
}

static struct slot *slot_of(uint64_t inode) {
    static struct slot nowhere;
    for (int i = 0; i < FILES; i++) {
        if (!files[i].inode) files[i].inode = inode;
        if (files[i].inode == inode) return &files[i];
    }
    overflow = 1;
    return &nowhere;
}

static void forget_if_all_is_promised(void) {
    if (overflow || names.made > names.safe) return;
    for (int i = 0; i < FILES; i++)
        if (files[i].made > files[i].safe) return;
    if (REAL(ftruncate)(journal, 0) != 0) abort();
}

static ssize_t change(int fd, const void *data, size_t count, off_t offset, int at_offset) {
    char path[NAME];
    struct stat before;
    ssize_t done, had;
    char *old;
    if (!count || !watched(fd, path))
        return at_offset ? REAL(pwrite)(fd, data, count, offset) : REAL(write)(fd, data, count);
    pthread_mutex_lock(&mutex);
    fstat(fd, &before);
    if (!at_offset) offset = (fcntl(fd, F_GETFL) & O_APPEND) ? before.st_size : lseek(fd, 0, SEEK_CUR);
    old = malloc(count);
    had = pread(fd, old, count, offset);
    note('W', path, before.st_ino, 0, offset, before.st_size, old, had > 0 ? had : 0, data, count);
    slot_of(before.st_ino)->made++;
    free(old);
    done = at_offset ? REAL(pwrite)(fd, data, count, offset) : REAL(write)(fd, data, count);
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) { return change(fd, data, count, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t count, off_t offset) { return change(fd, data, count, offset, 1); }
ssize_t write(int fd, const void *data, size_t count) { return change(fd, data, count, 0, 0); }

static int cut_short(int fd, off_t length) {
    char path[NAME];
    struct stat before;
    char *old = NULL;
    ssize_t had = 0;
    int done;
    if (!watched(fd, path)) return REAL(ftruncate)(fd, length);
    pthread_mutex_lock(&mutex);
    fstat(fd, &before);
    if (length < before.st_size) {
        old = malloc(before.st_size - length);
        had = pread(fd, old, before.st_size - length, length);
    }
    note('T', path, before.st_ino, 0, length, before.st_size, old, had > 0 ? had : 0, NULL, 0);
    slot_of(before.st_ino)->made++;
    free(old);
    done = REAL(ftruncate)(fd, length);
    pthread_mutex_unlock(&mutex);
    return done;
}

int ftruncate(int fd, off_t length) { return cut_short(fd, length); }
int ftruncate64(int fd, off_t length) { return cut_short(fd, length); }

static int promise(int fd, int (*sync)(int)) {
    char path[NAME];
    struct stat now;
    struct slot *slot;
    uint64_t token, made;
    int done;
    if (!watched(fd, path)) return sync(fd);
    pthread_mutex_lock(&mutex);
    fstat(fd, &now);
    slot = S_ISDIR(now.st_mode) ? &names : slot_of(now.st_ino);
    token = ++tokens;
    made = slot->made;
    note('B', path, now.st_ino, token, 0, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
    nanosleep(&slowness, NULL);
    done = sync(fd);
    pthread_mutex_lock(&mutex);
    if (done == 0) {
        note('E', path, now.st_ino, token, 0, 0, NULL, 0, NULL, 0);
        if (made > slot->safe) slot->safe = made;
        forget_if_all_is_promised();
    }
    pthread_mutex_unlock(&mutex);
    return done;
}

int fsync(int fd) { return promise(fd, REAL(fsync)); }
int fdatasync(int fd) { return promise(fd, REAL(fdatasync)); }

static int opened(const char *path, int flags, mode_t mode) {
    struct stat found;
    int fd, is_new;
    if (!(flags & O_CREAT) || !watched_path(path)) return REAL(open)(path, flags, mode);
    pthread_mutex_lock(&mutex);
    is_new = stat(path, &found) != 0;
    fd = REAL(open)(path, flags, mode);
    if (fd >= 0 && is_new && fstat(fd, &found) == 0) {
        note('C', path, found.st_ino, 0, 0, 0, NULL, 0, NULL, 0);
        names.made++;
    }
    pthread_mutex_unlock(&mutex);
    return fd;
}

static mode_t mode_of(int flags, va_list more) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; }

#define OPEN(name)                                    \
    int name(const char *path, int flags, ...) {      \
        va_list more;                                 \
        va_start(more, flags);                        \
        mode_t mode = mode_of(flags, more);           \
        va_end(more);                                 \
        return opened(path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)

/* The unlinked file stays beside the log under its inode's number: its name may have to come back. */
int unlink(const char *path) {
    char kept[NAME + 32];
    struct stat found;
    int done;
    if (!watched_path(path) || stat(path, &found) != 0) return REAL(unlink)(path);
    pthread_mutex_lock(&mutex);
    snprintf(kept, sizeof kept, "%s.%llu", getenv("POWERCUT_LOG"), (unsigned long long)found.st_ino);
    if (link(path, kept) != 0 && errno != EEXIST) abort();
    note('U', path, found.st_ino, 0, 0, 0, NULL, 0, NULL, 0);
    names.made++;
    done = REAL(unlink)(path);
    pthread_mutex_unlock(&mutex);
    return done;
}
