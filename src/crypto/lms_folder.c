#include <crypto/lms_folder.h>

#include <base/file.h>
#include <base/rand.h>
#include <crypto/hash.h>

#include "lms_next.h"
#include "lms_secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PUBLIC_FILE "public"
#define SECRET_FILE "secret.pem"
#define TREE_FILE "tree"
#define TREE_MAX (4 << 20)

struct lms_signer {
    int lock;
    struct secret seed;
    struct blob public, nodes;
    struct lms_key key;
    uint32_t next, reserved; /* up to `reserved` may be used */
};

static enum result path_in(const char *folder, const char *name, char ret[LMS_PATH_MAX],
                           struct err *err)
{
    int n = snprintf(ret, LMS_PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= LMS_PATH_MAX)
        return err_set(err, E_USAGE, "the path is too long");
    return OK;
}

bool lms_folder_is_one(const char *path)
{
    char public[LMS_PATH_MAX];
    return path_in(path, PUBLIC_FILE, public, NULL) == OK && file_exists(public);
}

enum result lms_folder_public(const char *path, struct blob *ret, struct err *err)
{
    char public[LMS_PATH_MAX];
    TRY(path_in(path, PUBLIC_FILE, public, err));
    return file_read(public, LMS_PUBLIC_MAX, ret, err);
}

/* ---- making */

static enum result store_file(const char *folder, const char *name, struct bytes octets,
                              struct err *err)
{
    char path[LMS_PATH_MAX];
    TRY(path_in(folder, name, path, err));
    return file_create(path, 0600, octets, err);
}

static enum result store_secret(const char *folder, struct bytes seed,
                                const struct secret *passphrase, struct err *err)
{
    char path[LMS_PATH_MAX];
    TRY(path_in(folder, SECRET_FILE, path, err));
    return lms_secret_store(path, seed, passphrase, err);
}

/* The public key comes last: without it there is no key. */
static enum result store_key(const char *folder, const char *records, const struct lms_key *key,
                             const struct secret *passphrase, struct err *err)
{
    uint8_t space[LMS_PUBLIC_MAX];
    struct buf public = buf_over(space, sizeof space);
    struct lms_places places;
    lms_write_public(&public, key);
    TRY(lms_places_of(folder, records, buf_bytes(&public), &places, err));
    TRY(store_secret(folder, bytes_of(key->seed, key->kind.node_n), passphrase, err));
    TRY(store_file(folder, TREE_FILE, bytes_of(key->nodes, lms_nodes_n(&key->kind)), err));
    TRY(lms_next_make(&places, err));
    return store_file(folder, PUBLIC_FILE, buf_bytes(&public), err);
}

enum result lms_folder_make(const char *path, const char *records, const struct lms_kind *kind,
                            const struct secret *passphrase, struct err *err)
{
    CLEANUP(secret_free) struct secret seed = {0};
    CLEANUP(blob_free) struct blob nodes = {malloc(lms_nodes_n(kind)), lms_nodes_n(kind)};
    struct lms_key key = {.kind = *kind, .nodes = nodes.p};
    if (nodes.p == NULL)
        return err_set(err, E_MEMORY, "no room for the tree");
    TRY(folder_ensure(records, 0700, err));
    if (mkdir(path, 0700) != 0)
        return err_set(err, errno == EEXIST ? E_CONFLICT : E_IO, "%s: %s", path, strerror(errno));
    TRY(secret_new(kind->node_n, &seed, err));
    rand_bytes(seed.p, seed.n);
    rand_bytes(key.id, sizeof key.id);
    key.seed = seed.p;
    lms_grow(&key, nodes.p);
    return store_key(path, records, &key, passphrase, err);
}

/* ---- signing */

void lms_signer_freep(struct lms_signer **signer)
{
    struct lms_signer *it = *signer;
    if (it == NULL)
        return;
    secret_free(&it->seed);
    blob_free(&it->public);
    blob_free(&it->nodes);
    fd_closep(&it->lock);
    free(it);
    *signer = NULL;
}

