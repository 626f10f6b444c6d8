/*
 * pg409.fcgi: FastCGI or plain CGI, whichever the web server starts it as.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "gateway/cgi.h"
#include "gateway/fastcgi.h"
#include "page/refuse.h"
#include "web/app.h"

#include "base/banned.h"

/* Longer than any idle_timeout check has to wait: how often an idle process looks around. */
#define LOOK_AROUND 10000u

static void serve_cgi(struct app *app)
{
    struct cgi cgi;
    signal(SIGPIPE, SIG_IGN);
    cgi_init(&cgi);
    app_serve(app, &cgi.gateway);
    cgi_finish(&cgi);
}

static int serve_fastcgi(struct app *app)
{
    struct fastcgi *fastcgi = fastcgi_new();
    enum fastcgi_event event = FASTCGI_IDLE;
    if (!fastcgi)
        return 1;
    while (event != FASTCGI_STOP) {
        event = fastcgi_next(fastcgi, LOOK_AROUND);
        if (event == FASTCGI_REQUEST) {
            app_serve(app, fastcgi_gateway(fastcgi));
            fastcgi_finish(fastcgi);
        } else if (event == FASTCGI_IDLE) {
            app_idle(app);
        }
    }
    fastcgi_free(fastcgi);
    return 0;
}

static int print(void (*write_text)(struct buf *buf))
{
    struct arena arena;
    struct buf buf;
    arena_init(&arena);
    buf_init(&buf, &arena, (size_t)1 << 20);
    write_text(&buf);
    int status = fwrite(buf_slice(&buf).ptr, 1, buf.len, stdout) == buf.len ? 0 : 1;
    arena_release(&arena);
    return status;
}

/* What a person at a shell asked for; the process's exit status. */
static int answer_shell(const char *option)
{
    if (strcmp(option, "--help") == 0)
        return print(settings_help);
    if (strcmp(option, "--sample") == 0)
        return print(settings_sample);
    if (strcmp(option, "--version") == 0)
        return puts("pg409 " PG409_VERSION) < 0;
    (void)fputs("pg409.fcgi is started by a web server. Options: --help, --sample, --version\n",
                stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct app app;
    bool kept = fastcgi_wanted();
    int status = 0;
    /* plain CGI gets a query without '=' as arguments (RFC 3875, section 4.4): those are no options
     */
    if (!getenv("REQUEST_METHOD") && (argc > 1 || !kept))
        return answer_shell(argc > 1 ? argv[1] : "");
    pg_environment();
    app_init(&app, routes, refuse, kept);
    if (kept)
        status = serve_fastcgi(&app);
    else
        serve_cgi(&app);
    app_release(&app);
    return status;
}
