/* Words about certificates of other CAs, as numbers that are stored and sent: never renumbered. */
#ifndef TRUST_FOREIGN_WORDS_H
#define TRUST_FOREIGN_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* What such a certificate was signed over, as far as it says so. */
enum signature_hash {
    SIGNATURE_UNMEASURED = 0, /* no certificate, or an algorithm that is not known here */
    SIGNATURE_SOUND,          /* SHA-2 or Ed25519 */
    SIGNATURE_SHA1,
    SIGNATURE_MD5,
    SIGNATURE_HASH_COUNT
};
const char *signature_hash_word(enum signature_hash hash); /* NULL for what is not measured */

/* Its key: what the column `key` has. */
enum foreign_key {
    FOREIGN_KEY_UNMEASURED = 0,
    FOREIGN_KEY_P256,
    FOREIGN_KEY_P384,
    FOREIGN_KEY_ED25519,
    FOREIGN_KEY_RSA,
    FOREIGN_KEY_OTHER, /* a kind or curve that no product here takes */
    FOREIGN_KEY_COUNT
};
const char *foreign_key_word(enum foreign_key key); /* NULL for what is not measured */

/* Bits of the column `traits`; none without a certificate. */
enum {
    TRAIT_SELF_SIGNED = 1 << 0,
    TRAIT_CA = 1 << 1,
    TRAIT_ROCA = 1 << 2,         /* the fingerprint of CVE-2017-15361 */
    TRAIT_ROOT_ISSUED = 1 << 3,  /* straight from a root, or self-signed */
    TRAIT_ISSUED_BELOW = 1 << 4, /* shown not to be; neither: unmeasured */
};

/* What a look at a TLS server came to. */
enum scan_outcome {
    SCAN_NOTHING = 0,
    SCAN_SEEN,
    SCAN_NO_CERTIFICATE,
    SCAN_NO_TLS,
    SCAN_REFUSED,
    SCAN_TIMED_OUT,
    SCAN_UNREACHABLE,
    SCAN_OUTCOME_COUNT
};

/* Does it show that no certificate is presented there now? What did not answer may answer again. */
bool scan_shows_nothing(enum scan_outcome outcome);

/* What became of a line of an import, of devices too. */
enum import_did {
    IMPORT_REFUSED = 0,
    IMPORT_CREATED,
    IMPORT_CHANGED,
    IMPORT_UNCHANGED,
    IMPORT_DID_COUNT
};
const char *import_did_word(enum import_did did);

/* What became of a line of a scan. */
enum scan_became {
    SCAN_BECAME_REFUSED = 0, /* the line breaks a rule */
    SCAN_BECAME_NEW,
    SCAN_BECAME_CHANGED, /* it was on record, and is now known better or at another place */
    SCAN_BECAME_KNOWN,
    SCAN_BECAME_OURS, /* one of our own: seen, and not foreign */
    SCAN_BECAME_GONE, /* what was seen there is there no more */
    SCAN_BECAME_NOTHING,
    SCAN_BECAME_COUNT
};
const char *scan_became_word(enum scan_became became);

#endif
