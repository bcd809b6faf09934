#include <wire/der.h>

enum { DAY_S = 86400 };

struct civil {
    int64_t year;
    uint32_t month, day, hour, minute, second;
};

// Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that
// the leap day is the last of its year; 400 years have 146,097 days.
static int64_t days_of(const struct civil *t)
{
    int64_t year = t->month <= 2 ? t->year - 1 : t->year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = (t->month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + t->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_of(int64_t at_s)
{
    int64_t second = at_s % DAY_S, days = at_s / DAY_S + 719468;
    if (second < 0) {
        second += DAY_S;
        days--;
    }
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct civil t = {
        .month = (uint32_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = (uint32_t)(second / 3600),
        .minute = (uint32_t)(second / 60 % 60),
        .second = (uint32_t)(second % 60),
    };
    t.year = era * 400 + year_of_era + (t.month <= 2);
    return t;
}

static uint32_t days_in_month(const struct civil *t)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = t->year % 4 == 0 && (t->year % 100 != 0 || t->year % 400 == 0);
    return t->month == 2 && is_leap ? 29 : days[t->month - 1];
}

static bool is_real(const struct civil *t)
{
    return t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= days_in_month(t) &&
           t->hour <= 23 && t->minute <= 59 && t->second <= 59;
}

static bool are_digits(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return true;
}

static uint32_t pair(const uint8_t *p)
{
    return (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
}

// MMDDHHMMSSZ, after the year.
static bool read_rest(struct reader *r, const uint8_t *p, int64_t year, int64_t *ret_s)
{
    struct civil t = {year, pair(p), pair(p + 2), pair(p + 4), pair(p + 6), pair(p + 8)};
    if (!is_real(&t))
        return reader_fail(r, "RFC 5280 4.1.2.5: no such date or time of day");
    *ret_s = days_of(&t) * DAY_S + t.hour * 3600 + t.minute * 60 + t.second;
    return true;
}

static bool has_form(struct bytes text, size_t digits)
{
    return text.n == digits + 1 && text.p[digits] == 'Z' &&
           are_digits(bytes_slice(text, 0, digits));
}

static bool read_utc(struct reader *r, int64_t *ret_s)
{
    struct bytes text;
    if (!der_read(r, DER_UTC_TIME, &text))
        return false;
    if (!has_form(text, 12))
        return reader_fail(r, "RFC 5280 4.1.2.5.1: UTCTime is not YYMMDDHHMMSSZ");
    uint32_t year = pair(text.p);
    return read_rest(r, text.p + 2, year < 50 ? 2000 + year : 1900 + year, ret_s);
}

bool der_read_generalized(struct reader *r, int64_t *ret_s)
{
    struct bytes text;
    *ret_s = 0;
    if (!der_read(r, DER_GENERALIZED_TIME, &text))
        return false;
    if (!has_form(text, 14))
        return reader_fail(r, "RFC 5280 4.1.2.5.2: GeneralizedTime is not YYYYMMDDHHMMSSZ");
    return read_rest(r, text.p + 4, pair(text.p) * 100 + pair(text.p + 2), ret_s);
}

// 2050-01-01, where GeneralizedTime begins, and the ends of what can be written.
#define YEAR_0 INT64_C(-62167219200)
#define YEAR_1950 INT64_C(-631152000)
#define YEAR_2050 INT64_C(2524608000)

bool der_read_time(struct reader *r, int64_t *ret_s)
{
    *ret_s = 0;
    if (der_is_at(r, DER_UTC_TIME))
        return read_utc(r, ret_s);
    if (!der_read_generalized(r, ret_s))
        return false;
    if (*ret_s >= YEAR_2050)
        return true;
    *ret_s = 0;
    return reader_fail(r, "RFC 5280 4.1.2.5: a date before 2050 is not UTCTime");
}

static void put_pair(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)('0' + v / 10);
    p[1] = (uint8_t)('0' + v % 10);
}

// The digits after the century, and Z: 13 octets.
static void put_rest(uint8_t *p, const struct civil *t)
{
    put_pair(p, (uint32_t)(t->year % 100));
    put_pair(p + 2, t->month);
    put_pair(p + 4, t->day);
    put_pair(p + 6, t->hour);
    put_pair(p + 8, t->minute);
    put_pair(p + 10, t->second);
    p[12] = 'Z';
}

void der_write_generalized(struct buf *b, int64_t at_s)
{
    uint8_t text[15];
    if (at_s < YEAR_0 || at_s > DER_TIME_NO_EXPIRY) {
        buf_fail(b);
        return;
    }
    struct civil t = civil_of(at_s);
    put_pair(text, (uint32_t)(t.year / 100));
    put_rest(text + 2, &t);
    der_write(b, DER_GENERALIZED_TIME, bytes_of(text, sizeof(text)));
}

void der_write_time(struct buf *b, int64_t at_s)
{
    uint8_t text[13];
    if (at_s >= YEAR_2050) {
        der_write_generalized(b, at_s);
        return;
    }
    if (at_s < YEAR_1950) {
        buf_fail(b);
        return;
    }
    struct civil t = civil_of(at_s);
    put_rest(text, &t);
    der_write(b, DER_UTC_TIME, bytes_of(text, sizeof(text)));
}
