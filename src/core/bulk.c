/* A bulk verb beside everything else: gathered, counted and done a slice a turn, each slice one
 * transaction (service/bulk.h). */
#include "core.h"

#include <base/log.h>
#include <base/text.h>

#define PAUSE_MS 5000 /* after a slice that failed: a disk that is full may have room again */

static struct operator_is asker(const struct core *core)
{
    return (struct operator_is){.row = core->bulk.operator_row, .actor = core->bulk.actor};
}

/* ---- one is asked for ------------------------------------------------------------------------ */

static enum result begin(struct core *core, const struct msg_bulk *ask, int fd, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    struct operator_is who = {0};
    struct bulk row = {0};
    if (job->stage != BULK_IDLE)
        return err_set(err, E_BUSY, "another bulk verb is being counted");
    TRY(verb_operator(&core->service, ask->operator_spki, &who, err));
    TRY(bulk_select(&core->service, &who, ask, &row, err));
    TRY(store_max_id(core->store, TABLE_DEVICE, &job->last, err));
    if (row.listed)
        TRY(record_open(fd, LIMIT_IMPORT_RECORDS, &job->list, err));
    job->row = row;
    job->id = ask->id;
    job->dry_run = ask->dry_run != 0;
    (void)text_copy(ask->request, job->request, sizeof job->request);
    (void)text_copy(ask->note, job->note, sizeof job->note);
    job->operator_row = who.row;
    job->actor = who.actor;
    job->at = 0;
    job->count = (struct bulk_count){0};
    sha256_begin(&job->count.ids);
    job->stage = BULK_GATHERS;
    return OK;
}

static void refuse(struct core *core, uint64_t id, const struct err *why)
{
    const struct msg_verb_answer answer = {
        .id = id, .code = why->code, .text = text_bytes(why->text)};
    core_answer_verb(core, &answer);
}

void core_bulk_begin(struct core *core, const struct msg_bulk *ask, int fd)
{
    struct err err = {0};
    log_request_set(ask->request);
    if (begin(core, ask, fd, &err) != OK)
        refuse(core, ask->id, &err);
}

/* ---- a slice --------------------------------------------------------------------------------- */

typedef enum result (*slice)(struct core *core, bool *ret_is_over, struct err *err);

static enum result in_transaction(struct core *core, slice take, bool *ret_is_over, struct err *err)
{
    TRY(store_begin(core->store, err));
    enum result result = take(core, ret_is_over, err);
    if (result == OK)
        result = store_commit(core->store, err);
    if (result != OK) {
        store_rollback(core->store);
        ledger_rolled_back(core->service.ledger);
        return result;
    }
    ledger_committed(core->service.ledger);
    return OK;
}

/* ---- gathering and counting ------------------------------------------------------------------ */

static enum result gather_list(struct core *core, bool *ret_is_over, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    const struct operator_is who = asker(core);
    struct ipc_message row;
    for (int i = 0; i < CORE_IMPORT_ROWS; i++) {
        TRY(record_next(&job->list, IPC_IMPORT_ROW, &row, err));
        *ret_is_over = row.type == IPC_NONE;
        if (*ret_is_over)
            return OK;
        TRY(bulk_gather_row(&core->service, &who, &job->row, &row.import_row, err));
    }
    return OK;
}

static enum result gather(struct core *core, bool *ret_is_over, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    if (job->row.listed)
        return gather_list(core, ret_is_over, err);
    int64_t until = job->at + CORE_GATHER_IDS;
    TRY(store_gather_members(core->store, &job->row, job->at, until, err));
    job->at = until;
    *ret_is_over = until >= job->last;
    return OK;
}

static enum result count(struct core *core, bool *ret_is_over, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    return bulk_count(&core->service, &job->row, &job->count, ret_is_over, err);
}

/* Nothing of it stays: a dry run is over, or it was refused. */
static enum result drop(struct core *core, bool *ret_is_over, struct err *err)
{
    *ret_is_over = true;
    return store_drop_members(core->store, core->bulk.row.id, INT64_MAX, err);
}

static enum result record(struct core *core, bool *ret_is_over, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    const struct operator_is who = asker(core);
    *ret_is_over = true;
    return bulk_record(&core->service, &who, &job->row, text_bytes(job->note), core->now_s, err);
}

