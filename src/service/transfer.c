/* The verbs of a transfer of ownership: one side releases, the other accepts, both sign the same
 * bytes; either side ends it until it is done (docs/decisions/transfer.md). How it ends is in
 * transfer_end.c. */
#include <service/transfer.h>

#include <base/text.h>
#include <service/approval.h>
#include <service/finding.h>

#include <string.h>

#define TTL_S (7 * 86400)
#define TTL_MAX_S (90 * 86400)

/* ---- whose side --------------------------------------------------------------------------------
 */

static bool is_of_side(const struct operator_row *row, const char *owner)
{
    return operator_may_sign_for((enum role)row->role, row->scope, owner);
}

static enum result check_side(const struct operator_is *who, const char *owner, struct err *err)
{
    if (is_of_side(&who->row, owner))
        return OK;
    return err_set(err, E_TRANSFER_SIDE,
                   "role %s%s%s signs nothing for owner \"%s\"; wanted an operator of that scope, "
                   "or an admin without one",
                   role_word((enum role)who->row.role),
                   who->row.scope[0] != '\0' ? " of owner " : "", who->row.scope, owner);
}

/* An admin without a scope speaks for owners who have nobody here, and for no other. */
static enum result check_speaks(struct service *service, const struct operator_is *who,
                                const char *owner, struct err *err)
{
    int64_t n = 0;
    TRY(check_side(who, owner, err));
    if (who->row.scope[0] != '\0' || *owner == '\0')
        return OK;
    TRY(store_count_people_of(service->store, text_bytes(owner), ROLE_OPERATOR, &n, err));
    if (n == 0)
        return OK;
    return err_set(
        err, E_TRANSFER_SIDE,
        "owner \"%s\" has %lld operator%s here: one of them signs; wanted a person of that "
        "scope, an admin without one signs for owners who have nobody",
        owner, (long long)n, n == 1 ? "" : "s");
}

/* Who sees neither owner's devices sees no transfer between them. */
static enum result find(struct service *service, const struct operator_is *who, int64_t id,
                        struct transfer_row *ret, struct err *err)
{
    enum result result = store_transfer(service->store, id, ret, err);
    bool is_seen = result == OK && (verb_sees(who, ret->from) || verb_sees(who, ret->to));
    if (result == R_NOT_FOUND || (result == OK && !is_seen))
        return err_set(err, E_NOT_FOUND, "there is no transfer %lld", (long long)id);
    return result;
}

static bool is_over(const struct transfer_row *row, int64_t now_s)
{
    return row->state != TRANSFER_ACCEPTED && now_s > row->expires_s;
}

/* ---- asking for it -----------------------------------------------------------------------------
 */

static enum result check_device(const struct device *device, struct err *err)
{
    if (device_can_move((enum device_state)device->state))
        return OK;
    return err_set(err, E_TRANSFER_STATE,
                   "device \"%s\" is %s; wanted expected, enrolled or active",
                   device->serial_number, device_state_word((enum device_state)device->state));
}

static enum result check_wish(struct service *service, const struct operator_is *who,
                              const struct device *device, const struct msg_transfer_release *ask,
                              struct err *err)
{
    TRY(verb_name("owner", ask->to_owner, err));
    if (bytes_equal(ask->to_owner, text_bytes(device->owner)))
        return err_set(err, E_TRANSFER_SELF, "device \"%s\" belongs to owner \"%s\" already",
                       device->serial_number, device->owner);
    if (ask->ttl_s < 0 || ask->ttl_s > TTL_MAX_S)
        return err_set(err, E_SYNTAX, "ttl %lld s: 1 to %d is wanted", (long long)ask->ttl_s,
                       TTL_MAX_S);
    TRY(check_speaks(service, who, device->owner, err));
    return check_device(device, err);
}

/* One open transfer a device. What nobody accepted in time gives up its place, in the same entry.
 */
