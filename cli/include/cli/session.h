/* One run of `troth`: what was typed, where the answer goes, and the server behind it. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <base/command.h>
#include <client/api.h>

#define CLI_PATH_MAX 1024
#define CLI_FILE_MAX (64 << 20) /* octets of a file that is sent: an import */

struct session {
    const struct arguments *args;
    FILE *out;
    bool is_json;
    bool is_coloured;
    struct client *client; /* opened by session_client(); freed by session_end() */
    int exit_status;       /* of a run that ends well; 0 unless a check found something */
};

/* The value of an option or argument; NULL when it was not given. */
const char *session_text(const struct session *session, const char *name);

/* The client of the profile that `troth login` wrote (cli/profile.h). */
MUST_USE enum result session_client(struct session *session, struct client **ret, struct err *err);

/* One call of the API as that client, with a sign of life while it takes long. */
MUST_USE enum result session_send(struct session *session, const struct api_call *call,
                                  json_t **ret, struct err *err);

void session_end(struct session *session);

/* `template` with each {NAME} replaced by that argument's value and {verb} by the command's verb;
 * values percent-encoded with `is_path`. An argument that was not given is empty. E_USAGE when the
 * result does not fit. */
MUST_USE enum result session_expand(const struct session *session, const char *template,
                                    bool is_path, char *to, size_t max, struct err *err);

/* Reads a file that the user named: at most CLI_FILE_MAX octets. */
MUST_USE enum result session_read(const char *path, struct blob *ret, struct err *err);

#endif
