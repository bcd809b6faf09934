/* The first step: the root's key is made, split, and forgotten. */
#include "root_ceremony.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_S INT64_C(86400)
#define FACTS_MAX 8192
#define SET_HEX_N (2 * SHARE_SET_N)

struct set_hex {
    char text[SET_HEX_N + 1];
};

static struct set_hex set_hex_of(const uint8_t id[SHARE_SET_N])
{
    struct set_hex hex = {""};
    struct buf b = buf_over(hex.text, SET_HEX_N);
    hex_encode(&b, bytes_of(id, SHARE_SET_N));
    return hex;
}

/* ---- folders --------------------------------------------------------------------------------- */

/* A folder as the system knows it, so that two names of one are seen. */
static enum result real_folder(const char *path, struct init_path *ret, struct err *err)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return err_set(err, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
    *ret = init_path("%s", real);
    free(real);
    return OK;
}

/* Two shares in one folder would be carried away together, and FOLDER is for everybody. */
static enum result check_folders(const struct root_beginning *beginning, struct err *err)
{
    struct init_path seen[SHARES_MOST + 1];
    size_t n = 0;
    if (beginning->shares_n > SHARES_MOST)
        return err_set(err, E_USAGE, "%zu folders for shares, wanted at most %d",
                       beginning->shares_n, SHARES_MOST);
    TRY(real_folder(beginning->folder, &seen[n++], err));
    for (size_t i = 0; i < beginning->shares_n; i++) {
        TRY(real_folder(beginning->shares[i], &seen[n], err));
        for (size_t j = 0; j < n; j++)
            if (strcmp(seen[n].text, seen[j].text) == 0)
                return err_set(err, E_USAGE, "%s is there twice: each share wants its own folder",
                               beginning->shares[i]);
        n++;
    }
    return OK;
}

static struct init_path share_path(const struct root_beginning *beginning, size_t i,
                                   const char *set)
{
    return init_path("%s/share-%s-%zu.txt", beginning->shares[i], set, i + 1);
}

static struct init_path unfinished_path(const struct root_beginning *beginning)
{
    return init_path("%s/unfinished", beginning->folder);
}

static bool is_set_hex(struct bytes text)
{
    uint8_t room[SHARE_SET_N];
    struct buf b = buf_over(room, sizeof room);
    return text.n == SET_HEX_N && hex_decode(&b, text);
}

/* All of one set's shares in a folder, also one that was half written. */
static enum result remove_shares(const char *folder, const char *set, struct err *err)
{
    struct init_path begins = init_path("share-%s-", set);
    DIR *open = opendir(folder);
    if (open == NULL)
        return err_set(err, E_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open))
        if (strncmp(entry->d_name, begins.text, strlen(begins.text)) == 0)
            (void)unlinkat(dirfd(open), entry->d_name, 0);
    closedir(open);
    return OK;
}

/* What a beginning left that came to no end: nobody has a certificate of that root. */
static enum result clear_unfinished(const struct root_beginning *beginning, struct err *err)
{
    CLEANUP(blob_free) struct blob set = {0};
    struct init_path path = unfinished_path(beginning);
    char hex[SET_HEX_N + 1] = "";
    if (!file_exists(path.text))
        return OK;
    TRY(file_read(path.text, SET_HEX_N, &set, err));
    if (!is_set_hex(blob_bytes(&set)))
        return err_set(err, E_TRANSCRIPT, "%s names no set of shares: remove it", path.text);
    memcpy(hex, set.p, SET_HEX_N);
    for (size_t i = 0; i < beginning->shares_n; i++)
        TRY(remove_shares(beginning->shares[i], hex, err));
    return unlink(path.text) == 0 ? OK : err_set(err, E_IO, "%s: %s", path.text, strerror(errno));
}

/* ---- the key --------------------------------------------------------------------------------- */

static enum result make_root(const struct root_beginning *beginning, struct root_read *root,
                             struct err *err)
{
    char tag[ISSUER_TAG_N];
    int64_t from_s = beginning->now_s - DAY_S;
    issuer_make_tag(tag);
    struct common_name name = issuer_common_name(PKI_ISSUER_ROOT, tag);
    TRY(key_generate(beginning->kind, &root->key, err));
    struct authority authority = {
        .kind = PKI_ISSUER_ROOT,
        .common_name = bytes_of(name.text, strlen(name.text)),
        .spki = key_spki(root->key),
        .not_before_s = from_s,
        .not_after_s = from_s + ROOT_VALIDITY_S,
    };
    return issuer_make(&authority, NULL, root->key, beginning->url, &root->certificate, err);
}

static enum result split(const struct root_beginning *beginning, const struct root_read *root,
                         struct share_list *ret, struct err *err)
{
    CLEANUP(secret_free) struct secret number = {0};
    TRY(key_number(root->key, &number, err));
    return shares_split(secret_bytes(&number), beginning->needed, (unsigned)beginning->shares_n,
                        ret, err);
}

/* ---- what is written ------------------------------------------------------------------------- */

