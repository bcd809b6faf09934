#include <ledger/note.h>

#include <wire/b64.h>
#include <wire/reader.h>

#include <string.h>

/* A line without its line feed; false at the end of the text or without one. */
static bool next_line(struct reader *r, struct bytes *ret)
{
    const uint8_t *end = r->left == 0 ? NULL : memchr(r->p, '\n', r->left);
    if (end == NULL)
        return reader_fail(r, "a line without a line feed");
    *ret = reader_bytes(r, (size_t)(end - r->p));
    (void)reader_u8(r);
    return true;
}

static bool parse_size(struct bytes text, uint64_t *ret)
{
    uint64_t size = 0;
    if (text.n == 0 || text.n > 19 || (text.p[0] == '0' && text.n > 1))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        size = size * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret = size;
    return true;
}

static bool parse_root(struct bytes text, uint8_t ret[32])
{
    struct buf root = buf_over(ret, 32);
    return text.n == B64_ENCODED_MAX(32) && b64_decode(&root, text) && root.n == 32;
}

enum result note_parse(struct bytes note, struct note *ret, struct err *err)
{
    struct note parsed = {0};
    struct reader r = reader_of(note);
    struct bytes size = {0}, root = {0}, line = {0};
    bool is_whole = next_line(&r, &parsed.origin) && next_line(&r, &size) && next_line(&r, &root) &&
                    !bytes_is_empty(parsed.origin) && parse_size(size, &parsed.size) &&
                    parse_root(root, parsed.root);
    if (!is_whole)
        return err_set(err, E_SYNTAX,
                       "C2SP tlog-checkpoint: origin, size and root, a line each, wanted");
    while (next_line(&r, &line) && !bytes_is_empty(line)) /* extension lines */
        ;
    parsed.signed_text = bytes_slice(note, 0, note.n - r.left - 1);
    parsed.signatures = reader_rest(&r);
    if (!reader_ok(&r) || bytes_is_empty(parsed.signatures))
        return err_set(err, E_SYNTAX, "C2SP signed-note: no signatures after an empty line");
    *ret = parsed;
    return OK;
}
