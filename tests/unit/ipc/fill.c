#include "fill.h"

#include <string.h>

static uint64_t seed_now;
static uint8_t source[LIMIT_MESSAGE_BYTES];

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = seed_now += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void fill_seed(uint64_t seed)
{
    seed_now = seed;
    for (size_t i = 0; i < sizeof source; i++)
        source[i] = (uint8_t)draw();
}

static struct bytes draw_bytes(size_t max, bool full)
{
    size_t n = full ? max : draw() % (max + 1);
    return bytes_of(source + draw() % (sizeof source - n + 1), n);
}

#define FILL_u8(field, max) m->field = (uint8_t)draw();
#define FILL_u32(field, max) m->field = (uint32_t)draw();
#define FILL_i64(field, max) m->field = (int64_t)draw();
#define FILL_u64(field, max) m->field = draw();
#define FILL_hash(field, max) memcpy(m->field, draw_bytes(32, true).p, 32);
#define FILL_bytes(field, max) m->field = draw_bytes(max, full);
#define FILL_fd(field, max) (void)full;
#define FILL(kind, field, max) FILL_##kind(field, max)

#define SAME_u8(field) same = same && a->field == b->field;
#define SAME_u32(field) SAME_u8(field)
#define SAME_i64(field) SAME_u8(field)
#define SAME_u64(field) SAME_u8(field)
#define SAME_hash(field) same = same && memcmp(a->field, b->field, 32) == 0;
#define SAME_bytes(field) same = same && bytes_equal(a->field, b->field);
#define SAME_fd(field)
#define SAME(kind, field, max) SAME_##kind(field)

#define MESSAGE(number, NAME, name, from, to)                                                      \
    static void fill_##name(struct msg_##name *m, bool full)                                       \
    {                                                                                              \
        (void)full;                                                                                \
        FIELDS_##name(FILL)                                                                        \
    }                                                                                              \
    static bool same_##name(const struct msg_##name *a, const struct msg_##name *b)                \
    {                                                                                              \
        bool same = true;                                                                          \
        FIELDS_##name(SAME) return same;                                                           \
    }
#include <ipc/messages.def>
#undef MESSAGE

void fill_message(enum ipc_type type, struct ipc_message *ret, bool full)
{
    memset(ret, 0, sizeof *ret);
    ret->type = type;
    ret->fd = -1;
#define MESSAGE(number, NAME, name, from, to)                                                      \
    if (type == IPC_##NAME)                                                                        \
        fill_##name(&ret->name, full);
#include <ipc/messages.def>
#undef MESSAGE
}

bool fill_is_equal(const struct ipc_message *a, const struct ipc_message *b)
{
    if (a->type != b->type)
        return false;
#define MESSAGE(number, NAME, name, from, to)                                                      \
    if (a->type == IPC_##NAME)                                                                     \
        return same_##name(&a->name, &b->name);
#include <ipc/messages.def>
#undef MESSAGE
    return false;
}

const void *fill_fields(const struct ipc_message *message)
{
    return &message->enrol; /* all structs of the union begin there */
}

#define RULE_u8(max)
#define RULE_u32(max)
#define RULE_i64(max)
#define RULE_u64(max)
#define RULE_hash(max)
#define RULE_bytes(max)
#define RULE_fd(max) +1 + (max)
#define RULE(kind, field, max) RULE_##kind(max)

int fill_fd_rule(enum ipc_type type)
{
#define MESSAGE(number, NAME, name, from, to)                                                      \
    if (type == IPC_##NAME)                                                                        \
        return 0 FIELDS_##name(RULE);
#include <ipc/messages.def>
#undef MESSAGE
    return 0;
}
