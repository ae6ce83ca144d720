/* answer: an HTTP/1.1 server of fixed answers: a fake 1C, a fake exchange, or what C can do at most.
 *
 *   answer [--port N] --post FILE [--get FILE] [--media TYPE] [--status 200] [--delay-ms D]
 *          [--log FILE] [--find PREFIX] [--length N]
 *
 * Prints "port N" when it listens (127.0.0.1). Each request is answered D ms after its last byte came,
 * whatever others do; --get answers GET (else --post does). --log appends one line to FILE for each
 * request: CLOCK_MONOTONIC in ns when it had come, and PREFIX with what follows it in the request,
 * N characters in all ("-" where it is not found). May be stopped and started again; ended by SIGTERM
 * it has noted all that it answered. It keeps a connection and says so, as nginx does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns_t;
enum { ROOM = 1 << 17, WAITING_MAX = 1 << 16, LINES = 1 << 16 };

struct connection { int fd, waits, gone; size_t have; char buffer[ROOM]; };
struct reply { char *text; size_t length; };

static struct reply post_reply, get_reply;
static int poll_fd, timer, log_fd = -1;
static volatile sig_atomic_t ending;
static ns_t delay;
static const char *prefix = ""; static size_t prefix_length, found_length = 25;
static char lines[LINES]; static size_t lines_have;
/* whose answer is due when; the delay is the same for all, so the first to come is the first due */
static struct { struct connection *c; ns_t due; struct reply *reply; } waiting[WAITING_MAX];
static unsigned head, tail;

static ns_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) { fprintf(stderr, "answer: %s: %s\n", what, strerror(errno)); exit(2); }

static struct reply prepare(const char *path, const char *media, int status)
{
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    char *body = malloc(1 << 20);
    size_t n = fread(body, 1, 1 << 20, file);
    fclose(file);
    struct reply reply = {.text = malloc(n + 300)};
    reply.length = sprintf(reply.text,
                           "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: keep-alive\r\n\r\n",
                           status, status == 200 ? "OK" : "Other", media, n);
    memcpy(reply.text + reply.length, body, n);
    reply.length += n;
    free(body);
    return reply;
}

static void flush_lines(void)
{
    if (lines_have && log_fd >= 0 && write(log_fd, lines, lines_have) < 0) die("log");
    lines_have = 0;
}

static void note(const char *text, size_t length)
{
    if (log_fd < 0) return;
    if (lines_have + found_length + 40 > LINES) flush_lines();
    const char *found = prefix_length ? memmem(text, length, prefix, prefix_length) : NULL;
    size_t room = found ? text + length - found : 0;
    lines_have += sprintf(lines + lines_have, "%lld %.*s\n", (long long)now(),
                          found ? (int)(room < found_length ? room : found_length) : 1, found ? found : "-");
}

static void drop(struct connection *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    if (c->waits) c->gone = 1;             /* freed when its turn comes */
    else free(c);
}

/* The answer is small and the client waits for it: it fits the socket's buffer, or the client is broken. */
static int say(struct connection *c, struct reply *reply)
{
    return send(c->fd, reply->text, reply->length, MSG_NOSIGNAL) == (ssize_t)reply->length;
}

static size_t whole(struct connection *c)
{
    char *end = memmem(c->buffer, c->have, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head_length = end + 4 - c->buffer, body = 0;
    for (char *line = c->buffer; (line = memchr(line, '\n', end - line)) && ++line < end;) {
        if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
        if (!strncasecmp(line, "transfer-encoding: chunked", 26)) {
            char *last = memmem(end + 2, c->have - (end + 2 - c->buffer), "\r\n0\r\n\r\n", 7);
            return last ? (size_t)(last + 7 - c->buffer) : 0;
        }
        if (!strncasecmp(line, "expect: 100-continue", 20) && c->have == head_length)
            if (send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) < 0) return 0;
    }
    return c->have >= head_length + body ? head_length + body : 0;
}

/* 0 when the connection is over. */
static int serve(struct connection *c)
{
    size_t length;
    while (!c->waits && (length = whole(c))) {
        struct reply *reply = get_reply.text && !strncmp(c->buffer, "GET", 3) ? &get_reply : &post_reply;
        note(c->buffer, length);
        memmove(c->buffer, c->buffer + length, c->have - length);
        c->have -= length;
        if (!delay) { if (!say(c, reply)) return 0; continue; }
        waiting[tail % WAITING_MAX].c = c;
        waiting[tail % WAITING_MAX].due = now() + delay;
        waiting[tail++ % WAITING_MAX].reply = reply;
        c->waits = 1;
    }
    return 1;
}

static void pull(struct connection *c)
{
    ssize_t n = recv(c->fd, c->buffer + c->have, ROOM - c->have, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { drop(c); return; }
    c->have += n;
    if (!serve(c)) drop(c);
}

static void answer_due(void)
{
    while (head != tail && waiting[head % WAITING_MAX].due <= now()) {
        struct connection *c = waiting[head % WAITING_MAX].c;
        struct reply *reply = waiting[head++ % WAITING_MAX].reply;
        c->waits = 0;
        if (c->gone) { free(c); continue; }
        if (!say(c, reply) || !serve(c)) drop(c);
    }
    ns_t due = head != tail ? waiting[head % WAITING_MAX].due : 0;
    struct itimerspec when = {.it_value = {due / 1000000000, due % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void welcome(int listener)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = malloc(sizeof *c);
        c->fd = fd; c->waits = c->gone = 0; c->have = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e);
    }
}

static void on_term(int number) { ending = number; }

int main(int argc, char **argv)
{
    int port = 0, status = 200, one = 1;
    const char *post = NULL, *get = NULL, *media = "text/xml; charset=utf-8", *log_path = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--post")) post = value;
        else if (!strcmp(name, "--get")) get = value;
        else if (!strcmp(name, "--media")) media = value;
        else if (!strcmp(name, "--status")) status = atoi(value);
        else if (!strcmp(name, "--delay-ms")) delay = atof(value) * 1e6;
        else if (!strcmp(name, "--log")) log_path = value;
        else if (!strcmp(name, "--find")) prefix = value;
        else if (!strcmp(name, "--length")) found_length = atoi(value);
        else { fprintf(stderr, "answer: unknown option %s\n", name); return 2; }
    }
    if (!post || argc % 2 == 0 || found_length > 1000) {
        fprintf(stderr, "answer: see the head of answer.c\n");
        return 2;
    }
    prefix_length = strlen(prefix);
    post_reply = prepare(post, media, status);
    if (get) get_reply = prepare(get, media, status);
    if (log_path && (log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644)) < 0) die(log_path);
    signal(SIGPIPE, SIG_IGN);
    struct sigaction at_term = {.sa_handler = on_term};      /* no SA_RESTART: epoll_wait ends */
    sigaction(SIGTERM, &at_term, NULL);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (bind(listener, (struct sockaddr *)&address, sizeof address)) die("bind");
    if (listen(listener, 4096)) die("listen");
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    poll_fd = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &e);
    e.data.ptr = &timer;
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &e);
    while (!ending) {
        struct epoll_event events[256];
        int n = epoll_wait(poll_fd, events, 256, 500);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &listener) welcome(listener);
            else if (events[i].data.ptr == &timer) { uint64_t t; if (read(timer, &t, 8) < 0) t = 0; }
            else pull(events[i].data.ptr);
        }
        if (delay) answer_due();
        flush_lines();
    }
    return 0;
}
