/* A manifest as entries, and each as a JWS: signature first, then what is signed. */
#include "fields.h"
#include "manifest_payload.h"
#include "seen.h"

#include <stdlib.h>
#include <string.h>

#define THUMBPRINT_N 32
#define KID_MAX 64 /* octets of a key identifier: RFC 5280 4.2.1.2 makes 20 of them */

struct manifest {
    const struct manifest_terms *terms;
    const struct manifest_sink *sink;
    struct import_counts counts;
    struct seen seen;
    struct manifest_space space;
};

/* One entry as it was parsed: its own object, protected header and payload. */
struct entry {
    json_t *jws, *head, *payload;
};

static void entry_free(struct entry *entry)
{
    json_decref(entry->jws);
    json_decref(entry->head);
    json_decref(entry->payload);
}

/* ---- the header -------------------------------------------------------------------------------
 */

/* RFC 7515 4.1.1, 4.1.11: one algorithm, and no extension that changes what is signed. */
static enum result check_algorithm(const json_t *head, struct err *err)
{
    struct bytes alg;
    TRY(manifest_text(head, "alg", true, &alg, err));
    if (!bytes_equal(alg, bytes_text("ES256")))
        return err_set(err, E_MANIFEST_ALGORITHM,
                       "protected: alg (RFC 7515 4.1.1): seen \"%s\", wanted ES256",
                       err_value(alg).text);
    if (json_object_get(head, "crit") != NULL)
        return err_set(err, E_MANIFEST, "protected: crit (RFC 7515 4.1.11): wanted none");
    return OK;
}

/* Nothing that is protected may be said again where it is not (RFC 7515 7.2.1). */
static enum result check_unprotected(const json_t *jws, const json_t *head, struct err *err)
{
    json_t *header = json_object_get(jws, "header");
    const char *name;
    json_t *value;
    if (header != NULL && !json_is_object(header))
        return err_set(err, E_MANIFEST, "header: wanted an object (RFC 7515 7.2.1)");
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "alg") == 0 || json_object_get(head, name) != NULL)
            return err_set(err, E_MANIFEST, "header (RFC 7515 7.2.1): \"%s\" has to be protected",
                           err_value(bytes_of(name, strlen(name))).text);
    }
    return OK;
}

static enum result read_signer(const json_t *head, struct buf *to, struct manifest_signature *ret,
                               struct err *err)
{
    TRY(manifest_octets(head, "kid", false, to, &ret->kid, err));
    TRY(manifest_octets(head, "x5t#S256", false, to, &ret->thumbprint, err));
    if (ret->kid.n > KID_MAX)
        return err_set(err, E_MANIFEST, "protected: kid: seen %zu octets, wanted at most %d",
                       ret->kid.n, KID_MAX);
    if (ret->thumbprint.n != 0 && ret->thumbprint.n != THUMBPRINT_N)
        return err_set(err, E_MANIFEST, "protected: x5t#S256: seen %zu octets, wanted %d",
                       ret->thumbprint.n, THUMBPRINT_N);
    if (ret->kid.n == 0 && ret->thumbprint.n == 0)
        return err_set(err, E_MANIFEST, "protected: seen no signer, wanted kid or x5t#S256");
    return OK;
}

/* ---- the signature ----------------------------------------------------------------------------
 */

/* RFC 7515 5.1: protected "." payload, as they stand in the file. */
static enum result read_input(const json_t *jws, struct buf *to, struct bytes *ret, struct err *err)
{
    struct bytes head, payload;
    size_t from = to->n;
    TRY(manifest_text(jws, "protected", true, &head, err));
    TRY(manifest_text(jws, "payload", true, &payload, err));
    buf_put_bytes(to, head);
    buf_put_u8(to, '.');
    buf_put_bytes(to, payload);
    if (!buf_ok(to))
        return err_set(err, E_MANIFEST, "larger than %d octets", LIMIT_MANIFEST_ENTRY);
    *ret = bytes_slice(buf_bytes(to), from, to->n - from);
    return OK;
}

static enum result parse_octets(const json_t *jws, const char *name, struct buf *to, json_t **ret,
                                struct err *err)
{
    struct bytes json;
    TRY(manifest_octets(jws, name, true, to, &json, err));
    return manifest_parse(name, json, ret, err);
}

static enum result check_signature(struct manifest *manifest, struct entry *entry,
                                   struct import_line *line, struct err *err)
{
    struct buf *to = &manifest->space.to;
    struct manifest_signature signature = {0};
    TRY(parse_octets(entry->jws, "protected", to, &entry->head, err));
    TRY(check_algorithm(entry->head, err));
    TRY(check_unprotected(entry->jws, entry->head, err));
    TRY(read_signer(entry->head, to, &signature, err));
    TRY(manifest_octets(entry->jws, "signature", true, to, &signature.signature, err));
    if (signature.signature.n != MANIFEST_SIGNATURE_N)
        return err_set(err, E_MANIFEST, "signature (RFC 7518 3.4): seen %zu octets, wanted %d",
                       signature.signature.n, MANIFEST_SIGNATURE_N);
    TRY(read_input(entry->jws, to, &signature.input, err));
    return manifest->sink->verify(manifest->sink->context, &signature, line, err);
}

/* ---- one entry --------------------------------------------------------------------------------
 */

