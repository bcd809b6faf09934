/* What is known about one device, and what its product's policy says. Filled by
 * src/registry/facts.c from rows; judged by standing() and nowhere else. */
#ifndef TRUST_FACTS_H
#define TRUST_FACTS_H

#include <trust/words.h>
#include <wire/spread.h>

#include <stdbool.h>
#include <stdint.h>

/* A fact is unmeasured until somebody produced it: zero says so. */
enum known { UNMEASURED = 0, NO, YES };

/* A condition and, when YES, the instant it began. */
struct since {
    enum known known;
    int64_t at_s;
};

struct facts {
    enum device_state state;
    bool hold;
    int quarantine; /* 0 none, 1 automatic, 2 by a person */
    enum proof proof;

    /* The newest certificate of the device that is pending or current; not_after_s 0 = none. */
    enum cert_state cert_state;
    int64_t not_before_s;
    int64_t not_after_s;
    bool is_issuer_ended;  /* the issuer of that certificate was retired */
    int64_t enrolled_at_s; /* first certificate issued; 0 = never */

    struct since key_shared;        /* TD-01: the key is also another's */
    struct since forked;            /* TD-02: a replaced certificate was used */
    struct since shared_credential; /* TD-03: enrolled on a claim that many share */
    struct since token_open;        /* TD-04: a token is open although the device is onboarded */
    int64_t token_until_s;          /* when that token ends by itself */
    struct since expired_used;      /* TD-09: presented an expired certificate */
    struct since weak_key;          /* TD-12 */
    struct since replaced_alive;    /* TD-14: a replaced certificate is not on a published CRL */
    struct since credential_alive;  /* TD-17: retired or lost, and something still opens a door */
};

struct policy {
    enum proof least_proof;
    int renew_from_percent; /* of the validity: the window opens */
    int renew_by_percent;   /* of the validity: TD-08 from here on */
    int64_t grace_s;        /* an expired certificate may renew for so long; 0 = never */
};

/* The policy of a product whose own says nothing. */
#define POLICY_RENEW_FROM_PERCENT SPREAD_FROM_PERCENT
#define POLICY_RENEW_BY_PERCENT 85

#endif