static enum result read_key(const char *path, const struct secret *passphrase,
                            struct lms_signer *signer, struct err *err)
{
    char file[LMS_PATH_MAX];
    struct lms_key *key = &signer->key;
    struct bytes id, root;
    if (!lms_read_public(blob_bytes(&signer->public), &key->kind, &id, &root))
        return err_set(err, E_KEY, "%s/" PUBLIC_FILE " is no public key of LMS", path);
    memcpy(key->id, id.p, sizeof key->id);
    TRY(path_in(path, TREE_FILE, file, err));
    TRY(file_read(file, TREE_MAX, &signer->nodes, err));
    if (signer->nodes.n != lms_nodes_n(&key->kind))
        return err_set(err, E_KEY, "%s has %zu octets, wanted are %zu", file, signer->nodes.n,
                       lms_nodes_n(&key->kind));
    key->nodes = signer->nodes.p;
    if (!bytes_equal(bytes_of(key->nodes + key->kind.node_n, key->kind.node_n), root))
        return err_set(err, E_KEY, "%s is of another key", file);
    TRY(path_in(path, SECRET_FILE, file, err));
    TRY(lms_secret_load(file, key->kind.node_n, passphrase, &signer->seed, err));
    key->seed = signer->seed.p;
    return OK;
}

static enum result reserve(const struct lms_places *places, uint32_t n, struct lms_signer *signer,
                           struct err *err)
{
    TRY(lms_next_lock(places, &signer->lock, err));
    TRY(lms_next_read(places, &signer->next, err));
    uint32_t count = lms_count(&signer->key.kind);
    if (signer->next > count || n > count - signer->next)
        return err_set(err, E_KEY_SPENT, "of %u indices %u are left, wanted are %u", count,
                       signer->next > count ? 0 : count - signer->next, n);
    TRY(lms_next_write(places, signer->next + n, err));
    signer->reserved = signer->next + n;
    return OK;
}

enum result lms_signer_open(const char *path, const char *records, const struct secret *passphrase,
                            uint32_t n, struct lms_signer **ret, struct err *err)
{
    CLEANUP(lms_signer_freep) struct lms_signer *signer = calloc(1, sizeof *signer);
    struct lms_places places;
    if (signer == NULL)
        return err_set(err, E_MEMORY, "no room for a key");
    signer->lock = -1;
    TRY(lms_folder_public(path, &signer->public, err));
    TRY(read_key(path, passphrase, signer, err));
    TRY(folder_ensure(records, 0700, err));
    TRY(lms_places_of(path, records, blob_bytes(&signer->public), &places, err));
    TRY(reserve(&places, n, signer, err));
    *ret = STEAL(signer);
    return OK;
}

enum result lms_signer_sign(struct lms_signer *signer, struct bytes message, struct blob *ret,
                            struct err *err)
{
    uint8_t random[LMS_NODE_MAX], *space = malloc(LMS_SIGNATURE_MAX);
    CLEANUP(blob_free) struct blob made = {space, 0};
    struct buf b = buf_over(space, LMS_SIGNATURE_MAX);
    if (space == NULL)
        return err_set(err, E_MEMORY, "no room for a signature");
    if (signer->next >= signer->reserved)
        return err_set(err, E_KEY_SPENT, "all indices that were reserved are used");
    uint32_t index = signer->next++;
    if (!lms_leads_to_root(&signer->key, index))
        return err_set(err, E_KEY, "seed and tree do not lead to the public key");
    rand_bytes(random, sizeof random);
    lms_write_signature(&b, &signer->key, index, random, message);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "a signature is longer than it can be");
    made.n = b.n;
    *ret = made;
    made = (struct blob){0};
    return OK;
}

uint32_t lms_signer_left(const struct lms_signer *signer)
{
    return lms_count(&signer->key.kind) - signer->reserved;
}
