#include <trust/cutoff_words.h>

const char *cutoff_word(enum cutoff_state state)
{
    static const char *const words[CUTOFF_STATE_COUNT] = {"unknown", "nothing", "pending",
                                                          "behind",  "silent",  "enforced"};
    return words[state < CUTOFF_STATE_COUNT ? state : CUTOFF_UNKNOWN];
}
