/* A transfer of ownership: what a side signs is shown from the very bytes. */
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/print.h>

#include <stdio.h>

/* Signs what `asked` has in its member "body", for the step of transfer `number`. */
static enum result sign_step(struct session *session, const json_t *asked, json_int_t number,
                             const char *step, struct err *err)
{
    char signature[APPROVAL_SIGNATURE_TEXT], path[64];
    TRY(approval_sign_body(session, asked, signature, err));
    snprintf(path, sizeof path, "/api/v1/transfers/%lld/%s", (long long)number, step);
    json_auto_t *request = json_pack("{s:s}", "signature", signature);
    json_auto_t *outcome = NULL;
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = request};
    TRY(session_send(session, &call, &outcome, err));
    if (session->is_json)
        print_json(session, outcome);
    else
        fprintf(session->out, "transfer %lld: %s\n", (long long)number,
                json_string_value(json_object_get(outcome, "state")));
    return OK;
}

static bool is_dry(const struct session *session)
{
    return session_text(session, "--dry-run") != NULL;
}

enum result action_transfer_release(struct session *session, const struct plan *plan,
                                    struct err *err)
{
    json_auto_t *outcome = NULL;
    TRY(plan_post(session, plan, &outcome, err));
    TRY(approval_show_body(session, outcome, err));
    if (!is_dry(session))
        return sign_step(session, outcome, json_integer_value(json_object_get(outcome, "object")),
                         "release", err);
    if (session->is_json)
        print_json(session, outcome);
    else
        fputs("would do: release it, signed by you\n", session->out);
    return OK;
}

enum result action_transfer_accept(struct session *session, const struct plan *plan,
                                   struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *transfer = NULL;
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    TRY(plan_get(session, path, &transfer, err));
    TRY(approval_show_body(session, transfer, err));
    if (!is_dry(session))
        return sign_step(session, transfer, json_integer_value(json_object_get(transfer, "id")),
                         "accept", err);
    if (session->is_json)
        print_json(session, transfer);
    else
        fputs("would do: accept it, signed by you\n", session->out);
    return OK;
}
