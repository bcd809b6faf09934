/* The words for authorities: numbers that are stored and sent, like those of trust/words.h, which
 * has these with it. */
#ifndef TRUST_AUTHORITY_WORDS_H
#define TRUST_AUTHORITY_WORDS_H

enum authority_kind {
    AUTHORITY_NONE = 0,
    AUTHORITY_ROOT,
    AUTHORITY_IDEVID,
    AUTHORITY_LDEVID,
    AUTHORITY_OPERATIONS,
    AUTHORITY_ANCHOR, /* a foreign root accepted for proofs */
    AUTHORITY_COUNT
};

enum issuer_state {
    ISSUER_NONE = 0,
    ISSUER_CURRENT,  /* the one of its kind that issues */
    ISSUER_ENDED,    /* what it issued is refused; its CRLs go on */
    ISSUER_RETIRING, /* issues no more; what it issued counts */
    ISSUER_STATE_COUNT
};

/* The word that people and the API use; "none" for zero and for what does not exist. */
const char *authority_word(enum authority_kind kind);
const char *issuer_state_word(enum issuer_state state);

#endif
