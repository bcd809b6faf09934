#include "transcript.h"

#include "lines.h"

#include <base/text.h>
#include <wire/utf8.h>

#include <string.h>

#define HEX_N 64
#define INSTANT_N 20

static const char *const words[TRANSCRIPT_WORDS] = {
    [TRANSCRIPT_BEGIN] = "begin",     [TRANSCRIPT_RESTORE] = "restore-test",
    [TRANSCRIPT_CRLS] = "crls",       [TRANSCRIPT_ISSUER] = "issuer",
    [TRANSCRIPT_WITNESS] = "witness",
};

const char *transcript_word_name(enum transcript_word word)
{
    return words[word];
}

/* ---- out ------------------------------------------------------------------------------------- */

void transcript_put(struct buf *text, const struct transcript *so_far,
                    const struct transcript_entry *entry)
{
    if (text->n == 0)
        lines_put(text, TRANSCRIPT_TITLE "\n");
    struct lines_digest title = lines_digest_of(bytes_text(TRANSCRIPT_TITLE "\n"));
    struct bytes previous =
        so_far->n == 0 ? text_bytes(title.text) : so_far->steps[so_far->n - 1].hash;
    lines_put(text, "\n");
    size_t start = text->n;
    lines_put(text, "step %zu %s\n", so_far->n + 1, words[entry->word]);
    lines_put(text, "at %s\n", lines_instant_of(entry->at_s).text);
    lines_put(text, "by trothd %s\n", TROTH_VERSION);
    lines_put(text, "present %s\n", entry->present);
    buf_put_bytes(text, entry->facts);
    lines_put(text, "previous %.*s\n", (int)previous.n, (const char *)previous.p);
    if (so_far->n == TRANSCRIPT_STEPS)
        buf_fail(text);
    if (buf_ok(text))
        lines_put(text, "hash %s\n",
                  lines_digest_of(bytes_of(text->p + start, text->n - start)).text);
}

/* ---- in -------------------------------------------------------------------------------------- */

/* C1 controls are two octets of UTF-8. */
bool transcript_is_text(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] == 0x7f ||
            (text.p[i] == 0xc2 && i + 1 < text.n && text.p[i + 1] < 0xa0))
            return false;
    return utf8_is_valid(text);
}

/* A line that ends. */
static bool take_line(struct bytes *rest, struct bytes *ret)
{
    struct bytes whole = *rest;
    struct bytes line = lines_take(rest);
    if (line.n == whole.n || !transcript_is_text(line)) /* the first also at the end */
        return false;
    *ret = line;
    return true;
}

static bool take_named(struct bytes *rest, const char *name, struct bytes *ret)
{
    struct bytes line;
    return take_line(rest, &line) && lines_begins(line, name, ret) && ret->n > 0;
}

static bool is_hex(struct bytes text)
{
    if (text.n != HEX_N)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!(text.p[i] >= '0' && text.p[i] <= '9') && !(text.p[i] >= 'a' && text.p[i] <= 'f'))
            return false;
    return true;
}

static bool take_hex(struct bytes *rest, const char *name, struct bytes *ret)
{
    return take_named(rest, name, ret) && is_hex(*ret);
}

/* "NAME VALUE", the name of small letters and dashes. */
static bool is_fact(struct bytes line)
{
    size_t n = 0;
    while (n < line.n && ((line.p[n] >= 'a' && line.p[n] <= 'z') || line.p[n] == '-'))
        n++;
    return n > 0 && n + 1 < line.n && line.p[n] == ' ';
}

static bool take_facts(struct bytes *rest, struct bytes *ret)
{
    const uint8_t *start = rest->p;
    struct bytes line, value;
    for (struct bytes ahead = *rest; take_line(&ahead, &line); *rest = ahead) {
        if (lines_begins(line, "previous ", &value)) {
            *ret = bytes_of(start, (size_t)(rest->p - start));
            return true;
        }
        if (!is_fact(line))
            return false;
    }
    return false;
}

static bool take_title(struct bytes *rest, size_t number, enum transcript_word *ret)
{
    uint8_t room[64];
    struct bytes line;
    if (!take_line(rest, &line))
        return false;
    for (enum transcript_word word = 0; word < TRANSCRIPT_WORDS; word++) {
        struct buf wanted = buf_over(room, sizeof room);
        lines_put(&wanted, "step %zu %s", number, words[word]);
        if (bytes_equal(line, buf_bytes(&wanted))) {
            *ret = word;
            return true;
        }
    }
    return false;
}