/* What lies in the folder is the share, read as its holder's will be. */
static enum result read_back(const char *path, const struct share *wanted, struct err *err)
{
    CLEANUP(secret_free) struct secret text = {0};
    CLEANUP(share_list_free) struct share_list read = {0};
    TRY(share_list_new(1, &read, err));
    TRY(secret_read_file(path, SHARE_TEXT_MAX, &text, err));
    TRY(share_read(secret_bytes(&text), share_at(&read, 0), err));
    if (!secret_equal(bytes_of(wanted, sizeof *wanted),
                      bytes_of(share_at(&read, 0), sizeof *wanted)))
        return err_set(err, E_IO, "%s: what was read is not what was written", path);
    return OK;
}

static enum result write_share(const char *path, const struct share *share, struct err *err)
{
    CLEANUP(secret_free) struct secret text = {0};
    TRY(secret_new(SHARE_TEXT_MAX, &text, err));
    struct buf b = buf_over(text.p, text.n);
    share_write(share, &b);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "no room for a share");
    TRY(file_create(path, 0600, buf_bytes(&b), err));
    return read_back(path, share, err);
}

static enum result write_shares(const struct root_beginning *beginning,
                                const struct share_list *list, struct err *err)
{
    struct set_hex set = set_hex_of(share_at(list, 0)->set);
    TRY(file_write(unfinished_path(beginning).text, 0644, bytes_of(set.text, SET_HEX_N), err));
    for (size_t i = 0; i < list->n; i++)
        TRY(write_share(share_path(beginning, i, set.text).text, share_at(list, i), err));
    return OK;
}

static void put_facts(struct buf *b, const struct root_beginning *beginning,
                      const struct share_set *set, struct bytes certificate)
{
    lines_put(b, "url %s\n", beginning->url);
    lines_put(b, "algorithm %s\n", key_kind_name(beginning->kind));
    lines_put(b, "set %s\n", set_hex_of(set->id).text);
    lines_put(b, "set-name %s\n", share_set_name_of(set->id).text);
    lines_put(b, "needed %u\nof %u\n", set->needed, set->of);
    for (unsigned i = 0; i < set->of; i++) {
        lines_put(b, "share %u ", i + 1);
        hex_encode(b, bytes_of(set->digests[i], sizeof set->digests[i]));
        lines_put(b, "\n");
    }
    lines_put(b, "certificate ");
    b64_encode(b, certificate);
    lines_put(b, "\n");
}

static enum result write_public(const struct root_beginning *beginning,
                                const struct share_list *list, struct bytes certificate,
                                struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {.folder = beginning->folder};
    uint8_t room[FACTS_MAX];
    struct buf facts = buf_over(room, sizeof room);
    struct share_set set;
    share_set_of(list, &set);
    put_facts(&facts, beginning, &set, certificate);
    struct transcript_entry entry = {TRANSCRIPT_BEGIN, beginning->now_s, beginning->present,
                                     buf_bytes(&facts)};
    TRY(pem_write(certificate, PEM_CERTIFICATE, &pem, err));
    TRY(file_write(init_path("%s/root.pem", beginning->folder).text, 0644, blob_bytes(&pem), err));
    return root_ceremony_add(&ceremony, &entry, err);
}

static enum result check_order(const struct root_beginning *beginning, struct err *err)
{
    size_t n = strlen(beginning->url);
    if (!config_is_public_url(beginning->url) || n >= CONFIG_URL_MAX)
        return err_set(err, E_USAGE,
                       "--url %s, wanted http://HOST[:PORT][/PATH] without a slash at its end",
                       err_value(bytes_of(beginning->url, n)).text);
    if (!transcript_is_text(text_bytes(beginning->present)))
        return err_set(err, E_USAGE, "--present %s, wanted UTF-8 without controls",
                       err_value(text_bytes(beginning->present)).text);
    if (beginning->kind != KEY_P256 && beginning->kind != KEY_P384)
        return err_set(err, E_USAGE, "a root in shares has a key of p256 or p384");
    return OK;
}

enum result root_ceremony_begin(const struct root_beginning *beginning, struct err *err)
{
    CLEANUP(root_read_free) struct root_read root = {0};
    CLEANUP(share_list_free) struct share_list list = {0};
    TRY(crypto_start(err));
    TRY(check_order(beginning, err));
    if (file_exists(init_path("%s/transcript.txt", beginning->folder).text))
        return err_set(err, E_CEREMONY,
                       "%s has a transcript: it is begun; the next step is "
                       "restore-test",
                       beginning->folder);
    TRY(folder_ensure(beginning->folder, 0755, err));
    TRY(check_folders(beginning, err));
    TRY(clear_unfinished(beginning, err));
    TRY(make_root(beginning, &root, err));
    TRY(split(beginning, &root, &list, err));
    TRY(write_shares(beginning, &list, err));
    TRY(write_public(beginning, &list, blob_bytes(&root.certificate), err));
    return unlink(unfinished_path(beginning).text) == 0
               ? folder_sync(beginning->folder, err)
               : err_set(err, E_IO, "%s: %s", unfinished_path(beginning).text, strerror(errno));
}
