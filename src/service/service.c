#include <service/service.h>

#include <service/approval.h>
#include <service/bootstrap.h>
#include <service/boundary.h>
#include <service/brake.h>
#include <service/outbox.h>
#include <service/rate.h>
#include <service/stand.h>

#include <base/clock.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <trust/standing.h>

#include <stdlib.h>
#include <string.h>

struct number_space {
    int64_t issuer;
    uint8_t class;
    int64_t next;
    struct number_space *after;
};

static const enum table counted[] = {
    TABLE_PRODUCT,  TABLE_ISSUER,   TABLE_ANCHOR,  TABLE_DEVICE,   TABLE_CERTIFICATE, TABLE_TOKEN,
    TABLE_PERMIT,   TABLE_OPERATOR, TABLE_FINDING, TABLE_APPROVAL, TABLE_SIGNATURE,   TABLE_EPOCH,
    TABLE_TRANSFER, TABLE_FOREIGN,  TABLE_BULK,    TABLE_POLICY,   TABLE_WAIVER,      TABLE_TIDY,
    TABLE_BOUNDARY, TABLE_SERVICE,  TABLE_BINDING};

/* A row's certificate never changes. */
static enum result keep_new_issuer(struct service *service, const struct authority_row *row,
                                   struct err *err)
{
    struct blob *der = &service->issuer_der[row->id];
    blob_free(der);
    if (blob_copy(bytes_of(row->certificate, row->n), der) != OK)
        return err_set(err, E_MEMORY, "no memory for an issuer");
    TRY(pki_issuer_read((uint32_t)row->id, (enum pki_issuer_kind)row->kind, blob_bytes(der),
                        &service->issuers[row->id], err));
    memcpy(service->issuer_spki[row->id], row->spki, 32);
    memcpy(service->issuer_owner[row->id], row->owner, sizeof row->owner);
    return OK;
}

static enum result keep_issuer(void *ctx, const struct authority_row *row, struct err *err)
{
    struct service *service = ctx;
    if (row->id <= 0 || row->id >= PKI_ISSUERS)
        return err_set(err, E_STORE_CORRUPT, "issuer row %lld, 1 to %d wanted", (long long)row->id,
                       PKI_ISSUERS - 1);
    if (service->issuers[row->id].id == 0)
        TRY(keep_new_issuer(service, row, err));
    service->issuer_state[row->id] = (uint8_t)row->state;
    if (row->state == ISSUER_CURRENT && row->owner[0] == '\0')
        service->issuing[row->kind] = (uint32_t)row->id;
    return OK;
}

enum result service_load_issuers(struct service *service, struct err *err)
{
    memset(service->issuing, 0, sizeof service->issuing);
    return store_issuers(service->store, keep_issuer, service, err);
}

bool service_issuer_has_ended(const struct service *service, int64_t number)
{
    return number > 0 && number < PKI_ISSUERS && service->issuer_state[number] == ISSUER_ENDED;
}

uint32_t service_owners_issuer(const struct service *service, enum pki_issuer_kind kind,
                               struct bytes owner)
{
    for (uint32_t i = PKI_ISSUER_COUNT; i < PKI_ISSUERS && owner.n > 0; i++)
        if (service->issuers[i].id != 0 && service->issuers[i].kind == kind &&
            service->issuer_state[i] == ISSUER_CURRENT &&
            bytes_equal(text_bytes(service->issuer_owner[i]), owner))
            return i;
    return 0;
}

static enum result load_ids(struct service *service, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(counted); i++)
        TRY(store_max_id(service->store, counted[i], &service->last_id[counted[i]], err));
    return OK;
}

static void name_site(struct site *site, const struct config *config)
{
    for (uint32_t i = 0; i < config->server_name_count; i++)
        site->names[i] = text_bytes(config->server_names[i]);
    site->pki = (struct pki_site){
        .url = text_bytes(config->public_url),
        .names = site->names,
        .names_n = config->server_name_count,
    };
}

void service_prepare(struct service *service, const struct config *next)
{
    service->next_site = (struct site){0};
    if (next != NULL)
        name_site(&service->next_site, next);
}

void service_commit(struct service *service)
{
    service->site = service->next_site;
    service->site.pki.names = service->site.names;
    service->next_site = (struct site){0};
}

static enum result read_restore(struct service *service, struct err *err)
{
    struct buf unused = buf_over(NULL, 0);
    struct cell at = {0};
    int64_t last = service->last_id[TABLE_EPOCH];
    if (last != 0)
        TRY(store_cell(service->store, COL_EPOCH_BEGAN_AT, last, &unused, &at, err));
    service->restored_at_s = at.number;
    return OK;
}

enum result service_open(struct service *service, struct store *store, const struct config *config,
                         int64_t now_s, struct err *err)
{
    *service = (struct service){.store = store,
                                .config = config,
                                .hooks = config,
                                .limits = config->limits,
                                .retention = config->retention};
    name_site(&service->site, config);
    TRY(ledger_open(store, &sha256_for_merkle, &service->ledger, err));
    TRY(load_ids(service, err));
    if (ledger_size(service->ledger) == 0)
        TRY(bootstrap_authorities(service, now_s, err));
    TRY(service_load_issuers(service, err));
    TRY(approval_count(service, err));
    TRY(read_restore(service, err));
    clock_guard_set(&service->clock, now_s, clock_monotonic_us() / 1000000,
                    ledger_last_at_s(service->ledger));
    return OK;
}

