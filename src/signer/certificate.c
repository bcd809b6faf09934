/* Certificates: is what core wants signed what the profile says? */
#include "session.h"

#include <crypto/hash.h>
#include <crypto/verify.h>
#include <pki/keyquality.h>
#include <pki/lint.h>
#include <wire/x509_write.h>

static enum result read_csr(struct bytes der, struct x509_csr *ret, struct err *err)
{
    const char *why = NULL;

    if (!x509_read_csr(der, ret, &why))
        return err_set(err, E_CSR, "%s", why);
    return OK;
}

/* The sender holds the key, and the key is good. */
static enum result check_csr(const struct x509_csr *csr, uint8_t profile, struct err *err)
{
    TRY(keyquality_check(&csr->key, profile_find((enum pki_profile)profile)->keys, err));
    return verify_csr(csr, err);
}

static enum result check_profile(const struct msg_sign *message, struct err *err)
{
    uint8_t digest[SHA256_N];

    if (profile_find((enum pki_profile)message->profile) == NULL)
        return err_set(err, E_PROFILE, "there is no profile %u", message->profile);
    profile_digest((enum pki_profile)message->profile, digest);
    if (memcmp(digest, message->profile_digest, sizeof(digest)) != 0)
        return err_set(err, E_PROFILE, "core and signer differ in profile %u", message->profile);
    return OK;
}

/* What must be signed, made from the grant by the signer itself. */
static enum result rebuild(struct session *session, const struct pki_site *site,
                           const struct msg_sign *message, struct bytes spki, struct job *job,
                           struct err *err)
{
    const struct pki_issuer *issuer = issuer_find(session, message->issuer);
    struct buf tbs = buf_over(job->tbs, sizeof(job->tbs));
    struct grant grant = {.profile = (enum pki_profile)message->profile,
                          .issuer = message->issuer,
                          .product = message->product,
                          .owner = message->owner,
                          .hw_type = message->hw_type,
                          .serial_number = message->serial_number,
                          .common_name = message->common_name,
                          .serial = message->serial,
                          .not_before_s = message->not_before_s,
                          .not_after_s = message->not_after_s,
                          .spki = spki};

    if (issuer == NULL)
        return err_set(err, E_PROFILE, "there is no issuer %u", message->issuer);
    TRY(grant_build_tbs(&grant, issuer, site, &tbs, err));
    job->tbs_n = tbs.n;
    return lint_tbs(buf_bytes(&tbs), grant.profile, issuer, err);
}

static enum result compare(const struct msg_sign *message, struct job *job, struct err *err)
{
    job->record = (struct record){.kind = RECORD_CERTIFICATE,
                                  .profile = message->profile,
                                  .issuer = message->issuer,
                                  .not_after_s = message->not_after_s};
    memcpy(job->record.serial, message->serial.p, SERIAL_N); /* its length: grant_build_tbs */
    sha256(bytes_of(job->tbs, job->tbs_n), job->record.hash);
    if (memcmp(job->record.hash, message->tbs_hash, sizeof(job->record.hash)) != 0)
        return err_set(err, E_PROFILE, "core built another certificate from the same grant");
    return OK;
}

/* By the names in force or, during a reload, by the others: core commits a moment before or after
 * this process. */
static enum result rebuild_as_core_did(struct session *session, const struct msg_sign *message,
                                       struct bytes spki, struct job *job, struct err *err)
{
    TRY(rebuild(session, &session->site.pki, message, spki, job, err));
    enum result result = compare(message, job, err);
    if (result == OK || session->other_site.pki.names_n == 0)
        return result;
    TRY(rebuild(session, &session->other_site.pki, message, spki, job, err));
    return compare(message, job, err);
}

enum result judge_certificate(struct session *session, const struct msg_sign *message,
                              struct job *job, struct err *err)
{
    struct x509_csr csr;

    TRY(session_may_sign(session, err));
    TRY(check_profile(message, err));
    TRY(read_csr(message->csr, &csr, err));
    TRY(rebuild_as_core_did(session, message, csr.spki, job, err));
    TRY(check_csr(&csr, message->profile, err));
    if (!journal_has_room(session->journal))
        return err_set(err, E_IO, "the disk is full: no certificates, revocation goes on");
    job->key = issuer_signs_with(message->issuer);
    job->sig_alg = issuer_find(session, message->issuer)->sig_alg;
    return journal_add(session->journal, &job->record, &job->journal, err);
}

enum result finish_certificate(struct session *session, struct job *job, struct err *err)
{
    uint8_t room[TBS_MAX + KEY_SIGNATURE_MAX + 64];
    struct buf certificate = buf_over(room, sizeof(room));
    struct bytes tbs = bytes_of(job->tbs, job->tbs_n);
    struct key_signature signature;

    TRY(session->backend->sign(session->keys, job->key, tbs, &signature, err));
    x509_write_signed(&certificate, tbs, job->sig_alg, key_signature_bytes(&signature));
    if (!buf_ok(&certificate))
        return err_set(err, E_BUG, "no room for a certificate");
    struct msg_sign_answer answer = {
        .id = job->id, .journal = job->journal, .certificate = buf_bytes(&certificate)};
    return session_send(session, IPC_SIGN_ANSWER, &answer, -1, err);
}

/* ---- a request that will be refused: is it really from who holds the key? -------------------- */

static bool bucket_take(struct bucket *bucket, int64_t now_us)
{
    int64_t more = (now_us - bucket->filled_us) * CHECKS_PER_S / 1000000;

    if (more > 0) {
        bucket->left = bucket->left + more < CHECKS_PER_S ? bucket->left + more : CHECKS_PER_S;
        bucket->filled_us = now_us;
    }
    if (bucket->left == 0)
        return false;
    bucket->left--;
    return true;
}

enum result judge_csr(struct session *session, const struct msg_check_csr *message, int64_t now_us,
                      struct err *err)
{
    struct x509_csr csr;

    if (!bucket_take(&session->checks, now_us))
        return err_set(err, E_BUDGET, "more than %d requests a second to check", CHECKS_PER_S);
    TRY(read_csr(message->csr, &csr, err));
    return verify_csr(&csr, err);
}
