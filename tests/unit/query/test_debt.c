/* Debt over a real store, against a twin that looks at every row of a random history. */
#include "fixture.h"

#include <base/text.h>
#include <trust/debt.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM_S 900000 /* before anything that the fixture recorded */
#define SPAN_S 90000
#define HISTORY 120

struct interval {
    int check, severity, device; /* severity 0: the check's own; device 0: the product's */
    int64_t product;
    const char *owner;
    int64_t began, recorded, ended;
    int closed_by;
};

static uint64_t state_;

static int64_t below(int64_t n)
{
    state_ = state_ * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((state_ >> 33) % (uint64_t)n);
}

/* ---- histories --------------------------------------------------------------------------------
 */

static const char *const owners[] = {"acme", "bolt", ""};
static const int64_t product_of[] = {0, 1, 1, 1, 2};

static struct interval random_interval(const struct interval *before)
{
    struct interval row = {
        .check = (int)(1 + below(CHECK_MAX)),
        .severity = (int)below(5),
        .device = (int)below(5),
        .owner = owners[below(3)],
        .recorded = FROM_S + 1000 + below(SPAN_S - 1000),
    };
    row.product = row.device == 0 ? below(3) : product_of[row.device];
    row.began = row.recorded - below(5000);
    if (before != NULL && before->closed_by == CLOSING_CHANGED) {
        row.check = before->check;
        row.device = before->device;
        row.product = before->product;
        row.began = before->began;
        row.recorded = before->ended;
    }
    if (below(3) != 0) {
        row.ended = row.recorded + below(20000);
        row.closed_by = (int)below(CLOSING_COUNT);
    }
    return row;
}

static void put(struct fixture *f, int64_t id, const struct interval *row)
{
    struct change c = change_of(TABLE_FINDING, id);
    change_int(&c, COL_FINDING_CHECK, row->check);
    if (row->device != 0)
        change_int(&c, COL_FINDING_DEVICE, row->device);
    else
        change_int(&c, COL_FINDING_KIND,
                   row->product != 0 ? SUBJECT_PRODUCT : SUBJECT_INSTALLATION);
    change_int(&c, COL_FINDING_BEGAN_AT, row->began);
    change_int(&c, COL_FINDING_RECORDED_AT, row->recorded);
    change_int(&c, COL_FINDING_PRODUCT, row->product);
    if (row->severity != 0)
        change_int(&c, COL_FINDING_SEVERITY, row->severity);
    change_text(&c, COL_FINDING_OWNER, text_bytes(row->owner));
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
}

static void close_row(struct fixture *f, int64_t id, const struct interval *row)
{
    struct change c = change_of(TABLE_FINDING, id);
    change_int(&c, COL_FINDING_CLOSED_AT, row->ended);
    change_int(&c, COL_FINDING_CLOSED_BY, row->closed_by);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
}

