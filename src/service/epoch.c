#include <service/epoch.h>

#include <base/rand.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <service/finding.h>
#include <service/transfer.h>
#include <trust/standing.h>
#include <wire/approval.h>
#include <wire/x509_crl.h>

#include <string.h>

#define PAGE 60 /* rows of one entry: under ACT_CHANGES_MAX */
#define ENDED 2
#define DOOR_ENDED 3 /* a token or permit */

static const struct actor local = {ACTOR_LOCAL, 0};

/* ---- the beginning -----------------------------------------------------------------------------
 */

static enum result record_request(struct service *service, const struct epoch_start *start,
                                  int64_t now_s, int64_t *ret_id, struct err *err)
{
    struct approval approval;
    uint8_t hash[32];
    const char *why = NULL;
    if (!approval_read(start->body, &approval, &why))
        return err_set(err, E_APPROVAL, "%s", why);
    sha256(start->body, hash);
    int64_t id = service_next_id(service, TABLE_APPROVAL);
    struct change *c =
        act_change(service_act(service, EVENT_APPROVAL_ASKED, now_s, local, 0), TABLE_APPROVAL, id);
    change_text(c, COL_APPROVAL_KIND, approval.kind);
    change_int(c, COL_APPROVAL_REQUESTER, 0);
    change_blob(c, COL_APPROVAL_BODY, start->body);
    change_blob(c, COL_APPROVAL_HASH, bytes_of(hash, sizeof hash));
    change_int(c, COL_APPROVAL_CREATED_AT, approval.created_s);
    change_int(c, COL_APPROVAL_EXPIRES_AT, approval.expires_s);
    change_int(c, COL_APPROVAL_STATE, APPROVAL_OPEN);
    *ret_id = id;
    return service_record(service, NULL, err);
}

static void use_request(struct service *service, const struct epoch_start *start, int64_t id)
{
    service->used = (struct used_approval){
        .row = id,
        .persons_n = start->persons.n,
        .countersignature_n = start->countersignature.n,
    };
    if (start->persons.n != 0)
        memcpy(service->used.persons, start->persons.p, start->persons.n);
    if (start->countersignature.n != 0)
        memcpy(service->used.countersignature, start->countersignature.p,
               start->countersignature.n);
}

struct approvers {
    struct service *service;
    const struct epoch_start *start;
};

static bool is_known(const struct epoch_start *start, const uint8_t spki[32])
{
    for (size_t i = 0; i < start->approvers_n; i++)
        if (memcmp(start->approvers[i], spki, 32) == 0)
            return true;
    return false;
}

static enum result end_unknown(void *ctx, const struct operator_row *row, struct err *err)
{
    (void)err;
    const struct approvers *approvers = ctx;
    if (row->is_approver && !is_known(approvers->start, row->spki))
        change_int(act_change(&approvers->service->act, TABLE_OPERATOR, row->id),
                   COL_OPERATOR_APPROVER, 0);
    return OK;
}

enum result epoch_begin(struct service *service, const struct epoch_start *start, int64_t now_s,
                        struct err *err)
{
    struct approvers approvers = {service, start};
    const struct filter all = {.limit = UINT32_MAX};
    uint64_t size = ledger_size(service->ledger);
    uint8_t root[32];
    int64_t request = 0;
    ledger_root(service->ledger, root);
    TRY(record_request(service, start, now_s, &request, err));
    use_request(service, start, request);

    struct act *act = service_act(service, EVENT_EPOCH_BEGAN, now_s, local, 0);
    struct change *c = act_change(act, TABLE_EPOCH, service_next_id(service, TABLE_EPOCH));
    change_int(c, COL_EPOCH_SIZE, (int64_t)size);
    change_blob(c, COL_EPOCH_ROOT, bytes_of(root, sizeof root));
    change_int(c, COL_EPOCH_LOST_SIZE, (int64_t)start->lost_size);
    change_blob(c, COL_EPOCH_LOST_ROOT, bytes_of(start->lost_root, sizeof start->lost_root));
    change_int(c, COL_EPOCH_JOURNAL, (int64_t)start->journal);
    change_int(c, COL_EPOCH_BEGAN_AT, now_s);
    TRY(store_operators(service->store, &all, end_unknown, &approvers, err));
    TRY(service_record(service, NULL, err));
    return start->lost_size > size ? finding_raise(service, 0, CHECK_LEDGER_GAP, now_s, err) : OK;
}

/* ---- what was open -----------------------------------------------------------------------------
 */

