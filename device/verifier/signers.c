#include "signers.h"
#include <troth/same.h>

unsigned signers_place(uint32_t use)
{
    unsigned place = 0;
    while ((use >>= 1) != 0)
        place++;
    return place;
}

// Whether the key may is looked at in arithmetic, after it verified, so that no skipped branch lets
// one count.
void signers_count(struct signers *signers, const struct claim *claim)
{
    const struct troth_keyset *keys = signers->keys;
    enum troth_verdict why = TROTH_UNKNOWN_KEY;
    for (size_t i = 0; i < keys->n; i++) {
        const struct troth_key *key = &keys->keys[i];
        if (key->algorithm != claim->algorithm || (key->uses & signers->use) == 0)
            continue;
        enum troth_verdict verdict = troth_verify_by(signers->crypto, claim->algorithm, key->octets,
                                                     &claim->over, claim->signature);
        volatile uint32_t wrong = is_nonzero((uint32_t)verdict ^ TROTH_VALID) |
                                  is_nonzero((key->uses & signers->use) ^ signers->use);
        if (wrong != 0) {
            if (why != TROTH_BELOW_FLOOR)
                why = verdict;
            continue;
        }
        volatile uint32_t is_given_up = is_under(key->number, keys->floor);
        signers->found |= (1u ^ (wrong | is_given_up)) << i;
        if (is_given_up == 0)
            return;
        why = TROTH_BELOW_FLOOR;
    }
    signers->why = why;
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < TROTH_KEYS_MAX; i++)
        n += bits >> i & 1;
    return n;
}

enum troth_verdict signers_judge(const struct signers *signers)
{
    volatile uint32_t wanted = signers->keys->wanted[signers_place(signers->use)];
    if (wanted == 0)
        return TROTH_UNKNOWN_KEY;
    if (count_bits(signers->found) < wanted)
        return refusal(signers->found != 0 ? TROTH_TOO_FEW_SIGNERS : signers->why);
    // Once more, and without a branch.
    uint32_t missing = is_under(count_bits(signers->found), wanted) | is_under(wanted, 1);
    return valid_if_zero(missing, TROTH_TOO_FEW_SIGNERS);
}
