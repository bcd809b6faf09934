/* What a scan of TLS servers saw. */
#include <proto/scan.h>

#include "lines.h"

#include <base/text.h>

#include <jansson.h>
#include <string.h>

static const char *const outcomes[LOOK_OUTCOME_COUNT] = {
    [LOOK_SEEN] = "seen",           [LOOK_NO_CERTIFICATE] = "no-certificate",
    [LOOK_NO_TLS] = "no-tls",       [LOOK_REFUSED] = "refused",
    [LOOK_TIMED_OUT] = "timed-out", [LOOK_UNREACHABLE] = "unreachable",
};

static void json_freep(json_t **json)
{
    json_decref(*json);
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

static enum result refuse(const char *name, const json_t *value, const char *wanted,
                          struct err *err)
{
    return err_set(err, E_SCAN, "%s: seen \"%s\", wanted %s", name, err_value(text_of(value)).text,
                   wanted);
}

/* ---- where ---------------------------------------------------------------------------------- */

static bool is_port(struct bytes text)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.n && i < 6; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    return text.n > 0 && text.n < 6 && text.p[0] != '0' && value <= UINT16_MAX;
}

/* What names and addresses are made of; an address of six groups stands in brackets. */
static bool is_host(struct bytes text)
{
    bool is_six = text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']';
    if (is_six)
        text = bytes_slice(text, 1, text.n - 2);
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.';
        if (!is_plain && c != (is_six ? ':' : '-') && (is_six || c != '_'))
            return false;
    }
    return text.n > 0;
}

static enum result read_target(const json_t *root, struct scan_read *line, struct err *err)
{
    const json_t *value = json_object_get(root, "target");
    struct bytes text = text_of(value);
    const uint8_t *colon = text.n == 0 ? NULL : memrchr(text.p, ':', text.n);
    size_t n = colon == NULL ? 0 : (size_t)(colon - text.p);
    line->target = text;
    line->host = bytes_slice(text, 0, n);
    if (colon == NULL || text.n > LIMIT_PLACE || !is_host(line->host) ||
        !is_port(bytes_slice(text, n + 1, text.n)))
        return refuse("target", value, "HOST:PORT in lower case, or [IPv6]:PORT", err);
    return OK;
}

/* ---- what ----------------------------------------------------------------------------------- */

static enum result read_outcome(const json_t *root, struct scan_read *line, struct err *err)
{
    const json_t *value = json_object_get(root, "outcome");
    for (unsigned i = LOOK_SEEN; i < LOOK_OUTCOME_COUNT; i++)
        if (bytes_equal(text_of(value), text_bytes(outcomes[i])))
            line->outcome = (enum look_outcome)i;
    if (line->outcome == LOOK_NOTHING)
        return refuse("outcome", value,
                      "seen, no-certificate, no-tls, refused, timed-out or unreachable", err);
    return OK;
}

static enum result read_word(const json_t *root, const char *name, size_t max, struct bytes *ret,
                             struct err *err)
{
    const json_t *value = json_object_get(root, name);
    struct bytes text = text_of(value);
    bool fits = (value == NULL || json_is_string(value)) && text.n <= max;
    for (size_t i = 0; i < text.n && fits; i++)
        fits = text.p[i] > ' ' && text.p[i] < 0x7f;
    *ret = text;
    return fits ? OK : refuse(name, value, "a short name without spaces", err);
}

static enum result read_chain(const json_t *root, struct scan_read *line, struct err *err)
{
    const json_t *chain = json_object_get(root, "chain");
    size_t n = json_array_size(chain);
    bool fits = chain == NULL || json_is_array(chain);
    if (line->outcome != LOOK_SEEN && n > 0)
        return err_set(err, E_SCAN, "chain: seen %zu, wanted none unless the outcome is seen", n);
    if (line->outcome == LOOK_SEEN && (n == 0 || n > LIMIT_CHAIN_CERTIFICATES))
        return err_set(err, E_SCAN, "chain: seen %zu, wanted 1 to %d certificates", n,
                       LIMIT_CHAIN_CERTIFICATES);
    for (size_t i = 0; i < n && fits; i++) {
        fits = json_is_string(json_array_get(chain, i));
        line->chain[i] = text_of(json_array_get(chain, i));
    }
    line->chain_n = n;
    return fits ? OK : err_set(err, E_SCAN, "chain: wanted an array of base64 texts");
}

static enum result read_members(const json_t *root, struct scan_read *line, struct err *err)
{
    static const char *const known[] = {"target", "outcome", "protocol", "cipher", "chain"};
    size_t n = 0;
    for (size_t i = 0; i < LENGTH_OF(known); i++)
        n += json_object_get(root, known[i]) != NULL;
    if (!json_is_object(root) || n != json_object_size(root))
        return err_set(err, E_SCAN,
                       "wanted an object with target, outcome, protocol, cipher and chain alone");
    TRY(read_target(root, line, err));
    TRY(read_outcome(root, line, err));
    TRY(read_word(root, "protocol", 16, &line->protocol, err));
    TRY(read_word(root, "cipher", 64, &line->cipher, err));
    return read_chain(root, line, err);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static enum result give(const struct scan_sink *sink, struct bytes text, uint32_t number,
                        struct import_counts *counts, struct err *err)
{
    struct scan_read line = {.line = number};
    struct err why = {0};
    json_error_t at = {0};
    bool is_short = text.n <= LIMIT_SCAN_LINE;
    CLEANUP(json_freep)
    json_t *root =
        is_short ? json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &at) : NULL;
    enum result result = root != NULL
                             ? read_members(root, &line, &why)
                             : err_set(&why, E_SCAN, "not a JSON object (RFC 8259) on one line: %s",
                                       is_short ? err_value(text_bytes(at.text)).text : "too long");
    if (++counts->rows > LIMIT_SCAN_ROWS)
        return err_set(err, E_TOO_LARGE, "more than %d lines; send them in parts", LIMIT_SCAN_ROWS);
    if (result == OK)
        return sink->take(sink->context, &line, err);
    counts->faults++;
    return sink->fault(sink->context, number, &why, err);
}

enum result scan_read(struct bytes text, const struct scan_sink *sink, struct import_counts *ret,
                      struct err *err)
{
    struct import_counts counts = {0};
    for (uint32_t number = 1; text.n > 0; number++) {
        struct bytes line = line_first(text);
        text = bytes_slice(text, line.n, text.n);
        if (!line_is_blank(line))
            TRY(give(sink, line, number, &counts, err));
    }
    *ret = counts;
    return OK;
}
