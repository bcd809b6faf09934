/* Values of settings as people write and read them. */
#include <trust/policy_body.h>

#include <base/result.h>
#include <trust/check.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define INSTANT_DATE "....-..-.."
#define INSTANT_FORM INSTANT_DATE "T..:..:..Z"

/* Longest first: 90d is said as days, 90 s as seconds. */
static const struct {
    char letter;
    int64_t seconds;
} units[] = {{'d', DAY_S}, {'h', 3600}, {'m', 60}, {'s', 1}};

static const char *const custodies[] = {[CUSTODY_FILE] = "file", [CUSTODY_TOKEN] = "token"};

static void put_seconds(struct policy_text *to, int64_t value)
{
    size_t i = 0;
    while (i + 1 < LENGTH_OF(units) && value % units[i].seconds != 0)
        i++;
    snprintf(to->text, sizeof to->text, "%lld%c", (long long)(value / units[i].seconds),
             units[value == 0 ? LENGTH_OF(units) - 1 : i].letter);
}

static void put_instant(struct policy_text *to, int64_t value)
{
    struct tm tm;
    time_t at = (time_t)value;
    if (value == 0)
        snprintf(to->text, sizeof to->text, "none");
    else if (gmtime_r(&at, &tm) == NULL ||
             strftime(to->text, sizeof to->text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(to->text, sizeof to->text, "%lld", (long long)value);
}

struct policy_text policy_value_text(const struct policy_row *row, int64_t value)
{
    struct policy_text to = {""};
    switch (row->unit) {
    case POLICY_SECONDS:
        put_seconds(&to, value);
        break;
    case POLICY_INSTANT:
        put_instant(&to, value);
        break;
    case POLICY_PERCENT:
    case POLICY_COUNT:
        snprintf(to.text, sizeof to.text, "%lld", (long long)value);
        break;
    case POLICY_PROOF:
        snprintf(to.text, sizeof to.text, "%s", proof_word((enum proof)value));
        break;
    case POLICY_CUSTODY:
        snprintf(to.text, sizeof to.text, "%s", custodies[value == CUSTODY_TOKEN]);
        break;
    }
    return to;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool read_digits(struct bytes text, int64_t *ret)
{
    int64_t number = 0;
    if (text.n == 0 || text.n > 12)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        number = number * 10 + (text.p[i] - '0');
    }
    *ret = number;
    return true;
}

static bool read_seconds(struct bytes text, int64_t *ret)
{
    if (read_digits(text, ret))
        return true;
    for (size_t i = 0; i < LENGTH_OF(units) && text.n > 1; i++)
        if (text.p[text.n - 1] == (uint8_t)units[i].letter &&
            read_digits(bytes_of(text.p, text.n - 1), ret)) {
            *ret *= units[i].seconds;
            return true;
        }
    return false;
}

static int number_at(struct bytes text, size_t at, size_t n)
{
    int64_t number = 0;
    if (at + n > text.n || !read_digits(bytes_of(text.p + at, n), &number))
        return 0;
    return (int)number;
}

static bool has_form(struct bytes text, const char *form)
{
    if (text.n != strlen(form))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (form[i] == '.' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != (uint8_t)form[i])
            return false;
    return true;
}

static bool read_instant(struct bytes text, int64_t *ret)
{
    struct policy_text again = {""};
    if (bytes_equal(text, bytes_text("none"))) {
        *ret = 0;
        return true;
    }
    bool is_whole = has_form(text, INSTANT_FORM);
    if (!is_whole && !has_form(text, INSTANT_DATE))
        return false;
    struct tm tm = {
        .tm_year = number_at(text, 0, 4) - 1900,
        .tm_mon = number_at(text, 5, 2) - 1,
        .tm_mday = number_at(text, 8, 2),
        .tm_hour = number_at(text, 11, 2),
        .tm_min = number_at(text, 14, 2),
        .tm_sec = number_at(text, 17, 2),
    };
    *ret = timegm(&tm);
    put_instant(&again, *ret); /* the 30th of February becomes another day */
    return memcmp(again.text, text.p, text.n) == 0 && *ret > 0;
}

static bool read_word(struct bytes text, const char *(*word)(int value), int count, int64_t *ret)
{
    for (int i = 0; i < count; i++)
        if (bytes_equal(text, bytes_of(word(i), strlen(word(i))))) {
            *ret = i;
            return true;
        }
    return false;
}

static const char *custody_at(int value)
{
    return custodies[value == CUSTODY_TOKEN];
}

static const char *proof_at(int value)
{
    return proof_word((enum proof)value);
}

enum result policy_value_read(const struct policy_row *row, struct bytes text, int64_t *ret,
                              struct err *err)
{
    bool is_good = false;
    const char *wanted = NULL;
    switch (row->unit) {
    case POLICY_SECONDS:
        wanted = "a duration such as 90s, 15m, 12h or 30d";
        is_good = read_seconds(text, ret);
        break;
    case POLICY_INSTANT:
        wanted = "a day or an instant such as 2030-01-01 or 2030-01-01T00:00:00Z, or none";
        is_good = read_instant(text, ret);
        break;
    case POLICY_PERCENT:
    case POLICY_COUNT:
        wanted = "a whole number";
        is_good = read_digits(text, ret);
        break;
    case POLICY_PROOF:
        wanted = "a proof such as token or idevid";
        is_good = read_word(text, proof_at, PROOF_COUNT, ret);
        break;
    case POLICY_CUSTODY:
        wanted = "file or token";
        is_good = read_word(text, custody_at, LENGTH_OF(custodies), ret);
        break;
    }
    return is_good ? OK
                   : err_set(err, E_POLICY_FILE, "%s: seen \"%s\", wanted %s", row->word,
                             err_value(text).text, wanted);
}

/* ---- what people sign -------------------------------------------------------------------------
 */

static void put(struct buf *b, const char *text)
{
    buf_put_bytes(b, bytes_of(text, strlen(text)));
}

/* "; " between the statements. */
static void put_name(struct buf *b, size_t began, const char *name)
{
    if (b->n > began)
        put(b, "; ");
    put(b, name);
}

struct versions {
    const struct policy_part *before, *after;
    const struct policy *below;
};

static void put_setting(const struct versions *of, const struct policy_row *row, size_t began,
                        struct buf *b)
{
    bool was = policy_names(of->before, row), is = policy_names(of->after, row);
    if (!was && !is)
        return;
    int64_t from = policy_value(was ? &of->before->values : of->below, row);
    int64_t to = policy_value(is ? &of->after->values : of->below, row);
    put_name(b, began, row->word);
    put(b, " ");
    put(b, policy_value_text(row, to).text);
    if (!is)
        put(b, " again");
    if (from != to) {
        put(b, " (was ");
        put(b, policy_value_text(row, from).text);
        put(b, ")");
    }
}

static void put_effect(const struct versions *of, int check, size_t began, struct buf *b)
{
    bool was = policy_names_effect(of->before, check), is = policy_names_effect(of->after, check);
    if (!was && !is)
        return;
    char name[8];
    int from = (was ? &of->before->values : of->below)->effect[check];
    int to = (is ? &of->after->values : of->below)->effect[check];
    snprintf(name, sizeof name, "TD-%02d", check);
    put_name(b, began, name);
    put(b, " ");
    put(b, effect_word((enum effect)to));
    if (!is)
        put(b, " again");
    if (from != to) {
        put(b, " (was ");
        put(b, effect_word((enum effect)from));
        put(b, ")");
    }
}

void policy_put_words(const struct policy_part *before, const struct policy_part *after,
                      const struct policy *below, struct buf *b)
{
    const struct versions of = {before, after, below};
    const struct policy_row *row = NULL;
    size_t began = b->n;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        put_setting(&of, row, began, b);
    for (int check = 1; check <= CHECK_MAX; check++)
        put_effect(&of, check, began, b);
    if (b->n == began)
        put(b, "names nothing");
}
