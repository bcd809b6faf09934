/* What is signed in an entry: SecureElement and PublicJWK of Microchip's format. */
#include "manifest_payload.h"
#include "fields.h"

#include <wire/b64.h>
#include <wire/x509_write.h>

#include <string.h>

#define VERSION_MAX 3 /* 1 and 3 have keys, 2 is without */
#define SLOT "0"      /* whose key is the device's identity */
#define COORDINATE_N 32

/* ---- members ----------------------------------------------------------------------------------
 */

enum result manifest_parse(const char *name, struct bytes json, json_t **ret, struct err *err)
{
    json_error_t why = {0};
    json_t *value = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        return err_set(err, E_MANIFEST, "%s: line %d, column %d: %s, wanted an object (RFC 8259)",
                       name, why.line, why.column,
                       err_value(bytes_of(why.text, strlen(why.text))).text);
    if (!json_is_object(value)) {
        json_decref(value);
        return err_set(err, E_MANIFEST, "%s: wanted an object (RFC 8259)", name);
    }
    *ret = value;
    return OK;
}

enum result manifest_text(const json_t *object, const char *name, bool needed, struct bytes *ret,
                          struct err *err)
{
    const json_t *value = json_object_get(object, name);
    *ret = bytes_of(NULL, 0);
    if (value == NULL && !needed)
        return OK;
    if (!json_is_string(value))
        return err_set(err, E_MANIFEST, "%s: seen %s, wanted text", name,
                       value == NULL ? "nothing" : "something else");
    *ret = bytes_of(json_string_value(value), json_string_length(value));
    return OK;
}

enum result manifest_octets(const json_t *object, const char *name, bool needed, struct buf *to,
                            struct bytes *ret, struct err *err)
{
    struct bytes text;
    size_t from = to->n;
    TRY(manifest_text(object, name, needed, &text, err));
    if (!b64url_decode(to, text))
        return err_set(err, E_MANIFEST, "%s: seen \"%s\", wanted base64url (RFC 7515 2)", name,
                       err_value(text).text);
    *ret = bytes_slice(buf_bytes(to), from, to->n - from);
    return OK;
}

/* ---- the element ------------------------------------------------------------------------------
 */

static enum result check_version(const json_t *payload, struct err *err)
{
    const json_t *version = json_object_get(payload, "version");
    json_int_t n = json_integer_value(version);
    if (!json_is_integer(version) || n < 1 || n > VERSION_MAX)
        return err_set(err, E_MANIFEST, "version: seen %lld, wanted 1 to %d", (long long)n,
                       VERSION_MAX);
    return OK;
}

static enum result check_entity(const json_t *payload, const char *name, struct err *err)
{
    const json_t *entity = json_object_get(payload, name);
    if (entity != NULL && !json_is_object(entity))
        return err_set(err, E_MANIFEST, "%s: wanted an object with organizationName", name);
    return OK;
}

/* Version 1 of the format says distributer, its examples and later versions distributor. */
static enum result check_entities(const json_t *payload, struct err *err)
{
    static const char *const names[] = {"manufacturer", "provisioner", "distributor",
                                        "distributer"};
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        TRY(check_entity(payload, names[i], err));
    json_t *one = json_object_get(payload, "distributor");
    json_t *other = json_object_get(payload, "distributer");
    if (one != NULL && other != NULL && !json_equal(one, other))
        return err_set(err, E_MANIFEST, "distributor and distributer name different ones");
    return OK;
}

static enum result read_names(const json_t *payload, struct import_line *line, struct err *err)
{
    TRY(manifest_text(payload, "uniqueId", true, &line->serial_number, err));
    TRY(field_check_text("uniqueId", line->serial_number, 1, LIMIT_SERIAL_NUMBER, err));
    TRY(field_check_serial_number("uniqueId", line->serial_number, err));
    TRY(manifest_text(payload, "groupId", false, &line->batch, err));
    return field_check_text("groupId", line->batch, 0, LIMIT_NAME, err);
}

/* ---- its key ----------------------------------------------------------------------------------
 */

static enum result check_word(const json_t *key, const char *name, struct bytes wanted,
                              struct err *err)
{
    struct bytes seen;
    TRY(manifest_text(key, name, true, &seen, err));
    if (!bytes_equal(seen, wanted))
        return err_set(err, E_MANIFEST, "%s: seen \"%s\", wanted %.*s (RFC 7518 6.2.1)", name,
                       err_value(seen).text, (int)wanted.n, (const char *)wanted.p);
    return OK;
}

