/* Lists: `visit` is called for each row after the cursor, which is a row's id. It may ask the store
 * anything but the list that it is called from (E_BUG). A failure of it ends the walk and is handed
 * on.
 *
 * Every list goes along an index and sorts nothing: rows come in id order; those of one product, or
 * of serial numbers that begin alike, by product and serial number; certificates of one owner or
 * product device by device; findings that are open by their beginning, the oldest first. Where no
 * index has all that a list is narrowed by, it goes along the best one and passes over what does
 * not fit, at most STORE_LIST_LOOKS rows a page. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include <base/err.h>
#include <store/change.h>
#include <store/rows.h>
#include <wire/bytes.h>

struct store;

#define STORE_VISIT(name, row)                                                                     \
    typedef enum result (*name)(void *ctx, const row *row_, struct err *err)
STORE_VISIT(product_visit, struct product);
STORE_VISIT(authority_visit, struct authority_row);
STORE_VISIT(device_visit, struct device);
STORE_VISIT(certificate_visit, struct certificate);
STORE_VISIT(finding_visit, struct finding);
STORE_VISIT(operator_visit, struct operator_row);

/* So many rows a page looks at: some tens of milliseconds at worst. */
#define STORE_LIST_LOOKS 8000

struct filter { /* zero or empty = any; of certificates and findings: what their device has */
    int64_t after;
    uint32_t limit; /* 0: all, however long that takes */
    /* Devices, certificates, findings: gets the cursor to go on from when the list stopped at
     * STORE_LIST_LOOKS rows with its page not full; may be NULL. */
    int64_t *reached;
    int64_t product;
    int64_t device;
    struct bytes owner; /* then what belongs to no device is left out */
    int state;
    bool open_only;
    int64_t issuer;                    /* devices: those that need it at `now_s` */
    struct bytes batch, serial_prefix; /* devices */
    int check, severity;               /* findings */
    int64_t now_s;
};

MUST_USE enum result store_products(struct store *store, const struct filter *filter,
                                    product_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_issuers(struct store *store, authority_visit visit, void *ctx,
                                   struct err *err);
MUST_USE enum result store_anchors(struct store *store, authority_visit visit, void *ctx,
                                   struct err *err);
MUST_USE enum result store_devices(struct store *store, const struct filter *filter,
                                   device_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_certificates(struct store *store, const struct filter *filter,
                                        certificate_visit visit, void *ctx, struct err *err);
MUST_USE enum result store_findings(struct store *store, const struct filter *filter,
                                    finding_visit visit, void *ctx, struct err *err);
/* Open ones that a person answers, the oldest first: about a product, a check, the ledger's gap. */
MUST_USE enum result store_held_findings(struct store *store, uint32_t limit, finding_visit visit,
                                         void *ctx, struct err *err);
MUST_USE enum result store_operators(struct store *store, const struct filter *filter,
                                     operator_visit visit, void *ctx, struct err *err);
/* Revoked, superseded, voided and orphaned certificates of a CRL shard that end after `now_s`, in
 * number order. */
MUST_USE enum result store_revoked(struct store *store, const struct shard *shard, int64_t now_s,
                                   certificate_visit visit, void *ctx, struct err *err);
/* Live ones of it whose device is kept down: on hold. */
MUST_USE enum result store_held(struct store *store, const struct shard *shard, int64_t now_s,
                                certificate_visit visit, void *ctx, struct err *err);
/* Certificates of these numbers, whatever their notAfter: of each only issuer, class, number and
 * state. */
struct number_range {
    int64_t issuer;
    uint32_t class;
    int64_t first, last;
};
MUST_USE enum result store_numbered(struct store *store, const struct number_range *range,
                                    certificate_visit visit, void *ctx, struct err *err);
/* Live certificates of devices that are quarantined, lost or retired. */
MUST_USE enum result store_kept_down(struct store *store, certificate_visit visit, void *ctx,
                                     struct err *err);
/* Subjects whose next instant is at or before `now_s`. */
typedef enum result (*instant_visit)(void *ctx, struct subject_key about, struct err *err);
MUST_USE enum result store_due(struct store *store, int64_t now_s, uint32_t limit,
                               instant_visit visit, void *ctx, struct err *err);
/* Shards that exist: (issuer, class, part) of every certificate that ends after `now_s`. */
typedef enum result (*shard_visit)(void *ctx, const struct shard *shard, struct err *err);
MUST_USE enum result store_shards(struct store *store, int64_t now_s, shard_visit visit, void *ctx,
                                  struct err *err);
/* Rows of DEVICE, PRODUCT, ISSUER or FOREIGN that belong to a product (0 = all), by id: the first
 * `max` with after < id <= until. */
struct id_range {
    enum table table;
    int64_t product;
    int64_t after, until;
};
MUST_USE enum result store_ids(struct store *store, const struct id_range *range, int64_t *ret,
                               size_t max, size_t *ret_n, struct err *err);
/* Counts for the overview: group is "device" (by state), "certificate" (by state), "issuer"
 * (pending and current certificates by issuer) or "finding" (open, by check). `owner` not empty:
 * only what belongs to devices of that owner. */
typedef enum result (*count_visit)(void *ctx, int64_t key, int64_t n, struct err *err);
MUST_USE enum result store_counts(struct store *store, const char *group, struct bytes owner,
                                  count_visit visit, void *ctx, struct err *err);

/* The bytes that ledger rows know by digest only: every certificate_der row, every personal row. */
typedef enum result (*der_visit)(void *ctx, int64_t certificate, struct bytes der, struct err *err);
MUST_USE enum result store_ders(struct store *store, der_visit visit, void *ctx, struct err *err);
typedef enum result (*personal_visit)(void *ctx, struct bytes digest, struct bytes salt,
                                      struct bytes text, struct err *err);
MUST_USE enum result store_personals(struct store *store, personal_visit visit, void *ctx,
                                     struct err *err);

#endif
