/* May a product go into production? Four questions, each answered from what is stored. */
#include "golive.h"

#include <registry/about.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *text;
    enum result (*answer)(struct golive *golive, struct err *err);
} questions[] = {
    {"How is identity issued?", golive_identity},
    {"Where do keys live?", golive_custody},
    {"How are updates signed?", golive_updates},
    {"How are the retired removed?", golive_removal},
};

enum result golive_give(struct golive *golive, const struct piece *piece, struct err *err,
                        const char *format, ...)
{
    char value[LIMIT_TEXT + 1];
    va_list list;
    va_start(list, format);
    vsnprintf(value, sizeof value, format, list);
    va_end(list);
    const struct msg_golive_evidence row = {
        .id = golive->query->asked->id,
        .known = (uint8_t)piece->known,
        .counts = piece->counts,
        .check = (uint8_t)piece->check,
        .entry = piece->entry,
        .name = query_text(piece->name),
        .value = query_text(value),
    };
    if (piece->counts) {
        golive->against += piece->known == NO;
        golive->unmeasured += piece->known == UNMEASURED;
    }
    return golive->query->give(golive->query->context, IPC_GOLIVE_EVIDENCE, &row, err);
}

static enum result give_check(struct golive *golive, const struct checks *checks,
                              const struct check *check, bool counts, struct err *err)
{
    static const enum known says[] = {[UNMEASURED] = UNMEASURED, [NO] = YES, [YES] = NO};
    const struct check_state *state = &checks->at[check->number];
    enum known open = check_known(checks, check->number);
    struct piece piece = {check->title, says[open], counts, check->number, -1};
    if (open == YES && check_open(state) == 0)
        piece.known = YES;
    if (open == UNMEASURED)
        return golive_give(golive, &piece, err, "unmeasured: %s", check->producer);
    if (open == NO)
        return golive_give(golive, &piece, err, "holds");
    return golive_give(golive, &piece, err, "%lld open, %lld waived", (long long)check_open(state),
                       (long long)state->sums.waived);
}

enum result golive_give_checks(struct golive *golive, const struct checks *checks,
                               const int *numbers, bool counts, struct err *err)
{
    for (; *numbers != 0; numbers++) {
        const struct check *check = check_find(*numbers);
        if (check != NULL)
            TRY(give_check(golive, checks, check, counts, err));
    }
    return OK;
}

/* ---- what is counted first --------------------------------------------------------------------
 */

static enum result count_group(void *context, const struct device_group *group, struct err *err)
{
    (void)err;
    struct golive *golive = context;
    if (group->state < STATE_COUNT)
        golive->by_state[group->state] += group->n;
    bool is_in_use = group->state >= STATE_ENROLLED && group->state <= STATE_QUARANTINED;
    if (is_in_use && group->proof < PROOF_COUNT)
        golive->by_proof[group->proof] += group->n;
    return OK;
}

static enum result read_all(struct golive *golive, struct err *err)
{
    const struct query *query = golive->query;
    const struct checks_scope of_product = {.product = golive->product.id}, of_fleet = {0};
    const struct subject_key key = {SUBJECT_PRODUCT, golive->product.id};
    struct about about;
    TRY(about_read(query->store, key, query->now_s, &about, err));
    golive->policy = about.policy;
    TRY(checks_read(query, &of_product, &golive->of_product, err));
    TRY(checks_read(query, &of_fleet, &golive->of_fleet, err));
    return store_device_groups(query->store, golive->product.id, count_group, golive, err);
}

/* ---- the answer -------------------------------------------------------------------------------
 */

static enum result give_verdict(const struct golive *golive, const char *question, struct err *err)
{
    const struct query *query = golive->query;
    char why[LIMIT_TEXT + 1] = "all the evidence that counts speaks for it";
    if (golive->against > 0)
        snprintf(why, sizeof why, "evidence against it: %u", golive->against);
    else if (golive->unmeasured > 0)
        snprintf(why, sizeof why, "evidence not measured: %u", golive->unmeasured);
    const struct msg_golive_row row = {
        .id = query->asked->id,
        .known = golive->against > 0      ? NO
                 : golive->unmeasured > 0 ? UNMEASURED
                                          : YES,
        .question = query_text(question),
        .why = query_text(why),
    };
    return query->give(query->context, IPC_GOLIVE_ROW, &row, err);
}

static enum result answer(struct golive *golive, struct err *err)
{
    TRY(read_all(golive, err));
    TRY(checks_give_total(golive->query, &golive->of_product, err));
    for (size_t i = 0; i < LENGTH_OF(questions); i++) {
        golive->against = golive->unmeasured = 0;
        TRY(questions[i].answer(golive, err));
        TRY(give_verdict(golive, questions[i].text, err));
    }
    return OK;
}

enum result query_golive(struct query *query, struct err *err)
{
    struct product product = {0};
    if (query->asked->product.n == 0)
        return err_set(err, E_SYNTAX, "product: seen none, wanted its name");
    TRY(query_product(query, &product, err));
    struct golive *golive = calloc(1, sizeof *golive);
    if (golive == NULL)
        return err_set(err, E_MEMORY, "no memory for the checks");
    golive->query = query;
    golive->product = product;
    enum result result = answer(golive, err);
    free(golive);
    return result;
}
