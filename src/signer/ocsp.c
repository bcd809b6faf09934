/* OCSP answers: may that be said of these certificates? What is signed is written here, from what
 * core says of each; nothing of it is journalled, since an answer ends by itself within the hour.
 */
#include "session.h"

#include <pki/serial.h>

/* So that no core makes a certificate good, or revoked with a reason, that nobody ever got. */
static enum result check_said(const struct session *session, uint32_t issuer,
                              const struct ocsp_id *id, const struct ocsp_said *said,
                              struct err *err)
{
    const struct memory *memory = journal_memory(session->journal);
    struct serial_parts parts;

    if (!ocsp_issuer_is(&session->delegates[issuer].issuer, id))
        return err_set(err, E_PROFILE, "RFC 6960 4.1.1: a CertID is not of issuer %u", issuer);
    bool was_given =
        serial_split(id->serial, &parts) && parts.number < memory->next[issuer][parts.expiry_class];
    if (!was_given && said->word != OCSP_SAYS_NEVER)
        return err_set(err, E_PROFILE, "RFC 6960 2.2: issuer %u never gave this serial number",
                       issuer);
    return OK;
}

static struct ocsp_single single_of(const struct ocsp_id *id, const struct ocsp_said *said)
{
    struct ocsp_single single = {.id = id->whole};

    switch (said->word) {
    case OCSP_SAYS_GOOD:
        return single;
    case OCSP_SAYS_REVOKED:
        single.revoked_s = said->revoked_s;
        single.reason = said->reason;
        break;
    case OCSP_SAYS_NEVER: /* 2.2: since 1970, certificateHold */
    case OCSP_SAYS_NOTHING:
    case OCSP_WORD_COUNT:
        single.reason = X509_REASON_HOLD;
        break;
    }
    single.is_revoked = true;
    return single;
}

static enum result read_singles(const struct session *session, const struct msg_sign_ocsp *message,
                                struct ocsp_single singles[OCSP_IDS_MAX], struct ocsp_data *data,
                                struct err *err)
{
    struct reader ids = reader_of(message->ids), all_said = reader_of(message->said);
    struct ocsp_id id;
    struct ocsp_said said;

    while (data->singles_n < OCSP_IDS_MAX && ids.left > 0 && ocsp_read_id(&ids, &id) &&
           ocsp_said_read(&all_said, &said)) {
        TRY(check_said(session, message->issuer, &id, &said, err));
        singles[data->singles_n++] = single_of(&id, &said);
        data->is_extended_revoke = data->is_extended_revoke || said.word == OCSP_SAYS_NEVER;
    }
    if (!reader_end(&ids) || !reader_end(&all_said) || data->singles_n == 0)
        return err_set(err, E_PROFILE, "%s", ids.why != NULL ? ids.why : all_said.why);
    return OK;
}

/* Not against a clock, as for CRLs. */
static enum result check_times(const struct delegate *delegate, const struct msg_sign_ocsp *message,
                               struct err *err)
{
    if (message->this_update_s < delegate->not_before_s ||
        message->next_update_s <= message->this_update_s ||
        message->next_update_s > message->this_update_s + OCSP_WINDOW_S ||
        message->next_update_s > delegate->not_after_s)
        return err_set(err, E_PROFILE,
                       "RFC 6960 4.2.2.1: the answer's times are not %d s within its responder's",
                       OCSP_WINDOW_S);
    return OK;
}

enum result judge_ocsp(struct session *session, const struct msg_sign_ocsp *message,
                       struct job *job, struct err *err)
{
    struct ocsp_single singles[OCSP_IDS_MAX];
    struct buf tbs = buf_over(job->tbs, sizeof(job->tbs));

    TRY(session_may_sign(session, err));
    if (issuer_find(session, message->issuer) == NULL)
        return err_set(err, E_PROFILE, "there is no issuer %u", message->issuer);
    const struct delegate *delegate = &session->delegates[message->issuer];
    if (delegate->key == NULL)
        return err_set(err, E_PROFILE, "nobody answers for issuer %u yet", message->issuer);
    struct ocsp_data data = {.responder_key = delegate->key_hash,
                             .produced_s = message->this_update_s,
                             .this_update_s = message->this_update_s,
                             .next_update_s = message->next_update_s,
                             .singles = singles,
                             .nonce = message->nonce};
    TRY(check_times(delegate, message, err));
    TRY(read_singles(session, message, singles, &data, err));
    ocsp_write_data(&tbs, &data);
    if (!buf_ok(&tbs))
        return err_set(err, E_BUG, "no room for an answer about %zu certificates", data.singles_n);
    job->tbs_n = tbs.n;
    job->issuer = message->issuer;
    return OK;
}

enum result finish_ocsp(struct session *session, struct job *job, struct err *err)
{
    struct key *key = session->delegates[job->issuer].key;
    return key_sign(key, bytes_of(job->tbs, job->tbs_n), &job->signature, err);
}

enum result send_ocsp(struct session *session, struct job *job, struct err *err)
{
    const struct delegate *delegate = &session->delegates[job->issuer];
    uint8_t room[OCSP_RESPONSE_MAX];
    struct buf response = buf_over(room, sizeof(room));
    const struct ocsp_signed parts = {.data = bytes_of(job->tbs, job->tbs_n),
                                      .sig_alg = key_sig_alg(delegate->key),
                                      .signature = key_signature_bytes(&job->signature),
                                      .certificate = blob_bytes(&delegate->certificate)};

    ocsp_write_response(&response, &parts);
    if (!buf_ok(&response))
        return err_set(err, E_BUG, "no room for an OCSP response");
    struct msg_signed_ocsp answer = {.id = job->id, .response = buf_bytes(&response)};
    return session_post(session, IPC_SIGNED_OCSP, &answer, err);
}
