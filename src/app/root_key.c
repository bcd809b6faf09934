/* The root's key does not belong on the server. */
#include <app/init.h>

#include <base/file.h>

#include "init_files.h"

#include <string.h>
#include <unistd.h>

static enum result check_path(const char *path, struct err *err)
{
    if (access(path, R_OK) != 0)
        return OK;
    return err_set(err, E_ROOT_ONLINE, "%s is the root's key", path);
}

enum result root_key_must_be_away(const struct config *config, struct err *err)
{
    CLEANUP(blob_free) struct blob written = {0};
    struct init_path note = init_path("%s/signer/root-file", config->data);

    TRY(check_path(init_path("%s/root.pem", config->data).text, err));
    if (!file_exists(note.text)) /* the root is elsewhere and always was */
        return OK;
    TRY(file_read(note.text, INIT_PATH_MAX - 1, &written, err));
    return check_path(init_path("%.*s", (int)written.n, (const char *)written.p).text, err);
}
