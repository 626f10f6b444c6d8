/*
 * What the parts of pg409 probe share. Two editors, A and B, each with a session of their own, read
 * and write one text. All memory is of one arena, which lives as long as the command.
 */
#ifndef PG409_CLI_PROBE_CORE_H
#define PG409_CLI_PROBE_CORE_H

#include "cli/transport.h"
#include "wire/html_forms.h"
#include "wire/json.h"

#define PROBE_HEADERS_MAX 16
#define PROBE_VERSIONS_MAX 12
#define PROBE_FINDINGS_MAX 24
#define PROBE_PARKED_MAX 8

struct probe_options {
    const char *url;  /* what is read */
    const char *put;  /* what is written, of JSON; NULL: the same */
    const char *data; /* the body to write, with {value} and {version}; NULL: as it was read */
    const char *type; /* its Content-Type; NULL: what fits */
    const char *method;
    const char *field, *form, *button;
    const char *login, *login_data, *cookie;
    const char *headers[PROBE_HEADERS_MAX];
    size_t header_count;
    bool api; /* asks for JSON */
    bool yes, json, no_path, one_session, path_only;
    uint64_t body; /* the largest body to try, bytes */
    struct transport_options transport[2];
};

enum probe_kind { PROBE_NEITHER, PROBE_FORM, PROBE_JSON };

/* What an editor has before them. */
struct probe_state {
    enum probe_kind kind;
    int status;
    const char *url; /* that answered */
    struct str etag, type, body, date;
    const struct html_form *form; /* of PROBE_FORM */
    struct json_value root;       /* of PROBE_JSON */
    const char *why;              /* why it is neither; a sentence's end */
};

/* What an editor does: one field gets another text. */
struct probe_change {
    struct str field, value;
    bool without_version; /* leaves out what tells the version */
    const char *if_match; /* instead of the ETag that was read; NULL: that one */
    bool cancel;          /* presses the button that gives up instead of the one that saves */
};

/* What came of a write. After a redirect, page is what was found there; else it is the answer
 * itself. */
struct probe_answer {
    enum fault fault;
    const char *trouble;
    const char *method;
    bool late; /* none came in time: it may still be at work */
    int status;
    struct str type, location, body;
    int page_status;
    const char *page_url;
    struct str page;
};

/* Which ETag goes into If-Match: as it was read, without what servers added, none. */
enum probe_tag { PROBE_TAG_READ, PROBE_TAG_BARE, PROBE_TAG_NONE };

enum probe_verdict { PROBE_UNKNOWN, PROBE_SAFE, PROBE_LOSES, PROBE_LOSES_TEXT };

struct probe_finding {
    const char *name; /* of the cure, see probe_cures.c */
    struct str text;
};

struct probe {
    const struct probe_options *options;
    struct arena *arena;
    struct transport *editors[2];
    /* How this resource is written; found out with the first write. */
    enum probe_kind kind;
    const char *method, *type; /* of JSON */
    bool override;             /* POST, with the method in a header */
    enum probe_tag tag;
    unsigned fresh; /* above 0: the next number to put into an address, so that no cache knows it */
    struct str field, original;
    struct str other, other_original; /* a second text; STR_NONE: there is none */
    /* What looks like the version: names of hidden fields or members; "ETag" among them. */
    struct str versions[PROBE_VERSIONS_MAX];
    size_t version_count;
    struct str unsteady[PROBE_VERSIONS_MAX]; /* fields that differ each time it is read */
    size_t unsteady_count;
    bool ascii;      /* forms are not taken in UTF-8: only letters of ASCII are written */
    bool once;       /* to open the form again spoils the one that is open: B does not */
    bool locked;     /* the application lets one editor in at a time */
    unsigned marks;  /* how many were made */
    uint32_t number; /* of this run, in each of them */
    bool written;    /* something may have to be put back */
    /* Where pg409 keeps what was refused. */
    const char *parked[PROBE_PARKED_MAX];
    size_t parked_count;
    enum probe_verdict verdict;
    struct str words;    /* the verdict in a sentence */
    struct str steps[8]; /* what was found out on the way, a sentence each */
    size_t step_count;
    struct probe_finding findings[PROBE_FINDINGS_MAX];
    size_t finding_count;
    struct str restored; /* a sentence; STR_NONE: nothing was written */
    bool not_restored;
};

/* --- probe_editor.c
 * ------------------------------------------------------------------------------- */

/* Two sessions, logged in where that was asked for. False: a message was printed. */
bool probe_editors_open(struct probe *probe);
void probe_editors_close(struct probe *probe);

