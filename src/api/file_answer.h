/*
 * What is answered about files: one as JSON, what became of an upload, what a change met.
 */
#ifndef PG409_API_FILE_ANSWER_H
#define PG409_API_FILE_ANSWER_H

#include "web/delivery.h"

/* The members of a file as JSON, without braces. */
void file_members(const struct work *work, struct buf *out, const struct file *file);
/* The same, without taking memory for each: address is room of FILE_ADDRESS_MAX bytes. */
void file_members_with(const struct work *work, struct buf *out, const struct file *file,
                       struct buf *address);
#define FILE_ADDRESS_MAX 4000

/* ETag and PG409-Version. */
void file_version(struct work *work, struct str version);

/* The type of a file, as it may be served: what is not well formed is a stream of bytes. */
struct str file_media_type(struct str given);

/*
 * The version that a change of a file claims, from If-Match, _version in the address and the given
 * field of a form: STR_NONE without one, "*" for whatever is there. strict is set where it came by
 * If-Match. False when the request was answered: two disagree, it is none, "*" is not allowed.
 */
bool file_claim(struct work *work, struct str field, struct str *version, bool *strict);

/* The problem document of one that was not saved, whole, with braces. */
void file_problem_json(struct work *work, struct buf *out, const struct delivery *delivery);

/* Answers for one that ended, in the form that was asked for; status and headers with it. */
void file_delivered(struct delivery *delivery);

/* Sets what the log says about it. */
void file_log(struct work *work, const struct delivery *delivery);

/* The status of a delivery that is kept or refused. */
int file_status(const struct delivery *delivery);

#endif
