/* What each message means to core: one row each. The codec has already refused whatever this sender
 * may not send (ipc/messages.def). */
#include "core.h"

#include <base/log.h>

#include <string.h>
#include <unistd.h>

typedef void (*handler)(struct core *core, struct ipc_channel *from, struct ipc_message *message);

static void on_enrol(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    core_enrol(core, from, &message->enrol);
}

static void on_csrattrs(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    core_csrattrs(core, from, &message->csrattrs);
}

static void on_sighting(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_sighting(core, &message->sighting);
}

static void on_desk_sighting(struct core *core, struct ipc_channel *from,
                             struct ipc_message *message)
{
    (void)from;
    core_desk_sighting(core, &message->desk_sighting);
}

static void on_boundary_ack(struct core *core, struct ipc_channel *from,
                            struct ipc_message *message)
{
    (void)from;
    feed_heard(core, &message->boundary_ack);
}

static void on_boundary_report(struct core *core, struct ipc_channel *from,
                               struct ipc_message *message)
{
    core->counts.reports++;
    core_boundary_report(core, from, &message->boundary_report);
}

static void on_server_csr(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    core_server_csr(core, from, &message->server_csr);
}

static void on_desk_csr(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    const struct msg_desk_csr *desk = &message->desk_csr;
    struct msg_server_csr ask = {
        .id = desk->id, .is_next = desk->is_next, .spki = desk->spki, .csr = desk->csr};
    core_server_csr(core, from, &ask);
}

static void on_verb(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_verb(core, message);
}

static void on_operator_add(struct core *core, struct ipc_channel *from,
                            struct ipc_message *message)
{
    (void)from;
    core_operator_add(core, &message->operator_add);
}

static void on_operator_renew(struct core *core, struct ipc_channel *from,
                              struct ipc_message *message)
{
    (void)from;
    core_operator_renew(core, &message->operator_renew);
}

static void on_operator_recover(struct core *core, struct ipc_channel *from,
                                struct ipc_message *message)
{
    (void)from;
    core_operator_recover(core, &message->operator_recover);
}

static void on_import(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_import_begin(core, &message->device_import, message->fd);
}

static void on_foreign_import(struct core *core, struct ipc_channel *from,
                              struct ipc_message *message)
{
    (void)from;
    core_foreign_import_begin(core, &message->foreign_import, message->fd);
}

static void on_foreign_scan(struct core *core, struct ipc_channel *from,
                            struct ipc_message *message)
{
    (void)from;
    core_foreign_scan_begin(core, &message->foreign_scan, message->fd);
}

static void on_bulk(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_bulk_begin(core, &message->bulk, message->fd);
}

static void on_cutoff(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_cutoff(core, &message->cutoff_ask);
}

static void on_health(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_health(core, &message->health_ask);
}

static void on_sign_answer(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_sign_answer(core, &message->sign_answer);
}

static void on_checked(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_checked(core, &message->checked_csr);
}

static void on_approved(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_approved(core, &message->approved);
}

static void on_signed_crl(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    publish_crl(core, &message->signed_crl, message->fd);
}

static void on_ocsp_ask(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    core_ocsp_ask(core, from, &message->ocsp_ask);
}

static void on_signed_ocsp(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_ocsp_signed(core, &message->signed_ocsp);
}

static void on_ocsp_key(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_ocsp_key(core, &message->ocsp_key);
}

static void on_signed_feed(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    feed_signed(core, &message->signed_feed);
}

static void on_checkpoint(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    publish_checkpoint(core, &message->signed_checkpoint);
}

static void on_remembered(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_remembered(core, &message->remembered);
}

static void on_issuer_held(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    const struct msg_issuer_held *held = &message->issuer_held;
    if (held->number < PKI_ISSUERS)
        memcpy(core->service.held_spki[held->number], held->spki, sizeof held->spki);
}

static void on_journal_item(struct core *core, struct ipc_channel *from,
                            struct ipc_message *message)
{
    (void)from;
    struct err err = {0};
    if (agree_item(core, &message->journal_item, &err) != OK)
        turn_fail(core, &err);
}

static void on_journal_end(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    struct err err = {0};
    turn_end(core);
    if (agree_end(core, &message->journal_end, &err) == OK)
        return;
    log_err(LEVEL_ERROR, "journal-disagrees", &err, NULL);
    core->exit_status = 1;
}

static void on_webhook_key(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    (void)from;
    core_webhook_key(core, &message->webhook_key);
}

static void on_signed_webhook(struct core *core, struct ipc_channel *from,
                              struct ipc_message *message)
{
    (void)from;
    core_webhook_signed(core, &message->signed_webhook);
}

