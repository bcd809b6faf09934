/* What the signer remembers, without a server: what a restore goes by (design 3, Signer journal).
 * The signer itself must not run: its journal is taken for this process alone. */
#ifndef SIGNER_PAST_H
#define SIGNER_PAST_H

#include <base/config.h>
#include <base/err.h>
#include <pki/crlplan.h>
#include <wire/approval.h>

struct signer_past;

/* Opens keys, certificates and journal as the signer does. E_NOT_FOUND when there is no journal,
 * unless `begins_one`: then a new one is made beside its place, and put there with its epoch; so it
 * is where there is one by which nothing was signed. E_IN_USE while a signer has it; E_KEY,
 * E_CERTIFICATE, E_JOURNAL, E_IO. crypto_start() was called. `config` must outlive it. */
MUST_USE enum result signer_past_open(const struct config *config, bool begins_one,
                                      struct signer_past **ret, struct err *err);
void signer_past_close(struct signer_past *past);
void signer_past_closep(struct signer_past **past);

struct signer_facts {
    uint64_t position; /* of the last record */
    bool is_used;      /* something was signed by this journal */
    uint64_t identity; /* tells it from another; 0: it is of a time when they had none */
    uint64_t size;     /* of the last checkpoint */
    uint8_t root[32];
    uint64_t epoch; /* greatest row of an epoch in the ledger; 0: none was opened */
    uint64_t floor; /* no serial number is below it; 0: none */
    uint64_t crl_number;
    size_t persons; /* who may approve what takes two */
    uint64_t newer; /* certificates signed behind position `after` */
};
MUST_USE enum result signer_past_facts(struct signer_past *past, uint64_t after,
                                       struct signer_facts *ret, struct err *err);

/* Was this checkpoint signed, and is the backup of `entries` that it covers of a history that no
 * epoch left behind? */
struct signer_tree {
    uint64_t size, entries;
    uint8_t root[32];
};
MUST_USE enum result signer_past_has_signed(struct signer_past *past,
                                            const struct signer_tree *tree, bool *ret,
                                            struct err *err);

/* The log's verifier keys by the keys that are here, as PUBLIC/checkpoint-keys has them. */
void signer_past_log_keys(const struct signer_past *past, struct buf *out);

/* Where a device stands by the last word about it: columns of its row. */
struct signer_device {
    struct bytes product, serial_number;
    int state, quarantine;
    bool hold;
};
typedef enum result (*signer_device_visit)(void *ctx, const struct signer_device *device,
                                           struct err *err);
/* Every word, the oldest first: the last one about a device counts. */
MUST_USE enum result signer_past_devices(struct signer_past *past, signer_device_visit visit,
                                         void *ctx, struct err *err);

/* Each CRL that was signed, the oldest first: `hash` is SHA-256 of its TBSCertList. */
struct signer_list {
    struct crl_shard shard;
    uint64_t number;
    uint8_t hash[32];
};
typedef enum result (*signer_list_visit)(void *ctx, const struct signer_list *list,
                                         struct err *err);
MUST_USE enum result signer_past_lists(struct signer_past *past, signer_list_visit visit, void *ctx,
                                       struct err *err);

/* An approver's key, by the signer's own list. */
struct signer_approver {
    int64_t person;
    uint8_t spki[32];
    uint8_t point[65]; /* P-256, uncompressed */
};
/* A new journal's list of them, which is written with its epoch; facts->persons follows. E_JOURNAL
 * for a journal that has one. */
MUST_USE enum result signer_past_seed(struct signer_past *past, const struct signer_approver *list,
                                      size_t n, struct signer_facts *facts, struct err *err);
size_t signer_past_approvers(const struct signer_past *past, const struct signer_approver **ret);

/* What people approved: 8 octets a person, and the countersignature over it. */
struct signer_approved {
    uint8_t hash[32];
    size_t persons_n, signature_n;
    uint8_t persons[8 * APPROVAL_PERSONS_MAX];
    uint8_t signature[80];
};
/* `signatures` as in IPC_APPROVE. While nobody may approve, nobody has to. E_APPROVAL,
 * E_SIGNATURE. Nothing is remembered yet. */
MUST_USE enum result signer_past_approve(struct signer_past *past, struct bytes body,
                                         struct bytes signatures, int64_t now_s,
                                         struct signer_approved *ret, struct err *err);

/* Another history: from here on trees extend that of `size` entries. */
struct signer_epoch {
    uint64_t size;
    uint8_t root[32];
    uint64_t from_size;                 /* entries of the backup, the first of them */
    uint64_t ordinal;                   /* the epoch's row in the ledger */
    uint8_t approval[32];               /* hash of the approved request */
    uint64_t least_crl_number;          /* 0: those that are remembered go on */
    uint64_t floor;                     /* no serial number is below it; 0: they go on */
    const struct signer_approver *ends; /* who no longer approves */
    size_t ends_n;
};
/* Writes it down, whole or not at all. E_JOURNAL, E_IO. */
MUST_USE enum result signer_past_begin_epoch(struct signer_past *past,
                                             const struct signer_epoch *epoch, struct err *err);

#endif
