#include "memory.h"

#include <stdlib.h>

static struct memory_shard *find_shard(const struct memory *memory, struct crl_shard shard)
{
    for (size_t i = 0; i < memory->shards_n; i++)
        if (crl_shard_is(memory->shards[i].shard, shard))
            return &memory->shards[i];
    return NULL;
}

static enum result check_certificate(const struct memory *memory, const struct record *record,
                                     struct err *err)
{
    struct serial_parts parts;

    if (record->issuer >= PKI_ISSUERS || !serial_split(bytes_of(record->serial, SERIAL_N), &parts))
        return err_set(err, E_JOURNAL, "the serial is not one of ours");
    uint64_t next = memory->next[record->issuer][parts.expiry_class];
    if (parts.number < next)
        return err_set(err, E_JOURNAL,
                       "serial number %u of issuer %u, class %u was used; next is %llu",
                       parts.number, record->issuer, parts.expiry_class, (unsigned long long)next);
    return OK;
}

static enum result check_crl(const struct memory *memory, const struct record *record,
                             struct err *err)
{
    const struct memory_shard *last = find_shard(memory, record->shard);

    if (last != NULL && record->number <= last->number)
        return err_set(err, E_JOURNAL, "RFC 5280 5.2.3: CRL number %llu, the last of %s was %llu",
                       (unsigned long long)record->number, crl_file_name(record->shard).text,
                       (unsigned long long)last->number);
    return OK;
}

static enum result check_checkpoint(const struct memory *memory, const struct record *record,
                                    struct err *err)
{
    if (record->size < memory->size)
        return err_set(err, E_JOURNAL, "a ledger of %llu entries, signed were %llu",
                       (unsigned long long)record->size, (unsigned long long)memory->size);
    if (record->size == memory->size && memory->size != 0 &&
        memcmp(record->hash, memory->root, sizeof(memory->root)) != 0)
        return err_set(err, E_JOURNAL, "a fork: another root at %llu entries",
                       (unsigned long long)record->size);
    return OK;
}

static enum result check_approval(const struct memory *memory, const struct record *record,
                                  struct err *err)
{
    uint64_t position = memory_approved(memory, record->hash);
    if (position != 0)
        return err_set(err, E_APPROVAL, "it was approved once already, in record %llu",
                       (unsigned long long)position);
    return OK;
}

static enum result check_approver(const struct memory *memory, const struct record *record,
                                  struct err *err)
{
    const struct memory_approver *there = memory_approver(memory, record->hash);
    if (record->is_on && there != NULL)
        return err_set(err, E_APPROVAL, "the key is an approver's already");
    if (record->is_on && memory->people.n == MEMORY_APPROVERS_MAX)
        return err_set(err, E_APPROVAL, "there are %d keys of approvers", MEMORY_APPROVERS_MAX);
    if (!record->is_on && there == NULL)
        return err_set(err, E_APPROVAL, "the key is no approver's");
    return OK;
}

enum result memory_check(const struct memory *memory, const struct record *record, struct err *err)
{
    switch (record->kind) {
    case RECORD_CERTIFICATE:
        return check_certificate(memory, record, err);
    case RECORD_CRL:
        return check_crl(memory, record, err);
    case RECORD_CHECKPOINT:
        return check_checkpoint(memory, record, err);
    case RECORD_APPROVAL:
        return check_approval(memory, record, err);
    case RECORD_APPROVER:
        return check_approver(memory, record, err);
    case RECORD_FEED:
        return record->number > memory->feed
                   ? OK
                   : err_set(err, E_JOURNAL, "a feed's ceiling of %llu, it was %llu",
                             (unsigned long long)record->number, (unsigned long long)memory->feed);
    case RECORD_DEVICE:
    case RECORD_EPOCH:
        return OK;
    case RECORD_BEGAN:
        return memory->records == 0 ? OK : err_set(err, E_JOURNAL, "a beginning behind records");
    case RECORD_NONE:
        break;
    }
    return err_set(err, E_BUG, "a record of no kind");
}

static enum result new_shard(struct memory *memory, struct crl_shard shard,
                             struct memory_shard **ret, struct err *err)
{
    if (memory->shards_n == memory->shards_max) {
        size_t max = memory->shards_max == 0 ? 64 : 2 * memory->shards_max;
        struct memory_shard *more =
            max > MEMORY_SHARDS_MAX ? NULL
                                    : reallocarray(memory->shards, max, sizeof(*memory->shards));
        if (more == NULL)
            return err_set(err, E_MEMORY, "no memory for one more CRL");
        memory->shards = more;
        memory->shards_max = max;
    }
    *ret = &memory->shards[memory->shards_n++];
    (*ret)->shard = shard;
    return OK;
}

static enum result add_crl(struct memory *memory, const struct record *record, struct err *err)
{
    struct memory_shard *shard = find_shard(memory, record->shard);

    if (shard == NULL)
        TRY(new_shard(memory, record->shard, &shard, err));
    shard->number = record->number;
    if (record->number > memory->crl_number)
        memory->crl_number = record->number;
    return OK;
}

static void add_checkpoint(struct memory *memory, const struct record *record)
{
    memory->size = record->size;
    memcpy(memory->root, record->hash, sizeof(memory->root));
}

