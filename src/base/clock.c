#include "base/clock.h"

#include <time.h>

#include "base/banned.h"

uint64_t clock_micros(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000;
}
