#include <service/outbox.h>
#include <service/verb.h>

#include <base/json.h>
#include <base/rand.h>
#include <base/text.h>
#include <trust/check.h>
#include <wire/hex.h>

#include <stdio.h>
#include <string.h>

#define EVENT_FORMAT 1
#define MESSAGE_OCTETS 16 /* of chance: no two events have the same id */

/* One event, and what its receivers choose by. */
struct happening {
    enum webhook_event kind;
    const char *type;
    const struct finding *finding;
    const struct check *check;
    uint64_t entry;
    int64_t at_s;
};

static const struct {
    enum event event;
    enum webhook_event kind;
    const char *type;
} kinds[] = {
    {EVENT_FINDING_OPENED, WEBHOOK_OPENED, "finding.opened"},
    {EVENT_FINDING_CLOSED, WEBHOOK_CLOSED, "finding.closed"},
    {EVENT_FINDING_ANSWERED, WEBHOOK_ANSWERED, "finding.answered"},
};

/* ---- the row --------------------------------------------------------------------------------- */

static void new_message(char to[OUTBOX_MESSAGE_MAX])
{
    uint8_t raw[MESSAGE_OCTETS];
    struct buf text = buf_over(to, OUTBOX_MESSAGE_MAX - 1);
    rand_bytes(raw, sizeof raw);
    buf_put_bytes(&text, bytes_text("msg_"));
    hex_encode(&text, bytes_of(raw, sizeof raw));
    to[text.n] = '\0';
}

/* The row is appended, or counted where there is no room; nobody waits for a receiver. */
static enum result put(struct service *service, const struct outbox_row *row,
                       const struct webhook_row *counts, struct err *err)
{
    bool has_room = counts->queued < OUTBOX_ROWS_MAX;
    struct webhook_row add = {.queued = has_room, .dropped = !has_room};
    snprintf(add.name, sizeof add.name, "%s", row->hook);
    if (has_room)
        TRY(store_put_outbox(service->store, row, err));
    return store_add_webhook(service->store, &add, err);
}

static enum result read_counts(struct service *service, const char *name, struct webhook_row *ret,
                               struct err *err)
{
    *ret = (struct webhook_row){0};
    enum result result = store_webhook(service->store, name, ret, err);
    return result == R_NOT_FOUND ? OK : result;
}

/* ---- an event about a finding ---------------------------------------------------------------- */

static enum result put_subject(struct service *service, const struct finding *finding,
                               struct buf *to, struct err *err)
{
    struct device device = {0};
    struct product product = {0};
    if (finding->kind == SUBJECT_DEVICE)
        TRY(store_device(service->store, finding->subject, &device, err));
    int64_t of_product = device.id != 0 ? device.product : finding->product;
    if (of_product != 0)
        TRY(store_product(service->store, of_product, &product, err));
    json_member_text(to, "kind", text_bytes(subject_word((enum subject_kind)finding->kind)));
    json_member_number(to, "subject", finding->subject);
    json_member_text(to, "product", text_bytes(product.name));
    json_member_text(to, "serial", text_bytes(device.serial_number));
    json_member_text(to, "owner", text_bytes(finding->owner));
    return OK;
}

static void name_subject(const struct finding *finding, char to[OUTBOX_SUBJECT_MAX])
{
    snprintf(to, OUTBOX_SUBJECT_MAX, "%s/%lld", subject_word((enum subject_kind)finding->kind),
             (long long)finding->subject);
}

/* Rows of once have no severity: their check's it was. */
static enum severity severity_of(const struct happening *what)
{
    return what->finding->severity != 0 ? (enum severity)what->finding->severity
                                        : what->check->severity;
}

