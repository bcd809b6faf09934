/* What the hostile front tries: one system call each. */
#ifndef HOSTILE_ACTS_H
#define HOSTILE_ACTS_H

#include <http/front.h>
#include <wire/reader.h>

#define ACTS_MAX 96

struct act {
    char name[48];
    long call;
    long a[6];
};

struct acts {
    struct act all[ACTS_MAX];
    size_t n;
};

/* Finds paths and processes, outside the sandbox, and lists everything to be tried. What the acts
 * point to lives as long as the process. */
void acts_plan(const struct front_setup *setup, struct acts *ret);

#endif