/* One step without its chain. */
static bool take_step(struct bytes *rest, size_t number, struct transcript_step *ret)
{
    struct bytes line, by;
    return take_line(rest, &line) && line.n == 0 && take_title(rest, number, &ret->word) &&
           take_named(rest, "at ", &ret->at) && ret->at.n == INSTANT_N &&
           take_named(rest, "by trothd ", &by) && take_named(rest, "present ", &ret->present) &&
           take_facts(rest, &ret->facts) && take_hex(rest, "previous ", &ret->previous);
}

static enum result check_chain(const struct transcript_step *step, struct bytes lines,
                               struct bytes previous, size_t number, struct err *err)
{
    if (!bytes_equal(step->previous, previous))
        return err_set(err, E_TRANSCRIPT,
                       "step %zu stands behind a step of hash %.*s, and not behind the one of %.*s",
                       number, (int)step->previous.n, (const char *)step->previous.p,
                       (int)previous.n, (const char *)previous.p);
    struct lines_digest digest = lines_digest_of(lines);
    if (!bytes_equal(step->hash, text_bytes(digest.text)))
        return err_set(err, E_TRANSCRIPT, "step %zu has lines of hash %s and says %.*s", number,
                       digest.text, (int)step->hash.n, (const char *)step->hash.p);
    return OK;
}

static enum result parse_step(struct bytes *rest, struct bytes previous, struct transcript *to,
                              struct err *err)
{
    size_t number = to->n + 1;
    if (to->n == TRANSCRIPT_STEPS)
        return err_set(err, E_TRANSCRIPT, "more than %d steps", TRANSCRIPT_STEPS);
    struct transcript_step *step = &to->steps[to->n];
    const struct bytes before = *rest;
    if (!take_step(rest, number, step))
        return err_set(err, E_TRANSCRIPT, "step %zu: lines are missing or of another form", number);
    struct bytes lines = bytes_of(before.p + 1, before.n - rest->n - 1);
    if (!take_hex(rest, "hash ", &step->hash))
        return err_set(err, E_TRANSCRIPT, "step %zu: its hash is missing", number);
    TRY(check_chain(step, lines, previous, number, err));
    to->n++;
    return OK;
}

enum result transcript_parse(struct bytes text, struct transcript *ret, struct err *err)
{
    struct lines_digest title = lines_digest_of(bytes_text(TRANSCRIPT_TITLE "\n"));
    struct bytes rest = text, line, previous = text_bytes(title.text);
    ret->n = 0;
    if (text.n > TRANSCRIPT_MAX)
        return err_set(err, E_TRANSCRIPT, "%zu octets, wanted at most %d", text.n, TRANSCRIPT_MAX);
    if (!take_line(&rest, &line) || !bytes_equal(line, bytes_text(TRANSCRIPT_TITLE)))
        return err_set(err, E_TRANSCRIPT, "its first line is not \"" TRANSCRIPT_TITLE "\"");
    while (rest.n > 0) {
        TRY(parse_step(&rest, previous, ret, err));
        previous = ret->steps[ret->n - 1].hash;
    }
    if (ret->n == 0 || ret->steps[0].word != TRANSCRIPT_BEGIN)
        return err_set(err, E_TRANSCRIPT, "it does not begin with step 1 begin");
    for (size_t i = 1; i < ret->n; i++)
        if (ret->steps[i].word == TRANSCRIPT_BEGIN)
            return err_set(err, E_TRANSCRIPT, "step %zu begins a second time", i + 1);
    return OK;
}

/* ---- facts ----------------------------------------------------------------------------------- */

bool transcript_next(struct bytes *facts, const char *name, struct bytes *ret)
{
    size_t n = strlen(name);
    struct bytes line, value;
    while (take_line(facts, &line))
        if (lines_begins(line, name, &value) && value.n > 1 && line.p[n] == ' ') {
            *ret = bytes_slice(value, 1, value.n);
            return true;
        }
    return false;
}

enum result transcript_fact(const struct transcript_step *step, const char *name, struct bytes *ret,
                            struct err *err)
{
    struct bytes facts = step->facts, again;
    if (!transcript_next(&facts, name, ret))
        return err_set(err, E_TRANSCRIPT, "step %s has no line \"%s\"", words[step->word], name);
    if (transcript_next(&facts, name, &again))
        return err_set(err, E_TRANSCRIPT, "step %s has two lines \"%s\"", words[step->word], name);
    return OK;
}
