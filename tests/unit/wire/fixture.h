// What the tests of wire share: hexadecimal fixtures, and cmocka with the headers that it needs.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <wire/bytes.h>

#include <cmocka.h>

// Bytes of a hexadecimal text, in which spaces do not count. They stay until the next call but 16.
static inline struct bytes from_hex(const char *text)
{
    static uint8_t memory[16][4096];
    static unsigned turn;
    uint8_t *out = memory[turn++ % 16];
    size_t n = 0;
    for (; *text; text++) {
        char pair[3] = {text[0], text[0] == ' ' ? '\0' : text[1], '\0'};
        if (*text == ' ')
            continue;
        assert_true(n < sizeof(memory[0]));
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
        text++;
    }
    return bytes_of(out, n);
}

static inline void assert_bytes(struct bytes seen, struct bytes wanted)
{
    assert_int_equal(seen.n, wanted.n);
    if (wanted.n > 0)
        assert_memory_equal(seen.p, wanted.p, wanted.n);
}

static inline void assert_text(struct bytes seen, const char *wanted)
{
    assert_bytes(seen, bytes_of(wanted, strlen(wanted)));
}

// A refusal names the rule.
static inline void assert_why(const char *why, const char *part)
{
    if (!why || !strstr(why, part))
        fail_msg("the reason is '%s' and lacks '%s'", why ? why : "(none)", part);
}
