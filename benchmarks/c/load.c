/* load: one HTTP/1.1 request, sent again and again over N kept connections; what came back, as JSON.
 *
 *   load --port P --request FILE --connections N (--seconds S | --count K)
 *        [--rate R] [--first N] [--expect TEXT] [--timeout S] [--log FILE] [--fresh 1]
 *
 * FILE holds the request: request line, headers, an empty line, the body (line ends LF or CRLF; the
 * length is added here). In it @TOKEN@ becomes 't', 16 hex digits of CLOCK_MONOTONIC in ns and 8 hex
 * digits of the sequence number; @NUMBER@ becomes the last 7 decimal digits of the sequence number.
 * With several --request they take turns: number s is of file s % K, and @CALL@ becomes s / K in 7 digits.
 *
 * Without --rate each connection asks again as soon as it is answered (closed loop). With --rate the
 * requests have intended moments, R a second; latency and the token's time count from there, so that a
 * server that stalls is charged for everybody who had to wait (no coordinated omission).
 * --fresh 1: each request has a connection of its own, made at its moment, at most N of them at once.
 * A request is never repeated. An answer is right when its status is 200 and its body holds TEXT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns_t;
enum { MAX_KINDS = 16, MAX_PLACES = 8, ANSWER_MAX = 1 << 20, TOKEN = 25, NUMBER = 7 };
enum { UNTIL_CLOSE = -1, CHUNKED = -2, UNKNOWN = -3 };

struct place { size_t at; char what; };      /* of 'T'OKEN, 'N'UMBER, 'C'ALL */
struct kind { char *text; size_t length; struct place places[MAX_PLACES]; int place_count; };
struct connection {
    int fd, busy, connecting;
    ns_t began, retry_at;        /* began: of the request under way; retry_at: when to connect again */
    long long sequence;
    size_t length, sent, have;
    char *request, *answer;
};

static struct kind kinds[MAX_KINDS]; static int kind_count; static size_t longest;
static struct connection *connections; static int connection_count, fresh;
static struct sockaddr_in address;
static int poll_fd;
static const char *expected = ""; static FILE *journal;
static double rate = 0; static ns_t start, finish; static long long limit = 0, issued = 0, first = 0;
static ns_t timeout_ns = 10000000000LL;
static uint32_t *took; static size_t took_count, took_room;   /* in 100 ns */
static long long answered, right, wrong, broken, refused, timeouts, reconnects, late, statuses[1000];

static ns_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) { fprintf(stderr, "load: %s: %s\n", what, strerror(errno)); exit(2); }

/* --- the request ----------------------------------------------------------------------------------- */
/* What stands at `text` to be replaced, and how long the word for it is; 0 for nothing. */
static char place_at(const char *text, size_t *word)
{
    static const char *const words[] = {"@TOKEN@", "@NUMBER@", "@CALL@"};
    for (int i = 0; i < 3; i++)
        if (!strncmp(text, words[i], *word = strlen(words[i]))) return words[i][1];
    return 0;
}

static void read_request(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    static char raw[1 << 17];
    size_t n = fread(raw, 1, sizeof raw - 1, file);
    fclose(file);
    raw[n] = 0;
    char *body = strstr(raw, "\r\n\r\n"); size_t gap = 4;
    if (!body) { body = strstr(raw, "\n\n"); gap = 2; }
    if (!body) { body = raw + n; gap = 0; }
    char *text = malloc(2 * n + 200); size_t out = 0;
    for (char *c = raw; c < body; c++) {
        if (*c == '\r') continue;
        if (*c == '\n') text[out++] = '\r';
        text[out++] = *c;
    }
    body += gap;
    size_t body_length = raw + n - body, filled = body_length;
    for (char *c = body; (c = strchr(c, '@')); c++) {
        size_t word;
        if (place_at(c, &word)) filled += (*(c + 1) == 'T' ? TOKEN : NUMBER) - word;
    }
    if (body_length || !strncmp(raw, "POST", 4))
        out += sprintf(text + out, "\r\nContent-Length: %zu", filled);
    out += sprintf(text + out, "\r\n\r\n");
    memcpy(text + out, body, body_length);
    out += body_length;
    text[out] = 0;
    struct kind *kind = &kinds[kind_count++];
    kind->text = malloc(out + MAX_PLACES * TOKEN + 1);
    for (size_t i = 0, word; i < out;) {
        char what = place_at(text + i, &word);
        if (!what) { kind->text[kind->length++] = text[i++]; continue; }
        if (kind->place_count == MAX_PLACES) { fprintf(stderr, "load: too many places\n"); exit(2); }
        kind->places[kind->place_count++] = (struct place){kind->length, what};
        kind->length += what == 'T' ? TOKEN : NUMBER;
        i += word;
    }
    if (kind->length > longest) longest = kind->length;
    free(text);
}

