// Counting which keys of a set signed something.
#pragma once

#include <troth/keyset.h>

// One signature, of whatever form.
struct claim {
    int32_t algorithm;
    struct troth_message over;
    struct troth_octets signature;
};

struct signers {
    const struct troth_crypto *crypto;
    const struct troth_keyset *keys;
    enum troth_use use;
    uint32_t found;         // places in the set, as bits
    enum troth_verdict why; // of the last one that did not count; TROTH_UNSIGNED: there was none
};

// Where a set counts that use: the place of its highest bit.
unsigned signers_place(uint32_t use);

void signers_count(struct signers *signers, const struct claim *claim);

// As many as the set wants for that use.
enum troth_verdict signers_judge(const struct signers *signers);
