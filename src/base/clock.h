/*
 * How long something takes.
 */
#ifndef PG409_BASE_CLOCK_H
#define PG409_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic microseconds: only differences mean something. No system call where the vDSO has it. */
uint64_t clock_micros(void);

#endif