static enum result make_room(struct service *service, const struct device *device, int64_t now_s,
                             struct err *err)
{
    struct transfer_row open;
    enum result result = store_open_transfer(service->store, device->id, &open, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    if (!is_over(&open, now_s))
        return err_set(err, E_TRANSFER_OPEN, "transfer %lld of device \"%s\" to owner \"%s\" is %s",
                       (long long)open.id, device->serial_number, open.to,
                       transfer_state_word((enum transfer_state)open.state));
    change_int(act_change(&service->act, TABLE_TRANSFER, open.id), COL_TRANSFER_STATE,
               TRANSFER_ABORTED);
    return OK;
}

/* The bytes that both sides sign: what was asked, and the one cell that will change. */
static enum result write_body(struct service *service, const struct device *device,
                              const struct approval *head, const struct msg_transfer_release *ask,
                              struct err *err)
{
    struct watch watch = {.n = 1, .changes = buf_over(watch.space, sizeof watch.space)};
    const struct approval_wish wish = {IPC_TRANSFER_RELEASE, ask, &watch};
    cbor_write_array(&watch.changes, 5);
    cbor_write_text(&watch.changes, bytes_text("device"));
    cbor_write_int(&watch.changes, device->id);
    cbor_write_text(&watch.changes, bytes_text("owner"));
    cbor_write_text(&watch.changes, text_bytes(device->owner));
    cbor_write_text(&watch.changes, ask->to_owner);
    return approval_write_body(service, head, &wish, &(struct msg_verb_answer){.changed = 1}, err);
}

enum result verb_transfer_release(struct service *service, const struct operator_is *who,
                                  const struct msg_transfer_release *ask, int64_t now_s,
                                  struct msg_verb_answer *answer, struct err *err)
{
    struct subject subject = {0};
    TRY(verb_allow(who, OPERATE_TRANSFER, NULL, err));
    TRY(verb_subject(service, who, ask->product, ask->serial_number, &subject, err));
    const struct device *device = &subject.device;
    TRY(check_wish(service, who, device, ask, err));

    struct act *act = service_act(service, EVENT_TRANSFER_ASKED, now_s, who->actor, device->id);
    TRY(make_room(service, device, now_s, err));
    const struct approval head = {
        .kind = text_bytes(ipc_name(IPC_TRANSFER_RELEASE)),
        .number = (uint64_t)service_next_id(service, TABLE_TRANSFER),
        .requester = who->row.person,
        .created_s = now_s,
        .expires_s = now_s + (ask->ttl_s != 0 ? ask->ttl_s : TTL_S),
    };
    TRY(write_body(service, device, &head, ask, err));
    answer->object = (int64_t)head.number;
    answer->created = 1;
    answer->body = bytes_of(service->approval_body, service->approval_body_n);
    answer->state = text_bytes(transfer_state_word(TRANSFER_ASKED));
    struct change *c = act_change(act, TABLE_TRANSFER, answer->object);
    change_int(c, COL_TRANSFER_DEVICE, device->id);
    change_text(c, COL_TRANSFER_FROM_OWNER, text_bytes(device->owner));
    change_text(c, COL_TRANSFER_TO_OWNER, ask->to_owner);
    change_int(c, COL_TRANSFER_CREATED_AT, now_s);
    change_int(c, COL_TRANSFER_EXPIRES_AT, head.expires_s);
    change_int(c, COL_TRANSFER_STATE, TRANSFER_ASKED);
    change_int(c, COL_TRANSFER_ASKED_BY, who->row.id);
    change_blob(c, COL_TRANSFER_BODY, answer->body);
    return service_record(service, &answer->entry, err);
}

/* ---- signing -----------------------------------------------------------------------------------
 */

struct side {
    enum event event;
    enum transfer_state from, to;
    enum column person, key, signature, at;
};

static const struct side release_side = {EVENT_TRANSFER_RELEASED,  TRANSFER_ASKED,
                                         TRANSFER_RELEASED,        COL_TRANSFER_RELEASER,
                                         COL_TRANSFER_RELEASE_KEY, COL_TRANSFER_RELEASE_SIGNATURE,
                                         COL_TRANSFER_RELEASED_AT};
static const struct side accept_side = {EVENT_TRANSFER_ACCEPTED, TRANSFER_RELEASED,
                                        TRANSFER_ACCEPTED,       COL_TRANSFER_ACCEPTER,
                                        COL_TRANSFER_ACCEPT_KEY, COL_TRANSFER_ACCEPT_SIGNATURE,
                                        COL_TRANSFER_ACCEPTED_AT};

static enum result check_time_and_state(const struct transfer_row *row, const struct side *side,
                                        int64_t now_s, struct err *err)
{
    if (row->state != (int)side->from)
        return err_set(err, E_TRANSFER_STATE, "transfer %lld is %s, wanted %s", (long long)row->id,
                       transfer_state_word((enum transfer_state)row->state),
                       transfer_state_word(side->from));
    if (now_s > row->expires_s)
        return err_set(err, E_TRANSFER_STATE, "transfer %lld expired %lld s ago",
                       (long long)row->id, (long long)(now_s - row->expires_s));
    return OK;
}

/* Who released may still do so: he was not removed, and his scope is what it was. */
static enum result check_releaser(struct service *service, const struct operator_is *who,
                                  const struct transfer_row *row, struct err *err)
{
    struct operator_row releaser = {0};
    TRY(store_operator_row(service->store, row->releaser, &releaser, err));
    if (releaser.person == who->row.person)
        return err_set(err, E_TRANSFER_SIDE,
                       "you released transfer %lld: another person accepts it", (long long)row->id);
    if (releaser.state != 1 || !is_of_side(&releaser, row->from))
        return err_set(err, E_TRANSFER_STATE,
                       "who released transfer %lld no longer speaks for owner \"%s\": abort it and "
                       "release again",
                       (long long)row->id, row->from);
    return OK;
}

static enum result check_signer(struct service *service, const struct operator_is *who,
                                const struct transfer_row *row, bool is_release, struct err *err)
{
    TRY(check_speaks(service, who, is_release ? row->from : row->to, err));
    if (!is_release)
        return check_releaser(service, who, row, err);
    if (row->asked_by == who->row.id)
        return OK;
    return err_set(err, E_TRANSFER_SIDE, "transfer %lld is released by who asked for it",
                   (long long)row->id);
}

/* Nothing happened meanwhile to what the bytes speak of. */
static enum result check_subject(struct service *service, const struct transfer_row *row,
                                 struct device *ret, struct err *err)
{
    TRY(store_device(service->store, row->device, ret, err));
    if (strcmp(ret->owner, row->from) != 0)
        return err_set(err, E_TRANSFER_STATE,
                       "device \"%s\" belongs to owner \"%s\", no longer \"%s\"",
                       ret->serial_number, ret->owner, row->from);
    return check_device(ret, err);
}

/* What both signed: a certificate of after it is the new owner's. One that is under way was decided
 * before, and becomes an orphan by the device's version. */
static void begin_move(struct service *service, const struct device *device, struct change *c)
{
    change_int(c, COL_TRANSFER_AFTER_CERTIFICATE, service->last_id[TABLE_CERTIFICATE]);
    (void)service_change_device(service, device);
}

enum result verb_transfer_sign(struct service *service, const struct operator_is *who,
                               const struct msg_transfer_sign *ask, int64_t now_s,
                               struct msg_verb_answer *answer, struct err *err)
{
    struct signer_key key;
    struct transfer_row row;
    struct device device = {0};
    bool is_release = ask->step == TRANSFER_RELEASED;
    const struct side *side = is_release ? &release_side : &accept_side;
    TRY(verb_allow(who, OPERATE_TRANSFER, NULL, err));
    TRY(find(service, who, ask->transfer, &row, err));
    TRY(check_time_and_state(&row, side, now_s, err));
    TRY(check_signer(service, who, &row, is_release, err));
    TRY(check_subject(service, &row, &device, err));
    TRY(approval_check_signature(service, who, bytes_of(row.body, row.body_n), ask->signature, &key,
                                 err));

