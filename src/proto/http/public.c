#include <proto/public.h>

#include <wire/der.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Takes the next segment off `path`; false at its end. */
static bool take_segment(struct bytes *path, struct bytes *ret)
{
    if (path->n == 0)
        return false;
    const uint8_t *slash = memchr(path->p, '/', path->n);
    size_t n = slash == NULL ? path->n : (size_t)(slash - path->p);
    *ret = bytes_slice(*path, 0, n);
    *path = bytes_slice(*path, n + 1, path->n);
    return true;
}

/* One to `max` digits without a leading zero, of a value up to `most`. */
static bool is_number(struct bytes text, size_t max, unsigned least, unsigned most)
{
    unsigned value = 0;
    if (text.n == 0 || text.n > max || (text.n > 1 && text.p[0] == '0'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    return value >= least && value <= most;
}

static bool is_three_digits(struct bytes text)
{
    return text.n == 3 && is_digit(text.p[0]) && is_digit(text.p[1]) && is_digit(text.p[2]);
}

bool public_is_hash_tile(struct bytes path)
{
    struct bytes segment = {0};
    if (!take_segment(&path, &segment) || !is_number(segment, 2, 0, 63))
        return false;
    if (!take_segment(&path, &segment))
        return false;
    while (segment.n == 4 && segment.p[0] == 'x') {
        if (!is_three_digits(bytes_slice(segment, 1, 3)) || !take_segment(&path, &segment))
            return false;
    }
    if (path.n == 0 && segment.n == 3)
        return is_three_digits(segment);
    return segment.n == 5 && is_three_digits(bytes_slice(segment, 0, 3)) &&
           memcmp(segment.p + 3, ".p", 2) == 0 && is_number(path, 3, 1, 255);
}

static bool is_name_octet(uint8_t c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.';
}

bool public_is_file_name(struct bytes name, const char *suffix)
{
    struct bytes segment = {0};
    size_t end = strlen(suffix);
    if (name.n == 0 || name.p[name.n - 1] == '/')
        return false;
    while (take_segment(&name, &segment)) {
        if (segment.n == 0 || segment.p[0] == '.')
            return false;
        for (size_t i = 0; i < segment.n; i++)
            if (!is_name_octet(segment.p[i]))
                return false;
    }
    return segment.n > end && memcmp(segment.p + segment.n - end, suffix, end) == 0;
}

/* ---- CRLs and dates -------------------------------------------------------------------------- */

/* Tag and length of an element whose content goes on beyond the octets that are here. */
static void open_cut(struct reader *r, uint8_t tag)
{
    if (reader_u8(r) != tag)
        reader_fail(r, "not a CRL");
    uint8_t length = reader_u8(r);
    if (length > 0x84)
        reader_fail(r, "not a length of DER");
    else if (length >= 0x80)
        reader_bytes(r, length & 0x7f);
}

bool public_crl_times(struct bytes head, int64_t *ret_this_s, int64_t *ret_next_s)
{
    struct reader r = reader_of(head);
    struct bytes skipped;
    int64_t this_s = 0, next_s = 0;
    open_cut(&r, DER_SEQUENCE); /* CertificateList */
    open_cut(&r, DER_SEQUENCE); /* TBSCertList */
    der_read(&r, DER_INTEGER, &skipped);
    der_read(&r, DER_SEQUENCE, &skipped); /* signature */
    der_read(&r, DER_SEQUENCE, &skipped); /* issuer */
    der_read_time(&r, &this_s);
    der_read_time(&r, &next_s);
    if (!reader_ok(&r))
        return false;
    *ret_this_s = this_s;
    *ret_next_s = next_s;
    return true;
}

uint32_t public_crl_max_age(int64_t this_s, int64_t next_s, int64_t now_s)
{
    int64_t half_s = this_s / 2 + next_s / 2;
    if (half_s <= now_s)
        return 0;
    return half_s - now_s > UINT32_MAX ? UINT32_MAX : (uint32_t)(half_s - now_s);
}

/* Not by strftime(3): it looks at the time zone's file, which a sandbox does not open. */
void public_write_date(int64_t at_s, char ret[PUBLIC_DATE_N])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t at = at_s;
    struct tm tm = {0};
    gmtime_r(&at, &tm);
    snprintf(ret, PUBLIC_DATE_N, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
             tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
             tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}
