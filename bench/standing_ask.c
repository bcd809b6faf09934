/* The overview and the first page of every list, as the reader answers them to an admin and to an
 * operator who sees the devices of the largest owner. */
#include "standing_run.h"

#include <ipc/ipc.h>
#include <ipc/question.h>
#include <query/query.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5

/* A question, and what it is called. */
struct asking {
    const char *name;
    struct msg_question question;
};

static enum result count_row(void *context, enum ipc_type type, const void *row, struct err *err)
{
    (void)type;
    (void)row;
    (void)err;
    ++*(uint64_t *)context;
    return OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Milliseconds of wall time: the middle one of some. */
static enum result ask(struct run *run, const struct asking *asking, double *ret_ms,
                       uint64_t *ret_rows, struct err *err)
{
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct query query = {
            .store = run->store,
            .asked = &asking->question,
            .now_s = run->now_s,
            .give = count_row,
            .context = ret_rows,
        };
        *ret_rows = 0;
        double begun_s = run_wall_s();
        TRY(store_snapshot_begin(run->store, err));
        enum result result = query_answer(&query, err);
        store_snapshot_end(run->store);
        ms[i] = (run_wall_s() - begun_s) * 1e3;
        if (result != OK) {
            err_prefix(err, "%s", asking->name);
            return result;
        }
    }
    qsort(ms, ROUNDS, sizeof ms[0], compare);
    *ret_ms = ms[ROUNDS / 2];
    return OK;
}

static enum result first_admin(void *ctx, const struct operator_row *row, struct err *err)
{
    (void)err;
    uint8_t *spki = ctx;
    memcpy(spki, row->spki, 32);
    return OK;
}

#define LIST(question_) .kind = (question_), .limit = 100
#define METER .product = BYTES_TEXT_INIT("meter")
#define LARGEST .owner = BYTES_TEXT_INIT("owner-001")
#define SMALL .owner = BYTES_TEXT_INIT("owner-040")

static const struct asking askings[] = {
    {"overview", {.kind = QUESTION_STATUS}},
    {"products", {LIST(QUESTION_PRODUCTS)}},
    {"issuers", {.kind = QUESTION_ISSUERS}},
    {"devices", {LIST(QUESTION_DEVICES)}},
    {"devices of a product", {LIST(QUESTION_DEVICES), METER}},
    {"devices of an owner", {LIST(QUESTION_DEVICES), LARGEST}},
    {"devices in quarantine", {LIST(QUESTION_DEVICES), .state = STATE_QUARANTINED}},
    {"devices that are active", {LIST(QUESTION_DEVICES), .state = STATE_ACTIVE}},
    {"lost ones of an owner", {LIST(QUESTION_DEVICES), SMALL, .state = STATE_LOST}},
    {"lost ones of a product", {LIST(QUESTION_DEVICES), METER, .state = STATE_LOST}},
    {"an owner's of a product", {LIST(QUESTION_DEVICES), METER, SMALL}},
    {"devices by serial number", {LIST(QUESTION_DEVICES), .serial_prefix = BYTES_TEXT_INIT("MTR")}},
    {"serial number of nobody", {LIST(QUESTION_DEVICES), .serial_prefix = BYTES_TEXT_INIT("XX")}},
    {"devices of a batch", {LIST(QUESTION_DEVICES), .batch = BYTES_TEXT_INIT("MTR00001")}},
    {"devices of an issuer", {LIST(QUESTION_DEVICES), .number = 3}},
    {"certificates", {LIST(QUESTION_CERTIFICATES)}},
    {"certificates of a product", {LIST(QUESTION_CERTIFICATES), METER}},
    {"superseded certificates", {LIST(QUESTION_CERTIFICATES), .state = CERT_SUPERSEDED}},
    {"revoked certificates", {LIST(QUESTION_CERTIFICATES), .state = CERT_REVOKED}},
    {"revoked ones of a product", {LIST(QUESTION_CERTIFICATES), METER, .state = CERT_REVOKED}},
    {"findings", {LIST(QUESTION_FINDINGS)}},
    {"findings with closed ones", {LIST(QUESTION_FINDINGS), .number = 1}},
    {"findings of a check", {LIST(QUESTION_FINDINGS), .check = 8}},
    {"findings of a rare check", {LIST(QUESTION_FINDINGS), .check = 17}},
    {"findings of a severity", {LIST(QUESTION_FINDINGS), .severity = 3}},
    {"findings of an owner", {LIST(QUESTION_FINDINGS), LARGEST}},
    {"an owner's of a check", {LIST(QUESTION_FINDINGS), SMALL, .check = 17}},
    {"findings of a product", {LIST(QUESTION_FINDINGS), METER}},
    {"foreign certificates", {LIST(QUESTION_FOREIGN)}},
    {"transfers", {LIST(QUESTION_TRANSFERS)}},
    {"bulk verbs", {LIST(QUESTION_BULKS)}},
    {"entries", {LIST(QUESTION_ENTRIES)}},
};

enum result run_ask(struct run *run, struct err *err)
{
    double worst_ms = 0;
    uint8_t spki[32] = {0};
    const struct filter in_use = {.limit = 1, .state = 1};
    TRY(store_operators(run->store, &in_use, first_admin, spki, err));
    for (size_t i = 0; i < LENGTH_OF(askings); i++) {
        struct asking asking = askings[i];
        double ms = 0;
        uint64_t rows = 0;
        memcpy(asking.question.operator_spki, spki, sizeof spki);
        TRY(ask(run, &asking, &ms, &rows, err));
        fprintf(stderr, "  %-32s %8.2f ms %6llu rows\n", asking.name, ms, (unsigned long long)rows);
        worst_ms = ms > worst_ms ? ms : worst_ms;
    }
    run_print("overview_ms", worst_ms);
    return OK;
}