    struct act *act = service_act(service, side->event, now_s, who->actor, row.device);
    struct change *c = act_change(act, TABLE_TRANSFER, row.id);
    change_int(c, COL_TRANSFER_STATE, side->to);
    change_int(c, side->person, who->row.id);
    change_blob(c, side->key, key.spki);
    change_blob(c, side->signature, ask->signature);
    change_int(c, side->at, now_s);
    if (!is_release)
        begin_move(service, &device, c);
    answer->object = row.id;
    answer->changed = 1;
    answer->state = text_bytes(transfer_state_word(side->to));
    TRY(service_record(service, &answer->entry, err));
    return finding_settle(service, row.device, now_s, err);
}

/* ---- its end -----------------------------------------------------------------------------------
 */

enum result verb_transfer_abort(struct service *service, const struct operator_is *who,
                                const struct msg_transfer_abort *ask, int64_t now_s,
                                struct msg_verb_answer *answer, struct err *err)
{
    struct transfer_row row;
    TRY(verb_allow(who, OPERATE_TRANSFER, NULL, err));
    TRY(find(service, who, ask->transfer, &row, err));
    if (row.state >= TRANSFER_DONE)
        return err_set(err, E_TRANSFER_STATE, "transfer %lld is %s already", (long long)row.id,
                       transfer_state_word((enum transfer_state)row.state));
    if (!is_of_side(&who->row, row.from))
        TRY(check_side(who, row.to, err));
    service_act(service, EVENT_TRANSFER_ABORTED, now_s, who->actor, row.device);
    TRY(transfer_abort(service, &row, now_s, &answer->certificates, err));
    answer->object = row.id;
    answer->changed = 1;
    answer->state = text_bytes(transfer_state_word(TRANSFER_ABORTED));
    TRY(service_record(service, &answer->entry, err));
    return finding_settle(service, row.device, now_s, err);
}
