/* Requests of acts that take two people: what is asked, and what people sign. */
#include <service/approval.h>

#include <base/text.h>
#include <crypto/hash.h>
#include <ipc/params.h>
#include <service/policy.h>
#include <service/recover.h>

#include <string.h>

#define ENOUGH 2 /* persons */

static const struct {
    enum event event;
    const char *kind;
} kinds[] = {
#define TWO_PEOPLE(NAME, kind) {EVENT_##NAME, kind},
#include <ledger/two_people.def>
#undef TWO_PEOPLE
};

bool event_takes_two(enum event event)
{
    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        if (kinds[i].event == event)
            return true;
    return false;
}

static bool is_kind(enum ipc_type type)
{
    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        if (strcmp(kinds[i].kind, ipc_name(type)) == 0)
            return true;
    return false;
}

bool approval_is_wanted(const struct service *service, enum ipc_type type)
{
    return is_kind(type) && (service->approvers >= ENOUGH || type == IPC_APPROVER_SET);
}

enum result approval_count(struct service *service, struct err *err)
{
    return store_count_approvers(service->store, &service->approvers, err);
}

/* ---- what a rehearsal changes ---------------------------------------------------------------- */

void approval_watch_begin(struct service *service, struct watch *watch)
{
    watch->n = 0;
    watch->changes = buf_over(watch->space, sizeof watch->space);
    service->watch = watch;
}

void approval_watch_end(struct service *service)
{
    service->watch = NULL;
}

static void put_cell(struct buf *b, const struct cell *cell)
{
    switch (cell->type) {
    case TYPE_NONE:
        cbor_write_null(b);
        return;
    case TYPE_INT:
        cbor_write_int(b, cell->number);
        return;
    case TYPE_TEXT:
        cbor_write_text(b, cell->bytes);
        return;
    case TYPE_BLOB:
        cbor_write_bytes(b, cell->bytes);
        return;
    }
}

static bool is_same(const struct cell *a, const struct cell *b)
{
    return a->type == b->type && a->number == b->number && bytes_equal(a->bytes, b->bytes);
}

/* Times and versions are another's at another time, and nobody decides on them. */
static bool is_decided(const char *column)
{
    size_t n = strlen(column);
    return strcmp(column, "version") != 0 && (n < 3 || strcmp(column + n - 3, "_at") != 0);
}

static enum result watch_cell(struct service *service, const struct change *change,
                              const struct cell *after, struct err *err)
{
    uint8_t space[LIMIT_CERTIFICATE_BYTES];
    struct buf room = buf_over(space, sizeof space);
    struct watch *watch = service->watch;
    const struct column_info *column = column_find(after->column);
    struct cell before = {0};
    TRY(store_cell(service->store, after->column, change->id, &room, &before, err));
    if (!is_decided(column->name) || is_same(&before, after))
        return OK;
    cbor_write_array(&watch->changes, 5);
    cbor_write_text(&watch->changes, text_bytes(table_find(change->table)->name));
    cbor_write_int(&watch->changes, change->id);
    cbor_write_text(&watch->changes, text_bytes(column->name));
    put_cell(&watch->changes, &before);
    put_cell(&watch->changes, after);
    watch->n++;
    return OK;
}

enum result approval_watch(struct service *service, const struct act *act, struct err *err)
{
    if (act->event == EVENT_WAIVER_SHORTENED) /* follows from the policy; so many are counted */
        return OK;
    for (size_t i = 0; i < act->n; i++)
        for (size_t j = 0; j < act->changes[i].n; j++) {
            const struct change *change = &act->changes[i];
            enum result result = watch_cell(service, change, &change->cells[j], err);
            if (result == R_NOT_FOUND) /* a new row: the parameters say it */
                break;
            TRY(result);
        }
    return OK;
}

static void put_changes(struct buf *b, const struct watch *watch)
{
    cbor_write_array(b, watch->n);
    if (!buf_ok(&watch->changes))
        buf_fail(b);
    buf_put_bytes(b, buf_bytes(&watch->changes));
}

