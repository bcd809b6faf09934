#include <signer/past.h>

#include "approval.h"
#include "session.h"

#include <base/file.h>
#include <crypto/hash.h>

#include <stdlib.h>

struct signer_past {
    struct session session;
    struct signer_approver approvers[MEMORY_APPROVERS_MAX];
};

static void list_approvers(struct signer_past *past)
{
    const struct memory_people *people = &journal_memory(past->session.journal)->people;

    for (size_t i = 0; i < people->n; i++) {
        past->approvers[i].person = people->list[i].person;
        memcpy(past->approvers[i].spki, people->list[i].spki, sizeof(past->approvers[i].spki));
        memcpy(past->approvers[i].point, people->list[i].point, sizeof(past->approvers[i].point));
    }
}

enum result signer_past_open(const struct config *config, bool begins_one, struct signer_past **ret,
                             struct err *err)
{
    CLEANUP(signer_past_closep) struct signer_past *past = calloc(1, sizeof(*past));

    if (past == NULL)
        return err_set(err, E_MEMORY, "no memory for the signer's journal");
    TRY(session_open_files(&past->session, config, err));
    if (!begins_one && !session_has_journal(&past->session))
        return err_set(err, E_NOT_FOUND, "the signer's journal is not there");
    TRY(session_open_journal(&past->session, err));
    list_approvers(past);
    *ret = STEAL(past);
    return OK;
}

void signer_past_close(struct signer_past *past)
{
    if (past == NULL)
        return;
    session_close(&past->session);
    free(past);
}

void signer_past_closep(struct signer_past **past)
{
    signer_past_close(*past);
}

/* ---- what it says ------------------------------------------------------------------------------
 */

struct gathering {
    uint64_t after, after_size;
    struct signer_facts *facts;
};

static void gather_tree(struct gathering *gathering, const struct record *record)
{
    struct signer_facts *facts = gathering->facts;

    if (record->size != gathering->after_size)
        return;
    facts->has_after_size = true;
    memcpy(facts->after_root, record->hash, sizeof(facts->after_root));
}

static enum result gather(void *context, uint64_t position, const struct record *record,
                          struct err *err)
{
    (void)err;
    struct gathering *gathering = context;
    struct signer_facts *facts = gathering->facts;

    if (record->kind == RECORD_CERTIFICATE && position > gathering->after)
        facts->newer++;
    if (record->kind == RECORD_EPOCH) {
        facts->epochs++;
        facts->has_after_size = false;
    }
    if (record->kind == RECORD_EPOCH || record->kind == RECORD_CHECKPOINT)
        gather_tree(gathering, record);
    return OK;
}

enum result signer_past_facts(struct signer_past *past, uint64_t after, uint64_t after_size,
                              struct signer_facts *ret, struct err *err)
{
    const struct memory *memory = journal_memory(past->session.journal);
    struct signer_facts facts = {.position = journal_position(past->session.journal),
                                 .size = memory->size,
                                 .persons = memory_persons(memory)};
    struct gathering gathering = {after, after_size, &facts};
    const struct journal_visitor visitor = {gather, &gathering};

    memcpy(facts.root, memory->root, sizeof(facts.root));
    TRY(journal_each(past->session.journal, 0, &visitor, err));
    *ret = facts;
    return OK;
}

void signer_past_log_keys(const struct signer_past *past, struct buf *out)
{
    const struct session *session = &past->session;
    static const struct {
        enum signer_key key;
        enum x509_sig_alg alg;
    } keys[] = {{SIGNER_KEY_CHECKPOINT_ED25519, X509_SIG_ED25519},
                {SIGNER_KEY_CHECKPOINT_ES256, X509_SIG_ECDSA_SHA256}};

    for (size_t i = 0; i < LENGTH_OF(keys); i++) {
        const struct note_signer signer = {
            .origin = bytes_of(session->origin, strlen(session->origin)),
            .alg = keys[i].alg,
            .public_key = session->backend->point(session->keys, keys[i].key)};
        note_put_vkey(out, &signer);
    }
}

struct device_walk {
    signer_device_visit visit;
    void *ctx;
};

static enum result visit_device(void *context, uint64_t position, const struct record *record,
                                struct err *err)
{
    (void)position;
    const struct device_walk *walk = context;
    const struct record_device *stand = &record->device;
    struct signer_device device = {.product = bytes_of(stand->product, stand->product_n),
                                   .serial_number =
                                       bytes_of(stand->serial_number, stand->serial_number_n),
                                   .state = stand->state,
                                   .quarantine = stand->quarantine,
                                   .hold = stand->hold != 0};

    return record->kind == RECORD_DEVICE ? walk->visit(walk->ctx, &device, err) : OK;
}

enum result signer_past_devices(struct signer_past *past, signer_device_visit visit, void *ctx,
                                struct err *err)
{
    struct device_walk walk = {visit, ctx};
    const struct journal_visitor visitor = {visit_device, &walk};

    return journal_each(past->session.journal, 0, &visitor, err);
}

