/* Questions: one request, one question to the reader, rows until its end. */
#include "api_checklist.h"
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"
#include "api_words.h"
#include "desk.h"

#include <base/limits.h>

#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 100
#define CURSOR_MAX INT64_C(999999999999999999)

/* ---- the question --------------------------------------------------------------------------- */

static enum result read_page(const struct request *request, struct msg_question *question,
                             struct err *err)
{
    struct bytes text;
    int64_t limit = PAGE_ROWS;
    if (request_query(request, "after", &text))
        TRY(api_read_number("after", text, 0, CURSOR_MAX, &question->after, err));
    if (request_query(request, "limit", &text))
        TRY(api_read_number("limit", text, 1, LIMIT_PAGE_ROWS, &limit, err));
    question->limit = (uint32_t)limit;
    return OK;
}

static enum result read_text(const struct request *request, const char *name, size_t most,
                             struct bytes *ret, struct err *err)
{
    if (request_query(request, name, ret) && (ret->n == 0 || ret->n > most))
        return err_set(err, E_SYNTAX, "%s: seen %zu octets, wanted 1 to %zu", name, ret->n, most);
    return OK;
}

static enum result read_name(const struct request *request, const char *name, struct bytes *ret,
                             struct err *err)
{
    return read_text(request, name, LIMIT_NAME, ret, err);
}

static enum result read_filters(const struct request *request, const struct plan *plan,
                                struct msg_question *question, struct err *err)
{
    struct bytes text;
    TRY(read_name(request, "product", &question->product, err));
    TRY(read_name(request, "serial", &question->serial_number, err));
    TRY(read_name(request, "owner", &question->owner, err));
    TRY(read_name(request, "batch", &question->batch, err));
    TRY(read_text(request, "serial_prefix", LIMIT_SERIAL_NUMBER, &question->serial_prefix, err));
    if (request_query(request, "state", &text))
        TRY(api_read_word("state", text, plan->states, &question->state, err));
    if (request_query(request, "issuer", &text))
        TRY(api_read_number("issuer", text, 1, CURSOR_MAX, &question->number, err));
    if (request_query(request, "check", &text))
        TRY(api_read_word("check", text, &words_check, &question->check, err));
    if (request_query(request, "severity", &text))
        TRY(api_read_word("severity", text, &words_severity, &question->severity, err));
    TRY(read_name(request, "service", &question->name, err));
    if (!request_query(request, "all", &text))
        return OK;
    question->number = bytes_equal(text, bytes_text("true"));
    if (question->number == 0 && !bytes_equal(text, bytes_text("false")))
        return err_set(err, E_SYNTAX, "all: seen \"%s\", wanted true or false",
                       err_value(text).text);
    return OK;
}

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    const struct plan *plan = wait->plan;
    const struct msg_answer_end *end = &message->answer_end;
    if (message->type != IPC_ANSWER_END)
        plan->row(wait, message);
    else if (end->code != E_NONE)
        api_refuse_code(request, end->code, end->text);
    else
        plan->end(request, wait, end->next);
}

static enum result ask(struct request *request, const struct plan *plan,
                       struct msg_question *question, struct err *err)
{
    const struct request_view *view = request_view(request);
    TRY(api_check_query(request, plan->names, err));
    TRY(read_page(request, question, err));
    TRY(read_filters(request, plan, question, err));
    question->id = view->number;
    question->request = bytes_of(view->id, strlen(view->id));
    question->kind = (uint8_t)plan->kind;
    memcpy(question->operator_spki, view->peer->spki_hash, sizeof question->operator_spki);

    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->plan = plan;
    wait->take = take;
    plan->begin(wait->doc);
    return api_ask_reader(request, question, err);
}

void api_question(struct request *request, const struct plan *plan, struct msg_question question)
{
    struct err err = {0};
    if (ask(request, plan, &question, &err) != OK)
        request_refuse(request, &err);
}