void service_close(struct service *service)
{
    while (service->numbers != NULL) {
        struct number_space *space = service->numbers;
        service->numbers = space->after;
        free(space);
    }
    while (service->dirty != NULL)
        service_unmark_shard(service, service->dirty->shard);
    status_touched_free(&service->touched);
    said_released_free(&service->released);
    said_kept_free(&service->said.kept);
    budgets_free(&service->budgets);
    rates_free(&service->rates);
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        blob_free(&service->issuer_der[i]);
    ledger_close(STEAL(service->ledger));
}

int64_t service_next_id(struct service *service, enum table table)
{
    return ++service->last_id[table];
}

static enum result find_space(struct service *service, int64_t issuer, uint8_t class,
                              struct number_space **ret, struct err *err)
{
    for (struct number_space *space = service->numbers; space != NULL; space = space->after)
        if (space->issuer == issuer && space->class == class) {
            *ret = space;
            return OK;
        }

    int64_t last = 0, floor = 0;
    TRY(store_max_number(service->store, issuer, class, &last, err));
    enum result result = store_meta(service->store, SERVICE_META_FLOOR, &floor, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    struct number_space *space = calloc(1, sizeof *space);
    if (space == NULL)
        return err_set(err, E_MEMORY, "no memory for an index space");
    *space =
        (struct number_space){issuer, class, last + 1 > floor ? last + 1 : floor, service->numbers};
    service->numbers = *ret = space;
    return OK;
}

enum result service_next_number(struct service *service, int64_t issuer, uint8_t class,
                                uint32_t *ret_number, struct err *err)
{
    struct number_space *space = NULL;
    TRY(find_space(service, issuer, class, &space, err));
    if (space->next > UINT32_MAX)
        return err_set(err, E_POLICY, "the index space of issuer %lld, class %u is used up",
                       (long long)issuer, class);
    *ret_number = (uint32_t)space->next++;
    return OK;
}

struct act *service_act(struct service *service, enum event event, int64_t now_s,
                        struct actor actor, int64_t device)
{
    act_begin(&service->act, event, now_s, actor, device);
    return &service->act;
}

enum result service_record(struct service *service, uint64_t *ret_entry, struct err *err)
{
    if (service->watch != NULL)
        TRY(approval_watch(service, &service->act, err));
    else if (approval_must_carry(service))
        TRY(approval_carry(service, err));
    uint64_t entry = 0;
    TRY(ledger_append(service->ledger, &service->act, &entry, err));
    if (ret_entry != NULL)
        *ret_entry = entry;
    if (service->watch == NULL) {
        status_note(service);
        said_note(service);
    }
    boundary_note(service);
    TRY(outbox_note(service, entry, err));
    return stand_note(service, entry, err);
}

/* One whose issuer this ledger does not have yet, as after a restore, waits for it and for the next
 * look at all shards; what cannot be made must not stand before what can. */
static bool has_issuer(const struct service *service, struct crl_shard shard)
{
    return shard.issuer < PKI_ISSUERS && service->issuers[shard.issuer].id != 0;
}

void service_mark_shard(struct service *service, struct crl_shard shard, int64_t now_s)
{
    if (!has_issuer(service, shard))
        return;
    for (struct crl_dirty *dirty = service->dirty; dirty != NULL; dirty = dirty->next)
        if (crl_shard_is(dirty->shard, shard)) {
            dirty->may_wait = dirty->may_wait && service->crls_may_wait;
            dirty->is_owed = false; /* what marked it first may have been undone */
            return;
        }

    struct crl_dirty *dirty = malloc(sizeof *dirty);
    if (dirty == NULL)
        return; /* the next start finds it: core/publish.c compares every CRL with its shard */
    *dirty = (struct crl_dirty){.shard = shard,
                                .since_s = now_s,
                                .may_wait = service->crls_may_wait,
                                .next = service->dirty};
    service->dirty = dirty;
}

void service_hurry_shards(struct service *service)
{
    for (struct crl_dirty *dirty = service->dirty; dirty != NULL; dirty = dirty->next)
        dirty->may_wait = false;
}

void service_unmark_shard(struct service *service, struct crl_shard shard)
{
    for (struct crl_dirty **at = &service->dirty; *at != NULL; at = &(*at)->next)
        if (crl_shard_is((*at)->shard, shard)) {
            struct crl_dirty *gone = *at;
            *at = gone->next;
            free(gone);
            return;
        }
}

void service_end_certificate(struct service *service, const struct certificate *certificate,
                             enum cert_state state, int reason, int64_t now_s)
{
    struct change *change = act_change(&service->act, TABLE_CERTIFICATE, certificate->id);
    change_int(change, COL_CERTIFICATE_STATE, state);
    change_int(change, COL_CERTIFICATE_STATE_AT, now_s);
    change_int(change, COL_CERTIFICATE_REASON, reason);

    struct crl_shard shard = {0};
    struct bytes serial = bytes_of(certificate->serial, sizeof certificate->serial);
    said_note_certificate(service, certificate);
    if (crl_shard_of((uint32_t)certificate->issuer, serial, &shard))
        service_mark_shard(service, shard, now_s);
}

struct change *service_change_device(struct service *service, const struct device *device)
{
    struct change *change = act_change(&service->act, TABLE_DEVICE, device->id);
    change_int(change, COL_DEVICE_VERSION, device->version + 1);
    if (device_is_kept_down((enum device_state)device->state) && service->watch == NULL) {
        status_note_device(service, device->id);
        said_note_device(service, device->id);
    }
    return change;
}
