/*
 * Errors are values. A function that can fail returns enum err, 0 when all is
 * well; what a person should read about it is written by the caller who knows
 * the circumstances. A conflict is not an error but an outcome (edit/save.h).
 */
#ifndef PG409_BASE_ERR_H
#define PG409_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_NONE = 0,
    ERR_SYNTAX,    /* the input does not follow its grammar */
    ERR_UTF8,      /* the text is not valid UTF-8 */
    ERR_NUL,       /* the text contains U+0000, which PostgreSQL cannot store */
    ERR_TOO_LONG,  /* longer than its limit */
    ERR_TOO_MANY,  /* more items than the limit */
    ERR_TOO_DEEP,  /* nested deeper than the limit */
    ERR_DUPLICATE, /* a name that may stand once stands twice */
    ERR_UNKNOWN,   /* a name that does not exist */
    ERR_IO,        /* reading or writing failed; errno may say more */
    ERR_SHORT      /* the input ended before its announced end */
};

/*
 * A few words on err for a log line or the end of a sentence, such as
 * "not valid UTF-8". Static; never NULL.
 */
const char *err_text(enum err err);

#endif
