// Mutates DER element by element and puts the lengths around right again, so that fuzzing gets past
// the outermost SEQUENCE. Linked into the targets whose input is DER.
#include "fuzz.h"

#include <wire/der.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { DEPTH_MAX = 16, ROOM = 1 << 16 };

// An element as it stands in the input, header included; `inside` is where its content begins.
struct element {
    struct bytes whole;
    const uint8_t *inside;
};

// The way from the outermost element to the chosen one.
struct path {
    struct element at[DEPTH_MAX];
    size_t n;
};

static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % below;
}

// One of the elements in `b`, all as likely; false when `b` is not a row of elements.
static bool choose(struct bytes b, unsigned *seed, struct element *ret)
{
    struct reader r = reader_of(b);
    uint8_t tag;
    struct bytes content;
    for (unsigned seen = 1; r.left > 0; seen++) {
        const uint8_t *start = r.p;
        if (!der_read_any(&r, &tag, &content))
            return false;
        if (next_random(seed, seen) == 0)
            *ret = (struct element){bytes_of(start, (size_t)(r.p - start)), r.p - content.n};
    }
    return b.n > 0;
}

// Goes down at random, also into strings that hold DER (behind the first octet of a BIT STRING).
static struct path descend(struct bytes b, unsigned *seed)
{
    struct path path = {0};
    struct element chosen;
    while (path.n < DEPTH_MAX && choose(b, seed, &chosen)) {
        path.at[path.n++] = chosen;
        size_t skip = chosen.whole.p[0] == DER_BIT_STRING && chosen.inside[0] == 0;
        const uint8_t *end = chosen.whole.p + chosen.whole.n;
        if (chosen.inside + skip >= end || next_random(seed, 6) == 0)
            break;
        b = bytes_of(chosen.inside + skip, (size_t)(end - chosen.inside) - skip);
    }
    return path;
}

static struct bytes content_of(const struct element *e)
{
    return bytes_of(e->inside, (size_t)(e->whole.p + e->whole.n - e->inside));
}

static void write_mutated(struct buf *b, const struct element *e)
{
    static uint8_t memory[ROOM];
    struct bytes content = content_of(e);
    size_t n = content.n < ROOM / 2 ? content.n : ROOM / 2;
    if (n > 0)
        memcpy(memory, content.p, n);
    n = LLVMFuzzerMutate(memory, n, n + 16);
    der_write(b, e->whole.p[0], bytes_of(memory, n));
}

static void write_retagged(struct buf *b, const struct element *e, unsigned *seed)
{
    static const uint8_t tags[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13,
                                   0x14, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x81,
                                   0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4};
    der_write(b, tags[next_random(seed, sizeof(tags))], content_of(e));
}

// What stands in the place of the chosen element: nothing, it twice, another one, or it changed.
static void write_replacement(struct buf *b, const struct element *e, struct bytes all,
                              unsigned *seed)
{
    struct path other = descend(all, seed);
    switch (next_random(seed, 8)) {
    case 0:
        return;
    case 1:
        buf_put_bytes(b, e->whole);
        buf_put_bytes(b, e->whole);
        return;
    case 2:
        buf_put_bytes(b, other.at[other.n - 1].whole);
        return;
    case 3:
        buf_put_bytes(b, other.at[other.n - 1].whole);
        buf_put_bytes(b, e->whole);
        return;
    case 4:
        write_retagged(b, e, seed);
        return;
    default:
        write_mutated(b, e);
    }
}

// The parent with `changed` in the place of its child.
static void wrap(struct buf *b, const struct element *parent, const struct element *child,
                 struct bytes changed)
{
    const uint8_t *after = child->whole.p + child->whole.n;
    const uint8_t *end = parent->whole.p + parent->whole.n;
    size_t mark = der_begin(b, parent->whole.p[0]);
    buf_put_bytes(b, bytes_of(parent->inside, (size_t)(child->whole.p - parent->inside)));
    buf_put_bytes(b, changed);
    buf_put_bytes(b, bytes_of(after, (size_t)(end - after)));
    der_end(b, mark);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t memory[2][ROOM];
    struct bytes all = bytes_of(data, size);
    struct path path = descend(all, &seed);
    if (path.n == 0 || next_random(&seed, 10) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    struct buf changed = buf_over(memory[0], ROOM);
    write_replacement(&changed, &path.at[path.n - 1], all, &seed);
    for (size_t i = path.n - 1; i > 0; i--) {
        struct buf outer = buf_over(memory[(path.n - i) % 2], ROOM);
        wrap(&outer, &path.at[i - 1], &path.at[i], buf_bytes(&changed));
        changed = outer;
    }
    if (!buf_ok(&changed) || changed.n == 0 || changed.n > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(data, changed.p, changed.n);
    return changed.n;
}