static void fill(struct connection *c)
{
    char text[32];
    const struct kind *kind = &kinds[c->sequence % kind_count];
    memcpy(c->request, kind->text, c->length = kind->length);
    for (int i = 0; i < kind->place_count; i++) {
        const struct place *place = &kind->places[i];
        if (place->what == 'T') {
            snprintf(text, sizeof text, "t%016llx%08llx", (unsigned long long)c->began,
                     (unsigned long long)c->sequence & 0xffffffffULL);
            memcpy(c->request + place->at, text, TOKEN);
        } else {
            long long number = place->what == 'C' ? c->sequence / kind_count : c->sequence;
            snprintf(text, sizeof text, "%07lld", number % 10000000);
            memcpy(c->request + place->at, text, NUMBER);
        }
    }
}

/* --- one connection -------------------------------------------------------------------------------- */
static void watch(struct connection *c, uint32_t events, int operation)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(poll_fd, operation, c->fd, &e);
}

static void hang_up(struct connection *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1; c->busy = c->connecting = 0; c->have = 0;
}

static void note(struct connection *c, int status)
{
    if (journal)
        fprintf(journal, "%lld %lld %lld %d\n", c->sequence, (long long)c->began, (long long)now(), status);
}

/* Nobody listens; the request that this connection was for is over. */
static void refuse(struct connection *c)
{
    if (c->busy) { refused++; note(c, 0); }
    hang_up(c);
    c->retry_at = now() + 10000000;
}

static void dial(struct connection *c)
{
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
        refuse(c);
        return;
    }
    c->connecting = 1;
    watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

static void lose(struct connection *c, long long *why)
{
    if (c->busy) { (*why)++; note(c, 0); }
    hang_up(c);
    reconnects++;
    c->retry_at = now() + 1000000;
}

static void push(struct connection *c)
{
    while (c->sent < c->length) {
        ssize_t n = send(c->fd, c->request + c->sent, c->length - c->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) { watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD); return; }
            lose(c, &broken);
            return;
        }
        c->sent += n;
    }
}

static void ask(struct connection *c, ns_t began)
{
    c->sequence = first + issued++;
    c->began = began;
    c->busy = 1; c->sent = 0; c->have = 0;
    fill(c);
    if (fresh) dial(c);
    else push(c);
}

static int more_to_ask(ns_t at) { return limit ? issued < limit : at < finish; }

/* When the next request is to be sent: 0 at once (closed loop). */
static ns_t intended(void) { return rate > 0 ? start + (ns_t)(issued * 1e9 / rate) : 0; }

static void ask_if_due(struct connection *c)
{
    if ((c->fd < 0) != fresh || c->busy || c->connecting || !start) return;
    ns_t at = now(), due = intended();
    if (!more_to_ask(due ? due : at) || due > at) return;
    if (due && at - due > 1000000) late++;
    ask(c, due ? due : at);
}

/* --- the answer ------------------------------------------------------------------------------------ */
static long long length_of(const char *head, size_t head_length)
{
    const char *end = head + head_length;
    for (const char *line = memchr(head, '\n', head_length); line && ++line < end;
         line = memchr(line, '\n', end - line)) {
        if (!strncasecmp(line, "content-length:", 15)) return atoll(line + 15);
        if (!strncasecmp(line, "transfer-encoding:", 18)) return CHUNKED;
    }
    return UNTIL_CLOSE;
}

