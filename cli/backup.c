/* troth backup: trothd makes or verifies one, and the server is told of it, in whose ledger that
 * counts (TD-45). */
#include <cli/actions.h>
#include <cli/local.h>
#include <cli/print.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_N 44 /* base64 of 32 octets */

/* What the checkpoint of a backup says in its second and third line. */
struct checkpoint {
    int64_t size;
    char root[ROOT_N + 1];
};

static enum result parse(const char *path, const char *text, struct checkpoint *ret,
                         struct err *err)
{
    const char *size = strchr(text, '\n');
    const char *root = size != NULL ? strchr(size + 1, '\n') : NULL;
    const char *end = root != NULL ? strchr(root + 1, '\n') : NULL;
    char *digits_end = NULL;
    if (end == NULL || end - root - 1 != ROOT_N)
        return err_set(err, E_BACKUP, "%s: wanted a checkpoint: origin, size and root, a line each",
                       path);
    ret->size = strtoll(size + 1, &digits_end, 10);
    if (digits_end != root || ret->size <= 0)
        return err_set(err, E_BACKUP, "%s: its second line is no number of entries", path);
    memcpy(ret->root, root + 1, ROOT_N);
    ret->root[ROOT_N] = '\0';
    return OK;
}

static enum result read_checkpoint(const char *folder, struct checkpoint *ret, struct err *err)
{
    char path[CLI_PATH_MAX], text[4096];
    CLEANUP(blob_free) struct blob blob = {0};
    int n = snprintf(path, sizeof path, "%s/checkpoint", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, E_USAGE, "a path above %d octets", CLI_PATH_MAX);
    TRY(session_read(path, &blob, err));
    n = snprintf(text, sizeof text, "%.*s", (int)blob_bytes(&blob).n,
                 (const char *)blob_bytes(&blob).p);
    return parse(path, text, ret, err);
}

static enum result note(struct session *session, const struct plan *plan, const char *kind,
                        struct err *err)
{
    char path[CLI_PATH_MAX];
    struct checkpoint made = {0};
    json_auto_t *body = NULL, *outcome = NULL;
    TRY(read_checkpoint(session_text(session, "FOLDER"), &made, err));
    TRY(plan_path(session, plan, path, sizeof path, err));
    body = json_pack("{s:s, s:I, s:s}", "kind", kind, "size", (json_int_t)made.size, "root",
                     made.root);
    struct api_call call = {.method = CLIENT_POST, .path = path, .body = body};
    TRY(session_send(session, &call, &outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else if (json_is_true(json_object_get(outcome, "dry_run")))
        fprintf(session->out, "would note: %s, %" PRId64 " entries, root %s\n", kind, made.size,
                made.root);
    else
        fprintf(session->out, "noted: %s, %" PRId64 " entries, root %s (ledger entry %lld)\n", kind,
                made.size, made.root,
                (long long)json_integer_value(json_object_get(outcome, "entry")));
    return OK;
}

static enum result make(struct session *session, const struct plan *plan, struct err *err)
{
    const char *folder = session_text(session, "FOLDER");
    const char *config = session_text(session, "--config");
    const char *const words[] = {"trothd", "backup", folder, config != NULL ? "--config" : NULL,
                                 config,   NULL};
    struct err untold = {0};
    TRY(local_trothd(session, words, err));
    if (session->exit_status != 0)
        return OK; /* it said why */
    if (note(session, plan, "made", &untold) != OK)
        fprintf(stderr,
                "The backup is made, and the server does not know of it: E%d %s\n"
                "Where `troth login` was done: troth backup %s --note\n",
                untold.code, untold.text, folder);
    return OK;
}

static enum result drill(struct session *session, const struct plan *plan, struct err *err)
{
    const char *const words[] = {"trothd", "restore", "--verify", session_text(session, "FOLDER"),
                                 NULL};
    TRY(local_trothd(session, words, err));
    return session->exit_status != 0 ? OK : note(session, plan, "drilled", err);
}

enum result action_backup(struct session *session, const struct plan *plan, struct err *err)
{
    bool is_note = session_text(session, "--note") != NULL;
    bool is_drill = session_text(session, "--drilled") != NULL;
    bool is_dry = session_text(session, "--dry-run") != NULL;
    if (is_note && is_drill)
        return err_set(err, E_USAGE, "wanted is --note or --drilled, not both");
    if (is_dry && !is_note && !is_drill)
        return err_set(err, E_USAGE, "--dry-run wants --note or --drilled beside it");
    if (is_note)
        return note(session, plan, "made", err);
    return is_drill ? drill(session, plan, err) : make(session, plan, err);
}
