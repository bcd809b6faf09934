#include "memory.h"

#include <stdlib.h>

static bool is_same_shard(struct crl_shard a, struct crl_shard b)
{
    return a.issuer == b.issuer && a.expiry_class == b.expiry_class && a.part == b.part;
}

static struct memory_shard *find_shard(const struct memory *memory, struct crl_shard shard)
{
    for (size_t i = 0; i < memory->shards_n; i++)
        if (is_same_shard(memory->shards[i].shard, shard))
            return &memory->shards[i];
    return NULL;
}

static enum result check_certificate(const struct memory *memory, const struct record *record,
                                     struct err *err)
{
    struct serial_parts parts;

    if (record->issuer >= PKI_ISSUER_COUNT ||
        !serial_split(bytes_of(record->serial, SERIAL_N), &parts))
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

enum result memory_check(const struct memory *memory, const struct record *record, struct err *err)
{
    switch (record->kind) {
    case RECORD_CERTIFICATE:
        return check_certificate(memory, record, err);
    case RECORD_CRL:
        return check_crl(memory, record, err);
    case RECORD_CHECKPOINT:
        return check_checkpoint(memory, record, err);
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

enum result memory_add(struct memory *memory, const struct record *record, struct err *err)
{
    struct serial_parts parts;

    if (record->kind == RECORD_CRL)
        return add_crl(memory, record, err);
    if (record->kind == RECORD_CHECKPOINT) {
        memory->size = record->size;
        memcpy(memory->root, record->hash, sizeof(memory->root));
        return OK;
    }
    if (!serial_split(bytes_of(record->serial, SERIAL_N), &parts))
        return err_set(err, E_BUG, "the serial is not one of ours");
    memory->next[record->issuer][parts.expiry_class] = (uint64_t)parts.number + 1;
    return OK;
}

void memory_free(struct memory *memory)
{
    free(memory->shards);
    *memory = (struct memory){0};
}
