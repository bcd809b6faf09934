/* trothd check BACKUP: the copy is verified, and everything in it is judged anew, as of its last
 * entry and as of now. Nothing is written. */
#include <app/modes.h>

#include "restore.h"

#include <base/clock.h>
#include <crypto/start.h>
#include <registry/about.h>
#include <trust/debt.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_WARNING 3
#define EXIT_CRITICAL 4
#define PAGE 1000

/* One check: as the findings in the copy have it, and as it is judged at the two instants. */
struct tally_of_check {
    int64_t stored, then, now;
    int64_t oldest_s, debt_s; /* of what is stored, now */
    bool is_measured;
    enum severity worst; /* now */
};

struct judging {
    struct store *store;
    int64_t then_s, now_s;
    int64_t subjects;
    struct tally_of_check at[CHECK_MAX + 1];
    struct about about;
};

/* ---- judging everything ------------------------------------------------------------------------
 */

static void note_now(struct judging *judging, const struct standing *now)
{
    for (size_t i = 0; i < now->n; i++) {
        struct tally_of_check *tally = &judging->at[now->findings[i].check->number];
        tally->now++;
        if (now->findings[i].severity > tally->worst)
            tally->worst = now->findings[i].severity;
    }
    for (int number = 1; number <= CHECK_MAX; number++)
        judging->at[number].is_measured |= standing_measured(now, number);
}

static enum result note_stored(struct judging *judging, struct err *err)
{
    const struct about *about = &judging->about;
    for (size_t i = 0; i < about->open_n; i++) {
        const struct finding *open = &about->open[i];
        const struct check *check = check_find(open->check);
        if (check == NULL)
            continue;
        struct tally_of_check *tally = &judging->at[open->check];
        enum severity severity =
            open->severity != 0 ? (enum severity)open->severity : check->severity;
        const struct debt_sum sum = {severity, 1, open->began_at_s, 0};
        tally->stored++;
        if (tally->oldest_s == 0 || open->began_at_s < tally->oldest_s)
            tally->oldest_s = open->began_at_s;
        TRY(debt_add_open(&tally->debt_s, &sum, judging->now_s, err));
    }
    return OK;
}

