/* Private: what the signer never forgets, made of its journal's records and of nothing else. */
#ifndef SIGNER_MEMORY_H
#define SIGNER_MEMORY_H

#include <base/limits.h>
#include <pki/crlplan.h>
#include <pki/profile.h>
#include <pki/serial.h>
#include <wire/x509.h>

#define MEMORY_APPROVERS_MAX 64 /* keys in use: more people than an operations room has */
#define MEMORY_SHARDS_MAX 65536 /* CRLs of their own: four billion certificates */

enum record_kind {
    RECORD_NONE = 0,
    RECORD_CERTIFICATE,
    RECORD_CRL,
    RECORD_CHECKPOINT,
    RECORD_APPROVAL, /* an act that takes two people was countersigned */
    RECORD_APPROVER, /* a key became an approver's, or no longer is */
    RECORD_DEVICE,   /* where a device stands that an older copy must not let go */
    RECORD_EPOCH,    /* people went on from an older copy of the database: signer/past.h */
    RECORD_BEGAN,    /* the first of a journal: `hash` is chance, and tells it from another */
    RECORD_FEED,     /* no generation of the feed above this one is signed before the next */
};

/* Columns of the device's row, by its names: row ids are another's after a restore. */
struct record_device {
    uint8_t state;
    uint8_t quarantine;
    uint8_t hold;
    uint8_t product_n;
    uint8_t serial_number_n;
    uint8_t product[LIMIT_NAME];
    uint8_t serial_number[LIMIT_SERIAL_NUMBER];
};

/* One act of signing. Which fields count, the kind says. */
struct record {
    enum record_kind kind;
    uint8_t profile;
    uint32_t issuer;
    uint8_t serial[SERIAL_N];
    int64_t not_after_s;
    struct crl_shard shard;
    uint64_t number;  /* of a CRL; of an epoch: no CRL has a smaller one; a feed's ceiling */
    uint64_t size;    /* of a tree */
    uint8_t hash[32]; /* of the TBS; the root of a tree; of an approval; an approver's SPKI hash */
    int64_t person;   /* of an approver */
    bool is_on;       /* he is one from now on */
    uint8_t point[X509_P256_POINT_N]; /* of his key */
    struct record_device device;
    uint64_t lost_size; /* of an epoch: the tree that was signed last in the one before */
    uint8_t lost_root[32];
    uint64_t floor;     /* of an epoch: no serial number is below it from now on */
    uint64_t from_size; /* entries of the backup that it goes on from */
    uint64_t ordinal;   /* its row in the ledger */
};

/* Who may approve what takes two people: design 5. A person may have several keys. */
struct memory_approver {
    int64_t person;
    uint8_t spki[32];
    uint8_t point[X509_P256_POINT_N];
};

struct memory_people {
    bool is_changed; /* since whoever keeps a copy looked */
    size_t n;
    struct memory_approver list[MEMORY_APPROVERS_MAX];
};

struct memory_approval {
    uint8_t hash[32];
    uint64_t position;
};

struct memory_shard {
    struct crl_shard shard;
    uint64_t number;
};

struct memory {
    uint64_t next[PKI_ISSUERS][256]; /* least number that no serial of (issuer, class) has */
    struct memory_shard *shards;     /* owned */
    size_t shards_n, shards_max;
    uint64_t crl_number; /* greatest in any shard */
    uint64_t feed;       /* no generation above it was signed; 0: none was */
    uint64_t epoch;      /* position of the record that opened the last one; 0: none did */
    uint64_t ordinal;    /* greatest row of an epoch */
    uint64_t floor;      /* of the last one that had one */
    uint64_t identity;   /* of this journal; 0: it is of a time when they had none */
    bool is_used;        /* something was signed */
    uint64_t size;       /* last checkpoint; 0: none */
    uint8_t root[32];
    struct memory_people people;
    struct memory_approval *approvals; /* owned */
    size_t approvals_n, approvals_max;
    uint64_t records; /* all that was added: the position of the last one */
};

/* The key in use of an approver; NULL when nobody has it. */
const struct memory_approver *memory_approver(const struct memory *memory, const uint8_t spki[32]);

/* Position of the record that says that this was approved; 0 when it never was. */
uint64_t memory_approved(const struct memory *memory, const uint8_t hash[32]);

/* How many persons may approve. */
size_t memory_persons(const struct memory *memory);

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
