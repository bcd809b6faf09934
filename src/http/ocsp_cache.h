/* OCSP answers that the front keeps: prepared, so that who asks again costs no signature. One for
 * each spelling of a CertID, bounded, and gone as soon as core takes it back. */
#ifndef HTTP_OCSP_CACHE_H
#define HTTP_OCSP_CACHE_H

#include <proto/public.h>
#include <wire/ocsp.h>

#include <base/err.h>

#define OCSP_KEPT_SETS 4096 /* times OCSP_KEPT_WAYS answers of about 1 KB: 16 MB at most */
#define OCSP_KEPT_WAYS 4
#define OCSP_ETAG_N 36 /* a quoted half of SHA-256 in hexadecimal, and a NUL */

struct ocsp_kept {
    struct bytes response; /* owned, with the rest in one piece */
    int64_t this_update_s, next_update_s;
    char etag[OCSP_ETAG_N];
    size_t id_n, serial_n;
    uint8_t id[OCSP_ID_OCTETS_MAX];  /* the CertID as it was asked, */
    uint8_t serial[X509_SERIAL_MAX]; /* and its serial number */
    uint8_t octets[];
};

struct ocsp_cache {
    struct ocsp_kept **slots; /* NULL before the first; owned */
};

/* NULL when there is none, or it is half over: it is asked for anew then. */
const struct ocsp_kept *ocsp_cache_find(const struct ocsp_cache *cache, const struct ocsp_id *id,
                                        int64_t now_s);

/* Keeps a copy, in the place of the same or of the oldest of its set. NULL without memory: then it
 * is just not kept. */
const struct ocsp_kept *ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_id *id,
                                       const struct ocsp_kept *times, struct bytes response);

/* Drops all of that serial number; of an empty one everything. */
void ocsp_cache_drop(struct ocsp_cache *cache, struct bytes serial);
void ocsp_cache_free(struct ocsp_cache *cache);

#endif
