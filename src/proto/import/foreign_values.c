/* Numbers, times and names as other CAs write them. */
#include "fields.h"
#include "foreign.h"

#include <wire/der.h>
#include <wire/hex.h>

#include <string.h>
#include <strings.h>

#define REASON_MAX 10
#define REASON_NONE 7 /* RFC 5280 5.3.1 leaves it out */

/* ---- serial numbers ---------------------------------------------------------------------------
 */

/* Without leading zeros: line->octets has it in the first `n`. */
static enum result set_serial(const char *name, size_t n, struct bytes seen,
                              struct foreign_read *line, struct err *err)
{
    size_t zeros = 0;
    while (zeros < n && line->octets[zeros] == 0)
        zeros++;
    line->serial = bytes_of(line->octets + zeros, n - zeros);
    if (zeros == n)
        return err_set(err, E_FOREIGN,
                       "%s: seen \"%s\", wanted a number above 0 of at most 20 octets "
                       "(RFC 5280 4.1.2.2)",
                       name, err_value(seen).text);
    return OK;
}

enum result foreign_read_hex(const char *name, struct bytes text, struct foreign_read *line,
                             struct err *err)
{
    struct buf octets = buf_over(line->octets, sizeof line->octets);
    if (!hex_decode(&octets, text))
        return err_set(err, E_FOREIGN, "%s: seen \"%s\", wanted 2 to 40 hexadecimal digits", name,
                       err_value(text).text);
    return set_serial(name, octets.n, text, line, err);
}

/* octets = octets * 10 + digit; false when that is too large. */
static bool push_digit(uint8_t *octets, size_t n, unsigned digit)
{
    unsigned carry = digit;
    for (size_t i = n; i > 0; i--) {
        carry += octets[i - 1] * 10U;
        octets[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

enum result foreign_read_decimal(const char *name, struct bytes text, struct foreign_read *line,
                                 struct err *err)
{
    bool fits = text.n > 0;
    memset(line->octets, 0, sizeof line->octets);
    for (size_t i = 0; i < text.n && fits; i++)
        fits = is_digit(text.p[i]) &&
               push_digit(line->octets, sizeof line->octets, (unsigned)(text.p[i] - '0'));
    if (!fits)
        return err_set(err, E_FOREIGN, "%s: seen \"%s\", wanted a decimal number of 20 octets",
                       name, err_value(text).text);
    return set_serial(name, sizeof line->octets, text, line, err);
}

/* ---- times, numbers ---------------------------------------------------------------------------
 */

static bool read_time(struct bytes text, int64_t *ret_s)
{
    uint8_t der[32];
    struct buf to = buf_over(der, sizeof der);
    bool is_long = text.n == 15;
    if (!is_long && text.n != 13)
        return false;
    buf_put_u8(&to, is_long ? DER_GENERALIZED_TIME : DER_UTC_TIME);
    buf_put_u8(&to, (uint8_t)text.n);
    buf_put_bytes(&to, text);
    struct reader reader = reader_of(buf_bytes(&to));
    return is_long ? der_read_generalized(&reader, ret_s) : der_read_time(&reader, ret_s);
}

enum result foreign_read_time(const char *name, struct bytes text, int64_t *ret_s, struct err *err)
{
    if (read_time(text, ret_s))
        return OK;
    return err_set(err, E_FOREIGN,
                   "%s: seen \"%s\", wanted YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280 4.1.2.5)",
                   name, err_value(text).text);
}

enum result foreign_read_number(const char *name, struct bytes text, int64_t min, int64_t max,
                                int64_t *ret, struct err *err)
{
    bool is_below = text.n > 0 && text.p[0] == '-';
    bool fits = text.n > is_below && text.n <= 19;
    int64_t number = 0;
    for (size_t i = is_below; i < text.n && fits; i++) {
        fits = is_digit(text.p[i]) && number <= (INT64_MAX - 9) / 10;
        number = fits ? number * 10 + (text.p[i] - '0') : 0;
    }
    number = is_below ? -number : number;
    if (!fits || number < min || number > max)
        return err_set(err, E_FOREIGN, "%s: seen \"%s\", wanted %lld to %lld", name,
                       err_value(text).text, (long long)min, (long long)max);
    *ret = number;
    return OK;
}

bool foreign_is_reason(int64_t reason)
{
    return reason >= 0 && reason <= REASON_MAX && reason != REASON_NONE;
}

/* ---- subjects ---------------------------------------------------------------------------------
 */

/* Does an attribute of that name begin at `at`? How long it is with its "=", or 0. */
static size_t attribute_at(struct bytes text, size_t at, const char *const *names)
{
    for (; *names != NULL; names++) {
        size_t n = strlen(*names);
        if (at + n < text.n && text.p[at + n] == '=' &&
            strncasecmp((const char *)text.p + at, *names, n) == 0)
            return n + 1;
    }
    return 0;
}

static size_t value_end(struct bytes text, size_t at, char before)
{
    while (at < text.n && text.p[at] != (uint8_t)before)
        at++;
    return at;
}

static size_t skip_spaces(struct bytes text, size_t at)
{
    while (at < text.n && text.p[at] == ' ')
        at++;
    return at;
}

/* A name in one line is ambiguous: a value may have what looks like the next attribute. So there
 * has to be one serial number, and it says which device is meant, no more. */
static struct bytes find_serial_number(struct bytes text, const struct subject_style *style)
{
    struct bytes found = {0};
    size_t seen = 0;
    for (size_t at = 0; at < text.n; at = value_end(text, at, style->before) + 1) {
        size_t begin = skip_spaces(text, at);
        size_t n = attribute_at(text, begin, style->names);
        if (n == 0)
            continue;
        seen++;
        found = bytes_slice(text, begin + n, value_end(text, begin, style->before) - begin - n);
    }
    return seen == 1 ? found : bytes_of(NULL, 0);
}

enum result foreign_read_subject(const char *name, struct bytes text,
                                 const struct subject_style *style, struct foreign_read *line,
                                 struct err *err)
{
    struct err ignored = {0};
    if (field_check_text(name, text, 0, LIMIT_SUBJECT, err) != OK) {
        err->code = E_FOREIGN;
        return R_INVALID;
    }
    line->subject = text;
    line->serial_number = find_serial_number(text, style);
    if (field_check_text(name, line->serial_number, 1, LIMIT_SERIAL_NUMBER, &ignored) != OK ||
        field_check_serial_number(name, line->serial_number, &ignored) != OK)
        line->serial_number = bytes_of(NULL, 0);
    return OK;
}
