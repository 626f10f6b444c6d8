#include "cli/transport.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

#define CONNECT_TIMEOUT 10000
#define TIMEOUT 60000
#define MAX_BODY ((size_t)64 << 20)
#define MAX_HEAD ((size_t)256 << 10)
#define MOST_REDIRECTS 10L

struct transport {
    CURL *curl;
    const struct transport_options *options;
    char error[CURL_ERROR_SIZE];
};

/* What the callbacks of one exchange share. */
struct flow {
    struct transport *transport;
    struct exchange *exchange;
    struct buf head;
    struct buf body;
    bool stopped;
};

struct transport *transport_new(const struct transport_options *options)
{
    struct transport *transport = calloc(1, sizeof *transport);
    if (!transport)
        abort();
    transport->options = options;
    transport->curl = curl_easy_init();
    if (transport->curl)
        return transport;
    free(transport);
    return NULL;
}

void transport_free(struct transport *transport)
{
    if (!transport)
        return;
    curl_easy_cleanup(transport->curl);
    free(transport);
}

static size_t take_head(char *ptr, size_t size, size_t count, void *ctx)
{
    struct flow *flow = ctx;
    size_t len = size * count;
    if (len > 5 && memcmp(ptr, "HTTP/", 5) == 0)
        buf_clear(&flow->head); /* of an interim answer or a redirect */
    else
        buf_add(&flow->head, ptr, len);
    return len;
}

static size_t take_body(char *ptr, size_t size, size_t count, void *ctx)
{
    struct flow *flow = ctx;
    struct exchange *exchange = flow->exchange;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(flow->transport->curl, CURLINFO_RESPONSE_CODE, &status);
    if (exchange->sink && status / 100 == 2) {
        flow->stopped = !exchange->sink(exchange->ctx, ptr, len);
        return flow->stopped ? 0 : len;
    }
    buf_add(&flow->body, ptr, len);
    return buf_ok(&flow->body) ? len : 0;
}

static int go_on(void *ctx, curl_off_t down, curl_off_t there, curl_off_t up, curl_off_t gone)
{
    const struct exchange *exchange = ctx;
    (void)down;
    (void)there;
    (void)up;
    (void)gone;
    return exchange->stop() ? 1 : 0;
}

static void set_common(CURL *curl, const struct transport_options *options)
{
    long quiet = (long)(options->timeout ? options->timeout : TIMEOUT) / 1000;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT,
                     options->agent ? options->agent : "pg409/" PG409_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     options->connect_timeout ? (long)options->connect_timeout : CONNECT_TIMEOUT);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, quiet > 0 ? quiet : 1L);
    if (options->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERPWD, options->user);
    } else {
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        if (options->netrc)
            curl_easy_setopt(curl, CURLOPT_NETRC_FILE, options->netrc);
    }
    if (options->cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, options->cacert);
    if (options->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (options->cookies)
        curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
    if (options->compressed)
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
}

static void set_request(CURL *curl, const struct exchange *exchange)
{
    const char *method = exchange->method ? exchange->method : "GET";
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    curl_easy_setopt(curl, CURLOPT_URL, exchange->url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)exchange->total);
    if (exchange->body.ptr || (!reads && strcmp(method, "DELETE") != 0)) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body.ptr ? exchange->body.ptr : "");
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, exchange->follow && reads ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MOST_REDIRECTS);
    if (exchange->stop) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
    }
}

/* The headers as libcurl wants them. Expect is left out: it would cost a wait at servers that do
 * not know it. */
static struct curl_slist *header_list(const struct exchange *exchange)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (const char *const *line = exchange->headers; line && *line && list; line++) {
        struct curl_slist *longer = curl_slist_append(list, *line);
        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    if (!list)
        abort();
    return list;
}

static enum fault fault_of(CURLcode code, const struct flow *flow)
{
    curl_off_t sent = 0;
    curl_easy_getinfo(flow->transport->curl, CURLINFO_PRETRANSFER_TIME_T, &sent);
    switch (code) {
    case CURLE_OK:
        return FAULT_NONE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* also an answer that is none of HTTP */
        return sent > 0 ? FAULT_LOST : FAULT_URL;
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS:
        return FAULT_URL;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return FAULT_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return FAULT_TLS;
    case CURLE_WRITE_ERROR:
        return flow->stopped ? FAULT_STOPPED : FAULT_TOO_LARGE;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_OPERATION_TIMEDOUT:
        return sent > 0 ? FAULT_LOST : FAULT_CONNECT;
    default:
        return FAULT_LOST;
    }
}

static void note_result(struct flow *flow, struct arena *arena, CURLcode code)
{
    struct exchange *exchange = flow->exchange;
    CURL *curl = flow->transport->curl;
    const char *words = flow->transport->error;
    const char *effective = NULL;
    curl_off_t micros = 0;
    long status = 0;
    exchange->fault = fault_of(code, flow);
    if (exchange->fault != FAULT_NONE)
        exchange->trouble = str_cstr(arena, str_from(*words ? words : curl_easy_strerror(code)));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &micros);
    curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &effective);
    exchange->status = (int)status;
    exchange->micros = (uint64_t)micros;
    exchange->effective = str_cstr(arena, str_from(effective));
    exchange->head = buf_slice(&flow->head);
    exchange->answer = flow->body.len ? buf_slice(&flow->body) : STR("");
}

void transport_run(struct transport *transport, struct arena *arena, struct exchange *exchange)
{
    struct flow flow = {.transport = transport, .exchange = exchange};
    CURL *curl = transport->curl;
    buf_init(&flow.head, arena, MAX_HEAD);
    buf_init(&flow.body, arena, exchange->max_body ? exchange->max_body : MAX_BODY);
    curl_easy_reset(curl); /* keeps connections and cookies */
    *transport->error = '\0';
    set_common(curl, transport->options);
    set_request(curl, exchange);
    struct curl_slist *headers = header_list(exchange);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transport->error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &flow);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &flow);
    note_result(&flow, arena, curl_easy_perform(curl));
    curl_slist_free_all(headers);
}

struct str exchange_header(const struct exchange *exchange, const char *name)
{
    struct str rest = exchange->head;
    while (rest.len) {
        struct str value;
        struct str line = str_trim(str_cut(rest, '\n', &rest));
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        struct str found = str_cut(line, ':', &value);
        if (value.ptr && str_ieq(found, str_from(name)))
            return str_trim(value);
    }
    return STR_NONE;
}

const char *transport_resolve(struct arena *arena, const char *base, struct str reference)
{
    CURLU *url = curl_url();
    char *text = NULL;
    const char *result = NULL;
    if (url && curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, str_cstr(arena, reference), 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
        result = str_cstr(arena, str_from(text));
    curl_free(text);
    curl_url_cleanup(url);
    return result;
}
