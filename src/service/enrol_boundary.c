/* A boundary's certificates: the first by its token, the next by the one before, over the same key.
 */
#include "enrol.h"

#include <base/text.h>
#include <crypto/hash.h>
#include <pki/keyquality.h>
#include <service/boundary.h>
#include <trust/boundary_words.h>
#include <wire/x509_crl.h>

#include <string.h>

#define RENEWALS_AN_HOUR 10 /* a loop of requests must not fill the ledger */

enum result enrol_find_boundary(struct service *service, const struct msg_enrol *ask,
                                struct enrolment *job, bool *ret, struct err *err)
{
    uint8_t hash[SHA256_N];
    enum result result = R_NOT_FOUND;
    sha256(ask->token, hash);
    if (job->credential == CREDENTIAL_TOKEN && ask->label.n == 0)
        result = store_boundary_token(service->store, hash, &job->boundary, err);
    if (job->credential == CREDENTIAL_OPERATOR && job->operation == OPERATION_REENROL)
        result = store_boundary_key(service->store, ask->peer_spki, &job->boundary, err);
    *ret = result == OK;
    return result == R_NOT_FOUND ? OK : result;
}

static enum result check_token(const struct msg_enrol *ask, int64_t now_s, struct enrolment *job,
                               struct err *err)
{
    const struct boundary *row = &job->boundary;
    bool is_other = row->has_token_spki && memcmp(row->token_spki, job->spki_hash, 32) != 0;
    if (!bytes_equal(ask->user, text_bytes(row->name)))
        return err_set(err, E_PROOF,
                       "the token is boundary \"%s\"'s, and another name came with it", row->name);
    if (now_s > row->token_expires_s)
        return err_set(err, E_PROOF, "the token of boundary \"%s\" has expired", row->name);
    if (is_other)
        return err_set(err, E_PROOF, "the token of boundary \"%s\" was used by another key",
                       row->name);
    job->is_proven = true;
    enrol_hash_credential(job, bytes_of(row->token_hash, sizeof row->token_hash));
    return OK;
}

/* Not to go on for ever: each is two entries. */
static enum result check_budget(struct service *service, const struct enrolment *job, int64_t now_s,
                                struct err *err)
{
    int64_t n = 0;
    const struct counter counter = {"boundary-renewed", job->boundary.id, now_s / 3600};
    TRY(store_count(service->store, &counter, 1, &n, err));
    if (n <= RENEWALS_AN_HOUR)
        return OK;
    return err_set(err, E_BUDGET, "boundary \"%s\": renewals in this hour: seen more than %d",
                   job->boundary.name, RENEWALS_AN_HOUR);
}

static enum result check_certificate(struct service *service, const struct msg_enrol *ask,
                                     struct enrolment *job, struct err *err)
{
    struct certificate shown;
    enum result result = store_certificate_serial(service->store, ask->peer_serial, &shown, err);
    if (result_is_ours(result))
        return result;
    bool is_ours = result == OK && shown.profile == PKI_BOUNDARY &&
                   shown.issuer == (int64_t)ask->peer_issuer &&
                   memcmp(shown.spki, ask->peer_spki, 32) == 0 &&
                   certificate_is_live((enum cert_state)shown.state);
    if (!is_ours || service_issuer_has_ended(service, shown.issuer))
        return err_set(err, E_PROOF, "boundary \"%s\" has no such certificate, or no more",
                       job->boundary.name);
    job->is_proven = true;
    job->predecessor = shown.id;
    enrol_hash_credential(job, ask->peer_serial);
    if (memcmp(job->spki_hash, shown.spki, 32) != 0)
        return err_set(err, E_PROOF,
                       "a boundary's renewal keeps its key, and another was seen; a new key takes "
                       "`troth boundary set %s --new-token`",
                       job->boundary.name);
    if (ask->names_equal != 1)
        return err_set(err, E_NAMES_DIFFER,
                       "RFC 7030 4.2.2: subject or subjectAltName differ from the current "
                       "certificate's");
    return OK;
}

