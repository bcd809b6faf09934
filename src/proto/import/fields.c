#include "fields.h"

#include <wire/utf8.h>

#include <string.h>

enum result field_check_text(const char *name, struct bytes text, size_t min, size_t max,
                             struct err *err)
{
    if (text.n < min || text.n > max)
        return err_set(err, E_SYNTAX, "%s: seen %zu octets, wanted %zu to %zu", name, text.n, min,
                       max);
    bool good = utf8_is_valid(text);
    for (size_t i = 0; i < text.n; i++)
        good = good && text.p[i] >= 0x20 && text.p[i] != 0x7f;
    if (!good)
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted UTF-8 without control characters",
                       name, err_value(text).text);
    return OK;
}

static bool is_printable_string(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool alphanumeric =
            (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (c == '\0' || strchr(" '()+,-./:=?", c) == NULL))
            return false;
    }
    return true;
}

enum result field_check_serial_number(const char *name, struct bytes text, struct err *err)
{
    if (!is_printable_string(text))
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted a PrintableString (X.680 41.4)",
                       name, err_value(text).text);
    if (memchr(text.p, '/', text.n) != NULL || bytes_equal(text, bytes_text(".")) ||
        bytes_equal(text, bytes_text("..")))
        return err_set(err, E_SYNTAX,
                       "%s: seen \"%s\", wanted one without a slash, and not . or ..", name,
                       err_value(text).text);
    return OK;
}