static enum result add_approval(struct memory *memory, const struct record *record, struct err *err)
{
    if (memory->approvals_n == memory->approvals_max) {
        size_t max = memory->approvals_max == 0 ? 16 : 2 * memory->approvals_max;
        struct memory_approval *more =
            reallocarray(memory->approvals, max, sizeof(*memory->approvals));
        if (more == NULL)
            return err_set(err, E_MEMORY, "no memory for one more approval");
        memory->approvals = more;
        memory->approvals_max = max;
    }
    struct memory_approval *approval = &memory->approvals[memory->approvals_n++];
    memcpy(approval->hash, record->hash, sizeof(approval->hash));
    approval->position = memory->records + 1;
    return OK;
}

static void add_approver(struct memory *memory, const struct record *record)
{
    struct memory_approver *to = &memory->people.list[memory->people.n++];
    memory->people.is_changed = true;
    to->person = record->person;
    memcpy(to->spki, record->hash, sizeof(to->spki));
    memcpy(to->point, record->point, sizeof(to->point));
}

static void end_approver(struct memory *memory, const struct record *record)
{
    memory->people.is_changed = true;
    for (size_t i = 0; i < memory->people.n; i++)
        if (memcmp(memory->people.list[i].spki, record->hash, sizeof(record->hash)) == 0)
            memory->people.list[i--] = memory->people.list[--memory->people.n];
}

static enum result add_certificate(struct memory *memory, const struct record *record,
                                   struct err *err)
{
    struct serial_parts parts;

    if (!serial_split(bytes_of(record->serial, SERIAL_N), &parts))
        return err_set(err, E_BUG, "the serial is not one of ours");
    memory->next[record->issuer][parts.expiry_class] = (uint64_t)parts.number + 1;
    return OK;
}

/* Fits a number of the database; 0 is none. */
static uint64_t identity_of(const uint8_t chance[32])
{
    uint64_t identity = 0;
    for (size_t i = 0; i < sizeof(identity); i++)
        identity = identity << 8 | chance[i];
    return (identity & INT64_MAX) | 1;
}

/* From here on trees extend another one, which may be smaller. */
static void add_epoch(struct memory *memory, const struct record *record)
{
    add_checkpoint(memory, record);
    memory->epoch = memory->records + 1;
    if (record->ordinal > memory->ordinal)
        memory->ordinal = record->ordinal;
    if (record->floor != 0)
        memory->floor = record->floor;
    if (record->number > memory->crl_number)
        memory->crl_number = record->number;
    for (size_t issuer = 0; issuer < LENGTH_OF(memory->next); issuer++)
        for (size_t c = 0; c < LENGTH_OF(memory->next[0]); c++)
            if (memory->next[issuer][c] < record->floor)
                memory->next[issuer][c] = record->floor;
}

static enum result add(struct memory *memory, const struct record *record, struct err *err)
{
    switch (record->kind) {
    case RECORD_CERTIFICATE:
        return add_certificate(memory, record, err);
    case RECORD_CRL:
        return add_crl(memory, record, err);
    case RECORD_CHECKPOINT:
        add_checkpoint(memory, record);
        return OK;
    case RECORD_APPROVAL:
        return add_approval(memory, record, err);
    case RECORD_APPROVER:
        if (record->is_on)
            add_approver(memory, record);
        else
            end_approver(memory, record);
        return OK;
    case RECORD_EPOCH:
        add_epoch(memory, record);
        return OK;
    case RECORD_BEGAN:
        memory->identity = identity_of(record->hash);
        return OK;
    case RECORD_FEED:
        memory->feed = record->number;
        return OK;
    case RECORD_DEVICE: /* read again when it is wanted: a restore */
        return OK;
    case RECORD_NONE:
        break;
    }
    return err_set(err, E_BUG, "a record of no kind");
}

static bool is_signature(enum record_kind kind)
{
    return kind == RECORD_CERTIFICATE || kind == RECORD_CRL || kind == RECORD_CHECKPOINT ||
           kind == RECORD_FEED;
}

enum result memory_add(struct memory *memory, const struct record *record, struct err *err)
{
    TRY(add(memory, record, err));
    memory->is_used = memory->is_used || is_signature(record->kind);
    memory->records++;
    return OK;
}

const struct memory_approver *memory_approver(const struct memory *memory, const uint8_t spki[32])
{
    for (size_t i = 0; i < memory->people.n; i++)
        if (memcmp(memory->people.list[i].spki, spki, 32) == 0)
            return &memory->people.list[i];
    return NULL;
}

uint64_t memory_approved(const struct memory *memory, const uint8_t hash[32])
{
    for (size_t i = 0; i < memory->approvals_n; i++)
        if (memcmp(memory->approvals[i].hash, hash, 32) == 0)
            return memory->approvals[i].position;
    return 0;
}

static bool is_first_key(const struct memory *memory, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (memory->people.list[j].person == memory->people.list[i].person)
            return false;
    return true;
}

size_t memory_persons(const struct memory *memory)
{
    size_t n = 0;
    for (size_t i = 0; i < memory->people.n; i++)
        n += is_first_key(memory, i);
    return n;
}

void memory_free(struct memory *memory)
{
    free(memory->shards);
    free(memory->approvals);
    *memory = (struct memory){0};
}