/* Joins the chunks in place; the length of the body, or UNKNOWN while the last chunk has not come. */
static long long unchunk(char *body, size_t have, size_t *used)
{
    size_t in = 0, out = 0;
    for (int pass = 0; pass < 2; pass++) {       /* first see that all is here, then move */
        for (in = out = 0;;) {
            char *line = memmem(body + in, have - in, "\r\n", 2);
            if (!line) return UNKNOWN;
            size_t size = strtoul(body + in, NULL, 16);
            in = line + 2 - body;
            if (in + size + 2 > have) return UNKNOWN;
            if (pass) memmove(body + out, body + in, size);
            in += size + 2;
            out += size;
            if (!size) break;
        }
    }
    *used = in;
    return out;
}

static void take(struct connection *c, int status, char *body, size_t length)
{
    ns_t lasted = now() - c->began;
    if (took_count == took_room) took = realloc(took, (took_room = took_room ? 2 * took_room : 65536) * 4);
    took[took_count++] = lasted / 100 > UINT32_MAX ? UINT32_MAX : lasted / 100;
    answered++;
    statuses[status > 0 && status < 1000 ? status : 0]++;
    if (status == 200) {
        if (!*expected || memmem(body, length, expected, strlen(expected))) right++;
        else wrong++;
    }
    note(c, status);
    c->busy = 0;
    c->have = 0;
}

/* Reads what came; `closed`: nothing more will. */
static void understand(struct connection *c, int closed)
{
    c->answer[c->have] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) { if (closed) lose(c, &broken); return; }
    size_t head = end + 4 - c->answer, body = c->have - head, used = 0;
    int status = atoi(c->answer + 9);
    *end = 0;
    long long length = status == 204 || status == 304 ? 0 : length_of(c->answer, end - c->answer);
    int closing = strcasestr(c->answer, "\r\nconnection: close") != NULL;
    *end = '\r';
    if (length == CHUNKED) length = unchunk(end + 4, body, &used);
    else if (length == UNTIL_CLOSE) length = closed ? (long long)body : UNKNOWN;
    else if ((size_t)length > body) length = UNKNOWN;
    if (length == UNKNOWN) { if (closed) lose(c, &broken); return; }
    take(c, status, end + 4, length);
    if (fresh) hang_up(c);
    else if (closing || closed) { hang_up(c); reconnects++; dial(c); }
    ask_if_due(c);
}

static void pull(struct connection *c)
{
    for (;;) {
        ssize_t n = recv(c->fd, c->answer + c->have, ANSWER_MAX - c->have - 1, 0);
        if (n > 0) {
            if (!c->busy) { lose(c, &broken); return; }      /* nobody asked */
            c->have += n;
            int fd = c->fd;
            understand(c, 0);
            if (c->fd != fd || !c->busy || c->have == 0) return;
            continue;
        }
        if (n < 0 && errno == EAGAIN) return;
        if (n == 0 && c->busy && c->have) understand(c, 1);
        else lose(c, &broken);
        return;
    }
}

static void happen(struct connection *c, uint32_t events)
{
    if (c->connecting) {
        int error = 0; socklen_t size = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error || (events & (EPOLLERR | EPOLLHUP))) { refuse(c); return; }
        c->connecting = 0;
        watch(c, EPOLLIN, EPOLL_CTL_MOD);
        if (c->busy) push(c);
        else ask_if_due(c);
        return;
    }
    if ((events & EPOLLOUT) && c->busy) {
        push(c);
        if (c->fd >= 0 && c->sent == c->length) watch(c, EPOLLIN, EPOLL_CTL_MOD);
    }
    if (c->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) pull(c);
}

/* --- the whole ------------------------------------------------------------------------------------- */
/* Lost connections are made anew; a request that finds nobody to connect to at its moment is refused. */
static void look_after(ns_t at)
{
    for (int i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        if (c->busy && at - c->began > timeout_ns) lose(c, &timeouts);
        if (c->fd < 0 && at >= c->retry_at && !fresh) dial(c);
        ask_if_due(c);
    }
    int connected = fresh;
    for (int i = 0; i < connection_count; i++) connected += connections[i].fd >= 0 && !connections[i].connecting;
    while (start && rate > 0 && !connected && more_to_ask(intended()) && intended() <= at) {
        struct connection nobody = {.sequence = first + issued, .began = intended()};
        issued++;
        refused++;
        note(&nobody, 0);
    }
}

