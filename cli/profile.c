#include <base/file.h>
#include <cli/profile.h>
#include <cli/progress.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROFILE_BYTES 16384

static const struct member {
    const char *name;
    size_t offset;
} members[] = {
    {"server", offsetof(struct profile, server)},
    {"certificate", offsetof(struct profile, certificate)},
    {"key", offsetof(struct profile, key)},
    {"root", offsetof(struct profile, root)},
};

/* An environment variable that says something. */
static const char *said(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static enum result profile_path(char *to, size_t max, struct err *err)
{
    const char *file = said("TROTH_CONFIG"), *config = said("XDG_CONFIG_HOME"),
               *home = said("HOME");
    int n = -1;
    if (file != NULL)
        n = snprintf(to, max, "%s", file);
    else if (config != NULL)
        n = snprintf(to, max, "%s/troth/config.json", config);
    else if (home != NULL)
        n = snprintf(to, max, "%s/.config/troth/config.json", home);
    if (n < 0 || (size_t)n >= max)
        return err_set(err, E_USAGE, "no place for the profile: set HOME or TROTH_CONFIG");
    return OK;
}

static enum result folder_of(char *path, struct err *err)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return err_set(err, E_USAGE, "'%.200s' has no folder; wanted an absolute path", path);
    *slash = '\0';
    return OK;
}

/* Makes the folder and the one above it. */
static enum result ensure_folders(char *path, struct err *err)
{
    char above[CLI_PATH_MAX];
    snprintf(above, sizeof above, "%s", path);
    char *slash = strrchr(above, '/');
    if (slash != NULL && slash != above) {
        *slash = '\0';
        TRY(folder_ensure(above, 0700, err));
    }
    return folder_ensure(path, 0700, err);
}

enum result profile_folder(char *to, size_t max, struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(profile_path(path, sizeof path, err));
    TRY(folder_of(path, err));
    TRY(ensure_folders(path, err));
    if (strlen(path) >= max)
        return err_set(err, E_USAGE, "the profile's folder has more than %zu octets", max - 1);
    memcpy(to, path, strlen(path) + 1);
    return OK;
}

static enum result take_members(const json_t *root, const char *path, struct profile *to,
                                struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        const char *text = json_string_value(json_object_get(root, members[i].name));
        if (text == NULL || strlen(text) >= CLI_PATH_MAX)
            return err_set(err, E_CONFIG, "%s: '%s' is missing; `troth login` writes it", path,
                           members[i].name);
        snprintf((char *)to + members[i].offset, CLI_PATH_MAX, "%s", text);
    }
    return OK;
}

enum result profile_read(struct profile *ret, struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(profile_path(path, sizeof path, err));
    if (!file_exists(path))
        return err_set(err, E_USAGE,
                       "%s is not there: which server? `troth login` or `troth operator bootstrap`",
                       path);
    CLEANUP(blob_free) struct blob text = {0};
    TRY(file_read(path, PROFILE_BYTES, &text, err));
    json_error_t why;
    json_auto_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return err_set(err, E_CONFIG, "%s:%d: %s", path, why.line, why.text);
    struct profile profile = {0};
    TRY(take_members(root, path, &profile, err));
    *ret = profile;
    return OK;
}

static void free_text(char **text)
{
    free(*text);
}

enum result profile_write(const struct profile *profile, struct err *err)
{
    char path[CLI_PATH_MAX], folder[CLI_PATH_MAX];
    TRY(profile_path(path, sizeof path, err));
    TRY(profile_folder(folder, sizeof folder, err));
    json_auto_t *root = json_pack("{s:s, s:s, s:s, s:s}", "server", profile->server, "certificate",
                                  profile->certificate, "key", profile->key, "root", profile->root);
    CLEANUP(free_text) char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    if (text == NULL)
        return err_set(err, E_SYNTAX, "the profile's paths are not UTF-8");
    return file_write(path, 0600, bytes_of(text, strlen(text)), err);
}

enum result profile_remove(struct err *err)
{
    char path[CLI_PATH_MAX];
    TRY(profile_path(path, sizeof path, err));
    if (unlink(path) != 0 && errno != ENOENT)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    return OK;
}

enum result profile_open(const struct profile *profile, struct client **ret, struct err *err)
{
    struct client_options options = {
        .server = profile->server,
        .root_file = profile->root,
        .certificate_file = profile->certificate,
        .key_file = profile->key,
        .progress = progress_show,
    };
    return client_open(&options, ret, err);
}
