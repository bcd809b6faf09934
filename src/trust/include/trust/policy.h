/* What a product's policy says: thresholds of the checks and what their findings do. */
#ifndef TRUST_POLICY_H
#define TRUST_POLICY_H

#include <trust/words.h>
#include <wire/spread.h>

#include <stddef.h>
#include <stdint.h>

#define CHECK_MAX 45 /* checks are TD-01 to TD-45 */

#define DAY_S INT64_C(86400)
#define POLICY_MOST_S (INT64_C(100) * 366 * DAY_S)
#define POLICY_INSTANT_MOST INT64_C(253402300799) /* the last second of 9999 */

/* What an open finding does by itself (design 2). */
enum effect { EFFECT_NONE = 0, EFFECT_REFUSE, EFFECT_QUARANTINE, EFFECT_COUNT };

/* Where keys of CAs are kept. */
enum custody { CUSTODY_FILE = 0, CUSTODY_TOKEN /* PKCS #11 */ };

struct policy {
#define POLICY(number, NAME, name, word, unit, normal, least, most, what) int64_t name;
#include <trust/policies.def>
#undef POLICY
    uint8_t effect[CHECK_MAX + 1]; /* enum effect, by the check's number */
};

/* Settings by number. */
enum policy_setting {
#define POLICY(number, NAME, name, word, unit, normal, least, most, what) POLICY_##NAME = (number),
#include <trust/policies.def>
#undef POLICY
};

enum policy_unit {
    POLICY_SECONDS,
    POLICY_INSTANT,
    POLICY_PERCENT,
    POLICY_COUNT,
    POLICY_PROOF,
    POLICY_CUSTODY
};

struct policy_row {
    int number;
    const char *word;
    enum policy_unit unit;
    int64_t normal, least, most; /* both included */
    size_t at;                   /* of its field in struct policy */
    const char *what;
};

const struct policy_row *policy_at(size_t index); /* NULL past the end */

/* Every setting's default, every check's own effect. */
struct policy policy_normal(void);

const char *effect_word(enum effect effect);

#endif
