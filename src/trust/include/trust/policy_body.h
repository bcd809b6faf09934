/* One version of a policy: what it names, and nothing of what it leaves to others. Effective is the
 * built-in default, above it the fleet's, above that the product's.
 *
 * As bytes (a ledger row's): deterministic CBOR, an array of two maps, setting's number -> value
 * and check's number -> effect. Pure, any thread. */
#ifndef TRUST_POLICY_BODY_H
#define TRUST_POLICY_BODY_H

#include <base/err.h>
#include <base/limits.h>
#include <trust/policy.h>
#include <wire/buf.h>

#include <stdbool.h>

struct policy_part {
    uint64_t settings; /* bit per number: named by it */
    uint64_t effects;  /* bit per check */
    struct policy values;
};

/* False for what no writer of ours wrote: other CBOR, numbers that do not exist, values that are
 * not the unit's. Empty bytes are a policy that names nothing. */
MUST_USE bool policy_body_read(struct bytes body, struct policy_part *ret);
void policy_body_write(const struct policy_part *part, struct buf *b);

/* What it names replaces what is in `to`. */
void policy_apply(const struct policy_part *part, struct policy *to);

/* Adds one setting or effect by its words, as a file has them: "renew-by" 70, "max-age" "400d",
 * "TD-25" "quarantine". E_POLICY_FILE with the word first: unknown, named twice, not the unit's,
 * out of bounds, of no use; E_POLICY_COLUMN for what `troth product` sets. */
MUST_USE enum result policy_name_setting(struct policy_part *part, struct bytes word,
                                         struct bytes value, struct err *err);
MUST_USE enum result policy_name_effect(struct policy_part *part, struct bytes check,
                                        struct bytes effect, struct err *err);

/* The rules of policy_name_* for a part that came as bytes. */
MUST_USE enum result policy_check(const struct policy_part *part, struct err *err);

const struct policy_row *policy_find(int number); /* NULL for a number that does not exist */
int64_t policy_value(const struct policy *policy, const struct policy_row *row);
bool policy_names(const struct policy_part *part, const struct policy_row *row);
bool policy_names_effect(const struct policy_part *part, int check);

/* A value as people write it: "30d", "85", "2030-01-01T00:00:00Z", "idevid". */
struct policy_text {
    char text[32];
};
struct policy_text policy_value_text(const struct policy_row *row, int64_t value);

/* The other way: E_POLICY_FILE with setting, value seen and wanted. Bounds are policy_check()'s. */
MUST_USE enum result policy_value_read(const struct policy_row *row, struct bytes text,
                                       int64_t *ret, struct err *err);

/* What a version says, and what becomes of what the one before it said, in number order, as people
 * sign it: "renew-by 90 (was 85); max-age 365d again (was 30d); TD-25 quarantine (was none)".
 * `below` is what is in force without either. */
void policy_put_words(const struct policy_part *before, const struct policy_part *after,
                      const struct policy *below, struct buf *b);

#endif
