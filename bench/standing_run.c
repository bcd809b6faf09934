/* What standing costs, one figure a run, over the database of a fleet (bench/standing has the
 * fleets):
 *
 *   bench-standing judge CONFIG STORE        one device after the other, facts in memory
 *   bench-standing full CONFIG STORE         everything anew by a sweep, as core does it; writes
 *   bench-standing due CONFIG STORE          the day after the last entry; writes
 *   bench-standing ask CONFIG STORE          overview and first pages, as the reader answers them
 *
 * Prints one JSON object a figure: {"figure", "value"}. The clock stands at the last entry, so that
 * a fleet that was kept does not age. */
#include "standing_run.h"
#include "calibration.h"

#include <base/config.h>
#include <registry/about.h>
#include <service/finding.h>
#include <service/sweep.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG_PAGES_MOST 2000 /* as core has it */
#define STEP_IDLE 256       /* subjects of a step: likewise */

double run_cpu_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

double run_wall_s(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void run_print(const char *figure, double value)
{
    printf("{\"figure\": \"%s\", \"value\": %.6g}\n", figure, value);
}

/* ---- one device ------------------------------------------------------------------------------ */

#define JUDGED_MOST 20000
#define JUDGE_ROUNDS 50

struct on_file {
    struct facts facts;
    struct policy policy;
};

static enum result read_known(struct run *run, struct on_file *to, size_t *ret_n, struct err *err)
{
    int64_t last = 0;
    TRY(store_max_id(run->store, TABLE_DEVICE, &last, err));
    int64_t step = last / JUDGED_MOST + 1;
    for (int64_t id = 1; id <= last && *ret_n < JUDGED_MOST; id += step) {
        struct about about = {0};
        const struct subject_key key = {SUBJECT_DEVICE, id};
        TRY(about_read(run->store, key, run->now_s, &about, err));
        to[(*ret_n)++] = (struct on_file){about.facts, about.policy};
    }
    return OK;
}

static enum result judge(struct run *run, struct err *err)
{
    size_t n = 0, open = 0;
    struct on_file *known = calloc(JUDGED_MOST, sizeof *known);
    if (known == NULL)
        return err_set(err, E_MEMORY, "no memory for facts");
    enum result result = read_known(run, known, &n, err);
    double begun_s = run_cpu_s();
    for (int round = 0; round < JUDGE_ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            open += standing(&known[i].facts, &known[i].policy, run->now_s).n;
    double us = (run_cpu_s() - begun_s) * 1e6 / JUDGE_ROUNDS / (double)(n > 0 ? n : 1);
    free(known);
    run_print("judge_us", us);
    run_print("judged_open", (double)open / JUDGE_ROUNDS);
    return result;
}

/* ---- everything ------------------------------------------------------------------------------ */

static enum result commit(struct run *run, struct err *err)
{
    TRY(store_commit(run->store, err));
    ledger_committed(run->service->ledger);
    if (store_log_pages(run->store) > LOG_PAGES_MOST)
        TRY(store_checkpoint(run->store, err));
    return OK;
}

static enum result begin(struct run *run, struct err *err)
{
    (void)clock_guard_look(&run->service->clock, run->now_s, run->now_s,
                           ledger_last_at_s(run->service->ledger));
    return store_begin(run->store, err);
}

static enum result sweep(struct run *run, uint64_t *ret_steps, struct err *err)
{
    bool is_done = false;
    TRY(begin(run, err));
    TRY(finding_sweep_begin(run->service, 0, err));
    for (*ret_steps = 0; !is_done; ++*ret_steps) {
        TRY(finding_sweep_step(run->service, STEP_IDLE, run->now_s, &is_done, err));
        TRY(commit(run, err));
        TRY(begin(run, err));
    }
    return commit(run, err);
}

static enum result full(struct run *run, struct err *err)
{
    uint64_t steps = 0;
    double cpu_s = run_cpu_s(), wall_s = run_wall_s();
    uint64_t before = ledger_size(run->service->ledger);
    TRY(sweep(run, &steps, err));
    run_print("full_s", run_cpu_s() - cpu_s);
    run_print("full_wall_s", run_wall_s() - wall_s);
    run_print("full_steps", (double)steps);
    run_print("full_entries", (double)(ledger_size(run->service->ledger) - before));
    return OK;
}

/* ---- a day ----------------------------------------------------------------------------------- */

#define DUE_A_TICK 200 /* as core has it */

static enum result due(struct run *run, struct err *err)
{
    uint32_t n = 1;
    uint64_t touched = 0, before = ledger_size(run->service->ledger);
    run->now_s += 86400;
    double cpu_s = run_cpu_s(), wall_s = run_wall_s();
    while (n > 0) {
        TRY(begin(run, err));
        TRY(finding_settle_due(run->service, run->now_s, DUE_A_TICK, &n, err));
        TRY(commit(run, err));
        touched += n;
    }
    double spent_s = run_cpu_s() - cpu_s;
    run_print("due_s", spent_s);
    run_print("due_wall_s", run_wall_s() - wall_s);
    run_print("due_touched", (double)touched);
    run_print("due_entries", (double)(ledger_size(run->service->ledger) - before));
    run_print("due_us_each", touched == 0 ? 0 : spent_s * 1e6 / (double)touched);
    return OK;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static enum result open_all(struct run *run, const char *config, const char *path,
                            enum store_mode mode, struct err *err)
{
    uint64_t size = 0;
    TRY(config_read(config, run->config, err));
    TRY(store_open(path, mode, &run->store, err));
    TRY(store_last_entry(run->store, &size, &run->now_s, err));
    fleet_set_clock(run->now_s);
    return mode == STORE_WRITE
               ? service_open(run->service, run->store, run->config, run->now_s, err)
               : OK;
}

static const struct mode {
    const char *name;
    enum store_mode opens;
    enum result (*run)(struct run *run, struct err *err);
} modes[] = {
    {"judge", STORE_READ, judge},
    {"full", STORE_WRITE, full},
    {"due", STORE_WRITE, due},
    {"ask", STORE_READ, run_ask},
};

static const struct mode *mode_named(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(modes); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

static bool calibrate(void)
{
    struct calibration calibration;
    bool good = calibration_open(&calibration);
    for (int i = 0; good && i < 200; i++)
        good = calibration_row(&calibration);
    if (good)
        run_print("calibration_us", calibration_us(&calibration));
    return good;
}

int main(int argc, char **argv)
{
    static struct service service;
    static struct config config;
    struct err err = {0};
    struct run run = {.service = &service, .config = &config};
    const struct mode *mode = argc == 4 ? mode_named(argv[1]) : NULL;
    if (mode == NULL) {
        fputs("usage: bench-standing judge|full|due|ask CONFIG STORE\n", stderr);
        return 2;
    }
    enum result result = open_all(&run, argv[2], argv[3], mode->opens, &err);
    if (result == OK)
        result = mode->run(&run, &err);
    if (result != OK)
        fprintf(stderr, "bench-standing: %s\n", err.text);
    if (mode->opens == STORE_WRITE)
        service_close(&service);
    store_close(run.store);
    return result == OK && calibrate() ? 0 : 1;
}
