/* The row of a finding, and what it is about. */
#ifndef STORE_FINDING_H
#define STORE_FINDING_H

#include <base/limits.h>

#include <stdint.h>

/* What a finding or an instant is about: a kind of trust/facts.h and the id within it. */
struct subject_key {
    int kind;
    int64_t id;
};
#define SUBJECT_KEY_DEVICE 1

/* One interval of a finding: (check, kind, subject) has a row for each. */
struct finding {
    int64_t id;
    int check;
    int kind; /* of its subject: trust/facts.h */
    int64_t subject;
    int64_t product; /* of its subject; 0 = none */
    int64_t certificate;
    int64_t began_at_s;
    int64_t recorded_at_s;
    int64_t closed_at_s;
    int severity; /* 0: its check's, as rows had none once */
    char owner[LIMIT_NAME + 1];
    int64_t first; /* row of the first interval; 0 = this one */
    int closed_by;
};

#endif
