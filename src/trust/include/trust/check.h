/* The catalogue of checks: one file each in src/trust/checks/, one row each in its table. */
#ifndef TRUST_CHECK_H
#define TRUST_CHECK_H

#include <trust/facts.h>

#include <stddef.h>

enum severity {
    SEVERITY_NONE = 0,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};

/* What an open finding does by itself (design 2). */
enum effect { EFFECT_NONE = 0, EFFECT_REFUSE, EFFECT_QUARANTINE };

/* What a check thinks: unmeasured, holds (NO) or open (YES) since `began_s`; `next_s` is when time
 * alone may change that, 0 = never. */
struct opinion {
    enum known open;
    int64_t began_s;
    int64_t next_s;
};

struct check {
    int number; /* n of TD-n */
    enum severity severity;
    enum effect effect;
    const char *title;
    const char *subject;  /* what kind of thing it is about */
    const char *producer; /* the verb, feed or evidence that produces its facts */
    const char *mend;     /* the command that would mend it */
    /* NULL: about no device; who produces its facts opens and closes it (service/finding.h). */
    struct opinion (*judge)(const struct facts *facts, const struct policy *policy, int64_t now_s);
};

#define CHECK_KEY_CUSTODY 22     /* about the installation */
#define CHECK_OUTSIDE_PROFILE 23 /* about a product */

const struct check *check_find(int number); /* NULL for a check that is not here */
const struct check *check_at(size_t index); /* in number order, NULL past the end */
const char *severity_word(enum severity severity);
int severity_weight(enum severity severity); /* per day: critical 8, high 4, medium 2, low 1 */

/* An opinion that follows a condition as it was reported, without a look at the clock. */
struct opinion opinion_since(struct since condition);

#endif