enum result approval_compare(const struct approved_act *act, const struct watch *watch,
                             struct err *err)
{
    uint8_t space[sizeof watch->space + 16];
    struct buf now = buf_over(space, sizeof space);
    put_changes(&now, watch);
    if (!bytes_equal(buf_bytes(&now), act->body.changes))
        return err_set(err, E_CONFLICT,
                       "what it would change has changed since it was asked for; ask again");
    return OK;
}

/* ---- the request ----------------------------------------------------------------------------- */

struct count {
    const char *what;
    uint32_t n;
};

static void put_counts(struct buf *b, const struct msg_verb_answer *answer, int64_t devices)
{
    const struct count counts[] = {
        {"devices", (uint32_t)devices}, {"created", answer->created},
        {"changed", answer->changed},   {"certificates", answer->certificates},
        {"tokens", answer->tokens},     {"permits", answer->permits},
        {"findings", answer->findings},
    };
    size_t n = 0;
    for (size_t i = 0; i < LENGTH_OF(counts); i++)
        n += counts[i].n > 0;
    cbor_write_array(b, n);
    for (size_t i = 0; i < LENGTH_OF(counts); i++)
        if (counts[i].n > 0) {
            cbor_write_array(b, 2);
            cbor_write_text(b, text_bytes(counts[i].what));
            cbor_write_uint(b, counts[i].n);
        }
}

/* Who would have to enrol again by his first proof, or could not come any more. */
static enum result count_cut_off(struct service *service, const struct msg_issuer_force *ask,
                                 int64_t now_s, int64_t *ret, struct err *err)
{
    struct issuer_needs needs = {0};
    TRY(store_issuer_needs(service->store, ask->number, bytes_of(NULL, 0), now_s, &needs, err));
    *ret = needs.devices;
    return OK;
}

/* How many devices hang on what the act is about: those of its product, or issuer. */
static enum result count_devices(struct service *service, const struct approval_wish *wish,
                                 int64_t now_s, int64_t *ret, struct err *err)
{
    enum ipc_type type = wish->type;
    const void *ask = wish->ask;
    struct bytes name = {0};
    struct product product = {0};
    *ret = 0;
    if (type == IPC_ISSUER_FORCE)
        return count_cut_off(service, ask, now_s, ret, err);
    if (type == IPC_PRODUCT_SET)
        name = ((const struct msg_product_set *)ask)->product;
    else if (type == IPC_ANCHOR_ADD)
        name = ((const struct msg_anchor_add *)ask)->product;
    else if (type == IPC_POLICY_SET)
        return policy_count_devices(service, ask, ret, err);
    else
        return OK;
    TRY(store_product_named(service->store, name, &product, err));
    return store_count_devices(service->store, product.id, bytes_of(NULL, 0), ret, err);
}

struct parts {
    uint8_t parameters[APPROVAL_MAX], changes[4096 + 16], counts[256];
};

enum result approval_write_body(struct service *service, const struct approval *head,
                                const struct approval_wish *wish,
                                const struct msg_verb_answer *answer, struct err *err)
{
    struct parts space;
    struct buf parameters = buf_over(space.parameters, sizeof space.parameters);
    struct buf changes = buf_over(space.changes, sizeof space.changes);
    struct buf counts = buf_over(space.counts, sizeof space.counts);
    struct buf body = buf_over(service->approval_body, sizeof service->approval_body);
    struct approval approval = *head;
    int64_t devices = 0;
    TRY(count_devices(service, wish, head->created_s, &devices, err));
    TRY(ipc_write_params(wish->type, wish->ask, &parameters, err));
    put_changes(&changes, wish->watch);
    put_counts(&counts, answer, devices);
    approval.parameters = buf_bytes(&parameters);
    approval.changes = buf_bytes(&changes);
    approval.counts = buf_bytes(&counts);
    approval_write(&body, &approval);
    bool fits = buf_ok(&parameters) && buf_ok(&changes) && buf_ok(&counts) && buf_ok(&body);
    if (!fits)
        return err_set(err, E_TOO_LARGE, "a request above %d octets", APPROVAL_MAX);
    service->approval_body_n = body.n;
    return OK;
}

