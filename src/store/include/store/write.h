/* Writing rows, inside a transaction of the one writer (store/store.h). */
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include <base/err.h>
#include <store/change.h>
#include <store/rows.h>

struct store;

/* E_BUG for a broken change, or one of a table that is not of the LEDGER kind or is the ledger. */
MUST_USE enum result store_apply(struct store *store, const struct change *change, struct err *err);
MUST_USE enum result store_put_der(struct store *store, int64_t certificate, struct bytes der,
                                   struct err *err);
MUST_USE enum result store_put_seen(struct store *store, int64_t device, int64_t certificate,
                                    int64_t at_s, struct err *err);
/* The signer has yet to hear where the device stands, as entry `entry` has it; and: of devices up
 * to `last` it heard what entries before `size` say. */
MUST_USE enum result store_put_untold(struct store *store, int64_t device, uint64_t entry,
                                      struct err *err);
MUST_USE enum result store_drop_untold(struct store *store, int64_t last, uint64_t size,
                                       struct err *err);
MUST_USE enum result store_put_personal(struct store *store, const uint8_t digest[32],
                                        struct bytes salt, struct bytes text, struct err *err);
MUST_USE enum result store_put_answer(struct store *store, const char *key, int64_t at_s,
                                      struct bytes answer, struct err *err);
MUST_USE enum result store_put_meta(struct store *store, const char *name, int64_t value,
                                    struct err *err);
MUST_USE enum result store_put_crl(struct store *store, const struct crl_row *row, struct err *err);
/* Every CRL is due at once; numbers go on. */
MUST_USE enum result store_restart_crls(struct store *store, struct err *err);
MUST_USE enum result store_put_note(struct store *store, uint64_t size, struct bytes note,
                                    int64_t at_s, struct err *err);
/* `instant_s` 0 removes the row. */
MUST_USE enum result store_put_next_instant(struct store *store, struct subject_key about,
                                            int64_t instant_s, struct err *err);
/* The same at the latest: an instant that is sooner stays, and 0 changes nothing. */
MUST_USE enum result store_put_sooner_instant(struct store *store, struct subject_key about,
                                              int64_t instant_s, struct err *err);
/* Adds `add` (0 only reads) and gives the sum. */
MUST_USE enum result store_count(struct store *store, const struct counter *counter, int64_t add,
                                 int64_t *ret_sum, struct err *err);
#endif
