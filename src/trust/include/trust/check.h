/* The catalogue of checks: one file each in src/trust/checks/, one row each in checks.def. */
#ifndef TRUST_CHECK_H
#define TRUST_CHECK_H

#include <trust/facts.h>
#include <trust/policy.h>

#include <stddef.h>

/* Raised by one when the catalogue changes, so that a server judges every subject anew. */
#define CATALOGUE_VERSION 5

enum severity {
    SEVERITY_NONE = 0,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};

/* What ended an interval of a finding. Numbers stand in ledger rows. */
enum closing {
    CLOSING_NONE = 0, /* it is open, or its row is of a time that did not say */
    CLOSING_EVIDENCE,
    CLOSING_PERSON,
    CLOSING_CHANGED, /* a row with another severity or owner goes on from the same beginning */
    CLOSING_COUNT
};
const char *closing_word(enum closing closing);

/* What a check thinks: unmeasured, holds (NO) or open (YES) since `began_s`, 0 = since it is seen;
 * `next_s` is when time alone may change that, 0 = never. */
struct opinion {
    enum known open;
    int64_t began_s;
    int64_t next_s;
    enum severity severity; /* other than the check's own; SEVERITY_NONE = that */
    int64_t count;          /* how many times, of a check that counts; no part of the judgement */
};

enum check_number {
#define CHECK(number, NAME, ...) CHECK_##NAME = (number),
#include <trust/checks.def>
#undef CHECK
};

#define KIND_DEVICE (1U << SUBJECT_DEVICE)
#define KIND_PRODUCT (1U << SUBJECT_PRODUCT)
#define KIND_INSTALLATION (1U << SUBJECT_INSTALLATION)
#define KIND_ISSUER (1U << SUBJECT_ISSUER)
#define KIND_FOREIGN (1U << SUBJECT_FOREIGN)
#define KIND_BOUNDARY (1U << SUBJECT_BOUNDARY)
#define KIND_BINDING (1U << SUBJECT_BINDING)

struct check {
    int number; /* n of TD-n */
    enum severity severity;
    enum effect effect;
    const char *title;
    uint32_t kinds;       /* what it is about: bit per enum subject_kind */
    const char *producer; /* the verb, feed or evidence that produces its facts */
    const char *mend;     /* the command that would mend it */
    struct opinion (*judge)(const struct facts *facts, const struct policy *policy, int64_t now_s);
};

const struct check *check_find(int number); /* NULL for a check that is not here */
const struct check *check_at(size_t index); /* in number order, NULL past the end */
/* The highest severity that a finding of it can have: some rise. */
enum severity check_most_severe(const struct check *check);
/* Is a finding of it about this for a person to answer? What a brake or a budget raised, a check
 * that failed, and what a restore lost of the ledger: no evidence closes them. */
bool finding_waits_for_person(enum subject_kind kind, int number);
const char *severity_word(enum severity severity);
int severity_weight(enum severity severity); /* per day: critical 8, high 4, medium 2, low 1 */

/* An opinion that follows a condition as it was reported, without a look at the clock. */
struct opinion opinion_since(struct since condition);

/* A condition that begins at an instant by itself; 0 = never. */
struct opinion opinion_from(int64_t begins_s, int64_t now_s);

/* Of two measured opinions: open when one is, since the earlier, to be looked at when either is. */
struct opinion opinion_either(struct opinion a, struct opinion b);

/* A door that is open from one instant (0: whenever) until another: time closes it as well. */
struct opinion opinion_within(int64_t from_s, int64_t until_s, int64_t now_s);

/* One that is left unsaid for `late_s` after it began: what follows by itself has so much time. */
struct opinion opinion_late(struct since condition, int64_t late_s, int64_t now_s);

#endif
