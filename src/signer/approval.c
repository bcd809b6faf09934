/* Acts that take two people: who signed what, by the signer's own list (design 5, Two people). */
#include "approval.h"
#include "session.h"

#include <base/clock.h>
#include <crypto/hash.h>
#include <crypto/verify.h>

#define SIGNATURE_MAX 80
static void add_person(struct persons *persons, int64_t person)
{
    for (size_t i = 0; i < persons->n; i++)
        if (persons->list[i] == person)
            return;
    if (persons->n < APPROVAL_PERSONS_MAX)
        persons->list[persons->n++] = person;
}

static enum result check_signature(struct bytes point, struct bytes body, struct bytes signature,
                                   struct err *err)
{
    uint8_t space[sizeof(APPROVAL_PREFIX) - 1 + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct x509_key key = {.alg = X509_KEY_P256, .point = point};

    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    return verify_signature(&key, X509_SIG_ECDSA_SHA256, buf_bytes(&text), signature, err);
}

/* One signature: by an approver, or by the newcomer. Who is neither, or no longer, does not count;
 * a signature that is wrong refuses the whole. */
static enum result count_signature(const struct memory *memory, const struct newcomer *newcomer,
                                   struct bytes body, struct reader *r, struct persons *persons,
                                   struct err *err)
{
    struct bytes spki = reader_bytes(r, SHA256_N);
    struct bytes signature = reader_bytes(r, reader_u8(r));
    if (!reader_ok(r) || signature.n > SIGNATURE_MAX)
        return err_set(err, E_APPROVAL, "signatures that are no list of them");

    const struct memory_approver *approver = memory_approver(memory, spki.p);
    bool is_newcomer = approver == NULL && newcomer->point.n > 0 && memory->people.n == 0 &&
                       memcmp(spki.p, newcomer->spki, SHA256_N) == 0;
    if (approver == NULL && !is_newcomer)
        return OK;
    struct bytes point =
        is_newcomer ? newcomer->point : bytes_of(approver->point, sizeof(approver->point));
    TRY(check_signature(point, body, signature, err));
    add_person(persons, is_newcomer ? newcomer->person : approver->person);
    return OK;
}

enum result approval_who(const struct memory *memory, const struct newcomer *newcomer,
                         struct bytes body, struct bytes signatures, struct persons *ret,
                         struct err *err)
{
    struct reader r = reader_of(signatures);

    while (r.left > 0)
        TRY(count_signature(memory, newcomer, body, &r, ret, err));
    size_t there = memory_persons(memory);
    size_t wanted = there == 0 ? 1 : there < APPROVAL_ENOUGH ? there : APPROVAL_ENOUGH;
    if (ret->n < wanted)
        return err_set(err, E_APPROVAL, "signed by %zu of the approvers, %zu persons are wanted",
                       ret->n, wanted);
    return OK;
}

/* The parameters of the one act that changes who approves: FIELDS_approver_set. */
static enum result read_newcomer(const struct approval *approval, struct newcomer *ret,
                                 struct err *err)
{
    struct reader walk = approval_walk(approval->parameters);
    struct approval_value value;
    struct bytes name, spki = {0};
    struct x509_key key = {0};
    const char *why = "there is no key";

    if (!bytes_equal(approval->kind, bytes_text("approver_set")))
        return OK;
    while (approval_next_pair(&walk, &name, &value)) {
        if (bytes_equal(name, bytes_text("on")))
            ret->is_on = value.number == 1;
        if (bytes_equal(name, bytes_text("person")))
            ret->person = value.number;
        if (bytes_equal(name, bytes_text("spki")))
            spki = value.bytes;
    }
    if (!x509_read_spki(spki, &key, &why) || key.alg != X509_KEY_P256)
        return err_set(err, E_APPROVAL, "an approver's key is on P-256 (ES256); this one: %s",
                       key.alg == X509_KEY_OTHER ? why : "another kind");
    if (!is_usable_key(&key) || ret->person <= 0)
        return err_set(err, E_APPROVAL, "no point of P-256, or no person");
    sha256(spki, ret->spki);
    ret->point = key.point;
    return OK;
}

enum result approval_check_body(struct bytes body, int64_t now_s, struct approval *ret,
                                struct err *err)
{
    const char *why = NULL;

