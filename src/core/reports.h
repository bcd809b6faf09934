/* Private: how much each boundary reports. */
#ifndef CORE_REPORTS_H
#define CORE_REPORTS_H

#include <base/bucket.h>

#define CORE_REPORTERS 256 /* those that have the same place share one */

struct report_rate {
    int64_t boundary;
    struct bucket bucket;
    uint64_t dropped; /* items since the log told of them */
    int64_t told_s;
    uint64_t refused;  /* items that could not be kept, since the start */
    int64_t refused_s; /* when the log told of one */
};

#endif