static enum result end_page(struct service *service, enum table table, enum column state,
                            int64_t now_s, size_t *ret_n, struct err *err)
{
    int64_t ids[PAGE];
    TRY(store_open_doors(service->store, table, ids, PAGE, ret_n, err));
    if (*ret_n == 0)
        return OK;
    struct act *act = service_act(service, EVENT_EPOCH_APPLIED, now_s, local, 0);
    for (size_t i = 0; i < *ret_n; i++)
        change_int(act_change(act, table, ids[i]), state, DOOR_ENDED);
    return service_record(service, NULL, err);
}

static enum result end_doors(struct service *service, enum table table, enum column state,
                             int64_t now_s, uint64_t *ret_sum, struct err *err)
{
    size_t n = 0;
    do {
        TRY(end_page(service, table, state, now_s, &n, err));
        *ret_sum += n;
    } while (n != 0);
    return OK;
}

/* The first rows of a list that are open. */
struct open_rows {
    int64_t ids[PAGE];
    size_t n;
};

static const struct filter first_page = {.limit = PAGE, .open_only = true};

static enum result list_request(void *ctx, const struct approval_row *row, struct err *err)
{
    (void)err;
    struct open_rows *rows = ctx;
    rows->ids[rows->n++] = row->id;
    return OK;
}

/* Few enough to be looked for again after each page. */
static enum result end_requests(struct service *service, int64_t now_s, uint64_t *ret_sum,
                                struct err *err)
{
    struct open_rows rows;
    for (;;) {
        rows.n = 0;
        TRY(store_approvals(service->store, &first_page, list_request, &rows, err));
        if (rows.n == 0)
            return OK;
        struct act *act = service_act(service, EVENT_EPOCH_APPLIED, now_s, local, 0);
        for (size_t i = 0; i < rows.n; i++)
            change_int(act_change(act, TABLE_APPROVAL, rows.ids[i]), COL_APPROVAL_STATE,
                       APPROVAL_STALE);
        TRY(service_record(service, NULL, err));
        *ret_sum += rows.n;
    }
}

static enum result list_transfer(void *ctx, const struct transfer_row *row, struct err *err)
{
    (void)err;
    *(struct transfer_row *)ctx = *row;
    return OK;
}

/* One an entry: what was issued for it ends too. */
static enum result end_transfers(struct service *service, int64_t now_s, uint64_t *ret_sum,
                                 struct err *err)
{
    const struct filter first = {.limit = 1, .open_only = true};
    struct transfer_row row;
    uint32_t certificates;
    for (;;) {
        row.id = 0;
        TRY(store_transfers(service->store, &first, list_transfer, &row, err));
        if (row.id == 0)
            return OK;
        service_act(service, EVENT_EPOCH_APPLIED, now_s, local, row.device);
        TRY(transfer_abort(service, &row, now_s, &certificates, err));
        TRY(service_record(service, NULL, err));
        TRY(finding_settle(service, row.device, now_s, err));
        (*ret_sum)++;
    }
}

enum result epoch_close_doors(struct service *service, int64_t now_s, struct epoch_closed *ret,
                              struct err *err)
{
    *ret = (struct epoch_closed){0};
    TRY(end_doors(service, TABLE_TOKEN, COL_TOKEN_STATE, now_s, &ret->tokens, err));
    TRY(end_doors(service, TABLE_PERMIT, COL_PERMIT_STATE, now_s, &ret->permits, err));
    TRY(end_requests(service, now_s, &ret->requests, err));
    TRY(end_transfers(service, now_s, &ret->transfers, err));
    return store_restart_crls(service->store, err);
}

/* ---- what was revoked since --------------------------------------------------------------------
 */