static void on_sent_webhook(struct core *core, struct ipc_channel *from,
                            struct ipc_message *message)
{
    (void)from;
    core_webhook_sent(core, &message->sent_webhook);
}

static const struct {
    enum ipc_type type;
    handler handle;
} rows[] = {
    {IPC_ENROL, on_enrol},
    {IPC_CSRATTRS, on_csrattrs},
    {IPC_SIGHTING, on_sighting},
    {IPC_DESK_SIGHTING, on_desk_sighting},
    {IPC_BOUNDARY_ACK, on_boundary_ack},
    {IPC_BOUNDARY_REPORT, on_boundary_report},
    {IPC_SERVER_CSR, on_server_csr},
    {IPC_DESK_CSR, on_desk_csr},
    {IPC_PRODUCT_ADD, on_verb},
    {IPC_PRODUCT_SET, on_verb},
    {IPC_POLICY_SET, on_verb},
    {IPC_WAIVER_ADD, on_verb},
    {IPC_WAIVER_GRANT, on_verb},
    {IPC_WAIVER_END, on_verb},
    {IPC_ANCHOR_ADD, on_verb},
    {IPC_DEVICE_IMPORT, on_import},
    {IPC_FOREIGN_IMPORT, on_foreign_import},
    {IPC_FOREIGN_SCAN, on_foreign_scan},
    {IPC_DEVICE_SET, on_verb},
    {IPC_BULK, on_bulk},
    {IPC_CERT_REVOKE, on_verb},
    {IPC_FINDING_CLOSE, on_verb},
    {IPC_WEBHOOK_TEST, on_verb},
    {IPC_TOKEN_ADD, on_verb},
    {IPC_PERMIT_ADD, on_verb},
    {IPC_OPERATOR_ADD, on_operator_add},
    {IPC_CLOCK_ACCEPT, on_verb},
    {IPC_BACKUP_NOTE, on_verb},
    {IPC_APPROVAL_SIGN, on_verb},
    {IPC_APPROVAL_ROOT, on_verb},
    {IPC_APPROVAL_WITHDRAW, on_verb},
    {IPC_APPROVER_SET, on_verb},
    {IPC_ISSUER_ADD, on_verb},
    {IPC_ISSUER_RETIRE, on_verb},
    {IPC_ISSUER_FORCE, on_verb},
    {IPC_OPERATOR_SET, on_verb},
    {IPC_OPERATOR_REMOVE, on_verb},
    {IPC_OPERATOR_RENEW, on_operator_renew},
    {IPC_OPERATOR_RECOVER, on_operator_recover},
    {IPC_OPERATOR_SETTLE, on_verb},
    {IPC_TRANSFER_RELEASE, on_verb},
    {IPC_TRANSFER_SIGN, on_verb},
    {IPC_TRANSFER_ABORT, on_verb},
    {IPC_BOUNDARY_ADD, on_verb},
    {IPC_BOUNDARY_SET, on_verb},
    {IPC_BOUNDARY_FAIL_OPEN, on_verb},
    {IPC_BOUNDARY_REMOVE, on_verb},
    {IPC_BINDING_ADD, on_verb},
    {IPC_BINDING_REMOVE, on_verb},
    {IPC_HEALTH_ASK, on_health},
    {IPC_CUTOFF_ASK, on_cutoff},
    {IPC_SIGN_ANSWER, on_sign_answer},
    {IPC_CHECKED_CSR, on_checked},
    {IPC_APPROVED, on_approved},
    {IPC_SIGNED_CRL, on_signed_crl},
    {IPC_SIGNED_FEED, on_signed_feed},
    {IPC_OCSP_ASK, on_ocsp_ask},
    {IPC_SIGNED_OCSP, on_signed_ocsp},
    {IPC_OCSP_KEY, on_ocsp_key},
    {IPC_SIGNED_CHECKPOINT, on_checkpoint},
    {IPC_REMEMBERED, on_remembered},
    {IPC_ISSUER_HELD, on_issuer_held},
    {IPC_JOURNAL_ITEM, on_journal_item},
    {IPC_JOURNAL_END, on_journal_end},
    {IPC_WEBHOOK_KEY, on_webhook_key},
    {IPC_SIGNED_WEBHOOK, on_signed_webhook},
    {IPC_SENT_WEBHOOK, on_sent_webhook},
};

void core_handle(struct core *core, struct ipc_channel *from, struct ipc_message *message)
{
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (rows[i].type == message->type) {
            rows[i].handle(core, from, message);
            break;
        }
    log_request_set(bytes_of(NULL, 0));
    if (message->fd >= 0)
        close(message->fd);
}
