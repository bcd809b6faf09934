/* The feed and status lists: is this the next thing that boundaries may be told? By the log's ES256
 * key: what boundaries and devices have pinned already. COSE's own prefix keeps the two apart. */
#include "session.h"

#include <ipc/sealed.h>
#include <wire/cose.h>
#include <wire/feed.h>
#include <wire/service.h>
#include <wire/status_list.h>
#include <wire/x509.h>

#include <stdlib.h>

#define CEILING_STEP 1024 /* generations to a record of the journal */

static enum result broken(const char *why, struct err *err)
{
    return err_set(err, E_PROFILE, "%s", why);
}

/* The generation that the payload says it is of. */
static enum result read_generation(enum feed_kind kind, struct bytes payload, uint64_t *ret,
                                   struct err *err)
{
    struct feed_delta delta;
    struct feed_catalogue catalogue;
    struct status_list list;
    struct service_object object;
    const char *why = NULL;
    switch (kind) {
    case FEED_DELTA:
        if (!feed_delta_read(payload, &delta, &why))
            return broken(why, err);
        *ret = delta.to;
        return OK;
    case FEED_CATALOGUE:
        if (!feed_catalogue_read(payload, &catalogue, &why))
            return broken(why, err);
        *ret = catalogue.generation;
        return OK;
    case FEED_LIST:
        if (!status_list_read(payload, &list, &why))
            return broken(why, err);
        *ret = list.generation;
        return OK;
    case FEED_SERVICE:
        if (!service_read(payload, &object, &why))
            return broken(why, err);
        *ret = object.generation;
        return OK;
    case FEED_NONE:
    case FEED_KIND_COUNT:
        break;
    }
    return err_set(err, E_PROFILE, "there is no feed object of kind %d", (int)kind);
}

/* A heartbeat says where the stream is; whatever changes something leads further. */
static bool moves(enum feed_kind kind, struct bytes payload)
{
    struct feed_delta delta;
    const char *why = NULL;
    return kind == FEED_DELTA && feed_delta_read(payload, &delta, &why) &&
           !feed_delta_is_heartbeat(&delta);
}

static enum result check_generation(const struct session *session, enum feed_kind kind,
                                    uint64_t generation, bool is_new, struct err *err)
{
    if (generation <= session->feed_floor)
        return err_set(err, E_JOURNAL, "feed generation %llu, %llu and below were signed before",
                       (unsigned long long)generation, (unsigned long long)session->feed_floor);
    if (kind == FEED_SERVICE && generation <= session->service_last)
        return err_set(err, E_JOURNAL, "service generation %llu, the last one was %llu",
                       (unsigned long long)generation, (unsigned long long)session->service_last);
    if (is_new && generation <= session->feed_last)
        return err_set(err, E_JOURNAL, "feed generation %llu, the last delta led to %llu",
                       (unsigned long long)generation, (unsigned long long)session->feed_last);
    return OK;
}

/* No generation of this process is above the ceiling in the journal, and those of the next one are.
 */
static enum result remember(struct session *session, enum feed_kind kind, uint64_t generation,
                            struct job *job, struct err *err)
{
    job->record = (struct record){.kind = RECORD_FEED, .number = generation + CEILING_STEP};
    if (generation > journal_memory(session->journal)->feed)
        TRY(journal_add(session->journal, &job->record, &job->journal, err));
    uint64_t *last = kind == FEED_SERVICE ? &session->service_last : &session->feed_last;
    if (generation > *last)
        *last = generation;
    return OK;
}

enum result judge_feed(struct session *session, const struct msg_sign_feed *message, int fd,
                       struct job *job, struct err *err)
{
    CLEANUP(sealed_unmap) struct bytes payload = {0};
    enum feed_kind kind = (enum feed_kind)message->kind;
    uint64_t generation = 0;

    TRY(session_may_sign(session, err));
    TRY(sealed_map(fd, FEED_CATALOGUE_MAX, &payload, err));
    TRY(read_generation(kind, payload, &generation, err));
    TRY(check_generation(session, kind, generation, moves(kind, payload), err));
    TRY(remember(session, kind, generation, job, err));
    job->feed = kind;
    job->list = payload;
    payload = (struct bytes){0};
    return OK;
}

static enum result sign_message(struct session *session, const struct cose_sign1 *message,
                                struct key_signature *ret, struct err *err)
{
    size_t room = COSE_SIGNED_HEAD_MAX + message->payload.n;
    CLEANUP(blob_free) struct blob signed_octets = {.p = malloc(room), .n = room};
    if (signed_octets.p == NULL)
        return err_set(err, E_MEMORY, "no memory for a feed object");
    struct buf b = buf_over(signed_octets.p, room);
    cose_signed_head(&b, message);
    buf_put_bytes(&b, message->payload);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "no room for what is signed of a feed object");
    return session->backend->sign(session->keys, SIGNER_KEY_CHECKPOINT_ES256, buf_bytes(&b), ret,
                                  err);
}

enum result finish_feed(struct session *session, struct job *job, struct err *err)
{
    CLEANUP(sealed_unmap) struct bytes payload = job->list;
    uint8_t raw[COSE_SIGNATURE_N], key_id[NOTE_KEY_ID_N];
    struct cose_sign1 message = {.type = feed_type(job->feed), .payload = payload};
    struct key_signature signature;

    job->list = (struct bytes){0};
    TRY(sign_message(session, &message, &signature, err));
    if (!x509_ecdsa_to_raw(key_signature_bytes(&signature), COSE_SIGNATURE_N / 2, raw))
        return err_set(err, E_BUG, "a signature of P-256 that is none");
    note_key_id(bytes_of(session->origin, strlen(session->origin)), X509_SIG_ECDSA_SHA256,
                session->backend->point(session->keys, SIGNER_KEY_CHECKPOINT_ES256), key_id);
    struct msg_signed_feed answer = {.id = job->id,
                                     .key_id = bytes_of(key_id, sizeof key_id),
                                     .signature = bytes_of(raw, sizeof raw)};
    return session_send(session, IPC_SIGNED_FEED, &answer, -1, err);
}
