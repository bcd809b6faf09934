/* Shares as people print and type them. */
#include <crypto/shares.h>

#include <stdio.h>

#define FORMAT 1
#define HEAD_N (1 + SHARE_SET_N + 4) /* format, set, needed, of, x, octets_n */
#define CHECK_N 5
#define WHOLE_MAX (HEAD_N + SHARE_SECRET_MAX + CHECK_N)
#define LINE_LETTERS (SHARE_LINE_OCTETS / 5 * 8)
#define CHECK_LETTERS 4
#define LINE_PREFIX "troth-share-line-1\n"

/* ---- base32 ---------------------------------------------------------------------------------- */

/* No branch and no table: `value` is secret. A-Z, then 2-7. */
static char letter_of(unsigned value)
{
    return (char)((int)value + 'A' + ((25 - (int)value) >> 8 & ('2' - 26 - 'A')));
}

/* -1 for what is none. */
static int value_of(uint8_t letter)
{
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a';
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= '2' && letter <= '7')
        return letter - '2' + 26;
    switch (letter) { /* as people read them */
    case '0':
        return 'O' - 'A';
    case '1':
        return 'I' - 'A';
    case '8':
        return 'B' - 'A';
    default:
        return -1;
    }
}

static size_t letters_for(size_t octets)
{
    return (octets * 8 + 4) / 5;
}

/* Five bits from bit `at` on; those behind the end are 0. */
static unsigned five_bits(struct bytes from, size_t at)
{
    unsigned first = from.p[at / 8];
    unsigned second = at / 8 + 1 < from.n ? from.p[at / 8 + 1] : 0;
    return (first << 8 | second) >> (11 - at % 8) & 31;
}

/* In groups of four. */
static void put_letters(struct buf *b, struct bytes octets, size_t letters)
{
    for (size_t i = 0; i < letters; i++) {
        if (i > 0 && i % 4 == 0)
            buf_put_u8(b, ' ');
        buf_put_u8(b, (uint8_t)letter_of(five_bits(octets, i * 5)));
    }
}

/* `values` of five bits each into `n` octets; false when bits beyond them are set. */
static bool take_values(const uint8_t *values, size_t letters, uint8_t *to, size_t n)
{
    unsigned held = 0, bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < letters; i++) {
        held = (held << 5 | values[i]) & 0xfff;
        bits += 5;
        if (bits >= 8 && at < n) {
            bits -= 8;
            to[at++] = (uint8_t)(held >> bits);
        }
    }
    return at == n && (held & ((1U << bits) - 1U)) == 0;
}