static enum result write_body(struct service *service, const struct happening *what, int64_t lost,
                              struct outbox_row *row, struct err *err)
{
    struct buf to = buf_over(row->body, sizeof row->body);
    char check[16];
    snprintf(check, sizeof check, "TD-%02d", what->finding->check);
    buf_put_u8(&to, '{');
    json_member_text(&to, "type", text_bytes(what->type));
    json_member_instant(&to, "timestamp", what->at_s);
    json_member_object(&to, "data");
    json_member_number(&to, "format", EVENT_FORMAT);
    json_member_number(&to, "entry", (int64_t)what->entry);
    json_member_number(&to, "finding", what->finding->id);
    json_member_text(&to, "check", text_bytes(check));
    json_member_text(&to, "title", text_bytes(what->check->title));
    json_member_text(&to, "severity", text_bytes(severity_word(severity_of(what))));
    TRY(put_subject(service, what->finding, &to, err));
    json_member_instant(&to, "began", what->finding->began_at_s);
    json_member_instant(&to, "recorded", what->finding->recorded_at_s);
    json_member_instant(&to, "closed", what->finding->closed_at_s);
    json_member_text(&to, "closed_by",
                     text_bytes(closing_word((enum closing)what->finding->closed_by)));
    json_member_number(&to, "first", what->finding->first);
    json_member_number(&to, "lost", lost);
    buf_put_bytes(&to, bytes_text("}}"));
    row->body_n = to.n;
    return buf_ok(&to) ? OK : err_set(err, E_BUG, "no room for an event");
}

/* Of what belongs to nobody, or to the whole, who gets one owner's alone hears nothing. */
static bool is_wanted(const struct happening *what, const struct config_webhook *hook)
{
    bool is_of_owner = hook->owner[0] == '\0' || strcmp(hook->owner, what->finding->owner) == 0;
    return is_of_owner && (hook->events & what->kind) != 0 && severity_of(what) >= hook->severity;
}

static enum result put_for(struct service *service, const struct happening *what,
                           const struct config_webhook *hook, const char *message, struct err *err)
{
    struct webhook_row counts;
    struct outbox_row row = {.created_s = what->at_s};
    if (!is_wanted(what, hook))
        return OK;
    TRY(read_counts(service, hook->name, &counts, err));
    snprintf(row.hook, sizeof row.hook, "%s", hook->name);
    snprintf(row.message, sizeof row.message, "%s", message);
    name_subject(what->finding, row.subject);
    TRY(write_body(service, what, counts.dropped, &row, err));
    return put(service, &row, &counts, err);
}

static enum result put_all(struct service *service, struct happening *what, int64_t id,
                           struct err *err)
{
    struct finding finding = {0};
    char message[OUTBOX_MESSAGE_MAX];
    TRY(store_finding(service->store, id, &finding, err));
    what->finding = &finding;
    what->check = check_find(finding.check);
    new_message(message);
    for (uint32_t i = 0; what->check != NULL && i < service->hooks->webhook_count; i++)
        TRY(put_for(service, what, &service->hooks->webhooks[i], message, err));
    return OK;
}

enum result outbox_note(struct service *service, uint64_t entry, struct err *err)
{
    const struct act *act = &service->act;
    struct happening what = {.entry = entry, .at_s = act->at_s};
    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        if (kinds[i].event == act->event) {
            what.kind = kinds[i].kind;
            what.type = kinds[i].type;
        }
    if (what.kind == 0 || service->hooks->webhook_count == 0 || service->watch != NULL)
        return OK;
    for (size_t i = 0; i < act->n; i++)
        if (act->changes[i].table == TABLE_FINDING)
            TRY(put_all(service, &what, act->changes[i].id, err));
    return OK;
}

/* ---- the test -------------------------------------------------------------------------------- */

static const struct config_webhook *find_hook(const struct service *service, struct bytes name)
{
    for (uint32_t i = 0; i < service->hooks->webhook_count; i++)
        if (bytes_equal(text_bytes(service->hooks->webhooks[i].name), name))
            return &service->hooks->webhooks[i];
    return NULL;
}

