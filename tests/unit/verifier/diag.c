#include "diag.h"

#include <wire/cbor.h>
#include <wire/hex.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PART_MAX 8192
#define DEPTH_MAX 40

struct diag {
    const char *at, *whole;
    const struct diag_values *values;
    unsigned depth;
};

static void refuse(const struct diag *diag)
{
    fail_msg("not well formed at \"%s\" of \"%s\"", diag->at, diag->whole);
}

static void skip_space(struct diag *diag)
{
    while (*diag->at == ' ')
        diag->at++;
}

static bool take(struct diag *diag, const char *text)
{
    skip_space(diag);
    if (strncmp(diag->at, text, strlen(text)) != 0)
        return false;
    diag->at += strlen(text);
    return true;
}

static void put_item(struct buf *b, struct diag *diag);

// Items up to `end`, between them commas, and in maps colons; gives how many.
static size_t put_items(struct buf *b, struct diag *diag, const char *end)
{
    size_t n = 0;
    while (!take(diag, end)) {
        if (n > 0 && !take(diag, ",") && !take(diag, ":"))
            refuse(diag);
        put_item(b, diag);
        n++;
    }
    return n;
}

static void put_inside(struct buf *b, struct diag *diag, const char *end)
{
    uint8_t *space = malloc(PART_MAX);
    struct buf part = buf_over(space, PART_MAX);
    size_t n = put_items(&part, diag, end);
    assert_true(buf_ok(&part));
    if (*end == ']')
        cbor_write_array(b, n);
    else if (*end == '}')
        cbor_write_map(b, n / 2);
    else
        cbor_write_bytes_head(b, part.n);
    buf_put_bytes(b, buf_bytes(&part));
    free(space);
}

static void put_hex(struct buf *b, struct diag *diag)
{
    uint8_t space[PART_MAX];
    struct buf part = buf_over(space, sizeof space);
    size_t n = strcspn(diag->at, "'");
    if (!hex_decode(&part, bytes_of(diag->at, n)))
        refuse(diag);
    diag->at += n + 1;
    cbor_write_bytes(b, buf_bytes(&part));
}

static void put_value(struct buf *b, struct diag *diag, bool is_cbor)
{
    char name = *diag->at++;
    if (name < 'A' || name > 'Z')
        refuse(diag);
    struct bytes value = diag->values->of[name - 'A'];
    if (is_cbor)
        buf_put_bytes(b, value);
    else
        cbor_write_bytes(b, value);
}

// A number, and a tag where it stands in front of parentheses.
static void put_number(struct buf *b, struct diag *diag)
{
    char *end = NULL;
    long long number = strtoll(diag->at, &end, 10);
    if (end == diag->at)
        refuse(diag);
    diag->at = end;
    if (!take(diag, "(")) {
        cbor_write_int(b, number);
        return;
    }
    cbor_write_tag(b, (uint64_t)number);
    if (put_items(b, diag, ")") != 1)
        refuse(diag);
}

static void put_item(struct buf *b, struct diag *diag)
{
    if (++diag->depth > DEPTH_MAX)
        refuse(diag);
    if (take(diag, "<<")) {
        put_inside(b, diag, ">>");
    } else if (take(diag, "[")) {
        put_inside(b, diag, "]");
    } else if (take(diag, "{")) {
        put_inside(b, diag, "}");
    } else if (take(diag, "h'")) {
        put_hex(b, diag);
    } else if (take(diag, "\"")) {
        size_t n = strcspn(diag->at, "\"");
        cbor_write_text(b, bytes_of(diag->at, n));
        diag->at += n + 1;
    } else if (take(diag, "true")) {
        cbor_write_bool(b, true);
    } else if (take(diag, "false")) {
        cbor_write_bool(b, false);
    } else if (take(diag, "null")) {
        cbor_write_null(b);
    } else if (take(diag, "$")) {
        put_value(b, diag, false);
    } else if (take(diag, "%")) {
        put_value(b, diag, true);
    } else {
        put_number(b, diag);
    }
    diag->depth--;
}

void diag_write(struct buf *b, const char *text, const struct diag_values *values)
{
    struct diag diag = {text, text, values, 0};
    put_item(b, &diag);
    skip_space(&diag);
    if (*diag.at != '\0')
        refuse(&diag);
    assert_true(buf_ok(b));
}
