/* The comparison at the start: what the signer has signed, and what core has in its ledger. */
#include "session.h"

#include <base/log.h>

static enum result send_item(void *context, uint64_t position, const struct record *record,
                             struct err *err)
{
    struct session *session = context;
    struct msg_journal_item item = {.journal = position,
                                    .issuer = record->issuer,
                                    .profile = record->profile,
                                    .serial = bytes_of(record->serial, sizeof(record->serial)),
                                    .not_after_s = record->not_after_s};

    if (record->kind != RECORD_CERTIFICATE)
        return OK;
    memcpy(item.tbs_hash, record->hash, sizeof(item.tbs_hash));
    return session_send(session, IPC_JOURNAL_ITEM, &item, -1, err);
}

/* Which keys are here beside those that every installation has: core takes no issuer without. */
static enum result send_held(struct session *session, struct err *err)
{
    for (uint32_t number = PKI_ISSUER_COUNT; number < PKI_ISSUERS; number++) {
        const struct issuing *issuing = &session->issuers[number];
        struct msg_issuer_held held = {.number = number, .kind = (uint8_t)issuing->issuer.kind};
        if (issuing->certificate.n == 0)
            continue;
        memcpy(held.spki, issuing->spki, sizeof(held.spki));
        TRY(session_send(session, IPC_ISSUER_HELD, &held, -1, err));
    }
    return OK;
}

enum result answer_journal_ask(struct session *session, const struct msg_journal_ask *message,
                               struct err *err)
{
    const struct memory *memory = journal_memory(session->journal);
    struct msg_journal_end end = {.journal = journal_position(session->journal),
                                  .size = memory->size,
                                  .crl_number = memory->crl_number,
                                  .identity = memory->identity,
                                  .feed = session->feed_last};

    memcpy(end.root, memory->root, sizeof(end.root));
    session->has_agreed = false;
    session->was_asked = true;
    session->core_knows = message->after;
    session->asked_at = end.journal;
    session->is_core_ahead = message->after > end.journal;
    TRY(send_held(session, err));
    TRY(tell_webhook_key(session, err));
    const struct journal_visitor visitor = {send_item, session};
    TRY(journal_each(session->journal, message->after, &visitor, err));
    return session_send(session, IPC_JOURNAL_END, &end, -1, err);
}

enum result take_journal_agreed(struct session *session, const struct msg_journal_agreed *message,
                                struct err *err)
{
    uint64_t size = journal_memory(session->journal)->size;

    if (!session->was_asked)
        return err_set(err, E_JOURNAL, "core agreed to what it has not asked for");
    if (session->is_core_ahead) {
        log_event(LEVEL_ERROR, "journal-short",
                  {"text", "core remembers more than the journal: nothing is signed"});
    } else if (message->size < size) {
        log_event(LEVEL_ERROR, "ledger-short", {"ledger", log_number((int64_t)message->size).text},
                  {"signed", log_number((int64_t)size).text});
    } else {
        session->has_agreed = true;
    }
    return OK;
}
