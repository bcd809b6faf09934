/* Why a check thinks what it thinks: the facts and the settings that it looks at (evidence.def). */
#ifndef TRUST_EVIDENCE_H
#define TRUST_EVIDENCE_H

#include <trust/facts.h>

#include <stddef.h>

enum fact_form {
    FACT_SINCE,   /* struct since */
    FACT_INSTANT, /* int64_t seconds; 0 = none, or unmeasured */
    FACT_NUMBER,  /* int64_t */
    FACT_KNOWN,   /* enums, from here on */
    FACT_SUBJECT,
    FACT_STATE,
    FACT_PROOF,
    FACT_CERTIFICATE,
    FACT_ISSUER,
    FACT_CUSTODY
};

struct fact_row {
    const char *word;
    enum fact_form form;
    size_t at;       /* of its field in struct facts */
    uint64_t checks; /* bit per check that looks at it */
};

/* In the order of evidence.def; NULL past the end. */
const struct fact_row *fact_at(size_t index);

/* What a fact is: a word or a number, and with it an instant when it has one. */
struct fact_value {
    char text[24];
    int64_t at_s; /* 0 = none */
};
struct fact_value fact_value(const struct fact_row *row, const struct facts *facts);

/* Does the check look at this setting (its number in policies.def)? */
bool check_looks_at(int check, int setting);

#endif
