#include <base/file.h>
#include <cli/identity.h>
#include <cli/profile.h>
#include <cli/progress.h>
#include <cli/session.h>

#include <string.h>

const char *session_text(const struct session *session, const char *name)
{
    return argument_text(session->args, name);
}

enum result session_client(struct session *session, struct client **ret, struct err *err)
{
    if (session->client == NULL) {
        struct profile profile;
        TRY(profile_read(&profile, err));
        TRY(profile_open(&profile, &session->client, err));
        if (!session->is_json)
            identity_warn(&profile);
    }
    *ret = session->client;
    return OK;
}

enum result session_send(struct session *session, const struct api_call *call, json_t **ret,
                         struct err *err)
{
    struct client *client = NULL;
    TRY(session_client(session, &client, err));
    enum result result = api_send(client, call, ret, err);
    progress_clear();
    return result;
}

void session_end(struct session *session)
{
    client_close(session->client);
    session->client = NULL;
}

/* The value that stands for the name between braces; never NULL. */
static const char *value_of(const struct session *session, const char *name, size_t n)
{
    char key[64] = "";
    if (n >= sizeof key)
        return "";
    memcpy(key, name, n);
    if (strcmp(key, "verb") == 0)
        return session->args->command->verb;
    const char *value = session_text(session, key);
    return value != NULL ? value : "";
}

enum result session_expand(const struct session *session, const char *template, bool is_path,
                           char *to, size_t max, struct err *err)
{
    size_t at = 0;
    while (*template != '\0') {
        size_t n = strcspn(template, "{");
        if (at + n >= max)
            return err_set(err, E_USAGE, "the arguments have more than %zu octets", max - 1);
        memcpy(to + at, template, n);
        at += n;
        template += n;
        if (*template != '{')
            continue;
        size_t name = strcspn(template, "}") - 1;
        const char *value = value_of(session, template + 1, name);
        bool fits = is_path ? api_escape(value, to + at, max - at) : strlen(value) < max - at;
        if (!fits)
            return err_set(err, E_USAGE, "the arguments have more than %zu octets", max - 1);
        if (!is_path)
            memcpy(to + at, value, strlen(value) + 1);
        at += strlen(to + at);
        template += name + 2;
    }
    to[at] = '\0';
    return OK;
}

enum result session_read(const char *path, struct blob *ret, struct err *err)
{
    return file_read(path, CLI_FILE_MAX, ret, err);
}