static void run(struct request *request, const struct plan *plan, struct msg_question question)
{
    api_question(request, plan, question);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void list_begin(struct api_doc *doc)
{
    api_list(doc, "items");
}

static void list_row(struct api_wait *wait, const struct ipc_message *message)
{
    api_add_row(wait->doc, "items", message);
}

static void list_end(struct request *request, struct api_wait *wait, int64_t next)
{
    api_put_next(wait->doc, next);
    api_reply_doc(request, wait->doc, 200);
}

#define LIST(question, words, ...)                                                                 \
    {                                                                                              \
        .kind = (question), .names = (const char *const[]){__VA_ARGS__, NULL}, .states = (words),  \
        .begin = list_begin, .row = list_row, .end = list_end                                      \
    }
#define NO_NAMES ((const char *const[]){NULL})

static const struct plan products = LIST(QUESTION_PRODUCTS, NULL, "after", "limit");
static const struct plan anchors = LIST(QUESTION_ANCHORS, NULL, NULL);
static const struct plan devices =
    LIST(QUESTION_DEVICES, &words_device_state, "after", "limit", "product", "owner", "state",
         "issuer", "batch", "serial_prefix");
static const struct plan timeline = LIST(QUESTION_TIMELINE, NULL, "after", "limit");
static const struct plan certificates =
    LIST(QUESTION_CERTIFICATES, &words_cert_state, "after", "limit", "product", "serial", "state");
static const struct plan foreign =
    LIST(QUESTION_FOREIGN, NULL, "after", "limit", "product", "serial", "certificate");
static const struct plan findings = LIST(QUESTION_FINDINGS, NULL, "after", "limit", "product",
                                         "serial", "all", "owner", "check", "severity");
static const struct plan issuers = LIST(QUESTION_ISSUERS, NULL, NULL);
static const struct plan operators = LIST(QUESTION_OPERATORS, NULL, "after", "limit");
static const struct plan approvals = LIST(QUESTION_APPROVALS, NULL, "after", "limit", "all");
static const struct plan transfers = LIST(QUESTION_TRANSFERS, NULL, "after", "limit", "all");
static const struct plan waivers = LIST(QUESTION_WAIVERS, NULL, "after", "limit", "product", "all");
static const struct plan bulks = LIST(QUESTION_BULKS, NULL, "after", "limit");
static const struct plan webhooks = LIST(QUESTION_WEBHOOKS, NULL, NULL);
static const struct plan entries = LIST(QUESTION_ENTRIES, NULL, "after", "limit");

void api_product_list(struct request *request)
{
    run(request, &products, (struct msg_question){0});
}

void api_anchor_list(struct request *request)
{
    run(request, &anchors, (struct msg_question){0});
}

void api_device_list(struct request *request)
{
    run(request, &devices, (struct msg_question){0});
}

void api_cert_list(struct request *request)
{
    run(request, &certificates, (struct msg_question){0});
}

void api_foreign_list(struct request *request)
{
    uint8_t serial[20];
    struct bytes text = {0};
    struct msg_question question = {0};
    struct err err = {0};
    bool is_one = request_query(request, "certificate", &text);
    if (is_one && api_read_serial(text, serial, &question.serial, &err) != OK)
        request_refuse(request, &err);
    else
        run(request, &foreign, question);
}

void api_finding_list(struct request *request)
{
    run(request, &findings, (struct msg_question){0});
}

void api_issuer_list(struct request *request)
{
    run(request, &issuers, (struct msg_question){0});
}

void api_operator_list(struct request *request)
{
    run(request, &operators, (struct msg_question){0});
}

void api_approval_list(struct request *request)
{
    run(request, &approvals, (struct msg_question){0});
}

void api_waiver_list(struct request *request)
{
    run(request, &waivers, (struct msg_question){0});
}

void api_transfer_list(struct request *request)
{
    run(request, &transfers, (struct msg_question){0});
}

void api_bulk_list(struct request *request)
{
    run(request, &bulks, (struct msg_question){0});
}

void api_webhook_list(struct request *request)
{
    run(request, &webhooks, (struct msg_question){0});
}

void api_ledger_entries(struct request *request)
{
    run(request, &entries, (struct msg_question){0});
}

/* ---- one device ----------------------------------------------------------------------------- */

/* The device that the path names. */
static struct msg_question of_device(const struct request *request)
{
    const struct request_view *view = request_view(request);
    return (struct msg_question){
        .product = view->parameters[0],
        .serial_number = view->parameters[1],
    };
}

void api_device_timeline(struct request *request)
{
    run(request, &timeline, of_device(request));
}

static void device_begin(struct api_doc *doc)
{
    api_section(doc, "device");
    api_list(doc, "certificates");
    api_list(doc, "findings");
    api_list(doc, "foreign_certificates");
    api_list(doc, "timeline");
    api_checklist_begin(doc);
}

static void device_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_DEVICE_ROW)
        api_put_row(wait->doc, "device", message);
    else if (message->type == IPC_CERT_ROW)
        api_add_row(wait->doc, "certificates", message);
    else if (message->type == IPC_FINDING_ROW)
        api_add_row(wait->doc, "findings", message);
    else if (message->type == IPC_FOREIGN_ROW)
        api_add_row(wait->doc, "foreign_certificates", message);
    else if (message->type == IPC_ENTRY_ROW)
        api_add_row(wait->doc, "timeline", message);
    else
        api_checklist_row(wait, message);
}

