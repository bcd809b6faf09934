/* What the last CRLs say: revocations that the backup does not know, whose only other trace is the
 * hash of each list in the signer's journal. */
#include "restore.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <crypto/verify.h>

#include <stdlib.h>

#define CRL_FILE_MAX (8 << 20)

/* The last list of each shard that the journal knows. */
struct newest {
    struct signer_list *list;
    size_t n, max;
};

static struct signer_list *find(const struct newest *newest, struct crl_shard shard)
{
    for (size_t i = 0; i < newest->n; i++)
        if (crl_shard_is(newest->list[i].shard, shard))
            return &newest->list[i];
    return NULL;
}

static enum result keep_newest(void *ctx, const struct signer_list *list, struct err *err)
{
    struct newest *newest = ctx;
    struct signer_list *there = find(newest, list->shard);
    if (there == NULL && newest->n == newest->max) {
        size_t max = newest->max == 0 ? 64 : 2 * newest->max;
        struct signer_list *more = reallocarray(newest->list, max, sizeof *more);
        if (more == NULL)
            return err_set(err, E_MEMORY, "no memory for the list of CRLs");
        newest->list = more;
        newest->max = max;
    }
    if (there == NULL)
        there = &newest->list[newest->n++];
    *there = *list;
    return OK;
}

static void newest_free(struct newest *newest)
{
    free(newest->list);
}

/* ---- one list ----------------------------------------------------------------------------------
 */

struct found {
    struct blob file;
    struct x509_crl crl;
    uint64_t number; /* 0: there is none */
};

static void found_free(struct found *found)
{
    blob_free(&found->file);
}

/* Of this shard, by its issuer's key. */
static bool is_genuine(struct restore *restore, struct crl_shard shard, const struct x509_crl *crl)
{
    uint8_t room[CRL_URL_MAX];
    struct buf url = buf_over(room, sizeof room);
    struct x509_cert issuer;
    const char *why = NULL;
    struct err unused;
    if (shard.issuer >= PKI_ISSUERS ||
        !x509_read_cert(blob_bytes(&restore->service.issuer_der[shard.issuer]), &issuer, &why))
        return false;
    crl_url(&url, text_bytes(restore->config->public_url), shard);
    return !crl->is_delta && crl->has_idp && bytes_equal(crl->idp_uri, buf_bytes(&url)) &&
           verify_signature(&issuer.key, crl->sig_alg, crl->tbs, crl->signature, &unused) == OK;
}

/* Takes the list in `folder` if it is newer than what was found before. */
static enum result look(struct restore *restore, const char *folder, struct crl_shard shard,
                        struct found *found, struct err *err)
{
    char path[BACKUP_PATH_MAX];
    CLEANUP(found_free) struct found here = {0};
    const char *why = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, crl_file_name(shard).text);
    if (!file_exists(path))
        return OK;
    TRY(file_read(path, CRL_FILE_MAX, &here.file, err));
    if (!x509_read_crl(blob_bytes(&here.file), &here.crl, &why) ||
        !is_genuine(restore, shard, &here.crl))
        return OK;
    here.number = x509_crl_number(&here.crl);
    if (here.number <= found->number)
        return OK;
    struct found old = *found;
    *found = here;
    here = old;
    return OK;
}

static enum result visit_entries(const struct x509_crl *crl, revoked_visit visit, void *ctx,
                                 struct err *err)
{
    struct reader walk = reader_of(crl->entries);
    struct x509_crl_entry entry;
    while (x509_crl_next(&walk, &entry))
        TRY(visit(ctx, &entry, err));
    return OK;
}

/* ---- all ---------------------------------------------------------------------------------------
 */

/* The shards of the copy. Those without a live certificate are looked at as well, for their expired
 * ones may have grace; that their lists are the last that were signed, nobody asks. */
struct shards {
    struct listed_shard {
        struct crl_shard shard;
        bool is_live;
    } * list;
    size_t n, max;
};

static void shards_free(struct shards *shards)
{
    free(shards->list);
}

static struct crl_shard shard_of(const struct shard *shard)
{
    return (struct crl_shard){.issuer = (uint32_t)shard->issuer,
                              .expiry_class = (uint8_t)shard->class,
                              .part = shard->part};
}

static enum result add_shard(void *ctx, const struct shard *shard, struct err *err)
{
    struct shards *shards = ctx;
    if (shards->n == shards->max) {
        size_t max = shards->max == 0 ? 64 : 2 * shards->max;
        struct listed_shard *more = reallocarray(shards->list, max, sizeof *more);
        if (more == NULL)
            return err_set(err, E_MEMORY, "no memory for the list of CRLs");
        shards->list = more;
        shards->max = max;
    }
    shards->list[shards->n++] = (struct listed_shard){.shard = shard_of(shard)};
    return OK;
}

static enum result mark_live(void *ctx, const struct shard *shard, struct err *err)
{
    (void)err;
    struct shards *shards = ctx;
    for (size_t i = 0; i < shards->n; i++)
        if (crl_shard_is(shards->list[i].shard, shard_of(shard)))
            shards->list[i].is_live = true;
    return OK;
}

/* Without a journal nobody knows which list was the last. */
static void count(const struct restore *restore, const struct found *found,
                  const struct signer_list *last, struct restore_lists *ret)
{
    uint8_t hash[SHA256_N];
    if (found->number == 0) {
        ret->missing += last != NULL || restore->journal_is_lost;
        return;
    }
    sha256(found->crl.tbs, hash);
    bool is_last =
        last != NULL ? memcmp(hash, last->hash, sizeof hash) == 0 : !restore->journal_is_lost;
    ret->current += is_last;
    ret->older += !is_last;
}

enum result restore_lists(struct restore *restore, revoked_visit visit, void *ctx,
                          struct restore_lists *ret, struct err *err)
{
    CLEANUP(newest_free) struct newest newest = {0};
    CLEANUP(shards_free) struct shards shards = {0};
    char published[BACKUP_PATH_MAX], kept[BACKUP_PATH_MAX];
    snprintf(published, sizeof published, "%s/crl", restore->config->public_files);
    snprintf(kept, sizeof kept, "%s/" BACKUP_PUBLIC "/crl", restore->folder);
    const char *folders[] = {published, kept, restore->lists};
    *ret = (struct restore_lists){0};
    TRY(signer_past_lists(restore->past, keep_newest, &newest, err));
    TRY(store_shards(restore->store, restore->now_s - LIMIT_GRACE_S, add_shard, &shards, err));
    TRY(store_shards(restore->store, restore->now_s, mark_live, &shards, err));
    for (size_t i = 0; i < shards.n; i++) {
        CLEANUP(found_free) struct found found = {0};
        for (size_t k = 0; k < LENGTH_OF(folders); k++)
            if (folders[k] != NULL)
                TRY(look(restore, folders[k], shards.list[i].shard, &found, err));
        if (shards.list[i].is_live)
            count(restore, &found, find(&newest, shards.list[i].shard), ret);
        if (found.number != 0 && visit != NULL)
            TRY(visit_entries(&found.crl, visit, ctx, err));
    }
    return OK;
}
