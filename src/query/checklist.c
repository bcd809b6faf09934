/* A device's verdict, explained: every check that is about devices, as it is judged now, with the
 * facts and the settings that it looks at. */
#include "in_force.h"

#include <registry/about.h>
#include <trust/evidence.h>

#include <stdio.h>
#include <string.h>

struct checklist {
    const struct query *query;
    const struct subject *subject;
    struct about about;
    struct standing judged;
};

/* ---- what it looks at -------------------------------------------------------------------------
 */

static enum result give_evidence(const struct query *query, const char *name, const char *value,
                                 const char *source, int64_t at_s, struct err *err)
{
    const struct msg_evidence_row row = {query->asked->id, query_text(name), query_text(value),
                                         query_text(source), at_s};
    return query->give(query->context, IPC_EVIDENCE_ROW, &row, err);
}

static enum result give_facts(const struct checklist *list, int check, struct err *err)
{
    const struct fact_row *row = NULL;
    for (size_t i = 0; (row = fact_at(i)) != NULL; i++) {
        if ((row->checks >> check & 1) == 0)
            continue;
        struct fact_value value = fact_value(row, &list->about.facts);
        TRY(give_evidence(list->query, row->word, value.text, "", value.at_s, err));
    }
    return OK;
}

static enum result give_thresholds(const struct checklist *list, int check, struct err *err)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        struct setting_value value;
        if (!check_looks_at(check, row->number))
            continue;
        TRY(query_setting(list->query, &list->subject->product, row, &value, err));
        TRY(give_evidence(list->query, row->word, value.text, value.source, 0, err));
    }
    return OK;
}

/* ---- one check --------------------------------------------------------------------------------
 */

/* The check by itself: standing() keeps the soonest of all next instants. */
static struct opinion opinion_of(const struct checklist *list, const struct check *check)
{
    return check->judge(&list->about.facts, &list->about.policy, list->query->now_s);
}

static enum result put_finding(const struct checklist *list, struct msg_judged_row *row,
                               struct err *err)
{
    const struct finding *finding = about_finding(&list->about, row->check);
    struct waiver waiver = {0};
    if (finding == NULL)
        return OK;
    row->finding = finding->id;
    row->recorded_s = finding->recorded_at_s;
    enum result result =
        store_waiver_of(list->query->store, finding->id, list->query->now_s, &waiver, err);
    if (result == R_NOT_FOUND)
        return OK;
    row->waived_until_s = waiver.expires_s;
    return result;
}

static void put_opinion(const struct checklist *list, const struct check *check,
                        struct msg_judged_row *row)
{
    struct opinion opinion = opinion_of(list, check);
    const struct judged *open = standing_finding(&list->judged, check->number);
    row->failed = standing_failed(&list->judged, check->number);
    row->known = row->failed ? UNMEASURED : (uint8_t)opinion.open;
    row->severity = (uint8_t)(open != NULL ? open->severity : check->severity);
    row->effect = list->about.policy.effect[check->number];
    row->began_s = open != NULL ? open->began_s : 0;
    row->next_s = row->failed ? 0 : opinion.next_s;
}

static enum result give_judged(const struct checklist *list, const struct check *check,
                               struct err *err)
{
    const struct query *query = list->query;
    struct msg_judged_row row = {
        .id = query->asked->id,
        .check = (uint8_t)check->number,
        .device_state = (uint8_t)list->subject->device.state,
        .product = query_text(list->subject->product.name),
        .serial_number = query_text(list->subject->device.serial_number),
    };
    put_opinion(list, check, &row);
    TRY(query_mend_anchor(query, check->number, &list->subject->device, &row.anchor, err));
    TRY(put_finding(list, &row, err));
    TRY(query->give(query->context, IPC_JUDGED_ROW, &row, err));
    TRY(give_facts(list, check->number, err));
    return give_thresholds(list, check->number, err);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static enum result give_verdict(const struct checklist *list, struct err *err)
{
    const struct query *query = list->query;
    const struct msg_verdict_row row = {
        .id = query->asked->id,
        .verdict = (uint8_t)list->judged.verdict,
        .why = query_text(cause_text(list->judged.cause)),
        .change = query_text(cause_change(list->judged.cause)),
        .next_s = list->judged.next_s,
    };
    return query->give(query->context, IPC_VERDICT_ROW, &row, err);
}

enum result give_checklist(const struct query *query, const struct subject *subject,
                           struct err *err)
{
    struct checklist list = {.query = query, .subject = subject};
    struct subject_key key = {SUBJECT_DEVICE, subject->device.id};
    const struct check *check = NULL;
    TRY(about_read(query->store, key, query->now_s, &list.about, err));
    list.judged = standing(&list.about.facts, &list.about.policy, query->now_s);
    TRY(give_verdict(&list, err));
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        if ((check->kinds & KIND_DEVICE) != 0)
            TRY(give_judged(&list, check, err));
    return OK;
}
