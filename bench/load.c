/*
 * load: the load generator of bench/run. Some connections to one web server, one
 * request at a time on each, kept alive; every status is checked.
 *
 *   load --port N --work read|save|stale --path /articles/@ID@ [--connections 32]
 *        [--rows FIRST,COUNT] [--body FILE] [--base FILE] [--versions FILE] [--least BYTES]
 *        [--accept TYPE] [--method M] [--media TYPE] [--expect STATUS]
 *
 * Each line on standard input is a number of seconds: that long it sends, then it waits for what is
 * under way and prints one line of JSON. Between windows the connections stay open, and so does
 * what it knows of the rows: each connection owns its rows and sends back the version of its last
 * save. --body is the form, percent-encoded, and --base what its field _base holds, both with
 * @ID@ @VERSION@ @BEFORE@ (the stock as it was) @STOCK@ (as it will be) @TOKEN@ @FORM@ in them;
 * --versions has lines "ID STOCK VERSION". Ends with status 1 at the first answer that is not as it
 * should be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"

#include "base/banned.h"

#define VERSION_MAX 64
#define REQUEST_MAX ((size_t)64 * 1024)
#define BROKEN_MAX 5
#define TIMES_MAX ((size_t)4 * 1024 * 1024)

enum kind { KIND_READ, KIND_SAVE, KIND_STALE };

struct row {
    char version[VERSION_MAX];
    unsigned stock;
};

struct connection {
    int fd; /* -1: closed */
    bool busy;
    unsigned long number; /* which of all connections */
    unsigned long next;   /* counts the requests: chooses the row */
    unsigned long id;     /* of the row that was asked for */
    uint64_t sent;        /* nanoseconds */
    unsigned long done;   /* answers in this window */
    unsigned broken;      /* how often the server closed it instead of an answer, in a row */
    struct answer answer;
};

struct load {
    enum kind kind;
    int expected;
    unsigned port;
    unsigned long connection_count, first, row_count, least;
    const char *path, *body, *base;
    const char *method, *accept, *media; /* media: the type of the body */
    struct row *rows;
    struct connection *connections;
    int epoll;
    uint64_t *times; /* of the answers in this window, nanoseconds */
    size_t time_count;
    uint64_t deadline;
    unsigned long busy;
    unsigned seed;
    char *out; /* the request under way */
};

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static _Noreturn void stop(const char *what, const char *more)
{
    fprintf(stderr, "load: %s%s%s\n", what, more ? ": " : "", more ? more : "");
    exit(1);
}