struct share_set_name share_set_name_of(const uint8_t id[SHARE_SET_N])
{
    struct share_set_name name = {""};
    struct buf b = buf_over(name.text, sizeof name.text - 1);
    put_letters(&b, bytes_of(id, SHARE_SET_N), LINE_LETTERS);
    return name;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void line_digest(unsigned number, struct bytes octets, uint8_t ret[SHA256_N])
{
    const uint8_t at = (uint8_t)number;
    const struct bytes parts[] = {bytes_text(LINE_PREFIX), bytes_of(&at, 1), octets};
    sha256_parts(parts, LENGTH_OF(parts), ret);
}

static void put_line(struct buf *b, unsigned number, struct bytes octets)
{
    uint8_t digest[SHA256_N];
    char text[8];
    int n = snprintf(text, sizeof text, "%u  ", number);
    buf_put_bytes(b, bytes_of(text, (size_t)n));
    put_letters(b, octets, letters_for(octets.n));
    line_digest(number, octets, digest);
    buf_put_bytes(b, bytes_text("  "));
    put_letters(b, bytes_of(digest, sizeof digest), CHECK_LETTERS);
    buf_put_u8(b, '\n');
}

static void put_whole(struct buf *b, const struct share *share)
{
    uint8_t digest[SHA256_N];
    share_digest(share, digest);
    buf_put_u8(b, FORMAT);
    buf_put_bytes(b, bytes_of(share->set, sizeof share->set));
    buf_put_u8(b, share->needed);
    buf_put_u8(b, share->of);
    buf_put_u8(b, share->x);
    buf_put_u8(b, share->octets_n);
    buf_put_bytes(b, bytes_of(share->octets, share->octets_n));
    buf_put_bytes(b, bytes_of(digest, CHECK_N));
}

void share_write(const struct share *share, struct buf *b)
{
    uint8_t room[WHOLE_MAX];
    struct buf whole = buf_over(room, sizeof room);
    char title[256];
    int n = snprintf(title, sizeof title,
                     "# Troth key share, format 1\n"
                     "# Set %s: share %u of %u; any %u together are the key.\n"
                     "# Keep it secret, and apart from the others.\n",
                     share_set_name_of(share->set).text, share->x, share->of, share->needed);
    put_whole(&whole, share);
    buf_put_bytes(b, bytes_of(title, (size_t)n));
    unsigned number = 1;
    for (size_t at = 0; at < whole.n; at += SHARE_LINE_OCTETS)
        put_line(b, number++, bytes_slice(buf_bytes(&whole), at, SHARE_LINE_OCTETS));
    secret_wipe(room, sizeof room);
}

/* ---- read ------------------------------------------------------------------------------------ */

static struct bytes take_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->p, '\n', rest->n);
    size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
    struct bytes line = bytes_of(rest->p, n);
    *rest = bytes_slice(*rest, end == NULL ? n : n + 1, rest->n);
    return line;
}

static bool is_space(uint8_t letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '-';
}

static struct bytes without_space(struct bytes line)
{
    while (line.n > 0 && is_space(line.p[0]))
        line = bytes_slice(line, 1, line.n);
    return line;
}

static enum result take_number(struct bytes *line, unsigned wanted, struct err *err)
{
    unsigned number = 0;
    size_t n = 0;
    for (; n < line->n && n < 3 && line->p[n] >= '0' && line->p[n] <= '9'; n++)
        number = number * 10 + (line->p[n] - '0');
    if (n == 0 || n == line->n || !is_space(line->p[n]))
        return err_set(err, E_SHARE,
                       "a line has no number before it, wanted is line %u: \"%u  ABCD ...\"",
                       wanted, wanted);
    if (number != wanted)
        return err_set(err, E_SHARE, "line %u stands where line %u is wanted", number, wanted);
    *line = bytes_slice(*line, n, line->n);
    return OK;
}

/* The letters of a line, as values. */
static enum result take_letters(struct bytes line, unsigned number, uint8_t *to, size_t *ret_n,
                                struct err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (is_space(line.p[i]))
            continue;
        int value = value_of(line.p[i]);
        if (value < 0)
            return err_set(err, E_SHARE, "line %u: '%s' is no letter of it, wanted A-Z and 2-7",
                           number, err_value(bytes_of(line.p + i, 1)).text);
        if (n == LINE_LETTERS + CHECK_LETTERS)
            return err_set(err, E_SHARE, "line %u: more than %d letters", number,
                           LINE_LETTERS + CHECK_LETTERS);
        to[n++] = (uint8_t)value;
    }
    if (n <= CHECK_LETTERS)
        return err_set(err, E_SHARE, "line %u: %zu letters, wanted are more than %d", number, n,
                       CHECK_LETTERS);
    *ret_n = n;
    return OK;
}

