/* The recovery of an operator who lost his key: asked for by another one, or at the server's local
 * socket, and carried by people or the root's key. */
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/print.h>

#include <base/file.h>
#include <client/api.h>
#include <wire/b64.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRIES 50 /* the server certifies within five seconds of the last signature */
#define PAUSE_MS 100

/* ---- what came back ----------------------------------------------------------------------------
 */

/* The bytes that are to be signed, for a machine without a network. */
static enum result keep_bytes(const struct session *session, const json_t *outcome, struct err *err)
{
    const char *path = session_text(session, "--bytes");
    const char *body = json_string_value(json_object_get(outcome, "body"));
    uint8_t space[8192];
    struct buf bytes = buf_over(space, sizeof space);
    if (path == NULL)
        return OK;
    if (body == NULL || !b64_decode(&bytes, bytes_of(body, strlen(body))))
        return err_set(err, E_UNREACHABLE, "the answer has no bytes to sign");
    return file_write(path, 0644, buf_bytes(&bytes), err);
}

/* ---- asked for by another operator -------------------------------------------------------------
 */

static enum result ask_online(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    if (!approval_is_asked(outcome))
        return print_certificate(
            session, outcome, "would do: certify the new key, end the old ones", "recovered", err);
    TRY(keep_bytes(session, outcome, err));
    TRY(approval_tell(session, outcome, err));
    if (!session->is_json)
        fputs("the same command gives the certificate once it is approved\n", session->out);
    return OK;
}

/* ---- asked for at the server -------------------------------------------------------------------
 */

static enum result post_local(struct session *session, struct client *client, bool dry,
                              json_t **ret, struct err *err)
{
    CLEANUP(blob_free) struct blob csr = {0};
    char path[CLI_PATH_MAX];
    const char *wanted = dry ? "/api/v1/operators/{OPERATOR}/recover?dry_run=true"
                             : "/api/v1/operators/{OPERATOR}/recover";
    TRY(session_read(session_text(session, "--csr"), &csr, err));
    TRY(session_expand(session, wanted, true, path, sizeof path, err));
    json_auto_t *body = json_pack("{s:s%}", "csr", csr.p, csr.n);
    if (body == NULL)
        return err_set(err, E_SYNTAX, "--csr is not text; wanted PEM");
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    return api_send(client, &call, ret, err);
}

/* The root's signature goes to the request that this socket made. */
static enum result post_root(const struct session *session, struct client *client, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    char path[CLI_PATH_MAX];
    long long number = (long long)argument_number(session->args, "--approval", 0);
    if (number <= 0)
        return err_set(err, E_USAGE, "--root-signature wants --approval N, the request's number");
    TRY(session_read(session_text(session, "--root-signature"), &file, err));
    snprintf(path, sizeof path, "/api/v1/approvals/%lld/root", number);
    size_t n = file.n > 0 && file.p[file.n - 1] == '\n' ? file.n - 1 : file.n;
    json_auto_t *body = json_pack("{s:s%}", "signature", file.p, n);
    json_auto_t *outcome = NULL;
    if (body == NULL)
        return err_set(err, E_SYNTAX, "--root-signature is not text; wanted base64");
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    return api_send(client, &call, &outcome, err);
}

/* After the root's signature: until the key is certified. Asked dry, for else each would be one
 * more request. */
static enum result wait_for_certificate(struct session *session, struct client *client,
                                        json_t **ret, struct err *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    for (int i = 0; i < TRIES; i++) {
        json_auto_t *seen = NULL;
        TRY(post_local(session, client, true, &seen, err));
        if (json_integer_value(json_object_get(seen, "unchanged")) > 0)
            return post_local(session, client, false, ret, err);
        nanosleep(&pause, NULL);
    }
    return err_set(err, E_UNREACHABLE, "the request was signed and nothing came: see the log");
}

static enum result tell_request(struct session *session, const json_t *outcome, struct err *err)
{
    TRY(keep_bytes(session, outcome, err));
    TRY(approval_show_body(session, outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else
        fprintf(
            session->out,
            "approval %lld: the root's key signs it, on the machine where that is: troth approval "
            "sign --file BYTES --root-key FILE --root-passphrase-file FILE --out SIGNATURE\n",
            (long long)json_integer_value(json_object_get(outcome, "approval")));
    return OK;
}

static enum result ask_local(struct session *session, struct err *err)
{
    struct client_options options = {.socket = session_text(session, "--socket")};
    CLEANUP(client_closep) struct client *client = NULL;
    json_auto_t *outcome = NULL;
    TRY(client_open(&options, &client, err));
    if (session_text(session, "--root-signature") == NULL) {
        TRY(post_local(session, client, session_text(session, "--dry-run") != NULL, &outcome, err));
    } else {
        TRY(post_root(session, client, err));
        TRY(wait_for_certificate(session, client, &outcome, err));
    }
    return approval_is_asked(outcome)
               ? tell_request(session, outcome, err)
               : print_certificate(session, outcome,
                                   "would do: certify the new key, end the old ones", "recovered",
                                   err);
}

enum result action_operator_recover(struct session *session, const struct plan *plan,
                                    struct err *err)
{
    return session_text(session, "--socket") != NULL ? ask_local(session, err)
                                                     : ask_online(session, plan, err);
}

enum result action_approval_root(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    char path[CLI_PATH_MAX];
    json_auto_t *outcome = NULL;
    TRY(session_read(session_text(session, "SIGNATURE"), &file, err));
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    size_t n = file.n > 0 && file.p[file.n - 1] == '\n' ? file.n - 1 : file.n;
    json_auto_t *body = json_pack("{s:s%}", "signature", file.p, n);
    if (body == NULL)
        return err_set(err, E_SYNTAX, "SIGNATURE is not text; wanted base64");
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    TRY(session_send(session, &call, &outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else
        fputs("the root's signature is on it\n", session->out);
    return OK;
}
