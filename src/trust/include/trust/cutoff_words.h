/* How far the end of a trust has come: numbers in messages, words for people and the API. */
#ifndef TRUST_CUTOFF_WORDS_H
#define TRUST_CUTOFF_WORDS_H

#define CUTOFF_PROMISED_MS 1000 /* from commit to enforcement while the feed lives: design 9 */

enum cutoff_state {
    CUTOFF_UNKNOWN = 0, /* nobody measured it: the boundary came later, or it is long ago */
    CUTOFF_NOTHING,     /* nothing ended that a boundary trusted; of the whole only */
    CUTOFF_PENDING,     /* on its way, and within what is promised */
    CUTOFF_BEHIND,      /* not enforced yet, and it should be */
    CUTOFF_SILENT,      /* likewise, and the boundary is not heard of */
    CUTOFF_ENFORCED,
    CUTOFF_STATE_COUNT
};

const char *cutoff_word(enum cutoff_state state);

#endif
