/* The authorities that listeners verify against: sent whole at start and after a change. */
#include "core.h"

#include <base/file.h>
#include <base/text.h>
#include <trust/words.h>

#include <stdio.h>

struct push {
    struct core *core;
    struct ipc_channel *to;
    bool is_desk;
    uint32_t count;
};

static enum result push_certificate(struct push *push, const struct authority_row *row,
                                    const char *product, struct bytes certificate, struct err *err)
{
    struct msg_authority authority = {
        .id = (uint32_t)row->id,
        .kind = (uint8_t)row->kind,
        .product = text_bytes(product),
        .certificate = certificate,
    };
    push->count++;
    enum ipc_type type = push->is_desk ? IPC_DESK_AUTHORITY : IPC_AUTHORITY;
    return ipc_send(push->to, type, &authority, -1, err);
}

static enum result push(struct push *push, const struct authority_row *row, const char *product,
                        struct err *err)
{
    return push_certificate(push, row, product, bytes_of(row->certificate, row->n), err);
}

/* Is there a root that retires beside this one? */
static bool has_older_root(const struct core *core, const struct authority_row *row)
{
    const struct service *service = &core->service;
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (i != row->id && service->issuers[i].kind == PKI_ISSUER_ROOT &&
            service->issuer_state[i] == ISSUER_RETIRING)
            return row->state == ISSUER_CURRENT;
    return false;
}

/* What links an old root with a new one goes as a root too: clients get it with the others, and a
 * listener puts it behind its own chain. */
static enum result push_link(struct push *push, const struct authority_row *root,
                             enum column column, struct err *err)
{
    uint8_t space[LIMIT_CERTIFICATE_BYTES];
    struct buf room = buf_over(space, sizeof space);
    struct cell cell = {0};
    TRY(store_cell(push->core->store, column, root->id, &room, &cell, err));
    if (cell.type != TYPE_BLOB || cell.bytes.n == 0)
        return OK;
    return push_certificate(push, root, "", cell.bytes, err);
}

/* One that ended verifies nothing any more, and nobody is given it. */
static enum result push_issuer(void *ctx, const struct authority_row *row, struct err *err)
{
    struct push *to = ctx;
    if (row->state == ISSUER_ENDED)
        return OK;
    TRY(push(to, row, "", err));
    if (row->kind != AUTHORITY_ROOT || !has_older_root(to->core, row))
        return OK;
    TRY(push_link(to, row, COL_ISSUER_NEW_WITH_OLD, err));
    return push_link(to, row, COL_ISSUER_OLD_WITH_NEW, err);
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

static enum result publish_file(const struct core *core, const char *name, struct bytes der,
                                struct err *err)
{
    char path[CONFIG_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/ca/%s.cer", core->config->public_files, name);
    return file_exists(path) ? OK : file_write(path, 0644, der, err);
}

/* PUBLIC/ca/N.cer, which certificates name in AIA: also of one that ended, for whoever audits. */
static enum result publish_issuer(void *ctx, const struct authority_row *row, struct err *err)
{
    char name[32];
    snprintf(name, sizeof name, "%lld", (long long)row->id);
    return publish_file(ctx, name, bytes_of(row->certificate, row->n), err);
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
    TRY(service_load_issuers(&core->service, err));
    TRY(store_issuers(core->store, publish_issuer, core, err));
    for (unsigned i = 0; i < core->front_count; i++)
        TRY(push_all(core, &core->fronts[i], err));
    return push_all(core, &core->desk, err);
}