static void device_end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_checklist_end(wait);
    api_reply_doc(request, wait->doc, 200);
}

static void show_end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan device = {
    .kind = QUESTION_DEVICE,
    .names = NO_NAMES,
    .begin = device_begin,
    .row = device_row,
    .end = device_end,
};

void api_device_show(struct request *request)
{
    run(request, &device, of_device(request));
}

/* ---- one certificate ------------------------------------------------------------------------ */

static void nothing_begin(struct api_doc *doc)
{
    (void)doc;
}

static void only_row(struct api_wait *wait, const struct ipc_message *message)
{
    api_put_row(wait->doc, NULL, message);
}

static const struct plan certificate = {
    .kind = QUESTION_CERTIFICATE,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_cert_show(struct request *request)
{
    uint8_t serial[20];
    struct msg_question question = {0};
    struct err err = {0};
    if (api_read_serial(request_view(request)->parameters[0], serial, &question.serial, &err) != OK)
        request_refuse(request, &err);
    else
        run(request, &certificate, question);
}

/* ---- one certificate of another CA ----------------------------------------------------------- */

static void foreign_begin(struct api_doc *doc)
{
    api_section(doc, "certificate");
    api_list(doc, "places");
    api_list(doc, "findings");
}

static void foreign_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_FOREIGN_ROW)
        api_put_row(wait->doc, "certificate", message);
    else if (message->type == IPC_SIGHTING_ROW)
        api_add_row(wait->doc, "places", message);
    else if (message->type == IPC_FINDING_ROW)
        api_add_row(wait->doc, "findings", message);
}

static const struct plan foreign_one = {
    .kind = QUESTION_FOREIGN_ONE,
    .names = NO_NAMES,
    .begin = foreign_begin,
    .row = foreign_row,
    .end = show_end,
};

void api_foreign_show(struct request *request)
{
    struct msg_question question = {0};
    struct err err = {0};
    if (api_read_number("foreign", request_view(request)->parameters[0], 1, CURSOR_MAX,
                        &question.number, &err) != OK)
        request_refuse(request, &err);
    else
        run(request, &foreign_one, question);
}

/* ---- one issuer ----------------------------------------------------------------------------- */

