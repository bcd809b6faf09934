/* How far the end of a trust has come: of one entry, at each boundary. */
#include "api_routes.h"
#include "desk.h"

#include <trust/cutoff_words.h>

#include <string.h>

static void add_row(struct api_doc *doc, const struct msg_cutoff_row *row)
{
    struct api_doc *item = api_doc_new();
    enum cutoff_state state = (enum cutoff_state)row->state;
    const char *word = cutoff_word(state);
    if (item != NULL) {
        api_put_number(item, NULL, "boundary", row->boundary);
        api_put_text(item, NULL, "name", row->name);
        api_put_text(item, NULL, "state", bytes_of(word, strlen(word)));
        api_put_number(item, NULL, "ms", row->ms);
    }
    api_add_doc(doc, "boundaries", item);
}

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    const struct msg_cutoff_end *end = &message->cutoff_end;
    if (message->type == IPC_CUTOFF_ROW)
        add_row(wait->doc, &message->cutoff_row);
    if (message->type != IPC_CUTOFF_END)
        return;
    if (end->code != E_NONE) {
        api_refuse_code(request, end->code, end->text);
        return;
    }
    const char *word = cutoff_word((enum cutoff_state)end->state);
    api_list(wait->doc, "boundaries");
    api_put_number(wait->doc, NULL, "entry", (int64_t)end->entry);
    api_put_text(wait->doc, NULL, "state", bytes_of(word, strlen(word)));
    api_reply_doc(request, wait->doc, 200);
}

static enum result ask(struct request *request, struct err *err)
{
    static const char *const none[] = {NULL};
    const struct request_view *view = request_view(request);
    struct msg_cutoff_ask message = {.id = view->number};
    struct api_wait *wait = NULL;
    int64_t entry = 0;
    TRY(api_check_query(request, none, err));
    TRY(api_read_number("entry", view->parameters[0], 0, INT64_C(999999999999999999), &entry, err));
    message.entry = (uint64_t)entry;
    memcpy(message.operator_spki, view->peer->spki_hash, sizeof message.operator_spki);
    TRY(api_wait_begin(request, &wait, err));
    wait->take = take;
    return api_ask_core(request, IPC_CUTOFF_ASK, &message, -1, err);
}

void api_cutoff(struct request *request)
{
    struct err err = {0};
    if (ask(request, &err) != OK)
        request_refuse(request, &err);
}
