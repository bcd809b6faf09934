/* May a product go into production: four questions, each with its evidence. */
#include "api_question.h"
#include "api_routes.h"

#include <base/limits.h>
#include <trust/check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evidence_view {
    struct msg_golive_evidence row;
    struct bytes says, check;
};
struct answer_view {
    struct msg_golive_row row;
    struct bytes verdict;
};

/* clang-format off */
static const struct api_field evidence_fields[] = {
    API_FIELD("name", struct msg_golive_evidence, name, API_TEXT),
    API_FIELD("value", struct msg_golive_evidence, value, API_TEXT),
    API_FIELD("says", struct evidence_view, says, API_TEXT),
    API_FIELD("counts", struct msg_golive_evidence, counts, API_FLAG),
    API_FIELD("check", struct evidence_view, check, API_TEXT),
    API_FIELD("entry", struct msg_golive_evidence, entry, API_NUMBER_OR_NULL),
};
static const struct api_field answer_fields[] = {
    API_FIELD("question", struct msg_golive_row, question, API_TEXT),
    API_FIELD("verdict", struct answer_view, verdict, API_TEXT),
    API_FIELD("why", struct msg_golive_row, why, API_TEXT),
};
static const struct api_field total_fields[] = {
    API_FIELD("as_of", struct msg_check_total, at_s, API_TIME),
    API_FIELD("entries", struct msg_check_total, entries, API_NUMBER),
};
/* clang-format on */

/* The question whose evidence comes, and the worst verdict so far. */
struct state {
    struct api_doc *item;
    enum known worst;
};

static void state_free(void *own)
{
    struct state *state = own;
    api_doc_free(state->item);
    free(state);
}

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static const char *verdict_of(unsigned known)
{
    return known == YES ? "ready" : known == NO ? "not-ready" : "unmeasured";
}

static struct state *state_of(struct api_wait *wait)
{
    if (wait->own == NULL) {
        struct state *state = calloc(1, sizeof *state);
        if (state != NULL)
            state->worst = YES;
        wait->own = state;
        wait->own_free = state_free;
    }
    return wait->own;
}

static void add_evidence(struct state *state, const struct msg_golive_evidence *row)
{
    static const char *const says[] = {
        [UNMEASURED] = "unmeasured", [NO] = "against", [YES] = "for"};
    char number[16] = "";
    if (row->check != 0)
        snprintf(number, sizeof number, "TD-%02u", row->check);
    bool is_noted = row->counts == 0 && row->known == YES; /* a figure that speaks for nothing */
    const char *word = is_noted ? "noted" : says[row->known <= YES ? row->known : 0];
    const struct evidence_view view = {*row, text_of(word), text_of(number)};
    if (state->item == NULL)
        state->item = api_doc_new();
    if (state->item != NULL)
        api_add(state->item, "evidence", API_SHAPE(evidence_fields), &view);
}

/* Against is worse than unmeasured. */
static enum known worse(enum known a, enum known b)
{
    if (a == NO || b == NO)
        return NO;
    return a == UNMEASURED || b == UNMEASURED ? UNMEASURED : YES;
}

static void end_question(struct api_doc *doc, struct state *state, const struct msg_golive_row *row)
{
    const struct answer_view view = {*row, text_of(verdict_of(row->known))};
    state->worst = worse(state->worst, (enum known)row->known);
    if (state->item == NULL)
        return;
    api_put(state->item, NULL, API_SHAPE(answer_fields), &view);
    api_add_doc(doc, "questions", state->item);
    state->item = NULL;
}

static void begin(struct api_doc *doc)
{
    api_list(doc, "questions");
}

static void take_row(struct api_wait *wait, const struct ipc_message *message)
{
    struct state *state = state_of(wait);
    if (state == NULL)
        return;
    if (message->type == IPC_CHECK_TOTAL)
        api_put(wait->doc, NULL, API_SHAPE(total_fields), &message->check_total);
    else if (message->type == IPC_GOLIVE_EVIDENCE)
        add_evidence(state, &message->golive_evidence);
    else if (message->type == IPC_GOLIVE_ROW)
        end_question(wait->doc, state, &message->golive_row);
}

static void end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    struct state *state = state_of(wait);
    enum known worst = state != NULL ? state->worst : NO;
    api_put_text(wait->doc, NULL, "product", request_view(request)->parameters[0]);
    api_put_text(wait->doc, NULL, "verdict", text_of(verdict_of(worst)));
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan plan = {
    .kind = QUESTION_GOLIVE,
    .names = (const char *const[]){NULL},
    .begin = begin,
    .row = take_row,
    .end = end,
};

void api_golive(struct request *request)
{
    const struct msg_question question = {.product = request_view(request)->parameters[0]};
    api_question(request, &plan, question);
}
