/*
 * All rows of a list, however many, in constant memory: piece by piece, each
 * behind the last row of the one before. CSV and JSON differ in three functions.
 */
#ifndef PG409_PAGE_DOWNLOAD_H
#define PG409_PAGE_DOWNLOAD_H

#include "page/browse.h"

struct download;

struct download_format {
    bool json;                               /* rows come as JSON */
    void (*head)(struct download *download); /* headers, and what stands before the rows */
    void (*row)(struct download *download, const struct answer *answer, size_t row);
    void (*tail)(struct download *download);
};

struct download {
    struct work *work;
    const struct download_format *format;
    struct list list;
    bool limited;
    uint64_t left;          /* rows still allowed, when limited */
    size_t written;         /* pieces */
    size_t count;           /* for the format: rows so far */
    struct arena pieces[2]; /* the cursor of one piece outlives the memory of the other */
    unsigned turn;
};

/* Answers with the rows that the address asks for. */
void download_rows(struct work *work, const struct download_format *format);

#endif