static const struct plan issuer = {
    .kind = QUESTION_ISSUERS,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_issuer_show(struct request *request)
{
    struct msg_question question = {0};
    struct err err = {0};
    if (api_read_number("issuer", request_view(request)->parameters[0], 1, INT64_MAX,
                        &question.number, &err) != OK)
        request_refuse(request, &err);
    else
        run(request, &issuer, question);
}

/* ---- one approval, one transfer ------------------------------------------------------------- */

static const struct plan approval = {
    .kind = QUESTION_APPROVAL,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

/* What the path names by its number. */
static void run_numbered(struct request *request, const struct plan *plan, const char *name)
{
    struct msg_question question = {0};
    struct err err = {0};
    if (api_read_number(name, request_view(request)->parameters[0], 1, INT64_MAX, &question.number,
                        &err) != OK)
        request_refuse(request, &err);
    else
        run(request, plan, question);
}

void api_approval_show(struct request *request)
{
    run_numbered(request, &approval, "approval");
}

static const struct plan transfer = {
    .kind = QUESTION_TRANSFER,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_transfer_show(struct request *request)
{
    run_numbered(request, &transfer, "transfer");
}

static const struct plan receipt = {
    .kind = QUESTION_RECEIPT,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_transfer_receipt(struct request *request)
{
    run_numbered(request, &receipt, "transfer");
}

/* ---- what events are signed by --------------------------------------------------------------- */

static const struct plan webhook_key = {
    .kind = QUESTION_WEBHOOK_KEY,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_webhook_key(struct request *request)
{
    run(request, &webhook_key, (struct msg_question){0});
}

/* ---- one verb on many devices --------------------------------------------------------------- */

static const struct plan bulk = {
    .kind = QUESTION_BULK,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = only_row,
    .end = show_end,
};

void api_bulk_show(struct request *request)
{
    run_numbered(request, &bulk, "bulk");
}

/* ---- the overview --------------------------------------------------------------------------- */

static void status_begin(struct api_doc *doc)
{
    api_put_text(doc, NULL, "version", bytes_text(TROTH_VERSION));
    api_section(doc, QUESTION_COUNT_DEVICES);
    api_section(doc, QUESTION_COUNT_CERTIFICATES);
    api_section(doc, QUESTION_COUNT_FINDINGS);
    api_list(doc, "held");
    api_list(doc, "webhooks");
}

/* NUL-terminated copy of a count's name. */
struct name {
    char text[LIMIT_NAME + 1];
};

static struct name name_of(struct bytes text)
{
    struct name name = {""};
    memcpy(name.text, text.p, text.n < LIMIT_NAME ? text.n : LIMIT_NAME);
    return name;
}

static void status_row(struct api_wait *wait, const struct ipc_message *message)
{
    const struct msg_count_row *count = &message->count_row;
    if (message->type == IPC_OPERATOR_ROW)
        api_put_me(wait->doc, "operator", &message->operator_row);
    if (message->type == IPC_FINDING_ROW)
        api_add_row(wait->doc, "held", message);
    if (message->type == IPC_WEBHOOK_ROW)
        api_add_row(wait->doc, "webhooks", message);
    if (message->type != IPC_COUNT_ROW)
        return;
    struct name what = name_of(count->what), key = name_of(count->key);
    if (strcmp(key.text, QUESTION_KEY_LAST_AT) == 0)
        api_put_time(wait->doc, what.text, "last_at", count->value);
    else if (strcmp(key.text, QUESTION_KEY_BEGAN) == 0)
        api_put_time(wait->doc, what.text, "began", count->value);
    else
        api_put_number(wait->doc, what.text, key.text, count->value);
}

static const struct plan status = {
    .kind = QUESTION_STATUS,
    .names = NO_NAMES,
    .begin = status_begin,
    .row = status_row,
    .end = show_end,
};

void api_status(struct request *request)
{
    run(request, &status, (struct msg_question){0});
}

/* ---- the checkpoint ------------------------------------------------------------------------- */

static void note_free(void *own)
{
    blob_free(own);
    free(own);
}

static void note_row(struct api_wait *wait, const struct ipc_message *message)
{
    struct blob *note = calloc(1, sizeof *note);
    if (note == NULL || message->type != IPC_ENTRY_ROW || wait->own != NULL ||
        blob_copy(message->entry_row.body, note) != OK) {
        free(note);
        return;
    }
    wait->own = note;
    wait->own_free = note_free;
}

static void note_end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    const struct blob *note = wait->own;
    if (note == NULL)
        api_refuse_code(request, E_NOT_FOUND, bytes_text("no checkpoint"));
    else
        api_reply_text(request, "text/plain; charset=utf-8", blob_bytes(note));
}

static const struct plan checkpoint = {
    .kind = QUESTION_CHECKPOINT,
    .names = NO_NAMES,
    .begin = nothing_begin,
    .row = note_row,
    .end = note_end,
};

void api_ledger_checkpoint(struct request *request)
{
    run(request, &checkpoint, (struct msg_question){0});
}