static void write_test(struct outbox_row *row, int64_t lost)
{
    struct buf to = buf_over(row->body, sizeof row->body);
    buf_put_u8(&to, '{');
    json_member_text(&to, "type", bytes_text("webhook.test"));
    json_member_instant(&to, "timestamp", row->created_s);
    json_member_object(&to, "data");
    json_member_number(&to, "format", EVENT_FORMAT);
    json_member_text(&to, "webhook", text_bytes(row->hook));
    json_member_number(&to, "lost", lost);
    buf_put_bytes(&to, bytes_text("}}"));
    row->body_n = to.n;
}

/* Nothing that the ledger has to know. */
enum result verb_webhook_test(struct service *service, const struct operator_is *who,
                              const struct msg_webhook_test *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct outbox_row row = {.created_s = now_s, .subject = "test"};
    struct webhook_row counts;
    TRY(verb_allow(who, OPERATE_WEBHOOK, NULL, err));
    const struct config_webhook *hook = find_hook(service, ask->name);
    if (hook == NULL)
        return err_set(err, E_NOT_FOUND, "the configuration has no webhook \"%s\"",
                       err_value(ask->name).text);
    TRY(read_counts(service, hook->name, &counts, err));
    if (counts.queued >= OUTBOX_ROWS_MAX)
        return err_set(err, E_BUSY, "%d events wait for \"%s\"", OUTBOX_ROWS_MAX, hook->name);
    snprintf(row.hook, sizeof row.hook, "%s", hook->name);
    new_message(row.message);
    write_test(&row, counts.dropped);
    answer->created = 1;
    return put(service, &row, &counts, err);
}

/* ---- the receivers --------------------------------------------------------------------------- */

static enum result forget_stale(void *ctx, const struct webhook_row *row, struct err *err)
{
    struct service *service = ctx;
    if (row->queued > 0 || find_hook(service, text_bytes(row->name)) != NULL)
        return OK;
    return store_drop_webhook(service->store, row->name, err);
}

enum result outbox_configure(struct service *service, struct err *err)
{
    TRY(store_webhooks(service->store, forget_stale, service, err));
    for (uint32_t i = 0; i < service->hooks->webhook_count; i++) {
        struct webhook_row none = {0};
        snprintf(none.name, sizeof none.name, "%s", service->hooks->webhooks[i].name);
        TRY(store_add_webhook(service->store, &none, err));
    }
    return OK;
}

/* ---- what became of it ----------------------------------------------------------------------- */

static struct webhook_row counts_of(const struct outbox_row *row)
{
    struct webhook_row add = {0};
    snprintf(add.name, sizeof add.name, "%s", row->hook);
    return add;
}

enum result outbox_sent(struct service *service, const struct outbox_row *row, int64_t at_s,
                        struct err *err)
{
    struct webhook_row add = counts_of(row);
    add.queued = -1;
    add.sent = 1;
    add.sent_at_s = at_s;
    TRY(store_drop_outbox(service->store, row, at_s, err));
    return store_add_webhook(service->store, &add, err);
}

enum result outbox_failed(struct service *service, const struct outbox_row *row,
                          const struct outbox_failure *failure, struct err *err)
{
    struct webhook_row add = counts_of(row);
    add.failed = 1;
    add.failed_at_s = failure->at_s;
    snprintf(add.failure, sizeof add.failure, "%s", failure->why);
    TRY(store_delay_outbox(service->store, row->id, failure->due_s, failure->is_its_own, err));
    return store_add_webhook(service->store, &add, err);
}

enum result outbox_give_up(struct service *service, const struct outbox_row *row, int64_t at_s,
                           struct err *err)
{
    struct webhook_row add = counts_of(row);
    add.queued = -1;
    add.given_up = 1;
    TRY(store_drop_outbox(service->store, row, at_s, err));
    return store_add_webhook(service->store, &add, err);
}
