#include <registry/holders.h>

#include <string.h>

enum result holders_device(struct store *store, const uint8_t spki[32], int64_t *ret,
                           struct err *err)
{
    struct device device = {0};
    struct certificate certificate = {0};
    enum result result = store_device_registered(store, 0, spki, &device, err);
    *ret = result == OK ? device.id : 0;
    if (result != R_NOT_FOUND)
        return result;
    result = store_certificate_with_key(store, spki, 0, &certificate, err);
    *ret = result == OK ? certificate.device : 0;
    return result == R_NOT_FOUND ? OK : result;
}

/* A second device; the line of those that had one board after the other is one. */
static enum result find_second(struct store *store, const uint8_t spki[32], bool *ret,
                               struct err *err)
{
    int64_t first = 0, linked = 0, next = 0;
    struct certificate other = {0};
    TRY(holders_device(store, spki, &first, err));
    TRY(store_foreign_device(store, spki, 0, &linked, err));
    if (linked != 0)
        TRY(store_foreign_device(store, spki, linked, &next, err));
    *ret = next != 0 || (linked != 0 && first != 0 && linked != first);
    if (*ret || first == 0)
        return OK;
    enum result result = store_certificate_beyond_line(store, spki, first, &other, err);
    *ret = result == OK && other.device != 0;
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

/* The hosts that were seen last so far, two of them: who comes next overlaps with one of these, or
 * with nobody. */
struct hosts {
    char host[2][LIMIT_PLACE + 1];
    int64_t last_s[2];
    size_t n;
    struct since shared;
};

static void put_host(struct hosts *hosts, const struct sighting *sighting)
{
    size_t at = 0;
    while (at < hosts->n && strcmp(hosts->host[at], sighting->host) != 0)
        at++;
    if (at == LENGTH_OF(hosts->last_s))
        at = hosts->last_s[0] < hosts->last_s[1] ? 0 : 1;
    else if (at < hosts->n && hosts->last_s[at] > sighting->last_s)
        return;
    hosts->n = at >= hosts->n ? at + 1 : hosts->n;
    hosts->last_s[at] = sighting->last_s;
    memcpy(hosts->host[at], sighting->host, sizeof hosts->host[at]);
}

/* They come by their first instants. */
static enum result take_sighting(void *context, const struct sighting *sighting, struct err *err)
{
    struct hosts *hosts = context;
    (void)err;
    for (size_t i = 0; i < hosts->n; i++) {
        bool is_other = strcmp(hosts->host[i], sighting->host) != 0;
        if (is_other && hosts->last_s[i] + HOLDERS_AT_ONCE_S >= sighting->first_s) {
            hosts->shared = (struct since){YES, sighting->first_s};
            return R_CONFLICT; /* enough: ends the walk */
        }
    }
    put_host(hosts, sighting);
    return OK;
}

enum result holders_shared(struct store *store, const uint8_t spki[32], struct since *ret,
                           struct err *err)
{
    struct hosts hosts = {.shared = {.known = NO}};
    bool has_second = false;
    TRY(find_second(store, spki, &has_second, err));
    if (has_second) {
        *ret = (struct since){.known = YES};
        return OK;
    }
    enum result result = store_sightings_of_key(store, spki, take_sighting, &hosts, err);
    *ret = hosts.shared;
    return result == R_CONFLICT ? OK : result;
}
