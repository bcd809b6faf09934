/* index.txt of `openssl ca`: fields between tabs, a tab within one behind a backslash. */
#include "foreign.h"
#include "lines.h"

#include <string.h>
#include <strings.h>

enum { STATE, END, REVOCATION, SERIAL, FILE_NAME, SUBJECT, FIELDS };

static const char *const names[FIELDS] = {"state",         "expiration", "revocation",
                                          "serial number", "file",       "subject"};

/* Why a certificate was revoked, as OpenSSL writes it, and as RFC 5280 5.3.1 numbers it. The last
 * three have one more word behind another comma: an instruction, or when the key was lost. */
static const struct {
    const char *word;
    uint8_t reason;
    bool has_more;
} reasons[] = {
    {"unspecified", 0, false},        {"keyCompromise", 1, false},
    {"CACompromise", 2, false},       {"affiliationChanged", 3, false},
    {"superseded", 4, false},         {"cessationOfOperation", 5, false},
    {"certificateHold", 6, false},    {"removeFromCRL", 8, false},
    {"privilegeWithdrawn", 9, false}, {"AACompromise", 10, false},
    {"holdInstruction", 6, true},     {"keyTime", 1, true},
    {"CAkeyTime", 2, true},
};

/* ---- fields -----------------------------------------------------------------------------------
 */

static struct bytes without_end(struct bytes line)
{
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    return line;
}

/* Where the field that begins at `at` ends. */
static size_t field_end(struct bytes line, size_t at)
{
    while (at < line.n && line.p[at] != '\t')
        at += line.p[at] == '\\' && at + 1 < line.n ? 2 : 1;
    return at < line.n ? at : line.n;
}

static enum result split(struct bytes line, struct bytes ret[FIELDS], struct err *err)
{
    size_t n = 0;
    for (size_t at = 0; at <= line.n && n <= FIELDS; n++) {
        size_t end = field_end(line, at);
        if (n < FIELDS)
            ret[n] = bytes_slice(line, at, end - at);
        at = end + 1;
    }
    if (n != FIELDS)
        return err_set(err, E_FOREIGN, "seen %s%zu fields, wanted %d between tabs",
                       n > FIELDS ? "more than " : "", n > FIELDS ? (size_t)FIELDS : n, FIELDS);
    return OK;
}

/* ---- revocation -------------------------------------------------------------------------------
 */

/* Up to the comma, which is taken too. */
static struct bytes next_part(struct bytes *rest)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ',')
        n++;
    struct bytes part = bytes_slice(*rest, 0, n);
    *rest = bytes_slice(*rest, n + 1, rest->n);
    return part;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.n == strlen(word) && strncasecmp((const char *)text.p, word, text.n) == 0;
}

static enum result read_reason(struct bytes text, struct bytes more, uint8_t *ret, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(reasons); i++)
        if (is_word(text, reasons[i].word) && reasons[i].has_more == (more.n > 0)) {
            *ret = reasons[i].reason;
            return OK;
        }
    return err_set(err, E_FOREIGN,
                   "%s: seen reason \"%s\", wanted one of openssl ca's, such as "
                   "keyCompromise",
                   names[REVOCATION], err_value(text).text);
}

static enum result read_revocation(struct bytes text, struct foreign_read *line, struct err *err)
{
    TRY(foreign_read_time(names[REVOCATION], next_part(&text), &line->revoked_s, err));
    if (text.n == 0)
        return OK;
    struct bytes reason = next_part(&text);
    return read_reason(reason, text, &line->reason, err);
}

static enum result read_state(const struct bytes *fields, struct foreign_read *line,
                              struct err *err)
{
    struct bytes state = fields[STATE];
    bool is_known = state.n == 1 && memchr("VRE", state.p[0], 3) != NULL;
    if (!is_known)
        return err_set(err, E_FOREIGN, "%s: seen \"%s\", wanted V, R or E", names[STATE],
                       err_value(state).text);
    line->is_revoked = state.p[0] == 'R' || fields[REVOCATION].n > 0;
    if (state.p[0] == 'V' && line->is_revoked)
        return err_set(err, E_FOREIGN, "%s: seen \"%s\" of a valid one, wanted nothing",
                       names[REVOCATION], err_value(fields[REVOCATION]).text);
    return line->is_revoked ? read_revocation(fields[REVOCATION], line, err) : OK;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static enum result read_line(struct bytes text, struct foreign_read *line, struct err *err)
{
    static const char *const serial_number[] = {"serialNumber", NULL};
    static const struct subject_style oneline = {'/', serial_number};
    struct bytes fields[FIELDS];
    if (text.n > LIMIT_IMPORT_LINE)
        return err_set(err, E_TOO_LARGE, "longer than %d octets", LIMIT_IMPORT_LINE);
    TRY(split(text, fields, err));
    TRY(read_state(fields, line, err));
    TRY(foreign_read_time(names[END], fields[END], &line->not_after_s, err));
    TRY(foreign_read_hex(names[SERIAL], fields[SERIAL], line, err));
    return foreign_read_subject(names[SUBJECT], fields[SUBJECT], &oneline, line, err);
}

enum result foreign_read_index(struct foreign_file *file, struct bytes text, struct err *err)
{
    for (uint32_t number = 1; text.n > 0; number++) {
        struct bytes line = line_first(text);
        text = bytes_slice(text, line.n, text.n);
        if (line_is_blank(line))
            continue;
        struct foreign_read read = {.line = number};
        struct err why = {0};
        enum result result = read_line(without_end(line), &read, &why);
        TRY(foreign_give(file, &read, result, &why, err));
    }
    return OK;
}
