// What the verifier says: TROTH_VALID, or the rule that failed.
//
// Numbers are stable. What is not TROTH_VALID, zero and unknown numbers included, refuses.
#pragma once

#include <stddef.h>

enum troth_verdict {
    TROTH_UNJUDGED = 0,
    TROTH_VALID = 0x3ca5,
#define VERDICT(number, name, rule) TROTH_##name = number,
#include <troth/verdicts.def>
#undef VERDICT
};

// Where it went wrong: octets from the start of what was given, for a person.
struct troth_fault {
    size_t offset;
};

// For people, in a file of its own that a device may leave out: "BELOW_FLOOR", and the rule as a
// sentence. Of an unknown number both say so.
const char *troth_verdict_name(enum troth_verdict verdict);
const char *troth_verdict_rule(enum troth_verdict verdict);
