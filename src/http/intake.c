#include "intake.h"
#include "api_shapes.h"

#include <base/file.h>
#include <base/limits.h>

#include <stdlib.h>
#include <string.h>

#define FAULTS_SHOWN 10000
#define ROW_MS 1 /* what core may take for one; it takes a tenth */

/* Faults in the order of their lines, the next one at hand. */
struct faults {
    struct record_reader records;
    struct ipc_message next; /* IPC_NONE: there are no more */
};

/* What the desk knows of a file, beside what core says of it. */
struct tally {
    uint32_t rows, bad;
    struct faults faults; /* of the bad ones, the first FAULTS_SHOWN */
};

static void tally_free(void *own)
{
    struct tally *tally = own;
    record_close(&tally->faults.records);
    free(tally);
}

/* ---- the file ------------------------------------------------------------------------------- */

enum result intake_begin(struct intake *intake, const struct api_wait *wait, struct err *err)
{
    *intake = (struct intake){.tally = wait->own, .records.fd = -1, .faults.fd = -1};
    TRY(record_begin(LIMIT_IMPORT_RECORDS, &intake->records, err));
    return record_begin(LIMIT_IMPORT_RECORDS, &intake->faults, err);
}

void intake_free(struct intake *intake)
{
    record_abandon(&intake->records);
    record_abandon(&intake->faults);
}

enum result intake_add(struct intake *intake, enum ipc_type type, const void *record,
                       struct err *err)
{
    intake->taken++;
    return record_append(&intake->records, type, record, err);
}

enum result intake_fault(struct intake *intake, uint32_t line, const struct err *why,
                         struct err *err)
{
    struct bytes text = bytes_of(why->text, strlen(why->text));
    const struct msg_import_fault fault = {line, why->code, text};
    if (intake->tally->bad++ >= FAULTS_SHOWN)
        return OK;
    return record_append(&intake->faults, IPC_IMPORT_FAULT, &fault, err);
}

static enum result keep_faults(struct intake *intake, struct err *err)
{
    CLEANUP(fd_closep) int fd = -1;
    if (intake->tally->bad == 0)
        return OK;
    TRY(record_seal(&intake->faults, &fd, err));
    return record_open(fd, LIMIT_IMPORT_RECORDS, &intake->tally->faults.records, err);
}

enum result intake_end(struct intake *intake, uint32_t rows, int *ret_fd, struct err *err)
{
    TRY(keep_faults(intake, err));
    intake->tally->rows = rows;
    *ret_fd = -1;
    return intake->taken == 0 ? OK : record_seal(&intake->records, ret_fd, err);
}

/* ---- the reply ------------------------------------------------------------------------------ */

static enum result go_on(struct faults *faults, struct err *err)
{
    return record_next(&faults->records, IPC_IMPORT_FAULT, &faults->next, err);
}

static bool is_before(const struct faults *one, const struct faults *other)
{
    if (one->next.type == IPC_NONE || other->next.type == IPC_NONE)
        return other->next.type == IPC_NONE;
    return one->next.import_fault.line < other->next.import_fault.line;
}

/* Both come by line, and so they are shown. */
static enum result show_faults(struct api_doc *doc, struct faults *own, struct faults *cores,
                               struct err *err)
{
    TRY(go_on(own, err));
    TRY(go_on(cores, err));
    for (int shown = 0; shown < FAULTS_SHOWN; shown++) {
        struct faults *first = is_before(own, cores) ? own : cores;
        if (first->next.type == IPC_NONE)
            return OK;
        api_add_fault(doc, "faults", &first->next.import_fault);
        TRY(go_on(first, err));
    }
    return OK;
}

static void faults_close(struct faults *faults)
{
    record_close(&faults->records);
}

/* `faults_fd`: those that core found, when it refused any. */
static enum result reply(struct request *request, struct api_wait *wait,
                         const struct msg_verb_answer *answer, int faults_fd, struct err *err)
{
    struct tally *tally = wait->own;
    CLEANUP(faults_close) struct faults cores = {0};
    if (answer->refused > 0)
        TRY(record_open(faults_fd, LIMIT_IMPORT_RECORDS, &cores.records, err));
    TRY(show_faults(wait->doc, &tally->faults, &cores, err));
    api_put_flag(wait->doc, "dry_run", wait->is_dry_run);
    api_put_number(wait->doc, NULL, "rows", tally->rows);
    api_put_number(wait->doc, NULL, "faults_total", (int64_t)tally->bad + answer->refused);
    api_put(wait->doc, NULL, shape_import_outcome, answer);
    api_reply_doc(request, wait->doc, 200);
    return OK;
}

void intake_take(struct request *request, struct api_wait *wait, const struct ipc_message *message,
                 intake_replies replies)
{
    struct err err = {0};
    const struct msg_verb_answer *answer = &message->verb_answer;
    if (message->type != IPC_VERB_ANSWER)
        return;
    if (answer->code != E_NONE && answer->code != E_IMPORT)
        api_refuse_code(request, answer->code, answer->text);
    else if (replies(request, wait, answer, message->fd, &err) != OK)
        request_refuse(request, &err);
}

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    intake_take(request, wait, message, reply);
}

enum result intake_wait(struct request *request, struct api_wait **ret, struct err *err)
{
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->take = take;
    wait->own = calloc(1, sizeof(struct tally));
    if (wait->own == NULL)
        return err_set(err, E_MEMORY, "no memory for an import");
    wait->own_free = tally_free;
    api_list(wait->doc, "faults");
    *ret = wait;
    return OK;
}

enum result intake_reply(struct request *request, struct api_wait *wait, struct err *err)
{
    return reply(request, wait, &(struct msg_verb_answer){0}, -1, err);
}

void intake_extend(struct request *request, uint32_t rows)
{
    request_extend(request, (int64_t)rows * ROW_MS);
}