static enum result judge(struct judging *judging, enum subject_kind kind, int64_t id,
                         struct err *err)
{
    struct about *about = &judging->about;
    struct subject_key key = {kind, id};
    enum result result = about_read(judging->store, key, judging->then_s, about, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    struct standing then = standing(&about->facts, &about->policy, judging->then_s);
    for (size_t i = 0; i < then.n; i++)
        judging->at[then.findings[i].check->number].then++;
    TRY(note_stored(judging, err));
    TRY(about_read(judging->store, key, judging->now_s, about, err));
    struct standing now = standing(&about->facts, &about->policy, judging->now_s);
    note_now(judging, &now);
    judging->subjects++;
    return OK;
}

static enum result judge_table(struct judging *judging, enum table table, enum subject_kind kind,
                               struct err *err)
{
    int64_t ids[PAGE];
    size_t n = 0;
    struct id_range range = {.table = table, .until = INT64_MAX};
    do {
        TRY(store_ids(judging->store, &range, ids, PAGE, &n, err));
        for (size_t i = 0; i < n; i++)
            TRY(judge(judging, kind, ids[i], err));
        if (n > 0)
            range.after = ids[n - 1];
    } while (n == PAGE);
    return OK;
}

static enum result judge_all(struct judging *judging, struct err *err)
{
    TRY(judge_table(judging, TABLE_DEVICE, SUBJECT_DEVICE, err));
    TRY(judge_table(judging, TABLE_PRODUCT, SUBJECT_PRODUCT, err));
    TRY(judge_table(judging, TABLE_ISSUER, SUBJECT_ISSUER, err));
    TRY(judge_table(judging, TABLE_FOREIGN, SUBJECT_FOREIGN, err));
    TRY(judge_table(judging, TABLE_BOUNDARY, SUBJECT_BOUNDARY, err));
    TRY(judge_table(judging, TABLE_BINDING, SUBJECT_BINDING, err));
    return judge(judging, SUBJECT_INSTALLATION, 0, err);
}

/* ---- the answer --------------------------------------------------------------------------------
 */

static int status_of(const struct judging *judging)
{
    int status = 0;
    for (int number = 1; number <= CHECK_MAX; number++) {
        if (judging->at[number].now == 0)
            continue;
        if (judging->at[number].worst == SEVERITY_CRITICAL)
            return EXIT_CRITICAL;
        status = EXIT_WARNING;
    }
    return status;
}

static const char *word_of(int status)
{
    return status == 0 ? "ok" : status == EXIT_WARNING ? "warning" : "critical";
}

static const char *state_of(const struct tally_of_check *tally)
{
    if (tally->stored > 0 || tally->then > 0 || tally->now > 0)
        return "open";
    return tally->is_measured ? "holds" : "unmeasured";
}

static void print_row(const struct check *check, const struct tally_of_check *tally)
{
    if (tally->stored == 0 && tally->then == 0 && tally->now == 0)
        return;
    printf("TD-%02d  %-20s %10" PRId64 " %10" PRId64 " %10" PRId64 "  %s\n", check->number,
           check->title, tally->stored, tally->then, tally->now, check->mend);
}

static void print_unmeasured(const struct judging *judging)
{
    const struct check *check = NULL;
    fputs("unmeasured:", stdout);
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        if (state_of(&judging->at[check->number])[0] == 'u')
            printf(" TD-%02d", check->number);
    fputc('\n', stdout);
}

static void print_text(const struct judging *judging, int status)
{
    const struct check *check = NULL;
    printf("%s: %" PRId64 " subjects judged\n\n%-6s %-20s %10s %10s %10s  %s\n", word_of(status),
           judging->subjects, "CHECK", "TITLE", "IN COPY", "THEN", "NOW", "MEND");
    for (size_t i = 0; (check = check_at(i)) != NULL; i++)
        print_row(check, &judging->at[check->number]);
    print_unmeasured(judging);
    puts("IN COPY is what the server had recorded, with what a brake or a budget raised: that "
         "waits for a\n"
         "person and no judgement makes it. THEN and NOW were judged here, at the copy's time and "
         "at this one.");
}

static void print_json(const struct judging *judging, int status)
{
    const struct check *check = NULL;
    printf("{\"status\": \"%s\", \"judged\": %" PRId64 ", \"then_s\": %" PRId64
           ", \"now_s\": %" PRId64 ", \"checks\": [",
           word_of(status), judging->subjects, judging->then_s, judging->now_s);
    for (size_t i = 0; (check = check_at(i)) != NULL; i++) {
        const struct tally_of_check *tally = &judging->at[check->number];
        printf(
            "%s{\"check\": \"TD-%02d\", \"title\": \"%s\", \"state\": \"%s\", \"stored\": %" PRId64
            ", \"then\": %" PRId64 ", \"now\": %" PRId64 ", \"debt_s\": %" PRId64 "}",
            i > 0 ? ", " : "", check->number, check->title, state_of(tally), tally->stored,
            tally->then, tally->now, tally->debt_s);
    }
    puts("]}");
}

/* ---- the copy ----------------------------------------------------------------------------------
 */

static enum result open_copy(const char *folder, struct store **ret, struct err *err)
{
    struct restore restore = {0};
    struct backup_size size = {0};
    char path[BACKUP_PATH_MAX];
    snprintf(path, sizeof path, "%s/" BACKUP_DATABASE, folder);
    TRY(backup_check(folder, &size, err));
    TRY(store_open(path, STORE_READ, ret, err));
    return restore_verify(folder, &restore.keys, *ret, &restore, err);
}

static enum result run(const struct arguments *arguments, int *ret_status, struct err *err)
{
    CLEANUP(store_closep) struct store *store = NULL;
    bool is_json = argument_text(arguments, "--json") != NULL;
    uint64_t size = 0;
    TRY(crypto_start(err));
    TRY(open_copy(argument_text(arguments, "BACKUP"), &store, err));
    struct judging *judging = calloc(1, sizeof *judging);
    if (judging == NULL)
        return err_set(err, E_MEMORY, "no memory to judge");
    judging->store = store;
    judging->now_s = clock_now_s();
    enum result result = store_last_entry(store, &size, &judging->then_s, err);
    if (result == OK)
        result = judge_all(judging, err);
    if (result == OK) {
        *ret_status = status_of(judging);
        (is_json ? print_json : print_text)(judging, *ret_status);
    }
    free(judging);
    return result;
}

int mode_check(const struct arguments *arguments)
{
    struct err err = {0};
    int status = 0;
    enum result result = run(arguments, &status, &err);
    return result == OK ? status : audit_finish(result, &err);
}