/* The octets of a line whose last group fits them. */
static enum result take_octets(const uint8_t *values, size_t letters, unsigned number,
                               struct buf *to, struct err *err)
{
    uint8_t octets[SHARE_LINE_OCTETS], digest[SHA256_N];
    size_t data = letters - CHECK_LETTERS, n = data * 5 / 8;
    bool fits = letters_for(n) == data && take_values(values, data, octets, n);
    if (fits) {
        line_digest(number, bytes_of(octets, n), digest);
        for (size_t i = 0; i < CHECK_LETTERS; i++)
            fits = fits && five_bits(bytes_of(digest, sizeof digest), i * 5) == values[data + i];
        buf_put_bytes(to, bytes_of(octets, n));
    }
    secret_wipe(octets, sizeof octets);
    return fits ? OK
                : err_set(err, E_SHARE, "line %u: a letter is wrong, missing or too many", number);
}

static enum result read_line(struct bytes line, unsigned number, struct buf *to, struct err *err)
{
    uint8_t values[LINE_LETTERS + CHECK_LETTERS];
    size_t n = 0;
    TRY(take_number(&line, number, err));
    enum result result = take_letters(line, number, values, &n, err);
    if (result == OK)
        result = take_octets(values, n, number, to, err);
    secret_wipe(values, sizeof values);
    return result;
}

static bool has_numbers(const struct share *share)
{
    return share->needed >= SHARES_LEAST && share->needed <= share->of &&
           share->of <= SHARES_MOST && share->x >= 1 && share->x <= share->of &&
           share->octets_n >= SHARE_SECRET_MIN && share->octets_n <= SHARE_SECRET_MAX;
}

static enum result unpack(struct bytes whole, struct share *share, struct err *err)
{
    uint8_t digest[SHA256_N];
    if (whole.n < HEAD_N + SHARE_SECRET_MIN + CHECK_N)
        return err_set(err, E_SHARE, "%zu octets: lines are missing", whole.n);
    if (whole.p[0] != FORMAT)
        return err_set(err, E_SHARE, "format %u, wanted %d", whole.p[0], FORMAT);
    memcpy(share->set, whole.p + 1, SHARE_SET_N);
    const uint8_t *numbers = whole.p + 1 + SHARE_SET_N;
    share->needed = numbers[0];
    share->of = numbers[1];
    share->x = numbers[2];
    share->octets_n = numbers[3];
    if (!has_numbers(share))
        return err_set(err, E_SHARE, "share %u of %u, %u needed, %u octets: no such share",
                       share->x, share->of, share->needed, share->octets_n);
    if (whole.n != HEAD_N + (size_t)share->octets_n + CHECK_N)
        return err_set(err, E_SHARE, "%zu octets, wanted %zu: a line is missing or too many",
                       whole.n, HEAD_N + (size_t)share->octets_n + CHECK_N);
    memcpy(share->octets, whole.p + HEAD_N, share->octets_n);
    share_digest(share, digest);
    if (memcmp(digest, whole.p + HEAD_N + share->octets_n, CHECK_N) != 0)
        return err_set(err, E_SHARE, "its lines are whole but not of one share");
    return OK;
}

static enum result read_lines(struct bytes text, struct buf *to, struct err *err)
{
    unsigned number = 1;
    while (text.n > 0) {
        struct bytes line = without_space(take_line(&text));
        if (line.n == 0 || line.p[0] == '#')
            continue;
        TRY(read_line(line, number++, to, err));
        if (!buf_ok(to))
            return err_set(err, E_SHARE, "it has more than %d octets", WHOLE_MAX);
    }
    return OK;
}

enum result share_read(struct bytes text, struct share *ret, struct err *err)
{
    uint8_t room[WHOLE_MAX];
    struct buf whole = buf_over(room, sizeof room);
    struct share share = {0};
    if (text.n > SHARE_TEXT_MAX)
        return err_set(err, E_SHARE, "%zu octets, wanted at most %d", text.n, SHARE_TEXT_MAX);
    enum result result = read_lines(text, &whole, err);
    if (result == OK)
        result = unpack(buf_bytes(&whole), &share, err);
    if (result == OK)
        *ret = share;
    secret_wipe(room, sizeof room);
    secret_wipe(&share, sizeof share);
    return result;
}
