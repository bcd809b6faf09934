/* Private: what the signer never forgets, made of its journal's records and of nothing else. */
#ifndef SIGNER_MEMORY_H
#define SIGNER_MEMORY_H

#include <pki/crlplan.h>
#include <pki/profile.h>
#include <pki/serial.h>

#define MEMORY_SHARDS_MAX 65536 /* CRLs of their own: four billion certificates */

enum record_kind { RECORD_NONE = 0, RECORD_CERTIFICATE, RECORD_CRL, RECORD_CHECKPOINT };

/* One act of signing. Which fields count, the kind says. */
struct record {
    enum record_kind kind;
    uint8_t profile;
    uint32_t issuer;
    uint8_t serial[SERIAL_N];
    int64_t not_after_s;
    struct crl_shard shard;
    uint64_t number;  /* of a CRL */
    uint64_t size;    /* of a tree */
    uint8_t hash[32]; /* of the TBS; the root of a tree */
};

struct memory_shard {
    struct crl_shard shard;
    uint64_t number;
};

struct memory {
    uint64_t next[PKI_ISSUER_COUNT][256]; /* least number that no serial of (issuer, class) has */
    struct memory_shard *shards;          /* owned */
    size_t shards_n, shards_max;
    uint64_t crl_number; /* greatest in any shard */
    uint64_t size;       /* last checkpoint; 0: none */
    uint8_t root[32];
};

/* Would this act repeat or take back an earlier one? Serial numbers and CRL numbers rise, a tree
 * never shrinks or changes at the same size. E_JOURNAL with what is remembered. Whether a larger
 * tree extends the last one, its consistency proof shows: not asked here. */
MUST_USE enum result memory_check(const struct memory *memory, const struct record *record,
                                  struct err *err);

/* Remembers an act that memory_check has passed. E_MEMORY. */
MUST_USE enum result memory_add(struct memory *memory, const struct record *record,
                                struct err *err);

void memory_free(struct memory *memory);

#endif
