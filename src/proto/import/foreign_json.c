/* step-ca: its certificates, each with what its table of revocations says of it. */
#include "foreign.h"
#include "lines.h"

#include <jansson.h>
#include <string.h>

static void json_freep(json_t **json)
{
    json_decref(*json);
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

/* RFC 3339 in UTC, as Go writes it, without the part of a second. */
static enum result read_instant(struct bytes text, int64_t *ret_s, struct err *err)
{
    static const char form[] = "....-..-..T..:..:..";
    size_t n = sizeof form - 1;
    uint8_t digits[15];
    size_t digits_n = 0;
    bool fits = text.n > n && text.p[text.n - 1] == 'Z' && (text.n == n + 1 || text.p[n] == '.');
    for (size_t i = 0; i < n && fits; i++)
        if (form[i] == '.')
            digits[digits_n++] = text.p[i];
        else
            fits = text.p[i] == (uint8_t)form[i];
    for (size_t i = n + 1; i + 1 < text.n && fits; i++)
        fits = text.p[i] >= '0' && text.p[i] <= '9';
    if (!fits)
        return err_set(err, E_FOREIGN, "RevokedAt: seen \"%s\", wanted RFC 3339 in UTC",
                       err_value(text).text);
    digits[digits_n++] = 'Z';
    return foreign_read_time("RevokedAt", bytes_of(digits, digits_n), ret_s, err);
}

static enum result read_revoked(const json_t *revoked, struct foreign_read *line, struct err *err)
{
    const json_t *reason = json_object_get(revoked, "ReasonCode");
    if (revoked == NULL || json_is_null(revoked))
        return OK;
    if (!json_is_object(revoked))
        return err_set(err, E_FOREIGN, "revoked: wanted an object or null");
    if (reason != NULL &&
        !(json_is_integer(reason) && foreign_is_reason(json_integer_value(reason))))
        return err_set(err, E_FOREIGN,
                       "ReasonCode: seen %lld, wanted 0 to 10 without 7 "
                       "(RFC 5280 5.3.1)",
                       (long long)json_integer_value(reason));
    line->is_revoked = true;
    line->reason = (uint8_t)json_integer_value(reason);
    return read_instant(text_of(json_object_get(revoked, "RevokedAt")), &line->revoked_s, err);
}

static enum result read_line(const struct foreign_file *file, const json_t *root,
                             struct foreign_read *line, struct err *err)
{
    const json_t *certificate = json_object_get(root, "certificate");
    if (!json_is_object(root) || !json_is_string(certificate))
        return err_set(err, E_FOREIGN, "wanted an object with a text \"certificate\"");
    TRY(read_revoked(json_object_get(root, "revoked"), line, err));
    return file->sink->certificate(file->sink->context, text_of(certificate), line, err);
}

static enum result read_object(struct foreign_file *file, struct bytes text, uint32_t number,
                               struct err *err)
{
    struct foreign_read line = {.line = number};
    struct err why = {0};
    json_error_t at = {0};
    enum result result = OK;
    CLEANUP(json_freep)
    json_t *root = text.n > LIMIT_IMPORT_LINE
                       ? NULL
                       : json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &at);
    if (root == NULL)
        result = err_set(&why, E_FOREIGN, "not a JSON object (RFC 8259) on one line: %s",
                         text.n > LIMIT_IMPORT_LINE
                             ? "too long"
                             : err_value(bytes_of(at.text, strlen(at.text))).text);
    else
        result = read_line(file, root, &line, &why);
    return foreign_give(file, &line, result, &why, err);
}

enum result foreign_read_json(struct foreign_file *file, struct bytes text, struct err *err)
{
    for (uint32_t number = 1; text.n > 0; number++) {
        struct bytes line = line_first(text);
        text = bytes_slice(text, line.n, text.n);
        if (!line_is_blank(line))
            TRY(read_object(file, line, number, err));
    }
    return OK;
}