static void tell(struct core *core, bool takes_two)
{
    const struct bulk_job *job = &core->bulk;
    const int64_t *devices = job->count.devices;
    struct err err = {0};
    const struct msg_bulk_answer answer = {
        .id = job->id,
        .bulk = job->dry_run ? 0 : job->row.id,
        .two_people = takes_two,
        .devices = job->row.devices,
        .unchanged = job->count.unchanged,
        .expected = devices[STATE_EXPECTED],
        .enrolled = devices[STATE_ENROLLED],
        .active = devices[STATE_ACTIVE],
        .quarantined = devices[STATE_QUARANTINED],
        .lost = devices[STATE_LOST],
        .retired = devices[STATE_RETIRED],
        .pending = job->count.pending,
        .current = job->count.current,
    };
    if (ipc_send(&core->desk, IPC_BULK_ANSWER, &answer, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}

static enum result start(struct core *core, bool takes_two, struct err *err)
{
    struct bulk_job *job = &core->bulk;
    const struct operator_is who = asker(core);
    struct product product = {0};
    struct ipc_message message = {.type = IPC_BULK_RUN, .fd = -1};
    struct msg_verb_answer answer = {.id = job->id};
    bool unused = false;
    TRY(in_transaction(core, record, &unused, err));
    TRY(bulk_message(&core->service, &job->row, &product, &message.bulk_run, err));
    message.bulk_run.id = job->id;
    if (takes_two) {
        TRY(core_ask_people(core, &message, &who, &answer, err));
        core_answer_verb(core, &answer);
        return OK;
    }
    TRY(core_run_verb(core, &message, &who, err));
    tell(core, false);
    return OK;
}

/* All are counted. */
static enum result decide(struct core *core, struct err *err)
{
    const struct operator_is who = asker(core);
    bool takes_two = false, unused = false;
    TRY(bulk_takes_two(&core->service, &who, &core->bulk.row, core->now_s, &takes_two, err));
    takes_two = takes_two && who.actor.kind == ACTOR_OPERATOR &&
                approval_is_wanted(&core->service, IPC_BULK_RUN);
    if (!core->bulk.dry_run)
        return start(core, takes_two, err);
    TRY(in_transaction(core, drop, &unused, err));
    tell(core, takes_two);
    return OK;
}

static void end(struct core *core)
{
    if (core->bulk.row.listed)
        record_close(&core->bulk.list);
    core->bulk.stage = BULK_IDLE;
    core->counts.verbs++;
}

static void fail(struct core *core, const struct err *why)
{
    struct err err = {0};
    bool unused = false;
    refuse(core, core->bulk.id, why);
    if (result_is_ours(error_find(why->code)->kind))
        turn_fail(core, why);
    else if (in_transaction(core, drop, &unused, &err) != OK)
        turn_fail(core, &err);
    end(core);
}

static void prepare(struct core *core)
{
    struct bulk_job *job = &core->bulk;
    struct err err = {0};
    bool is_over = false;
    log_request_set(text_bytes(job->request));
    enum result result =
        in_transaction(core, job->stage == BULK_GATHERS ? gather : count, &is_over, &err);
    bool is_counted = result == OK && is_over && job->stage == BULK_COUNTS;
    if (result == OK && is_over && job->stage == BULK_GATHERS)
        job->stage = BULK_COUNTS;
    if (is_counted)
        result = decide(core, &err);
    if (result != OK)
        fail(core, &err);
    else if (is_counted)
        end(core);
    log_request_set(bytes_of(NULL, 0));
}

/* ---- doing ----------------------------------------------------------------------------------- */

static enum result keep(void *ctx, const struct bulk *bulk, struct err *err)
{
    (void)err;
    *(struct bulk *)ctx = *bulk;
    return OK;
}

/* The oldest that runs. */
static enum result slice_of_oldest(struct core *core, bool *ret_is_over, struct err *err)
{
    struct bulk bulk = {0};
    const struct filter running = {.state = BULK_RUNNING, .limit = 1};
    TRY(store_bulks(core->store, &running, keep, &bulk, err));
    if (bulk.id == 0) {
        core->bulk.may_run = false;
        return OK;
    }
    return bulk_slice(&core->service, &bulk, core->now_s, ret_is_over, err);
}

static void run(struct core *core)
{
    struct err err = {0};
    bool is_over = false;
    enum result result = in_transaction(core, slice_of_oldest, &is_over, &err);
    if (result == OK && is_over)
        service_hurry_shards(&core->service);
    if (result == OK)
        return;
    turn_fail(core, &err);
    core->bulk.pause_ms = core->service.now_ms + PAUSE_MS;
}

bool core_bulk_is_busy(const struct core *core)
{
    const struct bulk_job *job = &core->bulk;
    return job->stage != BULK_IDLE || (job->may_run && core->service.now_ms >= job->pause_ms);
}

void core_bulk_step(struct core *core)
{
    if (!core_bulk_is_busy(core))
        return;
    turn_end(core);
    if (core->bulk.stage != BULK_IDLE)
        prepare(core);
    else
        run(core);
}

enum result core_bulk_open(struct core *core, struct err *err)
{
    core->bulk.may_run = true;
    TRY(turn_begin(core, err));
    TRY(store_drop_stray_members(core->store, err));
    turn_end(core);
    return OK;
}
