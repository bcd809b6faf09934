/* Acts that take two people: who signed what, by the signer's own list (design 5, Two people). */
#include "approval.h"
#include "session.h"

#include <base/clock.h>
#include <crypto/hash.h>
#include <crypto/verify.h>
#include <pki/root_approval.h>

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

static enum result count_all(const struct memory *memory, const struct newcomer *newcomer,
                             struct bytes body, struct bytes signatures, struct persons *ret,
                             struct err *err)
{
    struct reader r = reader_of(signatures);

    while (r.left > 0)
        TRY(count_signature(memory, newcomer, body, &r, ret, err));
    return OK;
}

enum result approval_who(const struct memory *memory, const struct newcomer *newcomer,
                         struct bytes body, struct bytes signatures, struct persons *ret,
                         struct err *err)
{
    TRY(count_all(memory, newcomer, body, signatures, ret, err));
    size_t there = memory_persons(memory);
    size_t wanted = there == 0 ? 1 : there < APPROVAL_ENOUGH ? there : APPROVAL_ENOUGH;
    if (ret->n < wanted)
        return err_set(err, E_APPROVAL, "signed by %zu of the approvers, %zu persons are wanted",
                       ret->n, wanted);
    return OK;
}

/* The parameters of an act that changes who approves: of FIELDS_approver_set,
 * FIELDS_operator_recover.
 */
struct change_of_key {
    bool is_on, approves;
    int64_t person;
    struct bytes spki;
};

static struct change_of_key read_change(const struct approval *approval)
{
    struct change_of_key change = {0};
    struct reader walk = approval_walk(approval->parameters);
    struct approval_value value;
    struct bytes name;

    while (approval_next_pair(&walk, &name, &value)) {
        if (bytes_equal(name, bytes_text("on")))
            change.is_on = value.number == 1;
        if (bytes_equal(name, bytes_text("approver")))
            change.approves = value.number == 1;
        if (bytes_equal(name, bytes_text("person")))
            change.person = value.number;
        if (bytes_equal(name, bytes_text("spki")))
            change.spki = value.bytes;
    }
    return change;
}

static enum result read_newcomer(const struct change_of_key *change, struct newcomer *ret,
                                 struct err *err)
{
    struct x509_key key = {0};
    const char *why = "there is no key";
    struct bytes spki = change->spki;

    ret->is_on = change->is_on;
    ret->person = change->person;
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

/* All keys that he approved with. */
static enum result end_keys(struct session *session, int64_t person, uint64_t *ret_position,
                            struct err *err)
{
    const struct memory_people *people = &journal_memory(session->journal)->people;
    size_t i = 0;

