/* Certificates that other CAs issued, and where scans saw them and ours. */
#ifndef STORE_FOREIGN_H
#define STORE_FOREIGN_H

#include <base/err.h>
#include <base/limits.h>
#include <store/list.h>
#include <wire/buf.h>
#include <wire/bytes.h>

struct foreign {
    int64_t id;
    int64_t anchor; /* 0 = none that we know */
    size_t serial_n;
    uint8_t serial[20];
    int64_t device;      /* 0 = none that we know */
    uint8_t subject[32]; /* digest of the personal row */
    int64_t not_after_s;
    int state; /* enum foreign_state */
    int64_t revoked_at_s;
    int reason;
    bool is_read; /* the certificate itself is here, and the rest counts */
    uint8_t spki[32];
    int64_t not_before_s;
    int key; /* enum foreign_key */
    int bits;
    int signature; /* enum signature_hash */
    uint8_t digest[32];
    uint32_t traits; /* TRAIT_* */
    uint8_t issuer_name[32];
};

/* What another CA, by its anchor, issued under that serial number. */
MUST_USE enum result store_foreign(struct store *store, int64_t anchor, struct bytes serial,
                                   struct foreign *ret, struct err *err);
MUST_USE enum result store_foreign_id(struct store *store, int64_t id, struct foreign *ret,
                                      struct err *err);
/* The oldest row of that very certificate; of that serial number, whoever issued it. */
MUST_USE enum result store_foreign_digest(struct store *store, const uint8_t digest[32],
                                          struct foreign *ret, struct err *err);
MUST_USE enum result store_foreign_numbered(struct store *store, struct bytes serial,
                                            struct foreign *ret, struct err *err);

STORE_VISIT(foreign_visit, struct foreign);
/* Certificates of other CAs; product, device and owner narrow them, and so does `serial`. */
MUST_USE enum result store_foreigns(struct store *store, const struct filter *filter,
                                    struct bytes serial, foreign_visit visit, void *ctx,
                                    struct err *err);
/* Those over one key; after and limit count. */
MUST_USE enum result store_foreigns_with_key(struct store *store, const uint8_t spki[32],
                                             const struct filter *filter, foreign_visit visit,
                                             void *ctx, struct err *err);

/* The first beginning of a certificate over that key; 0 = there is none. */
MUST_USE enum result store_foreign_key_since(struct store *store, const uint8_t spki[32],
                                             int64_t *ret_s, struct err *err);
/* The device behind `after` that a valid one over that key is linked to; 0 = none. */
MUST_USE enum result store_foreign_device(struct store *store, const uint8_t spki[32],
                                          int64_t after, int64_t *ret, struct err *err);

/* Raw evidence, by its SHA-256: a certificate that is there already stays as it is. */
MUST_USE enum result store_put_foreign_der(struct store *store, const uint8_t digest[32],
                                           struct bytes der, struct err *err);
MUST_USE enum result store_foreign_der(struct store *store, const uint8_t digest[32],
                                       struct buf *out, struct err *err);
typedef enum result (*foreign_der_visit)(void *ctx, struct bytes digest, struct bytes der,
                                         struct err *err);
MUST_USE enum result store_foreign_ders(struct store *store, foreign_der_visit visit, void *ctx,
                                        struct err *err);

/* ---- where -------------------------------------------------------------------------------- */

struct sighting {
    int64_t id;
    char place[LIMIT_PLACE + 1], host[LIMIT_PLACE + 1];
    int64_t foreign, certificate; /* the one or the other */
    int64_t ca_until_s;           /* first end above it that was presented; 0 = none */
    char protocol[17], cipher[65];
    int64_t first_s, last_s, ended_s; /* ended_s 0: there still, as far as anybody looked */
    uint8_t spki[32];
};
STORE_VISIT(sighting_visit, struct sighting);

/* A new one. `chain`: digests of what was presented, 32 octets each. */
MUST_USE enum result store_put_sighting(struct store *store, const struct sighting *sighting,
                                        struct bytes chain, struct err *err);
/* One that goes on: when, and how it was presented then. */
MUST_USE enum result store_sighting_again(struct store *store, const struct sighting *sighting,
                                          struct bytes chain, struct err *err);
MUST_USE enum result store_sighting_ended(struct store *store, int64_t id, int64_t now_s,
                                          struct err *err);
/* Those at a place that did not end; of a key, oldest first. */
MUST_USE enum result store_sightings_at(struct store *store, struct bytes place,
                                        sighting_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_sightings_of_key(struct store *store, const uint8_t spki[32],
                                            sighting_visit visit, void *ctx, struct err *err);
/* Of a certificate, newest first: of another CA's, or of ours. */
MUST_USE enum result store_sightings_of(struct store *store, int64_t foreign, uint32_t limit,
                                        sighting_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_sightings_of_ours(struct store *store, int64_t certificate,
                                             uint32_t limit, sighting_visit visit, void *ctx,
                                             struct err *err);

/* What all sightings of a foreign certificate come to, however many they are; zeros when it was
 * never seen. */
struct sighting_sum {
    int64_t since_s, latest_s; /* of the places that did not end: first and last look; 0 = none */
    int64_t ca_until_s;        /* the first end above it, where it is presented; 0 = none shown */
    int64_t ended_s;           /* when it was gone from a place last; 0 = from none */
};
MUST_USE enum result store_sighting_sum(struct store *store, int64_t foreign,
                                        struct sighting_sum *ret, struct err *err);
/* How many places did not end. */
MUST_USE enum result store_sighting_places(struct store *store, int64_t foreign, int64_t *ret_n,
                                           struct err *err);

#endif
