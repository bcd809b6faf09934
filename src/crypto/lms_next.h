/* Private: which index of an LMS key is the next, on the disk, twice. */
#ifndef CRYPTO_LMS_NEXT_H
#define CRYPTO_LMS_NEXT_H

#include <base/err.h>

#define LMS_PATH_MAX 1024

struct lms_places {
    char folder[LMS_PATH_MAX]; /* FOLDER/next */
    char record[LMS_PATH_MAX]; /* RECORDS/NAME */
    char lock[LMS_PATH_MAX];   /* RECORDS/NAME.lock: for whoever has the key, by whatever folder */
};

/* `public`: the HSS public key, which names the record. E_USAGE for a path that is too long. */
MUST_USE enum result lms_places_of(const char *folder, const char *records, struct bytes public,
                                   struct lms_places *ret, struct err *err);

/* For a new key: both say 0. E_IO; E_KEY where this host has no /etc/machine-id. */
MUST_USE enum result lms_next_make(const struct lms_places *places, struct err *err);

/* Holds the lock until *ret is closed. E_IO. */
MUST_USE enum result lms_next_lock(const struct lms_places *places, int *ret, struct err *err);

/* The first index that nothing was reserved of. E_KEY_STATE: crypto/lms_folder.h; E_KEY. */
MUST_USE enum result lms_next_read(const struct lms_places *places, uint32_t *ret, struct err *err);

/* Both say `next`, and it is on the disk: the folder first, so that no folder is behind its record
 * but one that was put back. E_IO, E_SYNC. */
MUST_USE enum result lms_next_write(const struct lms_places *places, uint32_t next,
                                    struct err *err);

#endif
