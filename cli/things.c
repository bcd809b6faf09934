/* Products and certificates: one of them in full. The ledger's checkpoint. */
#include <cli/actions.h>
#include <cli/imports.h>
#include <cli/print.h>

#include <string.h>

struct search {
    const char *name;
    json_t *found;
};

static bool is_not_wanted(void *context, const json_t *item)
{
    struct search *search = context;
    const char *name = json_string_value(json_object_get(item, "name"));
    if (name == NULL || strcmp(name, search->name) != 0)
        return true;
    search->found = json_deep_copy(item);
    return false;
}

enum result action_named_show(struct session *session, const struct plan *plan, struct err *err)
{
    const char *product = session_text(session, "PRODUCT");
    struct search search = {.name = product != NULL ? product : session_text(session, "NAME")};
    TRY(plan_walk(session, plan, is_not_wanted, &search, err));
    json_auto_t *found = search.found;
    if (found == NULL)
        return err_set(err, E_NOT_FOUND, "there is no %s '%s'", session->args->command->noun,
                       err_value(bytes_of(search.name, strlen(search.name))).text);
    if (session->is_json)
        print_json(session, found);
    else
        print_details(session, plan->columns, found);
    return OK;
}

enum result action_cert_show(struct session *session, const struct plan *plan, struct err *err)
{
    struct err why = {0};
    bool is_foreign = false;
    if (plan_show(session, plan, &why) != OK) {
        if (why.code == E_NOT_FOUND)
            TRY(foreign_show(session, &is_foreign, err));
        return is_foreign ? OK : err_set(err, why.code, "%s", why.text);
    }
    if (session->is_json)
        return OK;
    char path[CLI_PATH_MAX];
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    json_auto_t *answer = NULL;
    TRY(plan_get(session, path, &answer, err));
    const char *pem = json_string_value(json_object_get(answer, "pem"));
    print_lines(session, pem != NULL ? pem : "");
    return OK;
}

enum result action_checkpoint(struct session *session, const struct plan *plan, struct err *err)
{
    struct client *client = NULL;
    TRY(session_client(session, &client, err));
    struct client_request request = {.method = CLIENT_GET, .path = plan->path};
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    TRY(client_send(client, &request, API_TRIES, &answer, err));
    if (answer.status != 200)
        return api_error(&answer, err);
    if (session->is_json) {
        json_auto_t *note = json_pack("{s:s%}", "checkpoint", answer.body.p, answer.body.n);
        if (note == NULL)
            return err_set(err, E_UNREACHABLE, "the checkpoint is not text");
        print_json(session, note);
        return OK;
    }
    fwrite(answer.body.p, 1, answer.body.n, session->out);
    return OK;
}