static enum result put_coordinate(const json_t *key, const char *name, struct manifest_space *space,
                                  struct buf *point, struct err *err)
{
    struct bytes octets;
    TRY(manifest_octets(key, name, true, &space->to, &octets, err));
    if (octets.n != COORDINATE_N)
        return err_set(err, E_MANIFEST, "%s: seen %zu octets, wanted %d (RFC 7518 6.2.1)", name,
                       octets.n, COORDINATE_N);
    buf_put_bytes(point, octets);
    return OK;
}

static enum result read_point(const json_t *key, struct manifest_space *space, struct bytes *ret,
                              struct err *err)
{
    uint8_t octets[X509_P256_POINT_N];
    struct buf point = buf_over(octets, sizeof octets);
    struct buf spki = buf_over(space->spki, sizeof space->spki);
    TRY(check_word(key, "kty", bytes_text("EC"), err));
    TRY(check_word(key, "crv", bytes_text("P-256"), err));
    buf_put_u8(&point, 4); /* not compressed: RFC 5480 2.2 */
    TRY(put_coordinate(key, "x", space, &point, err));
    TRY(put_coordinate(key, "y", space, &point, err));
    const struct x509_key p256 = {.alg = X509_KEY_P256, .point = buf_bytes(&point)};
    x509_write_spki(&spki, &p256);
    *ret = buf_bytes(&spki);
    return OK;
}

/* x5c is base64, not base64url: RFC 7515 4.1.6. */
static enum result read_certificate(const json_t *value, struct manifest_space *space,
                                    struct bytes *ret, struct err *err)
{
    size_t from = space->to.n;
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));
    if (text.n == 0 || !b64_decode(&space->to, text))
        return err_set(err, E_MANIFEST, "x5c: seen \"%s\", wanted base64 of DER (RFC 7517 4.7)",
                       err_value(text).text);
    *ret = bytes_slice(buf_bytes(&space->to), from, space->to.n - from);
    if (ret->n > LIMIT_CERTIFICATE_BYTES)
        return err_set(err, E_MANIFEST, "x5c: seen %zu octets, wanted at most %d", ret->n,
                       LIMIT_CERTIFICATE_BYTES);
    return OK;
}

static enum result read_chain(const json_t *key, struct manifest_space *space,
                              struct manifest_key *ret, struct err *err)
{
    const json_t *chain = json_object_get(key, "x5c");
    size_t n = json_array_size(chain);
    if (chain == NULL)
        return OK;
    if (!json_is_array(chain) || n == 0 || n > LIMIT_CHAIN_CERTIFICATES)
        return err_set(err, E_MANIFEST, "x5c: wanted an array of 1 to %d certificates",
                       LIMIT_CHAIN_CERTIFICATES);
    for (size_t i = 0; i < n; i++)
        TRY(read_certificate(json_array_get(chain, i), space, &ret->chain[i], err));
    ret->chain_n = n;
    return OK;
}

static bool is_of_slot(const json_t *key)
{
    const char *kid = json_string_value(json_object_get(key, "kid"));
    return kid != NULL && strcmp(kid, SLOT) == 0;
}

/* The one key of the slot. */
static enum result find_key(const json_t *payload, const json_t **ret, struct err *err)
{
    const json_t *keys = json_object_get(json_object_get(payload, "publicKeySet"), "keys");
    size_t found = 0;
    if (!json_is_array(keys))
        return err_set(err, E_MANIFEST, "publicKeySet: wanted an object with keys (RFC 7517 5)");
    for (size_t i = 0; i < json_array_size(keys); i++)
        if (is_of_slot(json_array_get(keys, i))) {
            *ret = json_array_get(keys, i);
            found++;
        }
    if (found != 1)
        return err_set(err, E_MANIFEST, "publicKeySet: seen %zu keys with kid " SLOT ", wanted one",
                       found);
    return OK;
}

static enum result read_key(const json_t *payload, struct manifest_space *space,
                            struct manifest_key *ret, struct err *err)
{
    const json_t *key = NULL;
    *ret = (struct manifest_key){0};
    if (json_object_get(payload, "publicKeySet") == NULL)
        return OK;
    TRY(find_key(payload, &key, err));
    TRY(read_chain(key, space, ret, err));
    return read_point(key, space, &ret->spki, err);
}

enum result manifest_payload(const json_t *payload, struct manifest_space *space,
                             struct import_line *line, struct manifest_key *ret_key,
                             struct err *err)
{
    TRY(check_version(payload, err));
    TRY(check_entities(payload, err));
    TRY(read_names(payload, line, err));
    return read_key(payload, space, ret_key, err);
}
