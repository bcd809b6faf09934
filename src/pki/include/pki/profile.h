/* Certificate profiles: what may stand in a certificate, as one table. Core builds by it, the
 * signer has its own copy and builds again.
 *
 * Nothing of a request enters a certificate but its public key. Every profile has AKI, CRLDP, AIA
 * and a critical keyUsage; no profile has basicConstraints, since none is a CA's (RFC
 * 5280 4.2.1.9). */
#ifndef PKI_PROFILE_H
#define PKI_PROFILE_H

#include <wire/bytes.h>

/* The same numbers as enum profile_id in trust/words.h (a test holds them together). */
enum pki_profile {
    PKI_NONE = 0,
    PKI_IDEVID,     /* IEEE 802.1AR section 8: what the manufacturer says, for life */
    PKI_LDEVID,     /* IEEE 802.1AR: what the fleet's owner says */
    PKI_TLS_SERVER, /* our own listeners: RFC 9525, and id-kp-cmcRA of RFC 6402 2.10 for EST */
    PKI_BOUNDARY,
    PKI_OPERATOR,
    PKI_OCSP, /* who answers for an issuer: RFC 6960 4.2.2.2, nobody asks for his own status */
    PKI_PROFILE_COUNT
};

/* Kinds of issuers, the same numbers as enum authority_kind of trust/words.h. The first issuer of a
 * kind has the kind as its number, which is its row's id in the ledger; those that follow it have
 * numbers from PKI_ISSUER_COUNT on. */
enum pki_issuer_kind {
    PKI_ISSUER_NONE = 0,
    PKI_ISSUER_ROOT,
    PKI_ISSUER_IDEVID,
    PKI_ISSUER_LDEVID,
    PKI_ISSUER_OPERATIONS,
    PKI_ISSUER_COUNT
};
#define PKI_ISSUERS                                                                                \
    64 /* numbers of issuers are below it: three kinds, a rollover every few years */

enum pki_subject {
    PKI_SUBJECT_NONE = 0,
    PKI_SUBJECT_DEVICE, /* CN if the grant has one, OU = product, serialNumber */
    PKI_SUBJECT_OWNED,  /* the same, and before OU: O = owner, if the grant has one */
    PKI_SUBJECT_NAME,   /* CN */
    PKI_SUBJECT_SERVER, /* CN, one of the server names; or empty, and then SAN is critical */
};

enum pki_san {
    PKI_SAN_NONE = 0,
    PKI_SAN_HARDWARE_MODULE, /* RFC 4108, if the product has a hardware type */
    PKI_SAN_SERVER_NAMES,    /* from the configuration, never from the grant */
};

struct profile {
    enum pki_profile id;
    const char *name;
    enum pki_issuer_kind issuer;
    bool by_each; /* instead: by each issuer that is no root */
    enum pki_subject subject;
    enum pki_san san;
    uint8_t keys;       /* KEYS_* of keyquality.h: the certified keys */
    uint16_t key_usage; /* X509_KU_* of wire/x509.h */
    uint16_t eku;       /* X509_EKU_*; 0: no such extension */
    bool ski;       /* subjectKeyIdentifier: RFC 7093 method 1 over the key; with no_check SHA-1 */
    bool no_check;  /* id-pkix-ocsp-nocheck, and no address of OCSP in AIA */
    bool no_expiry; /* notAfter may be 99991231235959Z: IEEE 802.1AR 8.7 */
    int64_t validity_max_s; /* otherwise, from notBefore to notAfter; both inclusive */
};

/* The row; NULL for PKI_NONE and unknown numbers. */
const struct profile *profile_find(enum pki_profile id);

/* Is its subject a device, which has product and serial number? */
bool profile_is_device(const struct profile *profile);

/* Do issuers of that kind issue it? */
bool profile_is_by(const struct profile *profile, enum pki_issuer_kind issuer);

/* SHA-256 over a canonical form of the row: core names it in each grant, the signer compares. Zeros
 * for an unknown profile. */
void profile_digest(enum pki_profile id, uint8_t ret[32]);

/* "root", "idevid", "ldevid", "operations": also the file names in data/ca. NULL for unknown ones.
 */
const char *issuer_name(enum pki_issuer_kind kind);

#endif