/* What the plain header repeats is there to be searched, and has to be the same. */
static enum result check_repeated(const json_t *jws, struct bytes unique_id, struct err *err)
{
    const json_t *header = json_object_get(jws, "header");
    struct bytes seen;
    TRY(manifest_text(header, "uniqueId", false, &seen, err));
    if (seen.n != 0 && !bytes_equal(seen, unique_id))
        return err_set(err, E_MANIFEST, "header: uniqueId: seen \"%s\", wanted that of the payload",
                       err_value(seen).text);
    return OK;
}

static enum result read_entry(struct manifest *manifest, struct bytes json, struct entry *entry,
                              struct import_line *line, struct err *err)
{
    struct manifest_key key;
    struct manifest_space *space = &manifest->space;
    space->to = buf_over(space->octets, sizeof space->octets);
    if (json.n > LIMIT_MANIFEST_ENTRY)
        return err_set(err, E_TOO_LARGE, "longer than %d octets", LIMIT_MANIFEST_ENTRY);
    TRY(manifest_parse("entry", json, &entry->jws, err));
    TRY(check_signature(manifest, entry, line, err));

    space->to = buf_over(space->octets, sizeof space->octets);
    TRY(parse_octets(entry->jws, "payload", &space->to, &entry->payload, err));
    space->to = buf_over(space->octets, sizeof space->octets);
    TRY(manifest_payload(entry->payload, space, line, &key, err));
    TRY(check_repeated(entry->jws, line->serial_number, err));
    if (key.spki.n != 0)
        TRY(manifest->sink->key(manifest->sink->context, &key, line, err));
    return seen_add(&manifest->seen, line->product, line->serial_number, line->line, err);
}

static enum result take_entry(struct manifest *manifest, struct bytes json, struct err *err)
{
    CLEANUP(entry_free) struct entry entry = {0};
    const struct manifest_sink *sink = manifest->sink;
    struct err why = {0};
    if (++manifest->counts.rows > LIMIT_IMPORT_ROWS)
        return err_set(err, E_TOO_LARGE, "more than %d entries", LIMIT_IMPORT_ROWS);
    struct import_line line = {
        .line = manifest->counts.rows,
        .product = manifest->terms->product,
        .owner = manifest->terms->owner,
        .hold = manifest->terms->hold,
    };
    if (read_entry(manifest, json, &entry, &line, &why) == OK)
        return sink->take(sink->context, &line, err);
    manifest->counts.faults++;
    return sink->fault(sink->context, line.line, &why, err);
}

/* ---- the array --------------------------------------------------------------------------------
 */

static size_t skip_space(struct bytes text, size_t at)
{
    while (at < text.n && memchr(" \t\r\n", text.p[at], 4) != NULL)
        at++;
    return at;
}

static bool is_at(struct bytes text, size_t at, char c)
{
    return at < text.n && text.p[at] == (uint8_t)c;
}

/* Behind a string that begins at `at`, or the text's end. */
static size_t skip_string(struct bytes text, size_t at)
{
    for (at++; at < text.n && text.p[at] != '"'; at++)
        at += text.p[at] == '\\';
    return at < text.n ? at + 1 : text.n;
}

/* Behind the value that begins at `at`: the comma or bracket that ends it. What stands between is
 * read later, each entry for itself, so that a broken one costs no other. */
static size_t skip_value(struct bytes text, size_t at)
{
    size_t depth = 0;
    while (at < text.n) {
        uint8_t c = text.p[at];
        if (depth == 0 && (c == ',' || c == ']'))
            return at;
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        at++;
    }
    return at;
}

static enum result not_whole(const struct manifest *manifest, const char *wanted, struct err *err)
{
    return err_set(err, E_SYNTAX, "behind entry %u: wanted %s of a JSON array (RFC 8259)",
                   manifest->counts.rows, wanted);
}

static enum result read_array(struct manifest *manifest, struct bytes text, struct err *err)
{
    size_t at = skip_space(text, 0);
    if (!is_at(text, at, '['))
        return not_whole(manifest, "the beginning", err);
    at = skip_space(text, at + 1);
    bool is_over = is_at(text, at, ']');
    while (!is_over) {
        size_t end = skip_value(text, at);
        if (end == text.n || end == at)
            return not_whole(manifest, "the end", err);
        TRY(take_entry(manifest, bytes_slice(text, at, end - at), err));
        is_over = is_at(text, end, ']');
        at = is_over ? end : skip_space(text, end + 1);
    }
    return skip_space(text, at + 1) == text.n ? OK : not_whole(manifest, "nothing behind it", err);
}

static void manifest_free(struct manifest **manifest)
{
    if (*manifest != NULL)
        seen_free(&(*manifest)->seen);
    free(*manifest);
}

enum result manifest_read(struct bytes text, const struct manifest_terms *terms,
                          const struct manifest_sink *sink, struct import_counts *ret,
                          struct err *err)
{
    CLEANUP(manifest_free) struct manifest *manifest = calloc(1, sizeof *manifest);
    if (manifest == NULL)
        return err_set(err, E_MEMORY, "no memory for a manifest");
    manifest->terms = terms;
    manifest->sink = sink;
    TRY(field_check_text("product", terms->product, 1, LIMIT_NAME, err));
    TRY(field_check_text("owner", terms->owner, 0, LIMIT_NAME, err));
    TRY(read_array(manifest, text, err));
    *ret = manifest->counts;
    return OK;
}