static enum result end_operator(struct service *service, const struct certificate *certificate,
                                struct err *err)
{
    struct operator_row row = {0};
    enum result result = store_operator(service->store, certificate->spki, &row, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    change_int(act_change(&service->act, TABLE_OPERATOR, row.id), COL_OPERATOR_STATE, ENDED);
    return OK;
}

static bool is_of_the_gone(int reason)
{
    return reason == X509_REASON_CESSATION || reason == X509_REASON_PRIVILEGE_WITHDRAWN;
}

/* As part of the act that ends its certificate: what the list says of the device itself. */
static enum result judge_device(struct service *service, const struct epoch_listed *listed,
                                int64_t id, struct device *ret_device, struct err *err)
{
    struct certificate live[2];
    size_t n = 0;
    TRY(store_device(service->store, id, ret_device, err));
    TRY(store_live_certificates(service->store, id, live, LENGTH_OF(live), &n, err));
    struct change *c = service_change_device(service, ret_device);
    bool is_renewed = n == 1 && listed->reason == X509_REASON_SUPERSEDED;
    if (is_renewed && ret_device->state == STATE_ACTIVE)
        change_int(c, COL_DEVICE_STATE, STATE_ENROLLED);
    if (!listed->is_all || !is_of_the_gone(listed->reason) ||
        device_is_kept_down((enum device_state)ret_device->state))
        return OK;
    change_int(c, COL_DEVICE_STATE, STATE_QUARANTINED);
    change_int(c, COL_DEVICE_QUARANTINE, 2);
    return OK;
}

/* The list says that it is on hold: so its device is, until a person says otherwise. */
static enum result keep_held(struct service *service, const struct certificate *certificate,
                             int64_t now_s, bool *ret_did, struct err *err)
{
    struct device device = {0};
    TRY(store_device(service->store, certificate->device, &device, err));
    if (device_is_kept_down((enum device_state)device.state))
        return OK;
    service_act(service, EVENT_EPOCH_APPLIED, now_s, local, device.id);
    struct change *c = service_change_device(service, &device);
    change_int(c, COL_DEVICE_STATE, STATE_QUARANTINED);
    change_int(c, COL_DEVICE_QUARANTINE, 2);
    TRY(service_record(service, NULL, err));
    *ret_did = true;
    return finding_settle(service, device.id, now_s, err);
}

enum result epoch_revoke(struct service *service, const struct epoch_listed *listed, int64_t now_s,
                         bool *ret_did, struct err *err)
{
    struct certificate certificate = {0};
    struct device device = {0};
    *ret_did = false;
    enum result result =
        store_certificate_serial(service->store, listed->serial, &certificate, err);
    if (result == R_NOT_FOUND) /* signed since: an orphan when the server starts */
        return OK;
    TRY(result);
    if (!certificate_is_live((enum cert_state)certificate.state))
        return OK;
    if (listed->reason == X509_REASON_HOLD && certificate.device != 0)
        return keep_held(service, &certificate, now_s, ret_did, err);
    service_act(service, EVENT_EPOCH_APPLIED, now_s, local, certificate.device);
    service_end_certificate(service, &certificate, CERT_REVOKED, listed->reason, now_s);
    if (certificate.profile == PKI_OPERATOR && listed->reason != X509_REASON_SUPERSEDED)
        TRY(end_operator(service, &certificate, err));
    if (certificate.device != 0)
        TRY(judge_device(service, listed, certificate.device, &device, err));
    TRY(service_record(service, NULL, err));
    *ret_did = true;
    return device.id == 0 ? OK : finding_settle(service, device.id, now_s, err);
}

/* ---- where devices stood -----------------------------------------------------------------------
 */

static void set_stand(struct change *c, const struct msg_device_stand *stand)
{
    change_int(c, COL_DEVICE_STATE, stand->state);
    change_int(c, COL_DEVICE_HOLD, stand->hold);
}

static enum result create(struct service *service, const struct product *product,
                          const struct msg_device_stand *stand, int64_t now_s, struct err *err)
{
    int64_t id = service_next_id(service, TABLE_DEVICE);
    struct act *act = service_act(service, EVENT_EPOCH_APPLIED, now_s, local, id);
    struct change *c = act_change(act, TABLE_DEVICE, id);
    change_int(c, COL_DEVICE_PRODUCT, product->id);
    change_text(c, COL_DEVICE_SERIAL_NUMBER, stand->serial_number);
    change_text(c, COL_DEVICE_OWNER, bytes_of(NULL, 0));
    change_text(c, COL_DEVICE_BATCH, bytes_of(NULL, 0));
    set_stand(c, stand);
    change_int(c, COL_DEVICE_PROOF, PROOF_NONE);
    change_int(c, COL_DEVICE_QUARANTINE, stand->quarantine);
    change_int(c, COL_DEVICE_VERSION, 1);
    change_int(c, COL_DEVICE_IDEVID_ANCHOR, 0);
    return service_record(service, NULL, err);
}

/* Who is lost or retired has no certificate. */
static enum result end_certificates(struct service *service, int64_t device, int state,
                                    int64_t now_s, struct err *err)
{
    struct certificate live[LIMIT_DOORS];
    size_t n = 0;
    if (state == STATE_QUARANTINED)
        return OK;
    TRY(store_live_certificates(service->store, device, live, LENGTH_OF(live), &n, err));
    int reason = state == STATE_RETIRED ? X509_REASON_CESSATION : X509_REASON_PRIVILEGE_WITHDRAWN;
    for (size_t i = 0; i < n; i++)
        service_end_certificate(service, &live[i], CERT_REVOKED, reason, now_s);
    return OK;
}

static enum result keep_down(struct service *service, const struct device *device,
                             const struct msg_device_stand *stand, int64_t now_s, struct err *err)
{
    service_act(service, EVENT_EPOCH_APPLIED, now_s, local, device->id);
    TRY(end_certificates(service, device->id, stand->state, now_s, err));
    struct change *c = service_change_device(service, device);
    set_stand(c, stand);
    change_int(c, COL_DEVICE_QUARANTINE, stand->quarantine);
    TRY(service_record(service, NULL, err));
    return finding_settle(service, device->id, now_s, err);
}

static enum result hold(struct service *service, const struct device *device, int64_t now_s,
                        struct err *err)
{
    service_act(service, EVENT_EPOCH_APPLIED, now_s, local, device->id);
    change_int(service_change_device(service, device), COL_DEVICE_HOLD, 1);
    return service_record(service, NULL, err);
}

static enum result stand_known(struct service *service, const struct device *device,
                               const struct msg_device_stand *stand, int64_t now_s,
                               enum epoch_stood *ret, struct err *err)
{
    *ret = STOOD_STRICTER;
    bool is_stricter = stand->state > device->state ||
                       (stand->state == device->state && stand->quarantine > device->quarantine);
    if (device_is_kept_down((enum device_state)stand->state) && is_stricter)
        return keep_down(service, device, stand, now_s, err);
    if (stand->hold && !device->hold)
        return hold(service, device, now_s, err);
    bool is_looser =
        device_is_kept_down((enum device_state)device->state) && stand->state < device->state;
    *ret = is_looser ? STOOD_KEPT : STOOD_AS_IT_WAS;
    return OK;
}

enum result epoch_stand(struct service *service, const struct msg_device_stand *stand,
                        int64_t now_s, enum epoch_stood *ret, struct err *err)
{
    struct product product = {0};
    struct device device = {0};
    *ret = STOOD_UNKNOWN;
    enum result result = store_product_named(service->store, stand->product, &product, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    result = store_device_named(service->store, product.id, stand->serial_number, &device, err);
    if (result == OK)
        return stand_known(service, &device, stand, now_s, ret, err);
    if (result != R_NOT_FOUND)
        return result;
    *ret = STOOD_AS_IT_WAS;
    if (!device_is_kept_down((enum device_state)stand->state) && !stand->hold)
        return OK;
    *ret = STOOD_STRICTER;
    return create(service, &product, stand, now_s, err);
}

/* ---- the journal was lost ----------------------------------------------------------------------
 */

static enum result find_greatest(void *ctx, const struct shard *shard, struct err *err)
{
    (void)err;
    uint64_t *next = ctx;
    uint64_t end = ((uint64_t)shard->part + 1) * SHARD_NUMBERS;
    if (end > *next)
        *next = end;
    return OK;
}

static uint64_t greatest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t place_of_day(int64_t now_s)
{
    uint8_t chance[4];
    uint64_t within = 0;
    rand_bytes(chance, sizeof chance);
    for (size_t i = 0; i < sizeof chance; i++)
        within = within << 8 | chance[i];
    int64_t days = now_s > EPOCH_DAY_ZERO_S ? (now_s - EPOCH_DAY_ZERO_S) / 86400 : 0;
    return (uint64_t)days * EPOCH_A_DAY + within % EPOCH_A_DAY;
}

enum result epoch_leap(struct service *service, int64_t now_s, struct epoch_floors *ret,
                       struct err *err)
{
    uint64_t next = 0;
    int64_t crl = 0;
    TRY(store_shards(service->store, INT64_MIN, find_greatest, &next, err));
    TRY(store_max_crl(service->store, &crl, err));
    uint64_t place = greatest((next / EPOCH_LEAP + 2) * EPOCH_LEAP, place_of_day(now_s));
    uint64_t floor = (place + SERIAL_PART_SIZE - 1) / SERIAL_PART_SIZE * SERIAL_PART_SIZE;
    if (floor > UINT32_MAX)
        return err_set(err, E_POLICY, "the index space has no room for a leap");
    *ret = (struct epoch_floors){floor, greatest((uint64_t)crl + 1, (uint64_t)now_s * 1000000)};
    return store_put_meta(service->store, SERVICE_META_FLOOR, (int64_t)floor, err);
}

enum result epoch_take_journal(struct service *service, const struct epoch_journal *journal,
                               struct err *err)
{
    if (journal->is_other)
        TRY(store_put_meta(service->store, SERVICE_META_JOURNAL, 0, err));
    if (journal->is_other && journal->floor != 0)
        TRY(store_put_meta(service->store, SERVICE_META_FLOOR, (int64_t)journal->floor, err));
    return store_put_meta(service->store, SERVICE_META_JOURNAL_ID, (int64_t)journal->identity, err);
}
