#include "api_checklist.h"

#include "api_mend.h"
#include "api_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judged_view {
    struct msg_judged_row row;
    struct bytes check, title, state, severity, effect, producer, mend;
};

/* clang-format off */
static const struct api_field verdict_fields[] = {
    API_FIELD("verdict", struct msg_verdict_row, verdict, API_WORD, .words = &words_verdict),
    API_FIELD("why", struct msg_verdict_row, why, API_TEXT),
    API_FIELD("change", struct msg_verdict_row, change, API_TEXT),
    API_FIELD("next", struct msg_verdict_row, next_s, API_TIME_OR_NULL),
};
static const struct api_field judged_fields[] = {
    API_FIELD("check", struct judged_view, check, API_TEXT),
    API_FIELD("title", struct judged_view, title, API_TEXT),
    API_FIELD("state", struct judged_view, state, API_TEXT),
    API_FIELD("severity", struct judged_view, severity, API_TEXT),
    API_FIELD("effect", struct judged_view, effect, API_TEXT),
    API_FIELD("since", struct msg_judged_row, began_s, API_TIME_OR_NULL),
    API_FIELD("recorded", struct msg_judged_row, recorded_s, API_TIME_OR_NULL),
    API_FIELD("next", struct msg_judged_row, next_s, API_TIME_OR_NULL),
    API_FIELD("finding", struct msg_judged_row, finding, API_NUMBER),
    API_FIELD("waived_until", struct msg_judged_row, waived_until_s, API_TIME_OR_NULL),
    API_FIELD("producer", struct judged_view, producer, API_TEXT),
    API_FIELD("mend", struct judged_view, mend, API_TEXT),
};
static const struct api_field fact_fields[] = {
    API_FIELD("fact", struct msg_evidence_row, name, API_TEXT),
    API_FIELD("value", struct msg_evidence_row, value, API_TEXT),
    API_FIELD("at", struct msg_evidence_row, at_s, API_TIME_OR_NULL),
};
static const struct api_field threshold_fields[] = {
    API_FIELD("setting", struct msg_evidence_row, name, API_TEXT),
    API_FIELD("value", struct msg_evidence_row, value, API_TEXT),
    API_FIELD("source", struct msg_evidence_row, source, API_TEXT),
};
/* clang-format on */

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static const char *state_of(const struct msg_judged_row *row)
{
    if (row->failed)
        return "failed";
    if (row->known == YES)
        return row->waived_until_s != 0 ? "waived" : "open";
    return row->known == NO ? "holds" : "unmeasured";
}

static void put_judged(struct api_doc *item, const struct check *check,
                       const struct msg_judged_row *row)
{
    char number[16], mend[API_MEND_MAX];
    const struct api_mend to_mend = {SUBJECT_DEVICE,     0,
                                     row->finding,       row->product,
                                     row->serial_number, (enum device_state)row->device_state,
                                     row->anchor};
    snprintf(number, sizeof number, "TD-%02u", row->check);
    const struct judged_view view = {
        .row = *row,
        .check = text_of(number),
        .title = text_of(check->title),
        .state = text_of(state_of(row)),
        .severity = text_of(severity_word((enum severity)row->severity)),
        .effect = text_of(effect_word((enum effect)row->effect)),
        .producer = text_of(check->producer),
        .mend = row->known == YES ? api_mend(check, &to_mend, mend) : text_of(""),
    };
    api_put(item, NULL, API_SHAPE(judged_fields), &view);
    api_list(item, "facts");
    api_list(item, "thresholds");
}

static void item_free(void *own)
{
    api_doc_free(own);
}

void api_checklist_end(struct api_wait *wait)
{
    if (wait->own != NULL)
        api_add_doc(wait->doc, "checklist", wait->own);
    wait->own = NULL;
}

/* The check before is complete. */
static void begin_item(struct api_wait *wait, const struct msg_judged_row *row)
{
    const struct check *check = check_find(row->check);
    api_checklist_end(wait);
    wait->own = check != NULL ? api_doc_new() : NULL;
    wait->own_free = item_free;
    if (wait->own != NULL)
        put_judged(wait->own, check, row);
}

static void add_evidence(struct api_doc *item, const struct msg_evidence_row *row)
{
    if (item == NULL)
        return;
    if (row->source.n > 0)
        api_add(item, "thresholds", API_SHAPE(threshold_fields), row);
    else
        api_add(item, "facts", API_SHAPE(fact_fields), row);
}

void api_checklist_begin(struct api_doc *doc)
{
    api_section(doc, "verdict");
    api_list(doc, "checklist");
}

void api_checklist_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_VERDICT_ROW)
        api_put(wait->doc, "verdict", API_SHAPE(verdict_fields), &message->verdict_row);
    else if (message->type == IPC_JUDGED_ROW)
        begin_item(wait, &message->judged_row);
    else if (message->type == IPC_EVIDENCE_ROW)
        add_evidence(wait->own, &message->evidence_row);
}