    while (i < people->n) {
        struct record record = {.kind = RECORD_APPROVER, .person = person};
        if (people->list[i].person != person) {
            i++;
            continue;
        }
        memcpy(record.hash, people->list[i].spki, sizeof(record.hash));
        TRY(journal_add(session->journal, &record, ret_position, err)); /* and it is off the list */
    }
    return OK;
}

static enum result remember_newcomer(struct session *session, const struct newcomer *newcomer,
                                     uint64_t *ret_position, struct err *err)
{
    struct record record = {
        .kind = RECORD_APPROVER, .person = newcomer->person, .is_on = newcomer->is_on};

    if (newcomer->point.n == 0)
        return OK;
    if (newcomer->replaces &&
        memory_approver(journal_memory(session->journal), newcomer->spki) != NULL)
        return err_set(err, E_APPROVAL, "the new key is an approver's already");
    if (newcomer->replaces)
        TRY(end_keys(session, newcomer->person, ret_position, err));
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

/* ---- a recovery --------------------------------------------------------------------------------
 */

static bool is_on_list(const struct memory *memory, int64_t person)
{
    for (size_t i = 0; i < memory->people.n; i++)
        if (memory->people.list[i].person == person)
            return true;
    return false;
}

static void drop_person(struct persons *persons, int64_t person)
{
    for (size_t i = 0; i < persons->n; i++)
        if (persons->list[i] == person)
            persons->list[i--] = persons->list[--persons->n];
}

/* Who carries it: approvers but him, and the root's key as one person more; asked for at the
 * server, where nobody is (requester 0), the root's key. */
static enum result check_carriers(const struct memory *memory, const struct approval *approval,
                                  bool has_root, struct persons *persons, struct err *err)
{
    size_t there = memory_persons(memory);
    size_t wanted = there >= APPROVAL_ENOUGH ? APPROVAL_ENOUGH : 1;
    bool is_carried =
        approval->requester == 0 ? has_root : persons->n + (has_root ? 1 : 0) >= wanted;

    if (!is_carried)
        return err_set(err, E_APPROVAL, "a recovery signed by %zu other approvers%s; wanted %s",
                       persons->n, has_root ? " and the root" : "",
                       approval->requester == 0 ? "the root's key"
                                                : "two, of whom one may be the "
                                                  "root's key");
    if (has_root)
        add_person(persons, APPROVAL_ROOT_PERSON);
    return OK;
}

/* By one of the roots that are here; which of them is the current one, core knows. */
static enum result check_root(const struct session *session, const struct msg_approve *message,
                              struct err *err)
{
    for (size_t i = 0; i < PKI_ISSUERS; i++)
        if (session->roots[i].n > 0 &&
            root_check_approval(blob_bytes(&session->roots[i]), message->body,
                                message->root_signature, NULL) == OK)
            return OK;
    return err_set(err, E_SIGNATURE, "the signature is that of none of our roots");
}

/* The list is the signer's own: he approves with the new key if he did with the old one. */
static enum result judge_recovery(struct session *session, const struct msg_approve *message,
                                  const struct approval *approval, struct newcomer *newcomer,
                                  struct persons *persons, struct err *err)
{
    const struct memory *memory = journal_memory(session->journal);
    const struct change_of_key change = read_change(approval);
    const struct newcomer nobody = {0};
    bool approves = is_on_list(memory, change.person);

    if (change.person <= 0 || change.approves != approves)
        return err_set(err, E_APPROVAL, "the recovery of somebody who %s, by the signer's list",
                       approves ? "approves" : "does not approve");
    if (message->root_signature.n > 0)
        TRY(check_root(session, message, err));
    TRY(count_all(memory, &nobody, message->body, message->signatures, persons, err));
    drop_person(persons, change.person);
    TRY(check_carriers(memory, approval, message->root_signature.n > 0, persons, err));
    if (!approves)
        return OK;
    TRY(read_newcomer(&change, newcomer, err));
    newcomer->is_on = true;
    newcomer->replaces = true;
    return OK;
}

static enum result judge_other(struct session *session, const struct msg_approve *message,
                               const struct approval *approval, struct newcomer *newcomer,
                               struct persons *persons, struct err *err)
{
    const struct change_of_key change = read_change(approval);

    if (message->root_signature.n > 0)
        return err_set(err, E_APPROVAL, "the root's key approves a recovery and nothing else");
    if (bytes_equal(approval->kind, bytes_text("approver_set")))
        TRY(read_newcomer(&change, newcomer, err));
    return approval_who(journal_memory(session->journal), newcomer, message->body,
                        message->signatures, persons, err);
}

enum result judge_approve(struct session *session, const struct msg_approve *message,
                          struct job *job, struct err *err)
{
    struct approval approval;
    struct newcomer newcomer = {0};
    struct persons persons = {0};

    TRY(session_may_sign(session, err));
    TRY(approval_check_body(message->body, clock_now_s(), &approval, err));
    bool recovers = bytes_equal(approval.kind, bytes_text("operator_recover"));
    TRY((recovers ? judge_recovery : judge_other)(session, message, &approval, &newcomer, &persons,
                                                  err));
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
