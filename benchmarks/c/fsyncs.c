/* fsyncs: how often the disk under FILE makes an appended block durable, one after another, as JSON.
 *
 *   fsyncs FILE SECONDS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, FILE_MAX = 4 << 20 };   /* written in a circle, as a write-ahead log is */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 3) { fprintf(stderr, "fsyncs FILE SECONDS\n"); return 2; }
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) { perror(argv[1]); return 2; }
    static char block[BLOCK];
    size_t count = 0, room = 1 << 20;
    float *took = malloc(room * sizeof *took);
    double began = now(), seconds = atof(argv[2]), before, after = began;
    for (off_t at = 0; after - began < seconds && count < room; at = (at + BLOCK) % FILE_MAX) {
        before = now();
        block[count % BLOCK]++;
        if (pwrite(fd, block, BLOCK, at) != BLOCK || fdatasync(fd)) { perror("fsyncs"); return 2; }
        after = now();
        took[count++] = (after - before) * 1e3;
    }
    qsort(took, count, sizeof *took, by_size);
    printf("{\"per_s\": %.1f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", count / (after - began),
           took[count / 2], took[count * 99 / 100], took[count - 1]);
    close(fd);
    unlink(argv[1]);
    return 0;
}
