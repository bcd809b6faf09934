/* The one door to the clocks. Rooms below the processes take the time as a parameter, `int64_t
 * now_s`; processes read it here. clock.c is an object of its own: a test binary that wants a clock
 * of its own defines those that it reads and the archive's object is never linked. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Wall clock, UTC since 1970-01-01, leap seconds not counted. */
int64_t clock_now_s(void);
int64_t clock_now_us(void);

/* Never jumps and has no meaning across boots: for deadlines and ages. */
int64_t clock_monotonic_us(void);

/* Likewise, and it goes on while the machine is suspended: for how old that is which others may
 * have ended meanwhile. */
int64_t clock_boot_us(void);

/* CPU time of this process, all threads: for measurements. */
int64_t clock_cpu_us(void);

#endif
