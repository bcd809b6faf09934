/* The formula on sums, against every second counted one by one. */
#include <trust/debt.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define HORIZON 240
#define ROWS 24

/* One interval of a finding; `ended` 0 = open. */
struct interval {
    enum severity severity;
    int64_t began, recorded, ended;
    bool goes_on; /* closed because another row goes on */
};

static uint64_t state_;

static int64_t below(int64_t n)
{
    state_ = state_ * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((state_ >> 33) % (uint64_t)n);
}

static bool is_open(const struct interval *row, int64_t at)
{
    return row->recorded <= at && (row->ended == 0 || row->ended > at);
}

/* ---- what is tested: sums by severity, then the formula ---------------------------------------
 */

static struct debt_sum sum_of(const struct interval *rows, enum severity severity, int64_t at)
{
    struct debt_sum sum = {.severity = severity};
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].severity == severity && is_open(&rows[i], at)) {
            sum.n++;
            sum.began_s += rows[i].began;
        }
    return sum;
}

static int64_t debt_at(const struct interval *rows, int64_t at)
{
    int64_t debt = 0;
    struct err err = {0};
    for (int s = SEVERITY_LOW; s <= SEVERITY_CRITICAL; s++) {
        const struct debt_sum sum = sum_of(rows, (enum severity)s, at);
        assert_int_equal(debt_add_open(&debt, &sum, at, &err), OK);
    }
    return debt;
}

static int64_t paid_in(const struct interval *rows, int64_t from, int64_t until)
{
    int64_t paid = 0;
    struct err err = {0};
    for (int s = SEVERITY_LOW; s <= SEVERITY_CRITICAL; s++) {
        struct debt_sum sum = {.severity = (enum severity)s};
        for (size_t i = 0; i < ROWS; i++)
            if ((int)rows[i].severity == s && rows[i].ended > from && rows[i].ended <= until &&
                !rows[i].goes_on) {
                sum.n++;
                sum.began_s += rows[i].began;
                sum.ended_s += rows[i].ended;
            }
        assert_int_equal(debt_add_paid(&paid, &sum, &err), OK);
    }
    return paid;
}

/* ---- the twin: a clock that ticks -------------------------------------------------------------
 */

struct tick {
    int64_t owed[ROWS];          /* of each row */
    int64_t debt, accrued, paid; /* since the beginning of time */
    int64_t debt_then[HORIZON], accrued_then[HORIZON], paid_then[HORIZON];
};

static void tick_row(struct tick *tick, const struct interval *row, size_t i, int64_t now)
{
    static const int64_t weight[] = {0, 1, 2, 4, 8};
    bool was_open = row->recorded < now && (row->ended == 0 || row->ended >= now);
    if (was_open) {
        tick->owed[i] += weight[row->severity];
        tick->accrued += weight[row->severity];
    }
    if (row->recorded == now)
        for (int64_t missed = row->began; missed < now; missed++) {
            tick->owed[i] += weight[row->severity];
            tick->accrued += weight[row->severity];
        }
    if (row->ended != now)
        return;
    if (row->goes_on)
        tick->accrued -= tick->owed[i];
    else
        tick->paid += tick->owed[i];
    tick->owed[i] = 0;
}

static void run_clock(struct tick *tick, const struct interval *rows)
{
    for (int64_t now = 1; now < HORIZON; now++) {
        tick->debt = 0;
        for (size_t i = 0; i < ROWS; i++) {
            tick_row(tick, &rows[i], i, now);
            tick->debt += tick->owed[i];
        }
        tick->debt_then[now] = tick->debt;
        tick->accrued_then[now] = tick->accrued;
        tick->paid_then[now] = tick->paid;
    }
}

/* ---- histories --------------------------------------------------------------------------------
 */

static void random_history(struct interval rows[ROWS])
{
    for (size_t i = 0; i < ROWS; i++) {
        struct interval *row = &rows[i];
        *row = (struct interval){.severity = (enum severity)(1 + below(4))};
        row->recorded = 1 + below(HORIZON - 1);
        row->began = 1 + below(row->recorded);
        row->ended = below(3) == 0 ? 0 : row->recorded + below(HORIZON);
        if (i == 0 || below(4) != 0)
            continue;
        struct interval *before = &rows[i - 1]; /* this row goes on from that one */
        if (before->ended == 0 || before->ended >= HORIZON || before->goes_on)
            continue;
        before->goes_on = true;
        row->began = before->began;
        row->recorded = before->ended;
        row->ended = below(3) == 0 ? 0 : row->recorded + below(HORIZON);
    }
}

