/* Rows as plain structs: what a typed read gives. Text is NUL-terminated and owned by the struct.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <base/limits.h>
#include <store/finding.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct product {
    int64_t id;
    char name[LIMIT_NAME + 1];
    char hw_type[LIMIT_NAME + 1];
    uint32_t proofs; /* bit per enum proof */
    int least_proof;
    int64_t validity_s;
    uint32_t enrols_a_year;
    int64_t grace_s;
    int64_t claims_an_hour; /* 0 = the default */
    uint32_t keys; /* bit per enum key_algorithm; 0 = P-256 alone: subject.h product_keys */
};

struct authority_row { /* an issuer or an anchor */
    int64_t id;
    int kind;        /* enum authority_kind */
    int64_t product; /* anchors only */
    int use;         /* anchors only: enum anchor_use */
    uint8_t spki[32];
    int64_t not_after_s;        /* issuers only */
    int state;                  /* enum issuer_state; an anchor's: 1 in use, 2 ended */
    int64_t root;               /* of an issuer: the row of its root; 0 = the first one */
    char owner[LIMIT_NAME + 1]; /* of an issuer: whose devices have it; empty = the fleet */
    size_t n;
    uint8_t certificate[LIMIT_CERTIFICATE_BYTES];
};

struct device {
    int64_t id;
    int64_t product;
    char serial_number[LIMIT_SERIAL_NUMBER + 1];
    char owner[LIMIT_NAME + 1];
    char batch[LIMIT_NAME + 1];
    int state; /* enum device_state */
    bool hold;
    bool has_registered;
    uint8_t registered[32];
    int proof;
    int quarantine; /* 0 none, 1 automatic, 2 by a person */
    bool has_bad_key;
    uint8_t bad_key[32];
    int64_t version;
    int64_t idevid_anchor;
    int64_t replaces;    /* the device whose board this one has; 0 = none */
    int64_t replaced_by; /* the device that has this one's board */
};

struct certificate {
    int64_t id;
    int64_t device;
    int64_t issuer;
    uint8_t serial[16];
    uint8_t spki[32];
    int profile;
    int64_t not_before_s;
    int64_t not_after_s;
    uint32_t class;
    uint32_t number;
    int64_t predecessor;
    uint8_t credential[32];
    int state; /* enum cert_state */
    int64_t state_at_s;
    int reason;
    bool anew;
    int64_t proven_at_s;
    int proof;
};

/* As much of a certificate and its device as the world may be told. */
struct certificate_said {
    int state; /* enum cert_state */
    int64_t state_at_s;
    int reason;
    int64_t not_before_s;
    int64_t device;
    int device_state; /* 0 = it has none */
};

struct token {
    int64_t id;
    int64_t device;
    int64_t expires_at_s;
    int state; /* 1 open, 2 used, 3 ended */
    bool has_spki;
    uint8_t spki[32];
};

struct permit {
    int64_t id;
    int64_t device;
    int64_t expires_at_s;
    int state;
    bool new_board;
};

struct operator_row {
    int64_t id;
    uint8_t name[32]; /* digest of the personal row */
    uint8_t spki[32];
    int role;
    char scope[LIMIT_NAME + 1];
    int state;
    int64_t person; /* first row of this person: its own, unless it says another */
    bool is_approver;
};

/* A partition of an issuer's revocation list: part = number / 65536 (design 5, Status index). */
#define SHARD_NUMBERS 65536 /* certificates of one CRL: part = number / this */

struct shard {
    int64_t issuer;
    uint32_t class;
    uint32_t part;
};

struct crl_row {
    struct shard shard;
    uint64_t number;
    int64_t this_s;
    int64_t next_s;
};

/* What is counted: a name, for a product (or a device) and an hour (seconds / 3600). */
struct counter {
    const char *name;
    int64_t product;
    int64_t hour;
};

#endif
