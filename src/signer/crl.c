/* CRLs: is the list one that this issuer may sign next for this shard? */
#include "session.h"

#include <base/file.h>
#include <crypto/hash.h>
#include <ipc/sealed.h>
#include <wire/x509_crl.h>
#include <wire/x509_write.h>

#include <stdlib.h>
#include <unistd.h>

#define AROUND_BYTES (KEY_SIGNATURE_MAX + 256) /* what stands around a TBSCertList: at most */

static struct crl_shard shard_of(const struct msg_sign_crl *message)
{
    return (struct crl_shard){.issuer = message->issuer,
                              .expiry_class = (uint8_t)message->shard_class,
                              .part = message->shard_part};
}

static enum result check_idp(const struct session *session, const struct x509_crl *crl,
                             struct crl_shard shard, struct err *err)
{
    uint8_t room[CRL_URL_MAX];
    struct buf url = buf_over(room, sizeof(room));

    crl_url(&url, session->site.pki.url, shard);
    if (!crl->has_idp || !bytes_equal(crl->idp_uri, buf_bytes(&url)))
        return err_set(err, E_PROFILE, "RFC 5280 5.2.5: the distribution point is not the shard's");
    if (crl->only_user || crl->only_ca)
        return err_set(err, E_PROFILE, "RFC 5280 5.2.5: the CRL is not for all certificates");
    return OK;
}

/* Not against a clock: revocation goes on while the clock is in doubt, and whoever says what is on
 * the list would gain nothing by another date. */
static enum result check_times(const struct x509_crl *crl, const struct pki_issuer *issuer,
                               struct err *err)
{
    int window_s = crl->is_delta ? CRL_DELTA_WINDOW_S : CRL_WINDOW_S;

    if (crl->this_update_s < issuer->not_before_s)
        return err_set(err, E_PROFILE, "RFC 5280 5.1.2.4: thisUpdate is before the issuer's time");
    if (crl->next_update_s <= crl->this_update_s ||
        crl->next_update_s > crl->this_update_s + window_s ||
        crl->next_update_s > issuer->not_after_s)
        return err_set(err, E_PROFILE, "RFC 5280 5.1.2.5: nextUpdate is not within %d s of it",
                       window_s);
    return OK;
}

static enum result check_entries(const struct x509_crl *crl, struct crl_shard shard,
                                 struct err *err)
{
    struct reader walk = reader_of(crl->entries);
    struct x509_crl_entry entry;
    struct crl_shard other;

    while (x509_crl_next(&walk, &entry))
        if (!crl_shard_of(shard.issuer, entry.serial, &other) ||
            other.expiry_class != shard.expiry_class || other.part != shard.part)
            return err_set(err, E_PROFILE, "the CRL lists a certificate of another shard");
    return OK;
}

static enum result check_crl(const struct session *session, const struct msg_sign_crl *message,
                             const struct x509_crl *crl, struct err *err)
{
    const struct pki_issuer *issuer = &session->issuers[message->issuer].issuer;
    struct crl_shard shard = shard_of(message);

    if (crl->sig_alg != issuer->sig_alg)
        return err_set(err, E_PROFILE,
                       "RFC 5280 5.1.2.2: the signature algorithm is not the key's");
    if (!bytes_equal(crl->issuer, issuer->name) || !bytes_equal(crl->aki, issuer->ski))
        return err_set(err, E_PROFILE, "RFC 5280 5.1.2.3: the CRL is not the issuer's");
    if (x509_crl_number(crl) != message->number || message->number == 0)
        return err_set(err, E_PROFILE, "RFC 5280 5.2.3: the CRL number is not the one announced");
    TRY(check_idp(session, crl, shard, err));
    TRY(check_times(crl, issuer, err));
    return check_entries(crl, shard, err);
}

/* RFC 5280 5.2.4 and 5.2.6: the two are one's and of one instant, and each says where the other is.
 */
static enum result check_pair(const struct session *session, const struct x509_crl *complete,
                              const struct x509_crl *delta, struct crl_shard shard, struct err *err)
{
    uint8_t room[CRL_URL_MAX];
    struct buf url = buf_over(room, sizeof(room));

    crl_delta_url(&url, session->site.pki.url, shard);
    if (complete->is_delta || !bytes_equal(complete->freshest_uri, buf_bytes(&url)))
        return err_set(err, E_PROFILE,
                       "RFC 5280 5.2.6: the complete CRL does not say where its delta CRL is");
    if (!delta->is_delta || x509_crl_base(delta) > x509_crl_number(delta))
        return err_set(err, E_PROFILE, "RFC 5280 5.2.4: the delta CRL has no base before it");
    if (complete->this_update_s != delta->this_update_s)
        return err_set(err, E_PROFILE, "RFC 5280 5.2.4: CRL and delta CRL are of two instants");
    return OK;
}