static void *make(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        stop("out of memory", NULL);
    return memory;
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = make(1, REQUEST_MAX);
    if (!file)
        stop(path, strerror(errno));
    size_t len = fread(text, 1, REQUEST_MAX - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static struct row *row_of(struct load *load, unsigned long id)
{
    return &load->rows[id - load->first];
}

static void read_versions(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    char version[VERSION_MAX];
    unsigned long id;
    unsigned stock;
    if (!file)
        stop(path, strerror(errno));
    while (fscanf(file, "%lu %u %63s", &id, &stock, version) == 3) {
        if (id < load->first || id >= load->first + load->row_count)
            continue;
        struct row *row = row_of(load, id);
        row->stock = stock;
        memcpy(row->version, version, sizeof version);
    }
    fclose(file);
}

/* --- what is sent ------------------------------------------------------------------------------
 */

/* The values that the placeholders of one request stand for. */
struct values {
    char id[24], before[24], stock[24], token[40], form[72];
    const char *version;
};

static const char *value_of(const struct values *values, const char *name, size_t len)
{
    const struct {
        const char *name, *value;
    } known[] = {{"ID", values->id},       {"VERSION", values->version}, {"BEFORE", values->before},
                 {"STOCK", values->stock}, {"TOKEN", values->token},     {"FORM", values->form}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
            return known[i].value;
    return NULL;
}

/* Writes text with its placeholders filled in; the number of bytes. */
static size_t fill(char *into, size_t size, const char *text, const struct values *values)
{
    size_t len = 0;
    while (*text) {
        const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
        const char *value = end ? value_of(values, text + 1, (size_t)(end - text - 1)) : NULL;
        size_t part = value ? strlen(value) : 1;
        if (len + part >= size)
            stop("a request is too long", NULL);
        memcpy(into + len, value ? value : text, part);
        len += part;
        text = value ? end + 1 : text + 1;
    }
    into[len] = '\0';
    return len;
}

static void hash_part(EVP_MD_CTX *context, const char *text, size_t len)
{
    unsigned char prefix[8];
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix[i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    EVP_DigestUpdate(context, prefix, sizeof prefix);
    EVP_DigestUpdate(context, text, len);
}

/* The digest that the form carries, as the page would have computed it. */
static void sign(const struct load *load, struct values *values)
{
    char *base = load->out; /* not used yet */
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t len = fill(base, REQUEST_MAX, load->base, values);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    hash_part(context, "articles", 8);
    hash_part(context, values->id, strlen(values->id));
    hash_part(context, values->version, strlen(values->version));
    hash_part(context, base, len);
    EVP_DigestFinal_ex(context, hash, NULL);
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(values->form + 2 * i, 3, "%02x", hash[i]);
}

static unsigned draw(struct load *load)
{
    return (unsigned)rand_r(&load->seed);
}

/* The request for a row, in load->out; its length. */
static size_t write_request(struct load *load, unsigned long id)
{
    struct row *row = row_of(load, id);
    struct values values = {.version = row->version};
    char path[256], *body = load->out + REQUEST_MAX;
    size_t body_len = 0;
    unsigned before = load->kind == KIND_STALE ? row->stock + 1 : row->stock;
    (void)snprintf(values.id, sizeof values.id, "%lu", id);
    (void)snprintf(values.before, sizeof values.before, "%u", before);
    (void)snprintf(values.stock, sizeof values.stock, "%u", before + 1);
    (void)snprintf(values.token, sizeof values.token, "%08x%08x%08x%08x", draw(load), draw(load),
                   draw(load), draw(load));
    fill(path, sizeof path, load->path, &values);
    if (load->base)
        sign(load, &values);
    if (load->body)
        body_len = fill(body, REQUEST_MAX, load->body, &values);
    int head =
        snprintf(load->out, REQUEST_MAX, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: %s\r\n",
                 load->body ? load->method : "GET", path, load->port, load->accept);
    size_t len = (size_t)head;
    if (load->body)
        len +=
            (size_t)snprintf(load->out + len, REQUEST_MAX - len,
                             "Content-Type: %s\r\nContent-Length: %zu\r\n", load->media, body_len);
    memcpy(load->out + len, "\r\n", 2);
    len += 2;
    memmove(load->out + len, body, body_len);
    return len + body_len;
}

/* --- connections -------------------------------------------------------------------------------
 */

static void connect_to(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0)
        stop("connect", strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

static void hang_up(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

/* False when the server has closed the connection. */
static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t done = send(fd, bytes, len, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

/* Sends the request for connection->id, on a new connection where there is none. */
static void transmit(struct load *load, struct connection *connection)
{
    size_t len = write_request(load, connection->id);
    connection->answer.len = connection->answer.head = 0;
    connection->answer.bytes[0] = '\0';
    for (int tries = 0; tries < 3; tries++) {
        if (connection->fd < 0)
            connect_to(load, connection);
        if (send_all(connection->fd, load->out, len))
            return;
        hang_up(connection);
    }
    stop("send", strerror(errno));
}

static void send_next(struct load *load, struct connection *connection)
{
    unsigned long own = load->row_count / load->connection_count;
    unsigned long at = connection->next++ * 7919 % own; /* far apart, all in turn */
    connection->id = load->first + at * load->connection_count + connection->number;
    connection->sent = now();
    connection->busy = true;
    load->busy++;
    transmit(load, connection);
}

static void check(struct load *load, struct connection *connection)
{
    struct answer *answer = &connection->answer;
    struct row *row = row_of(load, connection->id);
    bool fine = answer->status == load->expected && answer->body_len >= load->least;
    if (fine && load->kind == KIND_SAVE) {
        fine = answer_field(answer, "PG409-Version", row->version, sizeof row->version);
        row->stock++;
    }
    if (!fine) {
        fprintf(stderr, "load: row %lu got %d\n", connection->id, answer->status);
        stop("not the answer that was expected", answer->bytes);
    }
}

static void take_answer(struct load *load, struct connection *connection)
{
    uint64_t end = now();
    check(load, connection);
    connection->busy = false;
    connection->answer.len = 0;
    load->busy--;
    if (load->time_count == TIMES_MAX)
        stop("the window is too long", NULL);
    load->times[load->time_count++] = end - connection->sent;
    if (connection->answer.closes)
        hang_up(connection);
    if (end >= load->deadline)
        return; /* late: its time counts, it does not count as done */
    connection->done++;
    send_next(load, connection);
}

static void receive(struct load *load, struct connection *connection)
{
    struct answer *answer = &connection->answer;
    ssize_t got = recv(connection->fd, answer->bytes + answer->len, ANSWER_MAX - answer->len, 0);
    if (got <= 0 && answer->len)
        stop("a connection broke off", answer->bytes);
    if (got <=
        0) { /* kept for as long as the server liked: Apache ends idle ones when it is busy */
        hang_up(connection);
        if (connection->busy && ++connection->broken > BROKEN_MAX)
            stop("no answer, again and again", NULL);
        if (connection->busy)
            transmit(load, connection);
        return;
    }
    connection->broken = 0;
    answer->len += (size_t)got;
    if (answer_whole(answer))
        take_answer(load, connection);
}

/* One round of the loop; wait in milliseconds. Returns whether anything came. */
static bool turn(struct load *load, int wait)
{
    struct epoll_event events[64];
    int count = epoll_wait(load->epoll, events, 64, wait);
    for (int i = 0; i < count; i++)
        receive(load, events[i].data.ptr);
    return count > 0;
}

/* --- windows -----------------------------------------------------------------------------------
 */

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static double quantile_ms(const struct load *load, double part)
{
    if (load->time_count == 0)
        return 0;
    size_t at = (size_t)(part * (double)(load->time_count - 1));
    return (double)load->times[at] / 1e6;
}

static void report(struct load *load, double seconds)
{
    unsigned long requests = 0;
    qsort(load->times, load->time_count, sizeof *load->times, by_size);
    printf("{\"seconds\": %.6f, \"p50\": %.3f, \"p99\": %.3f, \"longest\": %.3f, \"each\": [",
           seconds, quantile_ms(load, 0.50), quantile_ms(load, 0.99), quantile_ms(load, 1));
    for (unsigned long i = 0; i < load->connection_count; i++) {
        requests += load->connections[i].done;
        printf("%s%lu", i ? ", " : "", load->connections[i].done);
    }
    printf("], \"requests\": %lu, \"all\": %zu}\n", requests, load->time_count);
    fflush(stdout);
}

static void run_window(struct load *load, double seconds)
{
    while (turn(load, 0)) /* connections that the server closed meanwhile */
        continue;
    uint64_t start = now();
    load->time_count = 0;
    load->deadline = start + (uint64_t)(seconds * 1e9);
    for (unsigned long i = 0; i < load->connection_count; i++) {
        load->connections[i].done = 0;
        send_next(load, &load->connections[i]);
    }
    while (load->busy)
        if (!turn(load, 30000))
            stop("no answer for 30 seconds", NULL);
    report(load, seconds);
}

static unsigned long number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static void set_kind(struct load *load, const char *name)
{
    load->kind = strcmp(name, "read") == 0   ? KIND_READ
                 : strcmp(name, "save") == 0 ? KIND_SAVE
                                             : KIND_STALE;
    load->expected = load->kind == KIND_READ ? 200 : load->kind == KIND_SAVE ? 303 : 409;
}

/* Fills load from the command line; the file with the versions or NULL. */
static const char *read_options(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},   {"work", 1, NULL, 'w'},     {"path", 1, NULL, 'a'},
        {"rows", 1, NULL, 'r'},   {"body", 1, NULL, 'b'},     {"base", 1, NULL, 'f'},
        {"least", 1, NULL, 'l'},  {"versions", 1, NULL, 'v'}, {"connections", 1, NULL, 'c'},
        {"method", 1, NULL, 'm'}, {"accept", 1, NULL, 'A'},   {"media", 1, NULL, 'M'},
        {"expect", 1, NULL, 'e'}, {NULL, 0, NULL, 0}};
    const char *versions = NULL;
    char *rest;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'p':
            load->port = (unsigned)number(optarg);
            break;
        case 'w':
            set_kind(load, optarg);
            break;
        case 'a':
            load->path = optarg;
            break;
        case 'c':
            load->connection_count = number(optarg);
            break;
        case 'r':
            load->first = strtoul(optarg, &rest, 10);
            load->row_count = number(rest + 1);
            break;
        case 'b':
            load->body = file_text(optarg);
            break;
        case 'f':
            load->base = file_text(optarg);
            break;
        case 'l':
            load->least = number(optarg);
            break;
        case 'v':
            versions = optarg;
            break;
        case 'm':
            load->method = optarg;
            break;
        case 'A':
            load->accept = optarg;
            break;
        case 'M':
            load->media = optarg;
            break;
        case 'e':
            load->expected = (int)number(optarg);
            break;
        default:
            exit(2);
        }
    return versions;
}

int main(int argc, char **argv)
{
    struct load load = {.connection_count = 32,
                        .first = 1,
                        .row_count = 1000,
                        .seed = 409,
                        .method = "POST",
                        .accept = "text/html",
                        .media = "application/x-www-form-urlencoded"};
    char line[64];
    const char *versions = read_options(&load, argc, argv);
    if (!load.port || !load.path || load.connection_count == 0 ||
        load.row_count < load.connection_count)
        stop("--port, --path and more rows than connections are needed", NULL);
    load.rows = make(load.row_count, sizeof *load.rows);
    load.connections = make(load.connection_count, sizeof *load.connections);
    load.times = make(TIMES_MAX, sizeof *load.times);
    load.out = make(2, REQUEST_MAX);
    load.epoll = epoll_create1(0);
    load.seed =
        (unsigned)now() ^ (unsigned)getpid(); /* the same token twice would be the same form */
    if (versions)
        read_versions(&load, versions);
    for (unsigned long i = 0; i < load.connection_count; i++) {
        struct connection *connection = &load.connections[i];
        connection->number = i;
        connection->answer.bytes = make(1, ANSWER_MAX + 1);
        connect_to(&load, connection);
    }
    while (fgets(line, sizeof line, stdin))
        run_window(&load, strtod(line, NULL));
    return 0;
}