/* The same pair again, whose answer was lost. */
static enum result find_repeat(struct service *service, const struct enrolment *job, int64_t now_s,
                               int64_t *ret, struct err *err)
{
    struct certificate old;
    *ret = 0;
    enum result result =
        store_certificate_asked(service->store, job->credential_hash, job->spki_hash, &old, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    if (!service_issuer_has_ended(service, old.issuer) &&
        certificate_repeats((enum cert_state)old.state, old.not_before_s, old.not_after_s, now_s))
        *ret = old.id;
    return OK;
}

/* The key that it has may come again, by a new token. */
static enum result check_holder(struct service *service, const struct enrolment *job,
                                struct err *err)
{
    const struct boundary *row = &job->boundary;
    struct certificate bad;
    enum result result = store_certificate_compromised(service->store, job->spki_hash, &bad, err);
    if (result == OK)
        return err_set(err, E_KEY_SHARED, "the key was revoked as compromised");
    if (result != R_NOT_FOUND)
        return result;
    bool is_its_own = row->has_spki && memcmp(row->spki, job->spki_hash, 32) == 0;
    return is_its_own ? OK : operator_check_key(service, job->spki_hash, err);
}

static enum result check_kind(const struct enrolment *job, struct err *err)
{
    uint8_t keys = profile_find(PKI_BOUNDARY)->keys;
    if ((keys & job->key_bit) != 0)
        return OK;
    return err_set(err, E_KEY_KIND, "a boundary's key: seen %s, wanted one of: %s",
                   keys_text(job->key_bit).text, keys_text(keys).text);
}

enum result enrol_decide_boundary(struct service *service, const struct msg_enrol *ask,
                                  int64_t now_s, struct enrolment *job, struct err *err)
{
    bool is_renewal = job->credential == CREDENTIAL_OPERATOR;
    int64_t earlier = 0;
    TRY(enrol_check_key(ask, job, err));
    TRY(enrol_may_issue(service, err));
    TRY(is_renewal ? check_certificate(service, ask, job, err) : check_token(ask, now_s, job, err));
    TRY(find_repeat(service, job, now_s, &earlier, err));
    if (earlier != 0)
        return enrol_repeat(service, earlier, job, err);
    TRY(check_kind(job, err));
    TRY(check_holder(service, job, err));
    if (is_renewal)
        TRY(check_budget(service, job, now_s, err));
    job->grant =
        (struct grant){.profile = PKI_BOUNDARY, .common_name = text_bytes(job->boundary.name)};
    return enrol_grant(service, job, BOUNDARY_VALIDITY_S, now_s, err);
}

/* ---- what it leaves behind ---------------------------------------------------------------------
 */

static bool is_same_key(bool a_has, const uint8_t a[32], bool b_has, const uint8_t b[32])
{
    return a_has == b_has && (!a_has || memcmp(a, b, 32) == 0);
}

enum result enrol_boundary_stands(struct service *service, const struct enrolment *job, bool *ret,
                                  struct err *err)
{
    const struct boundary *was = &job->boundary;
    struct boundary now;
    TRY(store_boundary(service->store, was->id, &now, err));
    *ret = now.state != BOUNDARY_ENDED &&
           is_same_key(now.has_spki, now.spki, was->has_spki, was->spki);
    if (job->credential == CREDENTIAL_TOKEN)
        *ret =
            *ret && now.has_token &&
            memcmp(now.token_hash, was->token_hash, sizeof now.token_hash) == 0 &&
            is_same_key(now.has_token_spki, now.token_spki, was->has_token_spki, was->token_spki);
    return OK;
}

/* Its key before this one opens nothing any more: boundaries are known by one key. */
static enum result end_older_key(struct service *service, const struct boundary *row, int64_t now_s,
                                 struct err *err)
{
    struct certificate live[BOUNDARY_LIVE_MAX];
    size_t n = 0;
    TRY(store_live_with_key(service->store, row->spki, live, BOUNDARY_LIVE_MAX, &n, err));
    for (size_t i = 0; i < n; i++)
        service_end_certificate(service, &live[i], CERT_SUPERSEDED, X509_REASON_SUPERSEDED, now_s);
    return OK;
}

enum result enrol_boundary_record(struct service *service, const struct enrolment *job,
                                  int64_t now_s, struct err *err)
{
    const struct boundary *row = &job->boundary;
    struct bytes key = bytes_of(job->spki_hash, sizeof job->spki_hash);
    if (job->credential != CREDENTIAL_TOKEN) /* the row stays as it is */
        return OK;
    if (row->has_spki && !bytes_equal(bytes_of(row->spki, 32), key))
        TRY(end_older_key(service, row, now_s, err));
    struct change *c = act_change(&service->act, TABLE_BOUNDARY, row->id);
    change_blob(c, COL_BOUNDARY_SPKI, key);
    change_blob(c, COL_BOUNDARY_TOKEN_SPKI, key);
    change_int(c, COL_BOUNDARY_STATE, BOUNDARY_IN_USE);
    return OK;
}
