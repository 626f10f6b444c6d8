/*
 * Files by name: what there is, and the conditional change of one. A file's version is the SHA-256
 * of its bytes, so that the same bytes are the same state. Contract, section 8.
 */
#ifndef PG409_EDIT_FILE_H
#define PG409_EDIT_FILE_H

#include "db/sql.h"

/* A file, or what it was before it was replaced or deleted. */
struct file {
    bool found;
    struct str id;      /* of the file, through renames; of a revision: the revision's */
    struct str name;    /* as it is stored, which case may tell from what was asked for */
    struct str version; /* 64 hex digits */
    struct str media_type;
    struct str updated_at; /* RFC 3339 */
    struct str updated_by; /* STR_NONE: nobody knows */
    struct str content;
    uint64_t size;
    /* Of a revision only: when and how it ended ("replaced", "deleted"), and through whom. */
    struct str ended, ended_at, ended_by;
};

/* What an earlier name or version is looked up by: folded is the setting file_names. */
struct file_name {
    struct str name;
    bool folded;
};

/* Asks for one file by its name. Returns the index of the answer, as all below. */
size_t file_ask(struct talk *talk, struct file_name name);
/* Asks for the file that has the name of that upload. */
size_t file_ask_upload(struct talk *talk, struct str code);
/* Asks for a revision of the file of that name, or of the one that had it last. */
size_t file_ask_revision(struct talk *talk, struct file_name name, struct str revision);
/* Asks for the revisions of that name, or of the file that has it now, newest first; max at most.
 */
size_t file_ask_revisions(struct talk *talk, struct file_name name, size_t max);
/* Asks for deleted files whose names are free, newest first; max at most. */
size_t file_ask_deleted(struct talk *talk, size_t max);

/* A row of any of these answers; found is false when it has none. */
struct file file_take(const struct answer *answer, size_t row);

enum file_order { FILE_BY_NAME, FILE_BY_SIZE, FILE_BY_TIME };

/* A part of all files: those whose names hold search, behind or before one of them. */
struct file_list {
    struct str search;
    enum file_order order;
    bool descending;
    bool backwards;      /* what stands before the cursor */
    struct str at_value; /* the cursor: the value it is sorted by; STR_NONE: from the beginning */
    struct str at_name;  /* and the name */
    uint64_t limit, offset; /* limit 0: all */
};

/* Asks for it; backwards, the nearest to the cursor comes first. */
size_t file_ask_list(struct talk *talk, const struct file_list *list);

/* The value of file that such a list is sorted by, as its cursor has it. */
struct str file_sort_value(struct arena *arena, const struct file *file, enum file_order order);

/* A change of one file, based on a version. */
struct file_change {
    struct file_name name;
    struct str version; /* STR_NONE with any: whatever is there */
    bool any;
    struct str user;
};

/*
 * Asks for the file to be deleted, renamed, or to get the content of a revision, if it is still at
 * that version; the answer has a row, the file as it was (delete) or is, when that was done. Behind
 * it stands, as the next answer, what has the name now.
 */
size_t file_ask_delete(struct talk *talk, const struct file_change *change);
size_t file_ask_rename(struct talk *talk, const struct file_change *change, struct str to);
size_t file_ask_restore(struct talk *talk, const struct file_change *change, struct str revision);
/* The same for a file that is gone: only where the name is free. */
size_t file_ask_bring_back(struct talk *talk, const struct file_change *change,
                           struct str revision);

/*
 * Asks for the bytes first[i] to last[i] (both counted) of a content, one range after the other, in
 * pieces: each row is one bytea, as bytes.
 */
size_t file_ask_bytes(struct talk *talk, struct str content, const uint64_t *first,
                      const uint64_t *last, size_t count);

/* Asks for the first of these names that no file has; none when all are taken. */
size_t file_ask_free(struct talk *talk, const struct str *names, size_t count, bool folded);

/*
 * Asks for what is not needed any more to be deleted: uploads past their time, revisions older than
 * days, contents that nothing uses. anywhere is any number: it says where to begin looking.
 */
void file_expire(struct talk *talk, uint64_t days, uint64_t anywhere);

#endif
