/*
 * Sums of decimal numbers as they are written, exactly: what goes into PostgreSQL's numeric is
 * never a double on the way.
 */
#ifndef PG409_WIRE_DECIMAL_H
#define PG409_WIRE_DECIMAL_H

#include "base/err.h"
#include "base/str.h"

#define DECIMAL_MAX 2000 /* digits before the point, and behind it */

/*
 * a + b, in arena, with as many digits behind the point as the one of the two that has more:
 * "1.50" and "-0.5" give "1.00". Numbers are [+-]digits[.digits][e[+-]digits] with a digit before
 * or behind the point; surrounding space is a fault. Zero has no sign, nothing an exponent.
 * ERR_SYNTAX; ERR_TOO_LONG beyond DECIMAL_MAX. On an error *sum is not touched.
 */
enum err decimal_add(struct arena *arena, struct str a, struct str b, struct str *sum) MUST_CHECK;

/* -a, as it is written, without a "+"; a is a number as above. In arena. */
struct str decimal_negative(struct arena *arena, struct str a);

#endif
