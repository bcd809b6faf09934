/* What is owed, at an instant and in a period. */
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"
#include "api_words.h"

#include <base/clock.h>
#include <trust/debt.h>

/* The last four are of a period: left out without one. */
static const struct api_field group_fields[] = {
    API_FIELD("key", struct msg_debt_row, key, API_TEXT),
    API_FIELD("product", struct msg_debt_row, product, API_TEXT),
    API_FIELD("open", struct msg_debt_row, open, API_NUMBER),
    API_FIELD("debt_s", struct msg_debt_row, debt_s, API_NUMBER),
    API_FIELD("oldest", struct msg_debt_row, oldest_s, API_TIME_OR_NULL),
    API_FIELD("waived", struct msg_debt_row, waived, API_NUMBER),
    API_FIELD("waived_s", struct msg_debt_row, waived_s, API_NUMBER),
    API_FIELD("before_s", struct msg_debt_row, before_s, API_NUMBER),
    API_FIELD("accrued_s", struct msg_debt_row, accrued_s, API_NUMBER),
    API_FIELD("paid", struct msg_debt_row, paid, API_NUMBER),
    API_FIELD("paid_s", struct msg_debt_row, paid_s, API_NUMBER),
};
#define PERIOD_FIELDS 4

static void begin(struct api_doc *doc)
{
    api_put_number(doc, NULL, "formula", DEBT_FORMULA);
    api_list(doc, "items");
}

static void put_total(struct api_doc *doc, const struct msg_debt_row *row)
{
    const char *by = debt_by_word((enum debt_by)row->by);
    api_put_time(doc, NULL, "as_of", row->at_s);
    api_put_time(doc, NULL, "since", row->since_s);
    if (row->by != DEBT_BY_NOTHING)
        api_put_text(doc, NULL, "by", bytes_of(by, strlen(by)));
    api_put_number(doc, NULL, "groups", row->groups);
}

/* The total comes first and says whether there is a period. */
static void take_row(struct api_wait *wait, const struct ipc_message *message)
{
    struct api_shape shape = API_SHAPE(group_fields);
    const struct msg_debt_row *row = &message->debt_row;
    if (message->type != IPC_DEBT_ROW)
        return;
    if (row->since_s == 0)
        shape.n -= PERIOD_FIELDS;
    if (row->is_total == 0) {
        api_add(wait->doc, "items", shape, row);
        return;
    }
    put_total(wait->doc, row);
    shape.fields += 2; /* it has no name */
    shape.n -= 2;
    api_put(wait->doc, "total", shape, row);
}

static void end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan debt = {
    .kind = QUESTION_DEBT,
    .names = (const char *const[]){"as_of", "since", "by", "product", "owner", "limit", NULL},
    .begin = begin,
    .row = take_row,
    .end = end,
};

/* Today is not over: what is asked for is the last instant that is, as without one. */
static enum result read_as_of(struct bytes text, int64_t *ret_s, struct err *err)
{
    int64_t begins_s = 0, ends_s = 0, now_s = clock_now_s();
    TRY(api_read_time("as_of", text, false, &begins_s, err));
    TRY(api_read_time("as_of", text, true, &ends_s, err));
    if (begins_s > now_s)
        return err_set(err, E_SYNTAX, "as_of: seen \"%s\", wanted a time that is over",
                       err_value(text).text);
    *ret_s = ends_s > now_s ? 0 : ends_s;
    return OK;
}

static enum result read_question(const struct request *request, struct msg_question *question,
                                 struct err *err)
{
    struct bytes text;
    if (request_query(request, "by", &text))
        TRY(api_read_word("by", text, &words_debt_by, &question->by, err));
    if (request_query(request, "as_of", &text))
        TRY(read_as_of(text, &question->at_s, err));
    if (request_query(request, "since", &text))
        TRY(api_read_time("since", text, false, &question->since_s, err));
    return OK;
}

void api_debt(struct request *request)
{
    struct msg_question question = {0};
    struct err err = {0};
    if (read_question(request, &question, &err) != OK)
        request_refuse(request, &err);
    else
        api_question(request, &debt, question);
}
