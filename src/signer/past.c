#include <signer/past.h>

#include "approval.h"
#include "session.h"

#include <base/file.h>
#include <base/rand.h>
#include <crypto/hash.h>
#include <signer/signer.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEW_JOURNAL "journal.new"

struct signer_past {
    struct session session;
    bool is_new; /* the journal lies beside its place */
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

/* ---- a journal that begins ---------------------------------------------------------------------
 */

static enum result add(struct signer_past *past, const struct record *record, struct err *err)
{
    uint64_t position;
    return journal_add(past->session.journal, record, &position, err);
}

static enum result add_beginning(struct journal *journal, struct err *err)
{
    struct record record = {.kind = RECORD_BEGAN};
    uint64_t position;

    rand_bytes(record.hash, sizeof(record.hash));
    return journal_add(journal, &record, &position, err);
}

enum result signer_begin_journal(const char *path, struct err *err)
{
    CLEANUP(journal_closep) struct journal *journal = NULL;

    TRY(journal_create(path, err));
    TRY(journal_open(path, &journal, err));
    TRY(add_beginning(journal, err));
    return journal_commit(journal, err);
}

bool signer_has_used_journal(const char *path)
{
    CLEANUP(journal_closep) struct journal *journal = NULL;
    struct err err = {0};

    return file_exists(path) &&
           (journal_open(path, &journal, &err) != OK || journal_position(journal) > 1);
}

/* What an earlier attempt left is of no use to anybody, unless somebody is at it. */
static enum result open_new(struct signer_past *past, struct err *err)
{
    char path[SESSION_PATH_ROOM];

    TRY(session_path(&past->session, NEW_JOURNAL, path, err));
    if (file_exists(path)) {
        TRY(session_open_journal(&past->session, NEW_JOURNAL, err));
        unlink(path);
        journal_close(STEAL(past->session.journal));
    }
    TRY(journal_create(path, err));
    past->is_new = true;
    TRY(session_open_journal(&past->session, NEW_JOURNAL, err));
    return add_beginning(past->session.journal, err);
}

static enum result open_journal(struct signer_past *past, bool begins_one, struct err *err)
{
    if (session_has_journal(&past->session)) {
        TRY(session_open_journal(&past->session, SESSION_JOURNAL, err));
        if (!begins_one || journal_memory(past->session.journal)->is_used)
            return OK;
        journal_close(STEAL(past->session.journal));
    }
    if (begins_one)
        return open_new(past, err);
    return err_set(err, E_NOT_FOUND, "the signer's journal is not there");
}

static enum result put_in_place(struct signer_past *past, struct err *err)
{
    char from[SESSION_PATH_ROOM], to[SESSION_PATH_ROOM], folder[SESSION_PATH_ROOM];

    if (!past->is_new)
        return OK;
    TRY(session_path(&past->session, NEW_JOURNAL, from, err));
    TRY(session_path(&past->session, SESSION_JOURNAL, to, err));
    TRY(session_path(&past->session, "", folder, err));
    if (rename(from, to) != 0)
        return err_set(err, E_IO, "%s: %s", to, strerror(errno));
    past->is_new = false;
    return folder_sync(folder, err);
}

/* ---- opening -----------------------------------------------------------------------------------
 */

enum result signer_past_open(const struct config *config, bool begins_one, struct signer_past **ret,
                             struct err *err)
{
    CLEANUP(signer_past_closep) struct signer_past *past = calloc(1, sizeof(*past));

    if (past == NULL)
        return err_set(err, E_MEMORY, "no memory for the signer's journal");
    TRY(session_open_files(&past->session, config, err));
    TRY(open_journal(past, begins_one, err));
    list_approvers(past);
    *ret = STEAL(past);
    return OK;
}

void signer_past_close(struct signer_past *past)
{
    char path[SESSION_PATH_ROOM];

    if (past == NULL)
        return;
    if (past->is_new && session_path(&past->session, NEW_JOURNAL, path, NULL) == OK)
        unlink(path);
    session_close(&past->session);
    free(past);
}

void signer_past_closep(struct signer_past **past)
{
    signer_past_close(*past);
}

/* ---- what it says ------------------------------------------------------------------------------
 */

struct counting {
    uint64_t after, n;
};

static enum result count_newer(void *context, uint64_t position, const struct record *record,
                               struct err *err)
{
    (void)err;
    struct counting *counting = context;

    counting->n += record->kind == RECORD_CERTIFICATE && position > counting->after;
    return OK;
}

enum result signer_past_facts(struct signer_past *past, uint64_t after, struct signer_facts *ret,
                              struct err *err)
{
    const struct memory *memory = journal_memory(past->session.journal);
    struct counting counting = {.after = after};
    const struct journal_visitor visitor = {count_newer, &counting};

    TRY(journal_each(past->session.journal, 0, &visitor, err));
    *ret = (struct signer_facts){.position = journal_position(past->session.journal),
                                 .is_used = memory->is_used,
                                 .identity = memory->identity,
                                 .size = memory->size,
                                 .epoch = memory->ordinal,
                                 .floor = memory->floor,
                                 .crl_number = memory->crl_number,
                                 .persons = memory_persons(memory),
                                 .newer = counting.n};
    memcpy(ret->root, memory->root, sizeof(ret->root));
    return OK;
}

struct looking {
    const struct signer_tree *tree;
    bool is_signed;
};

/* An epoch leaves behind what came after the backup that it goes on from. */
static enum result look_for_tree(void *context, uint64_t position, const struct record *record,
                                 struct err *err)
{
    (void)position;
    (void)err;
    struct looking *looking = context;
    const struct signer_tree *tree = looking->tree;

    if (record->kind == RECORD_EPOCH && tree->entries > record->from_size)
        looking->is_signed = false;
    if (record->kind == RECORD_CHECKPOINT && record->size == tree->size)
        looking->is_signed = memcmp(record->hash, tree->root, sizeof(record->hash)) == 0;
    return OK;
}

enum result signer_past_has_signed(struct signer_past *past, const struct signer_tree *tree,
                                   bool *ret, struct err *err)
{
    struct looking looking = {.tree = tree};
    const struct journal_visitor visitor = {look_for_tree, &looking};

    TRY(journal_each(past->session.journal, 0, &visitor, err));
    *ret = looking.is_signed;
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
    if (!past->is_new)
        return err_set(err, E_JOURNAL, "a journal that is there has its own approvers");
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
                            .from_size = epoch->from_size,
                            .ordinal = epoch->ordinal,
                            .lost_size = memory->size};

    memcpy(record.hash, epoch->root, sizeof(record.hash));
    memcpy(record.lost_root, memory->root, sizeof(record.lost_root));
    memcpy(approval.hash, epoch->approval, sizeof(approval.hash));
    TRY(add(past, &approval, err));
    TRY(add_approvers(past, epoch->ends, epoch->ends_n, false, err));
    TRY(add(past, &record, err));
    TRY(journal_commit(past->session.journal, err));
    return put_in_place(past, err);
}
