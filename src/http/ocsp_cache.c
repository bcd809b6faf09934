#include "ocsp_cache.h"

#include <crypto/hash.h>
#include <wire/hex.h>

#include <stdlib.h>
#include <string.h>

/* Only what was issued is kept, and nobody but our issuer chooses the octets of a serial number. */
static struct ocsp_kept **set_of(const struct ocsp_cache *cache, struct bytes serial)
{
    uint32_t at = 0;
    for (size_t i = 0; i < serial.n; i++)
        at = at * 31 + serial.p[i];
    return cache->slots + (size_t)(at % OCSP_KEPT_SETS) * OCSP_KEPT_WAYS;
}

static bool is_of(const struct ocsp_kept *kept, struct bytes id)
{
    return kept != NULL && bytes_equal(bytes_of(kept->id, kept->id_n), id);
}

const struct ocsp_kept *ocsp_cache_find(const struct ocsp_cache *cache, const struct ocsp_id *id,
                                        int64_t now_s)
{
    if (cache->slots == NULL)
        return NULL;
    struct ocsp_kept **set = set_of(cache, id->serial);
    for (size_t i = 0; i < OCSP_KEPT_WAYS; i++)
        if (is_of(set[i], id->whole)) {
            bool is_good = now_s >= set[i]->this_update_s &&
                           public_crl_max_age(set[i]->this_update_s, set[i]->next_update_s, now_s);
            return is_good ? set[i] : NULL;
        }
    return NULL;
}

/* An empty one, that of the same, or the oldest. */
static struct ocsp_kept **place_for(const struct ocsp_cache *cache, const struct ocsp_id *id)
{
    struct ocsp_kept **set = set_of(cache, id->serial), **place = set;
    for (size_t i = 0; i < OCSP_KEPT_WAYS; i++)
        if (is_of(set[i], id->whole))
            return &set[i];
    for (size_t i = 0; i < OCSP_KEPT_WAYS; i++) {
        if (set[i] == NULL)
            return &set[i];
        if (set[i]->this_update_s < (*place)->this_update_s)
            place = &set[i];
    }
    return place;
}

static void write_etag(struct bytes response, char ret[OCSP_ETAG_N])
{
    uint8_t digest[SHA256_N];
    struct buf text = buf_over(ret, OCSP_ETAG_N - 1);
    sha256(response, digest);
    buf_put_u8(&text, '"');
    hex_encode(&text, bytes_of(digest, 16));
    buf_put_u8(&text, '"');
    ret[text.n] = '\0';
}

const struct ocsp_kept *ocsp_cache_put(struct ocsp_cache *cache, const struct ocsp_id *id,
                                       const struct ocsp_kept *times, struct bytes response)
{
    if (cache->slots == NULL)
        cache->slots = calloc((size_t)OCSP_KEPT_SETS * OCSP_KEPT_WAYS, sizeof(void *));
    struct ocsp_kept *kept = malloc(sizeof *kept + response.n);
    if (cache->slots == NULL || kept == NULL || id->whole.n > sizeof kept->id) {
        free(kept);
        return NULL;
    }
    *kept = *times;
    kept->id_n = id->whole.n;
    kept->serial_n = id->serial.n;
    memcpy(kept->id, id->whole.p, id->whole.n);
    memcpy(kept->serial, id->serial.p, id->serial.n);
    memcpy(kept->octets, response.p, response.n);
    kept->response = bytes_of(kept->octets, response.n);
    write_etag(kept->response, kept->etag);
    struct ocsp_kept **place = place_for(cache, id);
    free(*place);
    return *place = kept;
}

static void drop_of(struct ocsp_cache *cache, struct bytes serial)
{
    struct ocsp_kept **set = set_of(cache, serial);
    for (size_t i = 0; i < OCSP_KEPT_WAYS; i++)
        if (set[i] != NULL && bytes_equal(bytes_of(set[i]->serial, set[i]->serial_n), serial)) {
            free(set[i]);
            set[i] = NULL;
        }
}

void ocsp_cache_drop(struct ocsp_cache *cache, struct bytes serial)
{
    if (cache->slots != NULL && serial.n > 0)
        drop_of(cache, serial);
    else if (serial.n == 0)
        ocsp_cache_free(cache);
}

void ocsp_cache_free(struct ocsp_cache *cache)
{
    for (size_t i = 0; cache->slots != NULL && i < OCSP_KEPT_SETS * OCSP_KEPT_WAYS; i++)
        free(cache->slots[i]);
    free(cache->slots);
    cache->slots = NULL;
}