/* The list inside a CRL, so that the one reader there is can read it. */
static enum result read_list(struct bytes tbs, enum x509_sig_alg sig_alg, struct blob *room,
                             struct x509_crl *ret, struct err *err)
{
    static const uint8_t no_signature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
    const char *why = NULL;

    *room = (struct blob){.p = malloc(tbs.n + AROUND_BYTES), .n = tbs.n + AROUND_BYTES};
    if (room->p == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL");
    struct buf whole = buf_over(room->p, room->n);
    x509_write_signed(&whole, tbs, sig_alg, bytes_of(no_signature, sizeof(no_signature)));
    if (!x509_read_crl(buf_bytes(&whole), ret, &why))
        return err_set(err, E_PROFILE, "%s", why);
    return OK;
}

/* Both lists, whose octets `rooms` keep. */
static enum result read_lists(const struct session *session, const struct msg_sign_crl *message,
                              struct bytes lists, struct blob rooms[2], struct x509_crl ret[2],
                              struct err *err)
{
    enum x509_sig_alg alg = session->issuers[message->issuer].issuer.sig_alg;
    const struct bytes parts[] = {bytes_slice(lists, 0, message->complete_n),
                                  bytes_slice(lists, message->complete_n, lists.n)};

    for (size_t i = 0; i < LENGTH_OF(parts); i++) {
        TRY(read_list(parts[i], alg, &rooms[i], &ret[i], err));
        TRY(check_crl(session, message, &ret[i], err));
    }
    return OK;
}

/* The journal keeps the complete one: what a restore goes by. */
static enum result judge_lists(struct session *session, const struct msg_sign_crl *message,
                               struct bytes lists, struct record *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob complete_room = {0};
    CLEANUP(blob_free) struct blob delta_room = {0};
    struct blob rooms[2] = {{0}};
    struct x509_crl crls[2];

    enum result result = read_lists(session, message, lists, rooms, crls, err);
    complete_room = rooms[0];
    delta_room = rooms[1];
    TRY(result);
    TRY(check_pair(session, &crls[0], &crls[1], shard_of(message), err));
    *ret =
        (struct record){.kind = RECORD_CRL, .shard = shard_of(message), .number = message->number};
    sha256(bytes_slice(lists, 0, message->complete_n), ret->hash);
    return OK;
}

enum result judge_crl(struct session *session, const struct msg_sign_crl *message, int fd,
                      struct job *job, struct err *err)
{
    CLEANUP(sealed_unmap) struct bytes list = {0};

    TRY(session_may_sign(session, err));
    if (issuer_find(session, message->issuer) == NULL || message->shard_class > UINT8_MAX)
        return err_set(err, E_PROFILE, "there is no issuer %u or class %u", message->issuer,
                       message->shard_class);
    TRY(sealed_map(fd, CRL_BYTES_MAX, &list, err));
    TRY(judge_lists(session, message, list, &job->record, err));
    TRY(journal_add(session->journal, &job->record, &job->journal, err));
    job->key = issuer_signs_with(message->issuer);
    job->sig_alg = session->issuers[message->issuer].issuer.sig_alg;
    job->complete_n = message->complete_n;
    job->list = list;
    list = (struct bytes){0};
    return OK;
}

static enum result make_crl(struct session *session, const struct job *job, struct bytes list,
                            struct buf *b, struct err *err)
{
    struct key_signature signature;

    TRY(session->backend->sign(session->keys, job->key, list, &signature, err));
    x509_write_signed(b, list, job->sig_alg, key_signature_bytes(&signature));
    return OK;
}

static enum result make_crls(struct session *session, const struct job *job,
                             struct msg_signed_crl *answer, int *ret_fd, struct err *err)
{
    size_t n = job->list.n + 2 * AROUND_BYTES;
    CLEANUP(blob_free) struct blob room = {.p = malloc(n), .n = n};

    if (room.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL");
    struct buf crls = buf_over(room.p, room.n);
    TRY(make_crl(session, job, bytes_slice(job->list, 0, job->complete_n), &crls, err));
    answer->complete_n = (uint32_t)crls.n;
    TRY(make_crl(session, job, bytes_slice(job->list, job->complete_n, job->list.n), &crls, err));
    return sealed_from("crl", buf_bytes(&crls), ret_fd, err);
}

enum result finish_crl(struct session *session, struct job *job, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    struct msg_signed_crl answer = {.id = job->id};

    TRY(make_crls(session, job, &answer, &fd, err));
    sealed_unmap(&job->list);
    return session_send(session, IPC_SIGNED_CRL, &answer, fd, err);
}