    if (!approval_read(body, ret, &why))
        return err_set(err, E_APPROVAL, "%s", why);
    if (now_s > ret->expires_s)
        return err_set(err, E_APPROVAL, "the request expired %lld s ago",
                       (long long)(now_s - ret->expires_s));
    return OK;
}

void approval_put_countersign(struct buf *text, const uint8_t hash[32],
                              const struct persons *persons)
{
    buf_put_bytes(text, bytes_text(COUNTERSIGN_PREFIX));
    buf_put_bytes(text, bytes_of(hash, SHA256_N));
    for (size_t i = 0; i < persons->n; i++)
        buf_put_u64be(text, (uint64_t)persons->list[i]);
}

/* What is signed after the commit, in the job's room for a TBS. */
static void write_countersign(struct job *job, const struct persons *persons)
{
    struct buf text = buf_over(job->tbs, sizeof(job->tbs));

    approval_put_countersign(&text, job->record.hash, persons);
    job->tbs_n = text.n;
}

static enum result remember_newcomer(struct session *session, const struct newcomer *newcomer,
                                     uint64_t *ret_position, struct err *err)
{
    struct record record = {
        .kind = RECORD_APPROVER, .person = newcomer->person, .is_on = newcomer->is_on};

    if (newcomer->point.n == 0)
        return OK;
    memcpy(record.hash, newcomer->spki, sizeof(record.hash));
    memcpy(record.point, newcomer->point.p, sizeof(record.point));
    return journal_add(session->journal, &record, ret_position, err);
}

/* Once; but what core cannot have in its ledger, since it did not know of it when it started last,
 * it may ask for again: the signer's answer was lost. Not what an epoch before this one had: that
 * ran. */
static enum result remember(struct session *session, const struct newcomer *newcomer,
                            struct job *job, struct err *err)
{
    const struct memory *memory = journal_memory(session->journal);
    uint64_t position = memory_approved(memory, job->record.hash);

    if (position > session->core_knows && position > memory->epoch &&
        position <= session->asked_at) {
        job->journal = position;
        return OK;
    }
    TRY(memory_check(memory, &job->record, err));
    TRY(remember_newcomer(session, newcomer, &job->journal, err));
    return journal_add(session->journal, &job->record, &job->journal, err);
}

enum result judge_approve(struct session *session, const struct msg_approve *message,
                          struct job *job, struct err *err)
{
    struct approval approval;
    struct newcomer newcomer = {0};
    struct persons persons = {0};

    TRY(session_may_sign(session, err));
    TRY(approval_check_body(message->body, clock_now_s(), &approval, err));
    TRY(read_newcomer(&approval, &newcomer, err));
    TRY(approval_who(journal_memory(session->journal), &newcomer, message->body,
                     message->signatures, &persons, err));
    job->record = (struct record){.kind = RECORD_APPROVAL};
    sha256(message->body, job->record.hash);
    TRY(remember(session, &newcomer, job, err));
    write_countersign(job, &persons);
    return OK;
}

enum result finish_approve(struct session *session, struct job *job, struct err *err)
{
    const size_t head = sizeof(COUNTERSIGN_PREFIX) - 1 + SHA256_N;
    struct key_signature signature;
    struct bytes text = bytes_of(job->tbs, job->tbs_n);

    TRY(session->backend->sign(session->keys, SIGNER_KEY_CHECKPOINT_ES256, text, &signature, err));
    struct msg_approved answer = {
        .id = job->id,
        .journal = job->journal,
        .persons = bytes_slice(text, head, text.n),
        .countersignature = key_signature_bytes(&signature),
    };
    return session_send(session, IPC_APPROVED, &answer, -1, err);
}
