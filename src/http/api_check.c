/* What is owed, check by check. */
#include "api_mend.h"
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"

#include <base/limits.h>
#include <trust/check.h>

#include <stdio.h>
#include <string.h>

struct check_view {
    struct msg_check_row row;
    struct bytes check, title, state, severity, producer, mend;
};
struct total_view {
    struct msg_check_total total;
    struct bytes status;
};

/* clang-format off */
static const struct api_field check_fields[] = {
    API_FIELD("check", struct check_view, check, API_TEXT),
    API_FIELD("title", struct check_view, title, API_TEXT),
    API_FIELD("state", struct check_view, state, API_TEXT),
    API_FIELD("severity", struct check_view, severity, API_TEXT),
    API_FIELD("open", struct msg_check_row, open, API_NUMBER),
    API_FIELD("oldest", struct msg_check_row, oldest_s, API_TIME_OR_NULL),
    API_FIELD("debt_s", struct msg_check_row, debt_s, API_NUMBER),
    API_FIELD("waived", struct msg_check_row, waived, API_NUMBER),
    API_FIELD("waived_s", struct msg_check_row, waived_s, API_NUMBER),
    API_FIELD("producer", struct check_view, producer, API_TEXT),
    API_FIELD("product", struct msg_check_row, product, API_TEXT),
    API_FIELD("serial", struct msg_check_row, serial_number, API_TEXT),
    API_FIELD("mend", struct check_view, mend, API_TEXT),
};
static const struct api_field total_fields[] = {
    API_FIELD("status", struct total_view, status, API_TEXT),
    API_FIELD("as_of", struct msg_check_total, at_s, API_TIME),
    API_FIELD("entries", struct msg_check_total, entries, API_NUMBER),
    API_FIELD("open", struct msg_check_total, open, API_NUMBER),
    API_FIELD("debt_s", struct msg_check_total, debt_s, API_NUMBER),
    API_FIELD("waived", struct msg_check_total, waived, API_NUMBER),
    API_FIELD("waived_s", struct msg_check_total, waived_s, API_NUMBER),
    API_FIELD("unmeasured", struct msg_check_total, unmeasured, API_NUMBER),
    API_FIELD("judged", struct msg_check_total, judged, API_NUMBER),
    API_FIELD("product", struct msg_check_total, product, API_TEXT),
    API_FIELD("owner", struct msg_check_total, owner, API_TEXT),
};
/* clang-format on */

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static const char *state_of(const struct msg_check_row *row)
{
    if (row->known == YES)
        return row->open > 0 ? "open" : "waived";
    return row->known == NO ? "holds" : "unmeasured";
}

static void add_check(struct api_doc *doc, const struct msg_check_row *row)
{
    const struct check *check = check_find(row->check);
    char number[16], mend[API_MEND_MAX];
    const struct api_mend to_mend = {(enum subject_kind)row->kind,
                                     row->subject,
                                     row->finding,
                                     row->product,
                                     row->serial_number,
                                     (enum device_state)row->device_state,
                                     row->anchor};
    if (check == NULL)
        return;
    snprintf(number, sizeof number, "TD-%02u", row->check);
    const struct check_view view = {
        .row = *row,
        .check = text_of(number),
        .title = text_of(check->title),
        .state = text_of(state_of(row)),
        .severity = text_of(severity_word((enum severity)row->severity)),
        .producer = text_of(check->producer),
        .mend = api_mend(check, &to_mend, mend),
    };
    api_add(doc, "checks", API_SHAPE(check_fields), &view);
}

static void put_total(struct api_doc *doc, const struct msg_check_total *total)
{
    static const char *const words[] = {
        [CHECK_STATUS_OK] = "ok",
        [CHECK_STATUS_WARNING] = "warning",
        [CHECK_STATUS_CRITICAL] = "critical",
    };
    const char *word =
        words[total->status < LENGTH_OF(words) ? total->status : CHECK_STATUS_CRITICAL];
    const struct total_view view = {*total, text_of(word)};
    api_put(doc, NULL, API_SHAPE(total_fields), &view);
}

static void put_checkpoint(struct api_doc *doc, const struct msg_entry_row *row)
{
    api_put_number(doc, "checkpoint", "size", (int64_t)row->entry);
    api_put_text(doc, "checkpoint", "note", row->body);
}

static void begin(struct api_doc *doc)
{
    api_list(doc, "checks");
    api_list(doc, "findings");
    api_put_number(doc, "checkpoint", "size", 0);
    api_put_text(doc, "checkpoint", "note", bytes_text(""));
}

static void take_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_CHECK_TOTAL)
        put_total(wait->doc, &message->check_total);
    else if (message->type == IPC_CHECK_ROW)
        add_check(wait->doc, &message->check_row);
    else if (message->type == IPC_FINDING_ROW)
        api_add_row(wait->doc, "findings", message);
    else if (message->type == IPC_ENTRY_ROW)
        put_checkpoint(wait->doc, &message->entry_row);
}

static void end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan plan = {
    .kind = QUESTION_CHECK,
    .names = (const char *const[]){"product", "serial", "owner", "findings", NULL},
    .begin = begin,
    .row = take_row,
    .end = end,
};

void api_check(struct request *request)
{
    struct msg_question question = {0};
    struct bytes text;
    struct err err = {0};
    if (request_query(request, "findings", &text) &&
        api_read_number("findings", text, 0, LIMIT_PAGE_ROWS, &question.number, &err) != OK)
        request_refuse(request, &err);
    else
        api_question(request, &plan, question);
}