struct list_walk {
    signer_list_visit visit;
    void *ctx;
};

static enum result visit_list(void *context, uint64_t position, const struct record *record,
                              struct err *err)
{
    (void)position;
    const struct list_walk *walk = context;
    struct signer_list list = {.shard = record->shard, .number = record->number};

    if (record->kind != RECORD_CRL)
        return OK;
    memcpy(list.hash, record->hash, sizeof(list.hash));
    return walk->visit(walk->ctx, &list, err);
}

enum result signer_past_lists(struct signer_past *past, signer_list_visit visit, void *ctx,
                              struct err *err)
{
    struct list_walk walk = {visit, ctx};
    const struct journal_visitor visitor = {visit_list, &walk};

    return journal_each(past->session.journal, 0, &visitor, err);
}

size_t signer_past_approvers(const struct signer_past *past, const struct signer_approver **ret)
{
    *ret = past->approvers;
    return journal_memory(past->session.journal)->people.n;
}

/* ---- people ------------------------------------------------------------------------------------
 */

static enum result countersign(struct signer_past *past, const struct persons *persons,
                               struct signer_approved *approved, struct err *err)
{
    struct session *session = &past->session;
    uint8_t room[sizeof(COUNTERSIGN_PREFIX) + SHA256_N + sizeof(approved->persons)];
    struct buf text = buf_over(room, sizeof(room));
    struct buf list = buf_over(approved->persons, sizeof(approved->persons));
    struct key_signature signature;

    approval_put_countersign(&text, approved->hash, persons);
    for (size_t i = 0; i < persons->n; i++)
        buf_put_u64be(&list, (uint64_t)persons->list[i]);
    TRY(session->backend->sign(session->keys, SIGNER_KEY_CHECKPOINT_ES256, buf_bytes(&text),
                               &signature, err));
    struct bytes octets = key_signature_bytes(&signature);
    if (!buf_ok(&text) || !buf_ok(&list) || octets.n > sizeof(approved->signature))
        return err_set(err, E_BUG, "no room for a countersignature");
    approved->persons_n = list.n;
    approved->signature_n = octets.n;
    memcpy(approved->signature, octets.p, octets.n);
    return OK;
}

enum result signer_past_approve(struct signer_past *past, struct bytes body,
                                struct bytes signatures, int64_t now_s, struct signer_approved *ret,
                                struct err *err)
{
    const struct memory *memory = journal_memory(past->session.journal);
    const struct newcomer nobody = {0};
    struct persons persons = {0};
    struct approval approval;
    struct signer_approved approved = {0};

    TRY(approval_check_body(body, now_s, &approval, err));
    if (memory_persons(memory) != 0)
        TRY(approval_who(memory, &nobody, body, signatures, &persons, err));
    sha256(body, approved.hash);
    if (memory_approved(memory, approved.hash) != 0)
        return err_set(err, E_APPROVAL, "this request was carried out already: ask for a new one");
    TRY(countersign(past, &persons, &approved, err));
    *ret = approved;
    return OK;
}

static enum result add(struct signer_past *past, const struct record *record, struct err *err)
{
    uint64_t position;
    return journal_add(past->session.journal, record, &position, err);
}

static enum result add_approvers(struct signer_past *past, const struct signer_approver *list,
                                 size_t n, bool is_on, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct record record = {.kind = RECORD_APPROVER, .person = list[i].person, .is_on = is_on};
        memcpy(record.hash, list[i].spki, sizeof(record.hash));
        memcpy(record.point, list[i].point, sizeof(record.point));
        TRY(add(past, &record, err));
    }
    return OK;
}

enum result signer_past_seed(struct signer_past *past, const struct signer_approver *list, size_t n,
                             struct signer_facts *facts, struct err *err)
{
    if (journal_position(past->session.journal) != 0)
        return err_set(err, E_JOURNAL, "a journal with records has its own approvers");
    TRY(add_approvers(past, list, n, true, err));
    list_approvers(past);
    facts->persons = memory_persons(journal_memory(past->session.journal));
    return OK;
}

/* ---- an epoch ----------------------------------------------------------------------------------
 */

enum result signer_past_begin_epoch(struct signer_past *past, const struct signer_epoch *epoch,
                                    struct err *err)
{
    const struct memory *memory = journal_memory(past->session.journal);
    struct record approval = {.kind = RECORD_APPROVAL};
    struct record record = {.kind = RECORD_EPOCH,
                            .size = epoch->size,
                            .number = epoch->least_crl_number,
                            .floor = epoch->floor,
                            .lost_size = memory->size};

    memcpy(record.hash, epoch->root, sizeof(record.hash));
    memcpy(record.lost_root, memory->root, sizeof(record.lost_root));
    memcpy(approval.hash, epoch->approval, sizeof(approval.hash));
    TRY(add(past, &approval, err));
    TRY(add_approvers(past, epoch->ends, epoch->ends_n, false, err));
    TRY(add(past, &record, err));
    return journal_commit(past->session.journal, err);
}