enum result approval_ask(struct service *service, const struct operator_is *who,
                         const struct approval_wish *wish, int64_t now_s,
                         struct msg_verb_answer *answer, struct err *err)
{
    uint8_t hash[32];
    int64_t id = service_next_id(service, TABLE_APPROVAL);
    const struct approval head = {
        .kind = text_bytes(ipc_name(wish->type)),
        .number = (uint64_t)id,
        .requester = who->row.person,
        .created_s = now_s,
        .expires_s = now_s + service->limits.approval_s,
    };
    TRY(approval_write_body(service, &head, wish, answer, err));
    struct bytes body = bytes_of(service->approval_body, service->approval_body_n);
    sha256(body, hash);

    struct act *act = service_act(service, EVENT_APPROVAL_ASKED, now_s, who->actor, 0);
    struct change *c = act_change(act, TABLE_APPROVAL, id);
    change_text(c, COL_APPROVAL_KIND, head.kind);
    change_int(c, COL_APPROVAL_REQUESTER, who->row.id);
    change_blob(c, COL_APPROVAL_BODY, body);
    change_blob(c, COL_APPROVAL_HASH, bytes_of(hash, sizeof hash));
    change_int(c, COL_APPROVAL_CREATED_AT, now_s);
    change_int(c, COL_APPROVAL_EXPIRES_AT, head.expires_s);
    change_int(c, COL_APPROVAL_STATE, APPROVAL_OPEN);
    *answer = (struct msg_verb_answer){.id = answer->id, .approval = id, .body = body};
    return service_record(service, &answer->entry, err);
}

/* ---- carried ----------------------------------------------------------------------------------
 */

static enum result put_signature(struct service *service, const struct signature_row *row,
                                 struct operator_row *ret_signer, struct buf *to, struct err *err)
{
    TRY(store_operator_row(service->store, row->signer, ret_signer, err));
    buf_put_bytes(to, bytes_of(ret_signer->spki, sizeof ret_signer->spki));
    buf_put_u8(to, (uint8_t)row->signature.n);
    buf_put_bytes(to, bytes_of(row->signature.p, row->signature.n));
    return OK;
}

struct carried {
    int64_t persons[APPROVAL_SIGNERS_MAX];
    size_t n;
};

static void count_person(struct carried *carried, const struct operator_row *signer)
{
    for (size_t i = 0; i < carried->n; i++)
        if (carried->persons[i] == signer->person)
            return;
    carried->persons[carried->n++] = signer->person;
}

/* One signature that counts: an approver's of today, or the root's. */
static enum result collect_one(struct service *service, const struct signature_row *row,
                               int64_t but, struct collected *to, struct carried *carried,
                               struct err *err)
{
    struct operator_row signer = {0};
    if (row->signer == 0) {
        buf_put_bytes(&to->root, bytes_of(row->signature.p, row->signature.n));
        return OK;
    }
    TRY(put_signature(service, row, &signer, &to->people, err));
    bool counts = signer.state == 1 && (signer.is_approver || service->approvers == 0);
    if (counts && signer.person != but)
        count_person(carried, &signer);
    return OK;
}

static bool are_enough(const struct service *service, const struct approval_row *row,
                       const struct collected *collected, size_t persons)
{
    if (recover_is_kind(row))
        return recover_is_ready(service, row, persons, collected->root.n > 0);
    size_t wanted = service->approvers == 0       ? 1
                    : service->approvers < ENOUGH ? (size_t)service->approvers
                                                  : ENOUGH;
    return persons >= wanted;
}

