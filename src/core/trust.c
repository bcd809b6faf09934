/* The authorities that listeners verify against: sent whole at start and after a change. */
#include "core.h"

#include <base/text.h>
#include <trust/words.h>

struct push {
    struct core *core;
    struct ipc_channel *to;
    bool is_desk;
    uint32_t count;
};

static enum result push(struct push *push, const struct authority_row *row, const char *product,
                        struct err *err)
{
    struct msg_authority authority = {
        .id = (uint32_t)row->id,
        .kind = (uint8_t)row->kind,
        .product = text_bytes(product),
        .certificate = bytes_of(row->certificate, row->n),
    };
    push->count++;
    enum ipc_type type = push->is_desk ? IPC_DESK_AUTHORITY : IPC_AUTHORITY;
    return ipc_send(push->to, type, &authority, -1, err);
}

static enum result push_issuer(void *ctx, const struct authority_row *row, struct err *err)
{
    return push(ctx, row, "", err);
}

/* For the desk, which reads makers' files: what signs them, and what their chains end in. */
static enum result push_maker(struct push *to, const struct authority_row *row, const char *product,
                              struct err *err)
{
    const struct msg_desk_maker maker = {
        .id = (uint32_t)row->id,
        .use = (uint8_t)row->use,
        .product = text_bytes(product),
        .certificate = bytes_of(row->certificate, row->n),
    };
    return ipc_send(to->to, IPC_DESK_MAKER, &maker, -1, err);
}

static enum result push_anchor(void *ctx, const struct authority_row *row, struct err *err)
{
    struct push *to = ctx;
    struct product product = {0};
    TRY(store_product(to->core->store, row->product, &product, err));
    if (to->is_desk)
        return push_maker(to, row, product.name, err);
    return row->use == ANCHOR_PROOF ? push(to, row, product.name, err) : OK;
}

static enum result push_all(struct core *core, struct ipc_channel *channel, struct err *err)
{
    struct push to = {.core = core, .to = channel, .is_desk = channel->peer == IPC_DESK};
    TRY(store_issuers(core->store, push_issuer, &to, err));
    TRY(store_anchors(core->store, push_anchor, &to, err));
    struct msg_trust_end end = {.count = to.count};
    return ipc_send(channel, to.is_desk ? IPC_DESK_TRUST_END : IPC_TRUST_END, &end, -1, err);
}

enum result publish_trust(struct core *core, struct err *err)
{
    for (unsigned i = 0; i < core->front_count; i++)
        TRY(push_all(core, &core->fronts[i], err));
    return push_all(core, &core->desk, err);
}
