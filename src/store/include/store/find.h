/* Finding one row, or the few rows that belong to one. R_NOT_FOUND leaves `err` untouched. */
#ifndef STORE_FIND_H
#define STORE_FIND_H

#include <base/err.h>
#include <store/change.h>
#include <store/rows.h>
#include <wire/buf.h>

struct store;

MUST_USE enum result store_product(struct store *store, int64_t id, struct product *ret,
                                   struct err *err);
MUST_USE enum result store_product_named(struct store *store, struct bytes name,
                                         struct product *ret, struct err *err);
MUST_USE enum result store_device(struct store *store, int64_t id, struct device *ret,
                                  struct err *err);
MUST_USE enum result store_device_named(struct store *store, int64_t product,
                                        struct bytes serial_number, struct device *ret,
                                        struct err *err);
/* The device whose factory-registered key this is (product 0 = any). */
MUST_USE enum result store_device_registered(struct store *store, int64_t product,
                                             const uint8_t spki[32], struct device *ret,
                                             struct err *err);
MUST_USE enum result store_certificate(struct store *store, int64_t id, struct certificate *ret,
                                       struct err *err);
/* By the 16 octets of a serial of one of our issuers; the last five lead to it (design 5, Status
 * index), and the store takes no certificate whose serial says otherwise than its row. */
MUST_USE enum result store_certificate_serial(struct store *store, struct bytes serial,
                                              struct certificate *ret, struct err *err);
/* The same of this issuer, in one look: whoever asks by OCSP waits for no more than that. */
MUST_USE enum result store_certificate_said(struct store *store, int64_t issuer,
                                            struct bytes serial, struct certificate_said *ret,
                                            struct err *err);
/* The newest certificate that (credential, SPKI) obtained (design 5, Renewal). */
MUST_USE enum result store_certificate_asked(struct store *store, const uint8_t credential[32],
                                             const uint8_t spki[32], struct certificate *ret,
                                             struct err *err);
/* Any certificate over this key that is not `device`'s; or R_NOT_FOUND. */
MUST_USE enum result store_certificate_with_key(struct store *store, const uint8_t spki[32],
                                                int64_t other_than_device, struct certificate *ret,
                                                struct err *err);
/* The same, of nobody in the line of devices that had `device`'s board one after the other: itself,
 * whom it replaces, whom that one did. */
MUST_USE enum result store_certificate_beyond_line(struct store *store, const uint8_t spki[32],
                                                   int64_t device, struct certificate *ret,
                                                   struct err *err);
/* Did the device ever get a certificate by this credential? */
MUST_USE enum result store_device_showed(struct store *store, int64_t device,
                                         const uint8_t credential[32], bool *ret, struct err *err);
/* A certificate over this key that was revoked as compromised, or because its device was lost: who
 * had that meanwhile may have the key (RFC 5280 5.3.1, keyCompromise and privilegeWithdrawn). */
MUST_USE enum result store_certificate_compromised(struct store *store, const uint8_t spki[32],
                                                   struct certificate *ret, struct err *err);
/* How many certificates of the device were ever used. */
MUST_USE enum result store_count_proven(struct store *store, int64_t device, int64_t *ret_n,
                                        struct err *err);
/* The device's pending and current certificates, newest first. */
MUST_USE enum result store_live_certificates(struct store *store, int64_t device,
                                             struct certificate *ret, size_t max, size_t *ret_n,
                                             struct err *err);
/* The device's certificate that was superseded last. */
MUST_USE enum result store_last_superseded(struct store *store, int64_t device,
                                           struct certificate *ret, struct err *err);
MUST_USE enum result store_anchor(struct store *store, int64_t id, struct authority_row *ret,
                                  struct err *err);
/* The product's anchor of that use (enum anchor_use) with this very certificate; the oldest. */
MUST_USE enum result store_anchor_of(struct store *store, int64_t product, int use,
                                     struct bytes certificate, struct authority_row *ret,
                                     struct err *err);
/* Enrolments anew of the device since `since_s`. */
MUST_USE enum result store_count_anew(struct store *store, int64_t device, int64_t since_s,
                                      int64_t *ret_n, struct err *err);
/* Voided certificates of the device since `since_s`. */
MUST_USE enum result store_count_voided(struct store *store, int64_t device, int64_t since_s,
                                        int64_t *ret_n, struct err *err);
