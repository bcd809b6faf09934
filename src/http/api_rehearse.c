/* What would be without an issuer, an anchor or a product: one of them is asked for by name. */
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"

#include <base/limits.h>

/* clang-format off */
static const struct api_field subject_fields[] = {
    API_FIELD("kind", struct msg_rehearsal_row, kind, API_WORD, .words = &words_authority),
    API_FIELD("id", struct msg_rehearsal_row, row, API_NUMBER),
    API_FIELD("name", struct msg_rehearsal_row, name, API_TEXT),
};
static const struct api_field depend_fields[] = {
    API_FIELD("devices", struct msg_rehearsal_row, devices, API_NUMBER),
    API_FIELD("certificates", struct msg_rehearsal_row, certificates, API_NUMBER),
    API_FIELD("operators", struct msg_rehearsal_row, operators, API_NUMBER),
};
static const struct api_field refused_fields[] = {
    API_FIELD("devices", struct msg_rehearsal_row, refused, API_NUMBER),
    API_FIELD("without_door", struct msg_rehearsal_row, doorless, API_NUMBER),
};
static const struct api_field unreachable_fields[] = {
    API_FIELD("devices", struct msg_rehearsal_row, unreachable, API_NUMBER),
    API_FIELD("silent", struct msg_rehearsal_row, silent, API_NUMBER),
    API_FIELD("expired", struct msg_rehearsal_row, expired, API_NUMBER),
};
static const struct api_field reissue_fields[] = {
    API_FIELD("busiest_minute", struct msg_rehearsal_row, a_minute, API_NUMBER_OR_NULL),
    API_FIELD("measured_since", struct msg_rehearsal_row, measured_since_s, API_TIME),
    API_FIELD("admitted_a_second", struct msg_rehearsal_row, admitted_a_second, API_NUMBER_OR_NULL),
    API_FIELD("planned_s", struct msg_rehearsal_row, planned_s, API_NUMBER_OR_NULL),
    API_FIELD("sudden_s", struct msg_rehearsal_row, sudden_s, API_NUMBER_OR_NULL),
};
static const struct api_field part_fields[] = {
    API_FIELD("product", struct msg_rehearsal_part, product, API_TEXT),
    API_FIELD("devices", struct msg_rehearsal_part, devices, API_NUMBER),
    API_FIELD("refused", struct msg_rehearsal_part, refused, API_NUMBER),
    API_FIELD("without_door", struct msg_rehearsal_part, doorless, API_NUMBER),
    API_FIELD("unreachable", struct msg_rehearsal_part, unreachable, API_NUMBER),
    API_FIELD("claims_an_hour", struct msg_rehearsal_part, claims_an_hour, API_NUMBER),
};
static const struct api_field step_fields[] = {
    API_FIELD("text", struct msg_step_row, text, API_TEXT),
    API_FIELD("command", struct msg_step_row, command, API_TEXT),
};
/* clang-format on */

static void begin(struct api_doc *doc)
{
    api_list(doc, "products");
    api_list(doc, "steps");
}

static void put_row(struct api_doc *doc, const struct msg_rehearsal_row *row)
{
    api_put(doc, "subject", API_SHAPE(subject_fields), row);
    api_put(doc, "depends", API_SHAPE(depend_fields), row);
    api_put(doc, "refused", API_SHAPE(refused_fields), row);
    api_put(doc, "unreachable", API_SHAPE(unreachable_fields), row);
    api_put(doc, "reissue", API_SHAPE(reissue_fields), row);
}

static void take_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_REHEARSAL_ROW)
        put_row(wait->doc, &message->rehearsal_row);
    else if (message->type == IPC_REHEARSAL_PART)
        api_add(wait->doc, "products", API_SHAPE(part_fields), &message->rehearsal_part);
    else if (message->type == IPC_STEP_ROW)
        api_add(wait->doc, "steps", API_SHAPE(step_fields), &message->step_row);
}

static void end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

#define REHEARSAL(question, name)                                                                  \
    {                                                                                              \
        .kind = (question), .names = (const char *const[]){(name), NULL}, .begin = begin,          \
        .row = take_row, .end = end                                                                \
    }

static const struct plan of_issuer = REHEARSAL(QUESTION_REHEARSE_ISSUER, "issuer");
static const struct plan of_anchor = REHEARSAL(QUESTION_REHEARSE_ANCHOR, "anchor");
static const struct plan of_product = REHEARSAL(QUESTION_REHEARSE_PRODUCT, "product");

static enum result choose(const struct request *request, const struct plan **ret_plan,
                          struct msg_question *question, struct err *err)
{
    struct bytes text;
    bool is_issuer = request_query(request, "issuer", &text);
    bool is_product = request_query(request, "product", &text);
    bool is_anchor = request_query(request, "anchor", &text);
    if (is_anchor)
        TRY(api_read_number("anchor", text, 1, INT64_MAX, &question->number, err));
    bool is_station = request_query(request, "station", &text);
    if (is_issuer + is_anchor + is_product + is_station != 1)
        return err_set(err, E_SYNTAX, "query: wanted is one of issuer, anchor, product, station");
    if (is_station)
        return err_set(err, E_STATION, "there is no station \"%s\"", err_value(text).text);
    *ret_plan = is_issuer ? &of_issuer : is_anchor ? &of_anchor : &of_product;
    return OK;
}

void api_rehearse(struct request *request)
{
    const struct plan *plan = NULL;
    struct msg_question question = {0};
    struct err err = {0};
    if (choose(request, &plan, &question, &err) != OK)
        request_refuse(request, &err);
    else
        api_question(request, plan, question);
}