enum result approval_collect(struct service *service, const struct approval_row *row,
                             struct collected *ret, bool *ret_ready, struct err *err)
{
    struct signature_row signed_by[APPROVAL_SIGNERS_MAX];
    struct carried carried = {0};
    int64_t but = 0; /* whose recovery it is: his own key carries nothing */
    size_t n = 0;
    ret->people = buf_over(ret->people_space, sizeof ret->people_space);
    ret->root = buf_over(ret->root_space, sizeof ret->root_space);
    if (recover_is_kind(row))
        TRY(recover_person(row, &but, err));
    TRY(store_signatures(service->store, row->id, signed_by, LENGTH_OF(signed_by), &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(collect_one(service, &signed_by[i], but, ret, &carried, err));
    *ret_ready = are_enough(service, row, ret, carried.n) && buf_ok(&ret->people);
    return OK;
}

/* Who asked: an operator in use, or whoever stood at the server. */
static enum result find_requester(struct service *service, const struct approval_row *row,
                                  struct operator_is *ret, struct err *err)
{
    *ret = (struct operator_is){.actor = {ACTOR_LOCAL, 0}};
    if (row->requester == 0 && recover_is_kind(row))
        return OK;
    TRY(store_operator_row(service->store, row->requester, &ret->row, err));
    if (ret->row.state != 1)
        return err_set(err, E_CONFLICT, "who asked for it is no operator any more");
    ret->actor = (struct actor){ACTOR_OPERATOR, ret->row.id};
    return OK;
}

enum result approval_open(struct service *service, const struct approval_row *row, int64_t now_s,
                          struct approved_act *ret, struct err *err)
{
    const char *why = NULL;
    enum ipc_type type = IPC_NONE;
    if (row->state != APPROVAL_OPEN)
        return err_set(err, E_CONFLICT, "approval %lld is %s", (long long)row->id,
                       approval_state_word((enum approval_state)row->state));
    if (now_s > row->expires_s)
        return err_set(err, E_CONFLICT, "approval %lld expired", (long long)row->id);
    if (!approval_read(bytes_of(row->body, row->body_n), &ret->body, &why))
        return err_set(err, E_STORE_CORRUPT, "approval %lld: %s", (long long)row->id, why);
    for (size_t i = 0; (type = ipc_type_at(i)) != IPC_NONE; i++)
        if (is_kind(type) && strcmp(ipc_name(type), row->kind) == 0)
            break;
    TRY(ipc_read_params(type, ret->body.parameters, &ret->message, err));
    return find_requester(service, row, &ret->who, err);
}

void approval_use(struct service *service, int64_t row, const struct msg_approved *approved)
{
    struct used_approval *used = &service->used;
    *used = (struct used_approval){.row = row,
                                   .persons_n = approved->persons.n,
                                   .countersignature_n = approved->countersignature.n};
    memcpy(used->persons, approved->persons.p, used->persons_n);
    memcpy(used->countersignature, approved->countersignature.p, used->countersignature_n);
}

bool approval_must_carry(const struct service *service)
{
    enum event event = service->act.event;
    return event_takes_two(event) && (service->approvers >= ENOUGH || service->used.row != 0);
}

/* As part of an act that takes two people. */
enum result approval_carry(struct service *service, struct err *err)
{
    struct used_approval *used = &service->used;
    if (used->row == 0)
        return err_set(err, E_APPROVAL, "%s takes two people", event_word(service->act.event));
    struct change *c = act_change(&service->act, TABLE_APPROVAL, used->row);
    change_int(c, COL_APPROVAL_STATE, APPROVAL_EXECUTED);
    change_blob(c, COL_APPROVAL_PERSONS, bytes_of(used->persons, used->persons_n));
    change_blob(c, COL_APPROVAL_COUNTERSIGNATURE,
                bytes_of(used->countersignature, used->countersignature_n));
    used->row = 0;
    return OK;
}

enum result approval_stale(struct service *service, const struct approval_row *row, int64_t now_s,
                           struct err *err)
{
    static const struct actor core = {ACTOR_CORE, 0};
    struct act *act = service_act(service, EVENT_APPROVAL_STALE, now_s, core, 0);
    change_int(act_change(act, TABLE_APPROVAL, row->id), COL_APPROVAL_STATE, APPROVAL_STALE);
    return service_record(service, NULL, err);
}