MUST_USE enum result store_der(struct store *store, int64_t certificate, struct buf *out,
                               struct err *err);
MUST_USE enum result store_token(struct store *store, const uint8_t hash[32], struct token *ret,
                                 struct err *err);
MUST_USE enum result store_open_tokens(struct store *store, int64_t device, struct token *ret,
                                       size_t max, size_t *ret_n, struct err *err);
/* Ids of the first `max` open tokens or permits (TABLE_TOKEN, TABLE_PERMIT) of all devices. */
MUST_USE enum result store_open_doors(struct store *store, enum table table, int64_t *ret,
                                      size_t max, size_t *ret_n, struct err *err);
MUST_USE enum result store_open_permit(struct store *store, int64_t device, int64_t now_s,
                                       struct permit *ret, struct err *err);
MUST_USE enum result store_open_permits(struct store *store, int64_t device, struct permit *ret,
                                        size_t max, size_t *ret_n, struct err *err);
MUST_USE enum result store_operator(struct store *store, const uint8_t spki[32],
                                    struct operator_row *ret, struct err *err);
MUST_USE enum result store_open_findings(struct store *store, int64_t device, struct finding *ret,
                                         size_t max, size_t *ret_n, struct err *err);
/* Of what is no device. */
MUST_USE enum result store_open_findings_about(struct store *store, struct subject_key about,
                                               struct finding *ret, size_t max, size_t *ret_n,
                                               struct err *err);
/* The row of the first interval of the subject's findings of this check; 0 = there was none. */
MUST_USE enum result store_first_finding(struct store *store, struct subject_key about, int check,
                                         int64_t *ret_id, struct err *err);
MUST_USE enum result store_finding(struct store *store, int64_t id, struct finding *ret,
                                   struct err *err);
/* When time alone may change the judgement of it; 0 = never. */
MUST_USE enum result store_next_instant(struct store *store, struct subject_key about,
                                        int64_t *ret_at_s, struct err *err);
MUST_USE enum result store_personal(struct store *store, const uint8_t digest[32], struct buf *out,
                                    struct err *err);
MUST_USE enum result store_answer(struct store *store, const char *key, struct buf *out,
                                  struct err *err);
MUST_USE enum result store_meta(struct store *store, const char *name, int64_t *ret_value,
                                struct err *err);
MUST_USE enum result store_seen(struct store *store, int64_t device, int64_t *ret_at_s,
                                struct err *err);
/* The first `max` devices whose stand the signer has yet to hear. */
MUST_USE enum result store_untold(struct store *store, int64_t *ret, size_t max, size_t *ret_n,
                                  struct err *err);
MUST_USE enum result store_crl(struct store *store, const struct shard *shard, struct crl_row *ret,
                               struct err *err);
/* The greatest number of any shard's CRL; 0 when there is none. */
MUST_USE enum result store_max_crl(struct store *store, int64_t *ret_number, struct err *err);
/* When a certificate of the shard ended last; 0 = none did. */
MUST_USE enum result store_last_end(struct store *store, const struct shard *shard,
                                    int64_t *ret_at_s, struct err *err);
MUST_USE enum result store_last_note(struct store *store, uint64_t *ret_size, struct buf *out,
                                     struct err *err);

MUST_USE enum result store_max_id(struct store *store, enum table table, int64_t *ret_id,
                                  struct err *err);
MUST_USE enum result store_rows(struct store *store, enum table table, int64_t *ret_n,
                                struct err *err);
/* Who needs an issuer at `now_s`: devices (of that owner, empty: all) with a live certificate below
 * it that has not expired, or renews under grace; and operators and boundaries in use. */
struct issuer_needs {
    int64_t devices, operators, boundaries;
};
MUST_USE enum result store_issuer_needs(struct store *store, int64_t issuer, struct bytes owner,
                                        int64_t now_s, struct issuer_needs *ret, struct err *err);

MUST_USE enum result store_issuer(struct store *store, int64_t id, struct authority_row *ret,
                                  struct err *err);

/* The highest number in (issuer, class); -1 when there is none. */
MUST_USE enum result store_max_number(struct store *store, int64_t issuer, uint32_t class,
                                      int64_t *ret_number, struct err *err);
/* Of that owner; empty: all. */
MUST_USE enum result store_count_devices(struct store *store, int64_t product, struct bytes owner,
                                         int64_t *ret_n, struct err *err);

#endif
