/*
 * Uploads: bytes that come in, piece by piece, and the moment when they get their name. Until then
 * nobody sees them; when the name is taken they stay with their owner.
 */
#ifndef PG409_EDIT_UPLOAD_H
#define PG409_EDIT_UPLOAD_H

#include "edit/file.h"

#define UPLOAD_PIECE ((size_t)256 * 1024) /* the most bytes stored as one piece */
#define UPLOAD_CODE_CHARS 32              /* hex digits */

/* What became of an upload whose bytes are all there. */
enum upload_outcome {
    UPLOAD_OPEN,    /* they are not */
    UPLOAD_SAVED,   /* it has its name */
    UPLOAD_APPLIED, /* a file of that name with the same bytes is there already */
    UPLOAD_EXISTS,  /* another file of that name is there */
    UPLOAD_STALE,   /* the file that it was to replace was replaced by somebody else */
    UPLOAD_DELETED  /* the file that it was to replace is gone */
};

struct upload {
    bool found;
    struct str code;
    struct str name; /* of the file, in Unicode's form NFC */
    struct str media_type;
    struct str
        replaces; /* the version it is based on; "*": whatever is there; STR_NONE: to be created */
    struct str content; /* STR_NONE once it is not its own any more */
    uint64_t size;      /* as announced; once all of it is there, as it is */
    uint64_t received;
    struct str state;        /* the digest so far, for digest_restore; STR_NONE: nothing came yet */
    struct str sha256;       /* once all of it is there */
    struct str at, expires;  /* RFC 3339 */
    struct str expires_date; /* the same as RFC 9110, section 5.6.7, writes it */
    enum upload_outcome outcome;
};

/* What somebody wants to upload. */
struct upload_wish {
    struct str code; /* UPLOAD_CODE_CHARS hex digits that nobody can guess */
    struct str user; /* STR_NONE: nobody is logged in */
    struct file_name name;
    struct str media_type;
    struct str replaces;
    uint64_t size;  /* bytes that may come */
    uint64_t total; /* all contents together may take; 0: no limit */
    uint64_t days;  /* until it expires */
};

/* Whether text can be a code. */
bool upload_is_code(struct str text);

/* The outcome's name in the contract: "saved", "already-applied", "exists"...; "" while it is open.
 */
const char *upload_outcome_name(enum upload_outcome outcome);

/* Whether its bytes are kept for whoever sent them, until he says what to do. */
bool upload_is_kept(enum upload_outcome outcome);

/* Begins one. The last answer has no row when there is no room for it. */
size_t upload_ask_start(struct talk *talk, const struct upload_wish *wish);

/* One upload of that user's. */
size_t upload_ask(struct talk *talk, struct str code, struct str user);
/* That user's uploads whose bytes are kept, newest first, max at most. */
size_t upload_ask_kept(struct talk *talk, struct str user, size_t max);

/* A row of any of these three answers. */
struct upload upload_take(const struct answer *answer, size_t row);

/*
 * Stores a piece that begins at byte at; state is the digest behind it. One row is touched, or none
 * when the upload is not at that byte. Nobody waits until it is on the disk: the moment it gets its
 * name makes sure of that.
 */
void upload_ask_lazily(struct talk *talk);
size_t upload_ask_piece(struct talk *talk, struct str content, uint64_t at, struct str bytes,
                        struct str state);

/* How many bytes of it are stored: one row, or none. */
size_t upload_ask_received(struct talk *talk, struct str content);

/*
 * Gives an upload whose bytes are all there its name, if that is possible: two answers, the upload
 * and the file that has the name then. sha256 is its digest. Sent again, it does nothing more. The
 * first answer has no row when bytes are missing: then it stands where it stood.
 */
size_t upload_ask_finish(struct talk *talk, const struct upload *upload, struct str sha256,
                         uint64_t keep_days);

/*
 * The same for one whose bytes were kept, under another name or based on another version (STR_NONE:
 * to be created).
 */
size_t upload_ask_again(struct talk *talk, const struct upload *upload, struct file_name name,
                        struct str replaces, uint64_t keep_days);

/* Takes it away with all its bytes, unless it has its name: one row, how many went (0 or 1). */
size_t upload_ask_drop(struct talk *talk, struct str code, struct str user);

#endif
