/*
 * What browsers load beside a page, embedded into the program: no file to
 * install, no path to configure.
 */
#ifndef PG409_PAGE_STATIC_H
#define PG409_PAGE_STATIC_H

#include <stddef.h>

extern const unsigned char style_data[];
extern const size_t style_size;
extern const char style_hash[]; /* part of the address: a changed file has another one */

extern const unsigned char script_data[];
extern const size_t script_size;
extern const char script_hash[];

extern const unsigned char files_data[];
extern const size_t files_size;
extern const char files_hash[];

#endif