static int any(int connected)
{
    int count = 0;
    for (int i = 0; i < connection_count; i++)
        count += connected ? connections[i].fd >= 0 && !connections[i].connecting : connections[i].busy;
    return count;
}

static void turn(int timer, ns_t *looked)
{
    struct epoll_event events[256];
    ns_t due = start && rate > 0 && more_to_ask(intended()) ? intended() : now() + 5000000;
    struct itimerspec when = {.it_value = {due / 1000000000, due % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
    int n = epoll_wait(poll_fd, events, 256, 5);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr) happen(events[i].data.ptr, events[i].events);
        else { uint64_t ticks; if (read(timer, &ticks, 8) < 0) ticks = 0; }
    }
    ns_t at = now();
    if ((rate > 0 && start && intended() <= at) || at - *looked > 2000000) { look_after(at); *looked = at; }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double quantile(double share)
{
    if (!took_count) return 0;
    size_t at = (size_t)(share * took_count);
    return took[at < took_count ? at : took_count - 1] / 1e4;
}

static void report(double seconds)
{
    double sum = 0;
    qsort(took, took_count, 4, by_size);
    for (size_t i = 0; i < took_count; i++) sum += took[i] / 1e4;
    printf("{\"sent\": %lld, \"answered\": %lld, \"ok\": %lld, \"wrong\": %lld, ", issued, answered, right, wrong);
    printf("\"broken\": %lld, \"refused\": %lld, \"timeouts\": %lld, ", broken, refused, timeouts);
    printf("\"reconnects\": %lld, \"late\": %lld, \"statuses\": {", reconnects, late);
    const char *comma = "";
    for (int i = 0; i < 1000; i++)
        if (statuses[i]) { printf("%s\"%d\": %lld", comma, i, statuses[i]); comma = ", "; }
    printf("}, \"seconds\": %.4f, \"rate\": %.2f, ", seconds, seconds > 0 ? answered / seconds : 0);
    printf("\"mean_ms\": %.4f, \"p50_ms\": %.4f, ", took_count ? sum / took_count : 0, quantile(.5));
    printf("\"p90_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", quantile(.9), quantile(.99), quantile(1));
}

int main(int argc, char **argv)
{
    double seconds = 0; int port = 0; const char *log_path = NULL;
    connection_count = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--request") && kind_count < MAX_KINDS) read_request(value);
        else if (!strcmp(name, "--fresh")) fresh = atoi(value) != 0;
        else if (!strcmp(name, "--connections")) connection_count = atoi(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--count")) limit = atoll(value);
        else if (!strcmp(name, "--rate")) rate = atof(value);
        else if (!strcmp(name, "--first")) first = atoll(value);
        else if (!strcmp(name, "--expect")) expected = value;
        else if (!strcmp(name, "--timeout")) timeout_ns = atof(value) * 1e9;
        else if (!strcmp(name, "--log")) log_path = value;
        else { fprintf(stderr, "load: unknown option %s\n", name); return 2; }
    }
    if (!port || !kind_count || argc % 2 == 0 || (seconds <= 0) == (limit <= 0)) {
        fprintf(stderr, "load: see the head of load.c\n");
        return 2;
    }
    if (log_path && !(journal = fopen(log_path, "w"))) die(log_path);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    poll_fd = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &e);
    connections = calloc(connection_count, sizeof *connections);
    for (int i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        c->request = malloc(longest);
        c->answer = malloc(ANSWER_MAX);
        c->fd = -1;
        if (!fresh) dial(c);
    }
    ns_t looked = 0, give_up = now() + 2000000000LL;
    while (!fresh && any(1) < connection_count && now() < give_up) turn(timer, &looked);
    if (!fresh && !any(1)) { fprintf(stderr, "load: nobody listens at port %d\n", port); return 3; }
    ns_t began = now();
    finish = began + (ns_t)(seconds * 1e9);
    start = began;
    for (int i = 0; i < connection_count; i++) ask_if_due(&connections[i]);
    while (more_to_ask(rate > 0 ? intended() : now()) || any(0)) turn(timer, &looked);
    report((now() - began) / 1e9);
    if (journal) fclose(journal);
    return 0;
}