/* One request as the editor, with the headers of the command line; more is NULL or ends in NULL. */
void probe_request(struct probe *probe, int editor, struct exchange *exchange,
                   const char *const *more);

/*
 * Sends a write and goes where its answer leads; a 307 or 308 takes the write along. referer is the
 * page it comes from.
 */
void probe_send(struct probe *probe, int editor, struct exchange *exchange, const char *const *more,
                const char *referer, struct probe_answer *answer);

/* Whether SIGINT, SIGTERM or SIGHUP waits: they are held back while something has to be put back.
 */
bool probe_interrupted(void);

/* --- probe_form.c
 * --------------------------------------------------------------------------------- */

/*
 * The form of a page to work with: the one with the field, or, while field is STR_NONE, the one
 * that was asked for or has most to write in. NULL: none; *why says so.
 */
const struct html_form *probe_form_find(struct probe *probe, struct str page, struct str field,
                                        const char **why);

/* Whether all that a form holds is ASCII. */
bool probe_form_is_ascii(const struct html_form *form);

/* Chooses field and other; false: there is no text to change. */
bool probe_form_choose(struct probe *probe, const struct html_form *form);

/* Sends form, which stood at url, with a change; radios of which none is chosen choose what keeps
 * ours. */
void probe_form_write(struct probe *probe, int editor, const struct html_form *form,
                      const char *url, const struct probe_change *change,
                      struct probe_answer *answer);

/* --- probe_json.c
 * --------------------------------------------------------------------------------- */

/* The value at a path of member names with dots between them. */
bool probe_json_get(struct arena *arena, const struct json_value *root, struct str path,
                    struct json_value *value);

/* The text of root with raw at path instead; raw STR_NONE: the member is gone. */
struct str probe_json_set(struct arena *arena, struct str root, struct str path, struct str raw);

bool probe_json_choose(struct probe *probe, const struct probe_state *state);

void probe_json_write(struct probe *probe, int editor, const struct probe_state *state,
                      const struct probe_change *change, struct probe_answer *answer);

/* --- probe_state.c
 * -------------------------------------------------------------------------------- */

/* Reads afresh; false: it is neither a form nor JSON, state->why says why. */
bool probe_read(struct probe *probe, int editor, struct probe_state *state);

/* The text of a field; STR_NONE: not there. */
struct str probe_text(struct probe *probe, const struct probe_state *state, struct str field);

void probe_write(struct probe *probe, int editor, const struct probe_state *state,
                 const struct probe_change *change, struct probe_answer *answer);

/* Whether a name is one that versions commonly have. */
bool probe_is_version(struct str name);
bool probe_has_version(const struct probe *probe, struct str name);

/* Looks which hidden fields or members changed from one state to the next. */
void probe_compare(struct probe *probe, const struct probe_state *old,
                   const struct probe_state *new, bool written);

/* --- probe_race.c
 * --------------------------------------------------------------------------------- */

/* The race and what follows from it: verdict, words, steps, findings. */
void probe_race(struct probe *probe);

/* --- probe_restore.c
 * ------------------------------------------------------------------------------ */

/* Puts back what was there, and looks whether it is. */
void probe_restore(struct probe *probe);

/* --- probe_path.c
 * --------------------------------------------------------------------------------- */

/* What servers on the way do: ETags, methods, bodies, names, clocks. state was just read. */
void probe_path(struct probe *probe, const struct probe_state *state);

/* Whether a page is what a web server itself puts in place of an answer; its name, or NULL. */
const char *probe_is_server_page(struct str page);

/* --- probe_put.c
 * ---------------------------------------------------------------------------------- */

void probe_found(struct probe *probe, const char *name, struct str text);
void probe_step(struct probe *probe, struct str text);
/*
 * What a server sent, for a terminal: control characters become '?'; with lines, line ends and tabs
 * stay.
 */
void probe_put_clean(struct buf *out, struct str text, bool lines);
void probe_put_plan(struct buf *out, const struct probe *probe);
void probe_put_text(struct buf *out, const struct probe *probe);
void probe_put_json(struct buf *out, const struct probe *probe);

/* --- probe_cures.c
 * -------------------------------------------------------------------------------- */

struct probe_cure {
    const char *name;
    const char *program;                   /* what an application does about it; NULL: nothing */
    const char *apache, *lighttpd, *nginx; /* lines of configuration; NULL: nothing to do there */
};

const struct probe_cure *probe_cure(const char *name);

#endif
