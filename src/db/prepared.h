/*
 * Which statements a connection has prepared: from SQL text to a number.
 */
#ifndef PG409_DB_PREPARED_H
#define PG409_DB_PREPARED_H

#include "base/str.h"

#define PREPARED_MAX 200
#define PREPARED_SLOTS 512

struct prepared {
    struct arena arena; /* the texts */
    struct str slots[PREPARED_SLOTS];
    unsigned numbers[PREPARED_SLOTS];
    unsigned count;
};

void prepared_init(struct prepared *prepared);
/* Forgets all of them. */
void prepared_clear(struct prepared *prepared);
/* The number of sql, from 1; 0 when it is not known. */
unsigned prepared_find(const struct prepared *prepared, struct str sql);
/* Whether another one may be added. */
bool prepared_room(const struct prepared *prepared);
/* The number the next one added will get. */
unsigned prepared_next(const struct prepared *prepared);
/* Adds sql under the number prepared_next() gave; it must not be known yet. */
void prepared_add(struct prepared *prepared, struct str sql);

#endif