static void check_history(const struct interval *rows, const struct tick *tick)
{
    struct err err = {0};
    for (int64_t now = 1; now < HORIZON; now++)
        assert_int_equal(debt_at(rows, now), tick->debt_then[now]);
    for (int i = 0; i < 50; i++) {
        int64_t from = 1 + below(HORIZON - 1), until = from + below(HORIZON - from), accrued = 0;
        int64_t paid = paid_in(rows, from, until);
        assert_int_equal(paid, tick->paid_then[until] - tick->paid_then[from]);
        assert_int_equal(
            debt_accrued(debt_at(rows, from), debt_at(rows, until), paid, &accrued, &err), OK);
        assert_int_equal(accrued, tick->accrued_then[until] - tick->accrued_then[from]);
    }
}

static void debt_accrued_and_paid_equal_every_second_counted(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct interval rows[ROWS];
        struct tick tick = {0};
        state_ = seed;
        print_message("# history %llu\n", (unsigned long long)seed);
        random_history(rows);
        run_clock(&tick, rows);
        check_history(rows, &tick);
    }
}

static void a_late_discovery_is_a_step_on_the_day_it_was_recorded(void **state)
{
    (void)state;
    struct interval rows[ROWS] = {
        {.severity = SEVERITY_HIGH, .began = 10, .recorded = 100},
    };
    assert_int_equal(debt_at(rows, 99), 0);
    assert_int_equal(debt_at(rows, 100), 4 * 90);
    assert_int_equal(debt_at(rows, 101), 4 * 91);
}

static void what_ends_owes_nothing_from_that_instant(void **state)
{
    (void)state;
    struct interval rows[ROWS] = {
        {.severity = SEVERITY_CRITICAL, .began = 10, .recorded = 10, .ended = 20},
    };
    assert_int_equal(debt_at(rows, 10), 0);
    assert_int_equal(debt_at(rows, 19), 8 * 9);
    assert_int_equal(debt_at(rows, 20), 0);
    assert_int_equal(paid_in(rows, 10, 19), 0);
    assert_int_equal(paid_in(rows, 19, 20), 8 * 10);
    assert_int_equal(paid_in(rows, 20, 30), 0);
}

static void a_million_findings_of_a_century_fit(void **state)
{
    (void)state;
    int64_t debt = 0, n = 1000000, century_s = INT64_C(100) * 366 * 86400;
    struct err err = {0};
    const struct debt_sum sum = {SEVERITY_CRITICAL, n, n * 1000, 0};
    assert_int_equal(debt_add_open(&debt, &sum, 1000 + century_s, &err), OK);
    assert_int_equal(debt, 8 * n * century_s);
}

static void what_does_not_fit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct err err = {0};
    int64_t debt = 7, accrued = 7;
    const struct debt_sum sums[] = {
        {SEVERITY_LOW, INT64_MAX, 0, 0},
        {SEVERITY_LOW, 1, INT64_MIN, INT64_MAX},
        {SEVERITY_CRITICAL, 1, -INT64_MAX / 4, INT64_MAX / 4},
        {SEVERITY_LOW, 0, -(INT64_MAX - 3), 0},
    };
    for (size_t i = 0; i < LENGTH_OF(sums); i++) {
        assert_int_equal(debt_add_open(&debt, &sums[i], 1000, &err), R_CORRUPT);
        assert_int_equal(debt, 7);
    }
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(debt_add_paid(&debt, &sums[i], &err), R_CORRUPT);
        assert_int_equal(debt, 7);
    }
    assert_int_equal(debt_accrued(INT64_MIN, 1, 0, &accrued, &err), R_CORRUPT);
    assert_int_equal(debt_accrued(0, INT64_MAX, 1, &accrued, &err), R_CORRUPT);
    assert_int_equal(accrued, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debt_accrued_and_paid_equal_every_second_counted),
        cmocka_unit_test(a_late_discovery_is_a_step_on_the_day_it_was_recorded),
        cmocka_unit_test(what_ends_owes_nothing_from_that_instant),
        cmocka_unit_test(a_million_findings_of_a_century_fit),
        cmocka_unit_test(what_does_not_fit_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
