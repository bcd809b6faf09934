/* What a judgement reads beyond rows (registry/measure.h): each question has an index, or says what
 * it costs. */
#ifndef STORE_MEASURE_H
#define STORE_MEASURE_H

#include <base/err.h>
#include <store/rows.h>

struct store;

/* E_STORE_CORRUPT when a certificate names an issuer that is not there. */
struct issuer_is {
    int state, kind; /* enum issuer_state, authority_kind */
};
MUST_USE enum result store_issuer_is(struct store *store, int64_t id, struct issuer_is *ret,
                                     struct err *err);
/* The device's certificates over this key: how many, and when the first began; 0 = none. */
MUST_USE enum result store_key_held(struct store *store, int64_t device, const uint8_t spki[32],
                                    int64_t *ret_n, int64_t *ret_first_s, struct err *err);
/* Is any certificate over this key, whoever's and whatever became of it? */
MUST_USE enum result store_key_is_known(struct store *store, const uint8_t spki[32], bool *ret,
                                        struct err *err);
/* What rises with every change of the device: is it still the row that was decided upon? */
MUST_USE enum result store_device_version(struct store *store, int64_t id, int64_t *ret,
                                          struct err *err);
/* Was there ever a finding about the device? */
MUST_USE enum result store_was_found(struct store *store, int64_t device, bool *ret,
                                     struct err *err);
/* When its first certificate began; 0 = it never had one. */
MUST_USE enum result store_first_issued(struct store *store, int64_t device, int64_t *ret_at_s,
                                        struct err *err);
/* When a certificate of the shard ended first after `after_s`; 0 = none did. */
MUST_USE enum result store_first_end(struct store *store, const struct shard *shard,
                                     int64_t after_s, int64_t *ret_at_s, struct err *err);
/* When its first certificate began. R_NOT_FOUND. */
MUST_USE enum result store_shard_began(struct store *store, const struct shard *shard,
                                       int64_t *ret_at_s, struct err *err);
/* The first `max` devices with a superseded certificate in the shard and an open TD-14 (no list
 * names it), the oldest finding first. A look at each open TD-14 until then. */
MUST_USE enum result store_replaced_late(struct store *store, const struct shard *shard,
                                         int64_t *ret, size_t max, size_t *ret_n, struct err *err);
/* The last end of what this issuer issued to devices and people and what is live at `now_s`; 0 =
 * nothing is. One pass over all certificates. */
MUST_USE enum result store_leaves_until(struct store *store, int64_t issuer, int64_t now_s,
                                        int64_t *ret_at_s, struct err *err);

#endif