/* What had happened by `until`, and was not yet told by `from`: as a server writes it. */
static void tell(struct fixture *f, const struct interval *rows, int64_t from, int64_t until)
{
    assert_int_equal(store_begin(f->store, &f->err), OK);
    for (int64_t i = 0; i < HISTORY; i++) {
        if (rows[i].recorded > from && rows[i].recorded <= until)
            put(f, 100 + i, &rows[i]);
        if (rows[i].ended != 0 && rows[i].ended > from && rows[i].ended <= until)
            close_row(f, 100 + i, &rows[i]);
    }
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

#define WAIVERS 12
struct cover {
    int check, device;
    int64_t product;
    const char *owner;
    int64_t created, expires, ended;
};
static struct cover covers[WAIVERS];

/* Waivers of what the history has, so that some cover something. */
static void put_waivers(struct fixture *f, const struct interval *rows)
{
    assert_int_equal(store_begin(f->store, &f->err), OK);
    for (int64_t i = 0; i < WAIVERS; i++) {
        const struct interval *row = &rows[below(HISTORY)];
        struct cover *cover = &covers[i];
        *cover = (struct cover){.check = row->check, .owner = below(2) == 0 ? row->owner : ""};
        cover->device = below(2) == 0 ? row->device : 0;
        cover->product = below(2) == 0 ? row->product : 0;
        cover->created = row->recorded + below(3000) - 1000;
        cover->expires = cover->created + 1 + below(SPAN_S);
        cover->ended = below(2) == 0 ? 0 : cover->created + below(SPAN_S);
        struct change c = change_of(TABLE_WAIVER, 1 + i);
        change_int(&c, COL_WAIVER_CHECK, cover->check);
        change_int(&c, COL_WAIVER_PRODUCT, cover->product);
        change_int(&c, COL_WAIVER_DEVICE, cover->device);
        change_text(&c, COL_WAIVER_OF_OWNER, text_bytes(cover->owner));
        change_int(&c, COL_WAIVER_CREATED_AT, cover->created);
        change_int(&c, COL_WAIVER_EXPIRES_AT, cover->expires);
        if (cover->ended != 0)
            change_int(&c, COL_WAIVER_ENDED_AT, cover->ended);
        assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    }
    assert_int_equal(store_commit(f->store, &f->err), OK);
}

/* What a brake raised about a product waits for an answer: nothing waives it. */
static bool is_brakes(const struct interval *row)
{
    return row->device == 0 && row->product != 0 && row->check != CHECK_OUTSIDE_PROFILE &&
           row->check != CHECK_RELEASE_INCOMPLETE;
}

static bool is_waived(const struct interval *row, int64_t at)
{
    if (is_brakes(row))
        return false;
    for (size_t i = 0; i < WAIVERS; i++) {
        const struct cover *w = &covers[i];
        if (w->check == row->check && at >= w->created && at < w->expires &&
            (w->ended == 0 || at < w->ended) && (w->device == 0 || w->device == row->device) &&
            (w->product == 0 || w->product == row->product) &&
            (w->owner[0] == '\0' || strcmp(w->owner, row->owner) == 0))
            return true;
    }
    return false;
}

/* ---- the twin ---------------------------------------------------------------------------------
 */

struct asked {
    uint8_t by;
    int64_t at, since;
    const char *owner, *product;
};

static int64_t weight_of(const struct interval *row)
{
    int severity = row->severity != 0 ? row->severity : (int)check_find(row->check)->severity;
    return INT64_C(1) << (severity - 1);
}

static const char *name_of(const struct interval *row, uint8_t by, char space[LIMIT_NAME])
{
    static const char *const products[] = {"", "valve", "pump"};
    static const char *const devices[] = {"", "A-1", "A-2", "A-3", "P-1"};
    static const char *const severities[] = {"low", "medium", "", "high", "", "", "", "critical"};
    snprintf(space, LIMIT_NAME, "TD-%02d", row->check);
    if (by == DEBT_BY_PRODUCT)
        return products[row->product];
    if (by == DEBT_BY_DEVICE)
        return devices[row->device];
    if (by == DEBT_BY_SEVERITY)
        return severities[weight_of(row) - 1];
    return by == DEBT_BY_OWNER ? row->owner : by == DEBT_BY_CHECK ? space : "";
}

static bool is_meant(const struct interval *row, const struct asked *asked)
{
    static const char *const products[] = {"", "valve", "pump"};
    if (asked->owner != NULL && strcmp(asked->owner, row->owner) != 0)
        return false;
    return asked->product == NULL || strcmp(asked->product, products[row->product]) == 0;
}

/* What row owes at an instant: counted up to its end and taken back behind it. */
static int64_t owes(const struct interval *row, int64_t at)
{
    if (at < row->recorded || (row->ended != 0 && at >= row->ended))
        return 0;
    return weight_of(row) * (at - row->began);
}

/* Fills what a group (NULL: all) should say. */
static struct msg_debt_row expect(const struct interval *rows, const struct asked *asked,
                                  const char *key)
{
    struct msg_debt_row out = {0};
    char space[LIMIT_NAME];
    for (size_t i = 0; i < HISTORY; i++) {
        const struct interval *row = &rows[i];
        if (!is_meant(row, asked) ||
            (key != NULL && strcmp(name_of(row, asked->by, space), key) != 0))
            continue;
        bool is_open = row->recorded <= asked->at && (row->ended == 0 || row->ended > asked->at);
        bool is_apart = is_open && is_waived(row, asked->at);
        out.open += is_open;
        out.waived += is_apart;
        *(is_apart ? &out.waived_s : &out.debt_s) += owes(row, asked->at);
        if (is_open && (out.oldest_s == 0 || row->began < out.oldest_s))
            out.oldest_s = row->began;
        if (asked->since == 0)
            continue;
        out.before_s += owes(row, asked->since);
        if (row->ended <= asked->since || row->ended > asked->at ||
            row->closed_by == CLOSING_CHANGED)
            continue;
        out.paid++;
        out.paid_s += weight_of(row) * (row->ended - row->began);
    }
    return out;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

struct answer {
    struct fixture *f;
    size_t n;
    struct msg_debt_row rows[LIMIT_PAGE_ROWS + 1];
    char keys[LIMIT_PAGE_ROWS + 1][LIMIT_SERIAL_NUMBER + 1];
};

static enum result give(void *context, enum ipc_type type, const void *message, struct err *err)
{
    (void)err;
    struct answer *to = context;
    const struct msg_debt_row *row = message;
    assert_int_equal(type, IPC_DEBT_ROW);
    assert_true(to->n < LENGTH_OF(to->rows));
    assert_true(text_copy(row->key, to->keys[to->n], sizeof to->keys[0]));
    to->rows[to->n++] = *row;
    return OK;
}

static enum result ask_debt(struct fixture *f, uint8_t who, const struct asked *asked,
                            struct answer *to)
{
    struct msg_question question = {
        .operator_spki = {who},
        .kind = QUESTION_DEBT,
        .by = asked->by,
        .at_s = asked->at,
        .since_s = asked->since,
        .owner = text_bytes(asked->owner != NULL ? asked->owner : ""),
        .product = text_bytes(asked->product != NULL ? asked->product : ""),
    };
    *to = (struct answer){.f = f};
    struct query query = {
        .store = f->store, .asked = &question, .now_s = NOW_S, .give = give, .context = to};
    return query_answer(&query, &f->err);
}

static void check_row(const struct msg_debt_row *seen, const struct msg_debt_row *wanted)
{
    assert_int_equal(seen->open, wanted->open);
    assert_int_equal(seen->debt_s, wanted->debt_s);
    assert_int_equal(seen->oldest_s, wanted->oldest_s);
    assert_int_equal(seen->waived, wanted->waived);
    assert_int_equal(seen->waived_s, wanted->waived_s);
    assert_int_equal(seen->before_s, wanted->before_s);
    assert_int_equal(seen->paid, wanted->paid);
    assert_int_equal(seen->paid_s, wanted->paid_s);
    if (seen->since_s != 0)
        assert_int_equal(seen->debt_s + seen->waived_s,
                         seen->before_s + seen->accrued_s - seen->paid_s);
}

static void check_answer(struct fixture *f, const struct interval *rows, const struct asked *asked)
{
    static struct answer answer;
    int64_t debt = 0, open = 0;
    if (ask_debt(f, ADMIN, asked, &answer) != OK)
        fail_msg("%s", f->err.text);
    assert_true(answer.n > 0 && answer.rows[0].is_total == 1);
    struct msg_debt_row wanted = expect(rows, asked, NULL);
    check_row(&answer.rows[0], &wanted);
    for (size_t i = 1; i < answer.n; i++) {
        wanted = expect(rows, asked, answer.keys[i]);
        check_row(&answer.rows[i], &wanted);
        assert_true(i == 1 || answer.rows[i].debt_s <= answer.rows[i - 1].debt_s);
        debt += answer.rows[i].debt_s;
        open += answer.rows[i].open;
    }
    assert_int_equal(answer.rows[0].groups, answer.n - 1);
    if (asked->by == DEBT_BY_NOTHING)
        return;
    assert_int_equal(debt, answer.rows[0].debt_s);
    assert_int_equal(open, answer.rows[0].open);
}

static void fill_history(struct interval *rows, uint64_t seed)
{
    state_ = seed;
    print_message("# history %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < HISTORY; i++)
        rows[i] = random_interval(i > 0 ? &rows[i - 1] : NULL);
}

/* Any instant, or one at which something happened: there the figures turn. */
static int64_t random_instant(const struct interval *rows)
{
    const struct interval *row = &rows[below(HISTORY)];
    int64_t at = row->ended != 0 && below(2) == 0 ? row->ended : row->recorded;
    return below(3) == 0 || at > FROM_S + SPAN_S ? FROM_S + 1 + below(SPAN_S) : at;
}

static void figures_equal_a_look_at_every_row(void **state)
{
    struct fixture *f = *state;
    static const char *const products[] = {NULL, "valve", "pump"};
    struct interval rows[HISTORY];
    int64_t waived = 0;
    fill_history(rows, 1);
    tell(f, rows, 0, NOW_S);
    put_waivers(f, rows);
    for (int i = 0; i < 400; i++) {
        struct asked asked = {
            .by = (uint8_t)below(DEBT_BY_COUNT),
            .at = random_instant(rows),
            .owner = below(3) == 0 ? owners[below(2)] : NULL,
            .product = products[below(3)],
        };
        int64_t since = random_instant(rows);
        asked.since = below(3) == 0 || since > asked.at ? 0 : since;
        check_answer(f, rows, &asked);
        waived += expect(rows, &asked, NULL).waived;
    }
    assert_true(waived > 100);
    memset(covers, 0, sizeof covers);
}

static void what_happens_later_changes_no_earlier_day(void **state)
{
    struct fixture *f = *state;
    struct interval rows[HISTORY];
    static struct answer before, after;
    for (uint64_t seed = 1; seed <= 15; seed++) {
        fill_history(rows, seed);
        struct asked asked = {.by = DEBT_BY_OWNER, .at = FROM_S + 1000 + below(SPAN_S - 2000)};
        asked.since = asked.at - below(900);
        tell(f, rows, 0, asked.at);
        assert_int_equal(ask_debt(f, ADMIN, &asked, &before), OK);
        tell(f, rows, asked.at, NOW_S);
        assert_int_equal(ask_debt(f, ADMIN, &asked, &after), OK);
        assert_int_equal(before.n, after.n);
        for (size_t i = 0; i < before.n; i++) {
            assert_string_equal(before.keys[i], after.keys[i]);
            check_row(&after.rows[i], &before.rows[i]);
        }
        fixture_tear_down(state);
        fixture_set_up(state);
        f = *state;
    }
}

static void a_new_owner_takes_the_debt_over_and_nobody_paid(void **state)
{
    struct fixture *f = *state;
    static struct answer answer;
    const int64_t t = FROM_S + 1000;
    const struct interval rows[] = {
        {6, SEVERITY_HIGH, 1, 1, "acme", t, t, t + 100, CLOSING_CHANGED},
        {6, SEVERITY_HIGH, 1, 1, "bolt", t, t + 100, 0, 0},
    };
    assert_int_equal(store_begin(f->store, &f->err), OK);
    for (size_t i = 0; i < 2; i++)
        put(f, 100 + (int64_t)i, &rows[i]);
    close_row(f, 100, &rows[0]);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    const struct asked asked = {.by = DEBT_BY_OWNER, .at = t + 200, .since = t + 50};
    assert_int_equal(ask_debt(f, ADMIN, &asked, &answer), OK);
    assert_int_equal(answer.n, 3);
    assert_int_equal(answer.rows[0].debt_s, 4 * 200);
    assert_int_equal(answer.rows[0].accrued_s, 4 * 150);
    assert_string_equal(answer.keys[1], "bolt");
    assert_int_equal(answer.rows[1].accrued_s, 4 * 200);
    assert_string_equal(answer.keys[2], "acme");
    assert_int_equal(answer.rows[2].accrued_s, -4 * 50);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(answer.rows[i].paid_s, 0);
}

static void a_scope_sees_its_own_debt_alone(void **state)
{
    struct fixture *f = *state;
    static struct answer answer;
    struct interval rows[HISTORY];
    fill_history(rows, 3);
    tell(f, rows, 0, NOW_S);
    struct asked asked = {.by = DEBT_BY_OWNER, .at = FROM_S + SPAN_S};
    assert_int_equal(ask_debt(f, ACME, &asked, &answer), OK);
    assert_int_equal(answer.n, 2);
    assert_string_equal(answer.keys[1], "acme");
    const struct asked own = {.at = asked.at, .owner = "acme"};
    struct msg_debt_row wanted = expect(rows, &own, NULL);
    check_row(&answer.rows[0], &wanted);
    asked.owner = "bolt";
    assert_int_equal(ask_debt(f, ACME, &asked, &answer), OK);
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.rows[0].open, 0);
}

static void the_greatest_come_first_and_the_rest_is_counted(void **state)
{
    struct fixture *f = *state;
    static struct answer answer;
    struct interval rows[HISTORY];
    fill_history(rows, 4);
    tell(f, rows, 0, NOW_S);
    struct msg_question question = {.operator_spki = {ADMIN},
                                    .kind = QUESTION_DEBT,
                                    .by = DEBT_BY_CHECK,
                                    .at_s = FROM_S + SPAN_S,
                                    .limit = 200};
    struct query query = {
        .store = f->store, .asked = &question, .now_s = NOW_S, .give = give, .context = &answer};
    answer = (struct answer){.f = f};
    assert_int_equal(query_answer(&query, &f->err), OK);
    struct answer all = answer;
    question.limit = 3;
    answer = (struct answer){.f = f};
    assert_int_equal(query_answer(&query, &f->err), OK);
    assert_int_equal(answer.n, 4);
    assert_int_equal(answer.rows[0].groups, all.n - 1);
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(answer.keys[i], all.keys[i]);
}

/* What is recorded in this second, or is committed late of the last one, is in no answer of before:
 * whoever asks again by the answer's own instant gets the same. */
static void an_answer_of_now_is_the_same_later(void **state)
{
    struct fixture *f = *state;
    static struct answer before, after;
    const struct interval rows[] = {
        {6, SEVERITY_HIGH, 1, 1, "acme", NOW_S - 100, NOW_S - 100, NOW_S - 1, CLOSING_EVIDENCE},
        {6, SEVERITY_HIGH, 2, 1, "acme", NOW_S - 50, NOW_S - 1, 0, 0},
        {7, SEVERITY_LOW, 2, 1, "acme", NOW_S - 50, NOW_S, 0, 0},
    };
    struct asked asked = {.by = DEBT_BY_DEVICE, .since = NOW_S - 200};
    assert_int_equal(store_begin(f->store, &f->err), OK);
    put(f, 100, &rows[0]);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(ask_debt(f, ADMIN, &asked, &before), OK);
    assert_int_equal(before.rows[0].at_s, NOW_S - 2);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    close_row(f, 100, &rows[0]);
    put(f, 101, &rows[1]);
    put(f, 102, &rows[2]);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    asked.at = before.rows[0].at_s;
    assert_int_equal(ask_debt(f, ADMIN, &asked, &after), OK);
    assert_int_equal(after.n, before.n);
    for (size_t i = 0; i < before.n; i++)
        check_row(&after.rows[i], &before.rows[i]);
}

static void times_to_come_and_unknown_groups_are_refused(void **state)
{
    struct fixture *f = *state;
    static struct answer answer;
    const struct asked wrong[] = {
        {.at = NOW_S + 1},    {.at = -1},    {.at = NOW_S - 10, .since = NOW_S - 9},
        {.at = NOW_S - 1}, /* core may still be at what it began then */
        {.since = NOW_S + 1}, {.since = -1}, {.by = DEBT_BY_COUNT},
    };
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        assert_int_equal(ask_debt(f, ADMIN, &wrong[i], &answer), R_INVALID);
        assert_int_equal(f->err.code, E_SYNTAX);
    }
}

struct worst {
    uint8_t status, severity;
};

static enum result note_worst(void *context, enum ipc_type type, const void *message,
                              struct err *err)
{
    (void)err;
    struct worst *to = context;
    const struct msg_check_row *row = message;
    if (type == IPC_CHECK_TOTAL)
        to->status = ((const struct msg_check_total *)message)->status;
    if (type == IPC_CHECK_ROW && row->check == 8)
        to->severity = row->severity;
    return OK;
}

static void the_worst_is_what_no_waiver_covers_however_much_one_does(void **state)
{
    struct fixture *f = *state;
    struct worst worst = {0};
    const struct interval waived = {8, SEVERITY_CRITICAL, 1, 1, "acme", FROM_S, FROM_S, 0, 0};
    const struct interval other = {8,          SEVERITY_CRITICAL, 4, 2, "bolt",
                                   FROM_S + 9, FROM_S + 9,        0, 0};
    const struct msg_question question = {.operator_spki = {ADMIN}, .kind = QUESTION_CHECK};
    struct query query = {.store = f->store,
                          .asked = &question,
                          .now_s = NOW_S,
                          .give = note_worst,
                          .context = &worst};
    struct change c = change_of(TABLE_WAIVER, 1);
    change_int(&c, COL_WAIVER_CHECK, 8);
    change_int(&c, COL_WAIVER_DEVICE, 0);
    change_int(&c, COL_WAIVER_PRODUCT, 0);
    change_text(&c, COL_WAIVER_OF_OWNER, text_bytes("acme"));
    change_int(&c, COL_WAIVER_CREATED_AT, FROM_S);
    change_int(&c, COL_WAIVER_EXPIRES_AT, NOW_S + 1);
    assert_int_equal(store_begin(f->store, &f->err), OK);
    assert_int_equal(store_apply(f->store, &c, &f->err), OK);
    for (int64_t i = 1; i <= 2; i++)
        close_row(f, i, &(struct interval){.ended = NOW_S - 1}); /* the fixture's critical ones */
    for (int64_t i = 0; i < 300; i++)
        put(f, 100 + i, &waived);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(query_answer(&query, &f->err), OK);
    assert_int_equal(worst.status, CHECK_STATUS_WARNING); /* the fixture's TD-06 */
    assert_int_equal(worst.severity, SEVERITY_MEDIUM);

    assert_int_equal(store_begin(f->store, &f->err), OK);
    put(f, 400, &other);
    assert_int_equal(store_commit(f->store, &f->err), OK);
    assert_int_equal(query_answer(&query, &f->err), OK);
    assert_int_equal(worst.status, CHECK_STATUS_CRITICAL);
    assert_int_equal(worst.severity, SEVERITY_CRITICAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(figures_equal_a_look_at_every_row),
        TEST(what_happens_later_changes_no_earlier_day),
        TEST(a_new_owner_takes_the_debt_over_and_nobody_paid),
        TEST(a_scope_sees_its_own_debt_alone),
        TEST(the_greatest_come_first_and_the_rest_is_counted),
        TEST(an_answer_of_now_is_the_same_later),
        TEST(the_worst_is_what_no_waiver_covers_however_much_one_does),
        TEST(times_to_come_and_unknown_groups_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
