/* Owned bytes. `struct bytes` (wire/bytes.h) borrows; a blob owns and is freed by its scope:
 * CLEANUP(blob_free) struct blob file = {0}; */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include <base/result.h>
#include <wire/bytes.h>

#include <stddef.h>
#include <stdint.h>

struct blob {
    uint8_t *p; /* malloc'd; NULL when empty */
    size_t n;
};

/* Frees and zeroes. Fit for CLEANUP; an empty blob is fine. Not for secrets: base/secret.h. */
void blob_free(struct blob *blob);

/* Copies `from`. R_MEMORY when there is none. */
MUST_USE enum result blob_copy(struct bytes from, struct blob *ret);

/* Borrows what the blob owns; valid while the blob is. */
static inline struct bytes blob_bytes(const struct blob *blob)
{
    return (struct bytes){blob->p, blob->n};
}

#endif
