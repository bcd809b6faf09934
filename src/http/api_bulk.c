/* One verb on many devices: what selects them goes to core, which counts them and answers when it
 * began, or with the request that waits for another person. */
#include "api_routes.h"
#include "api_shapes.h"
#include "api_words.h"
#include "desk.h"

#include <base/file.h>
#include <base/limits.h>

#include <string.h>

#define COUNT_MS 60000 /* core counts 100,000 devices in two seconds */
#define ROW_MS 1       /* and may take so long for each that a list names */

static void show(struct api_doc *doc, const struct msg_bulk_answer *answer)
{
    api_put(doc, NULL, shape_reach, answer);
    api_put(doc, "states", shape_reach_states, answer);
    api_put(doc, "certificates", shape_reach_certificates, answer);
}

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    const struct msg_verb_answer *verb = &message->verb_answer;
    if (message->type == IPC_BULK_ANSWER) {
        api_put_flag(wait->doc, "dry_run", wait->is_dry_run);
        show(wait->doc, &message->bulk_answer);
        api_reply_doc(request, wait->doc, 200);
    } else if (message->type == IPC_VERB_ANSWER && verb->code != E_NONE) {
        api_refuse_code(request, verb->code, verb->text);
    } else if (message->type == IPC_VERB_ANSWER) {
        api_put(wait->doc, NULL, shape_waiting, verb);
        api_reply_doc(request, wait->doc, 202);
    }
}

/* Hands it to core, with the list when there is one. */
static enum result ask(struct request *request, const struct msg_bulk *bulk, int list,
                       struct err *err)
{
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->take = take;
    wait->is_dry_run = bulk->dry_run != 0;
    return api_ask_core(request, IPC_BULK, bulk, list, err);
}

static void put_asked(struct msg_bulk *bulk, const struct msg_clock_accept *asked)
{
    bulk->id = asked->id;
    bulk->request = asked->request;
    bulk->key = asked->key;
    bulk->dry_run = asked->dry_run;
    memcpy(bulk->operator_spki, asked->operator_spki, sizeof bulk->operator_spki);
}

/* ---- by product, owner, batch ---------------------------------------------------------------- */

static enum result select_by_names(struct request *request, struct err *err)
{
    CLEANUP(api_body_freep) struct api_body *body = NULL;
    struct msg_clock_accept asked = {0};
    struct msg_bulk bulk = {0};
    char key[API_KEY_N];
    TRY(api_read_asked(request, key, &asked, err));
    TRY(api_read(request_view(request)->body, shape_bulk, &bulk, &body, err));
    put_asked(&bulk, &asked);
    request_extend(request, COUNT_MS);
    return ask(request, &bulk, -1, err);
}

void api_bulk(struct request *request)
{
    struct err err = {0};
    if (select_by_names(request, &err) != OK)
        request_refuse(request, &err);
}

/* ---- by a list ------------------------------------------------------------------------------- */

static enum result read_words(const struct request *request, struct msg_bulk *bulk, struct err *err)
{
    struct bytes text;
    if (!request_query(request, "verb", &text))
        return err_set(err, E_SYNTAX, "verb: seen nothing, wanted retire or revoke");
    TRY(api_read_word("verb", text, &words_device_verb, &bulk->verb, err));
    if (request_query(request, "note", &bulk->note) && bulk->note.n > LIMIT_TEXT)
        return err_set(err, E_SYNTAX, "note: seen %zu octets, wanted %d at most", bulk->note.n,
                       LIMIT_TEXT);
    if (!request_query(request, "reason", &text))
        return OK;
    return api_read_word("reason", text, &words_reason, &bulk->reason, err);
}

static enum result select_by_list(struct request *request, struct err *err)
{
    static const char *const names[] = {"dry_run", "verb", "reason", "note", NULL};
    CLEANUP(fd_closep) int fd = -1;
    struct msg_clock_accept asked = {0};
    struct msg_bulk bulk = {.listed = 1};
    uint32_t rows = 0;
    char key[API_KEY_N];
    TRY(api_may_ask(request, err));
    TRY(api_read_asked_of(request, names, key, &asked, err));
    TRY(read_words(request, &bulk, err));
    TRY(api_read_rows(request_view(request)->body, &rows, &fd, err));
    if (fd < 0)
        return err_set(err, E_BULK_LIST, "the list names no device");
    put_asked(&bulk, &asked);
    request_extend(request, COUNT_MS + (int64_t)rows * ROW_MS);
    return ask(request, &bulk, fd, err);
}

void api_bulk_named(struct request *request)
{
    struct err err = {0};
    if (select_by_list(request, &err) != OK)
        request_refuse(request, &err);
}
