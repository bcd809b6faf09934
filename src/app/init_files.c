#include "init_files.h"

#include <base/file.h>
#include <ipc/role.h>
#include <signer/signer.h>

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAGING ".init"

struct init_path init_path(const char *format, ...)
{
    struct init_path path;
    va_list list;

    va_start(list, format);
    vsnprintf(path.text, sizeof(path.text), format, list);
    va_end(list);
    return path;
}

static int remove_one(const char *path, const struct stat *stat, int flag, struct FTW *ftw)
{
    (void)stat;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* Best effort: what stays is found and named by the next init. */
static void remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void staging_abandon(const struct config *config)
{
    remove_tree(init_path("%s/" STAGING, config->data).text);
}

/* An init that was killed between two renames left folders that nobody has used yet: there is
 * nothing in the journal of the one, and nothing in the other. */
static enum result clear_remains(const struct config *config, struct err *err)
{
    struct init_path signer = init_path("%s/" ROLE_FOLDER_SIGNER, config->data);
    struct init_path store = init_path("%s/" ROLE_FOLDER_STORE, config->data);
    struct init_path journal = init_path("%s/journal", signer.text);

    staging_abandon(config);
    if (signer_has_used_journal(journal.text))
        return err_set(err, E_CONFLICT, "%s is in use", signer.text);
    if (rmdir(store.text) != 0 && errno != ENOENT)
        return err_set(err, E_CONFLICT, "%s: %s", store.text, strerror(errno));
    remove_tree(signer.text);
    return OK;
}

enum result staging_begin(const struct config *config, struct err *err)
{
    struct init_path ca = init_path("%s/ca", config->data);
    struct init_path csr = init_path("%s/csr", config->data);

    if (file_exists(ca.text))
        return err_set(err, E_CONFLICT, "%s exists: this installation is complete", ca.text);
    if (file_exists(csr.text))
        return err_set(err, E_CONFLICT,
                       "%s exists: its requests wait for their certificates (trothd init --accept)",
                       csr.text);
    TRY(folder_ensure(config->data, 0755, err));
    TRY(clear_remains(config, err));
    return folder_ensure(init_path("%s/" STAGING, config->data).text, 0700, err);
}

static enum result move_one(const struct config *config, const char *name, struct err *err)
{
    struct init_path from = init_path("%s/" STAGING "/%s", config->data, name);
    struct init_path to = init_path("%s/%s", config->data, name);

    if (rename(from.text, to.text) != 0)
        return err_set(err, E_IO, "%s: %s", to.text, strerror(errno));
    return OK;
}

enum result staging_end(const struct config *config, const char *const *names, struct err *err)
{
    enum result result = OK;
    size_t moved = 0;

    while (names[moved] != NULL && result == OK) {
        result = move_one(config, names[moved], err);
        if (result == OK)
            moved++;
    }
    if (result == OK)
        result = folder_sync(config->data, err);
    while (result != OK && moved > 0)
        remove_tree(init_path("%s/%s", config->data, names[--moved]).text);
    staging_abandon(config);
    return result;
}

enum result publish_begin(const struct config *config, struct err *err)
{
    TRY(folder_ensure(config->public_files, 0755, err));
    TRY(folder_ensure(init_path("%s/ca", config->public_files).text, 0755, err));
    return folder_ensure(init_path("%s/crl", config->public_files).text, 0755, err);
}

enum result publish_authority(const struct config *config, enum pki_issuer_kind kind,
                              struct bytes certificate, struct err *err)
{
    struct init_path path = init_path("%s/ca/%d.cer", config->public_files, (int)kind);

    return file_write(path.text, 0644, certificate, err);
}
