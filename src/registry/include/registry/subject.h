/* A device with everything that standing() judges it by, read from the store. */
#ifndef REGISTRY_SUBJECT_H
#define REGISTRY_SUBJECT_H

#include <store/store.h>
#include <trust/standing.h>
#include <trust/words.h>

#define SUBJECT_LIVE_MAX 4 /* pending and current certificates: more than two is already wrong */
#define SUBJECT_OPEN_MAX CHECK_MAX

struct subject {
    struct device device;
    struct product product;
    struct policy policy; /* in force for it */
    size_t live_n;
    struct certificate live[SUBJECT_LIVE_MAX]; /* newest first */
    size_t open_n;
    struct finding open[SUBJECT_OPEN_MAX];
};

/* E_NOT_FOUND, in the words for every device that is not there, or is not the asker's. */
MUST_USE enum result subject_missing(struct bytes serial_number, struct err *err);

/* Completes a device row that was already read. */
MUST_USE enum result subject_read(struct store *store, const struct device *device,
                                  struct subject *ret, struct err *err);

/* Finds the device by product name and serial number. E_NOT_FOUND names both. */
MUST_USE enum result subject_find(struct store *store, struct bytes product,
                                  struct bytes serial_number, struct subject *ret, struct err *err);

/* The facts of a subject. Reads tokens, permits and the CRL of its last replaced certificate. */
MUST_USE enum result subject_facts(struct store *store, const struct subject *subject,
                                   struct facts *ret, struct err *err);

/* What its rows alone say; the rest is unmeasured. */
void subject_facts_of_rows(const struct subject *subject, struct facts *ret);

/* Which algorithms its devices may have keys of: bit per enum key_algorithm. */
uint32_t product_keys(const struct product *product);

/* Enrolments an hour on a front's word alone, of a product that has so many devices. */
#define CLAIMS_LEAST 1000
#define CLAIMS_ONE_IN 100
int64_t product_claims_an_hour(const struct product *product, int64_t devices);

/* Automatic quarantines of a product's devices in an hour: so many, or one in so many. */
#define QUARANTINES_LEAST 10
#define QUARANTINES_ONE_IN 1000

/* Is this one of its live certificates, expired, and within its product's grace? */
bool subject_is_in_grace(const struct subject *subject, int64_t certificate, int64_t now_s);

/* The finding of check `number` that is open, or NULL. */
const struct finding *subject_finding(const struct subject *subject, int number);

#endif
