#include <registry/measure.h>

#include <base/text.h>
#include <store/binding_used.h>
#include <store/boundaries.h>
#include <trust/boundary_words.h>
#include <wire/pattern.h>

static bool is_wide(const struct binding *row)
{
    const unsigned of_topics = PATTERN_PUBLISH | PATTERN_SUBSCRIBE;
    struct bytes device = text_bytes(row->kind == BINDING_DEVICE ? row->value : "");
    return (row->actions & of_topics) != 0 && pattern_is_wide(text_bytes(row->pattern), device);
}

/* Whoever is there by it uses it. */
static enum result read_used(struct store *store, const struct binding *row, int64_t now_s,
                             int64_t *ret_s, struct err *err)
{
    int64_t used_s = 0;
    bool is_there = false;
    const struct binding_user group = {
        .service = text_bytes(row->service),
        .product = row->product,
        .owner = text_bytes(row->kind == BINDING_OWNER ? row->value : ""),
        .serial_number = text_bytes(row->kind == BINDING_DEVICE ? row->value : ""),
    };
    TRY(store_binding_used(store, row->id, &used_s, err));
    if (now_s - used_s >= BINDING_USED_EVERY_S)
        TRY(store_has_session_of(store, &group, &is_there, err));
    if (is_there)
        used_s = now_s;
    *ret_s = used_s != 0 ? used_s : row->created_s;
    return OK;
}

enum result measure_binding(struct store *store, const struct binding *row, int64_t now_s,
                            struct facts *facts, struct err *err)
{
    facts->too_much_access = (struct since){.known = NO};
    if (row->state != BINDING_IN_USE)
        return OK;
    if (is_wide(row))
        facts->too_much_access = (struct since){YES, row->created_s};
    facts->access_until_s = row->expires_s;
    return read_used(store, row, now_s, &facts->access_used_s, err);
}
