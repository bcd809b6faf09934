#include "intake.h"
#include "api_shapes.h"

#include <base/file.h>
#include <base/limits.h>
#include <trust/foreign_words.h>

#include <stdlib.h>
#include <string.h>

#define FAULTS_SHOWN 10000
#define LINES_SHOWN 100000 /* runs of lines with the same fate: 5 MB of JSON */
#define ROW_MS 1           /* what core may take for one; it takes a tenth */

/* import_done records in the order of their lines, the next one at hand; `until` 0: no more. */
struct lines {
    struct record_reader records;
    struct msg_import_done next;
};

/* What the desk knows of a file, beside what core says of it. */
struct tally {
    uint32_t rows, bad;
    struct lines faults; /* of the bad ones; behind FAULTS_SHOWN without a reason */
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
    bool is_shown = intake->tally->bad++ < FAULTS_SHOWN;
    const struct msg_import_done fault = {
        .line = line,
        .code = why->code,
        .text = bytes_of(why->text, is_shown ? strlen(why->text) : 0),
        .until = line,
    };
    return record_append(&intake->faults, IPC_IMPORT_DONE, &fault, err);
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

static enum result go_on(struct lines *lines, struct err *err)
{
    struct ipc_message read;
    TRY(record_next(&lines->records, IPC_IMPORT_DONE, &read, err));
    lines->next = read.type == IPC_NONE ? (struct msg_import_done){0} : read.import_done;
    return OK;
}

/* Both come by line; no line is in both. */
static enum result next_done(struct lines *own, struct lines *cores, struct msg_import_done *ret,
                             struct err *err)
{
    bool is_cores =
        own->next.until == 0 || (cores->next.until != 0 && cores->next.line < own->next.line);
    struct lines *first = is_cores ? cores : own;
    *ret = first->next;
    return ret->until == 0 ? OK : go_on(first, err);
}

/* What is said of the lines of a file. */
struct telling {
    struct api_doc *doc;
    int faults, runs;
    struct msg_import_done run;
};

static void end_run(struct telling *telling)
{
    if (telling->run.until != 0 && telling->runs++ < LINES_SHOWN)
        api_add_done(telling->doc, "lines", &telling->run);
    telling->run = (struct msg_import_done){0};
}

static void tell(struct telling *telling, const struct msg_import_done *done)
{
    if (done->did == IMPORT_REFUSED && telling->faults++ < FAULTS_SHOWN)
        api_add_fault(telling->doc, "faults", done);
    if (telling->run.did != done->did)
        end_run(telling);
    if (telling->run.until == 0)
        telling->run = *done;
    telling->run.until = done->until;
}

static enum result tell_all(struct api_doc *doc, struct lines *own, struct lines *cores,
                            struct err *err)
{
    struct telling telling = {.doc = doc};
    struct msg_import_done done;
    TRY(go_on(own, err));
    TRY(go_on(cores, err));
    for (;;) {
        TRY(next_done(own, cores, &done, err));
        if (done.until == 0)
            break;
        tell(&telling, &done);
    }
    end_run(&telling);
    api_put_number(doc, NULL, "lines_total", telling.runs);
    return OK;
}

static void lines_close(struct lines *lines)
{
    record_close(&lines->records);
}

/* `done_fd`: what became of the lines that core got; -1: it got none. */
static enum result reply(struct request *request, struct api_wait *wait,
                         const struct msg_verb_answer *answer, int done_fd, struct err *err)
{
    struct tally *tally = wait->own;
    CLEANUP(lines_close) struct lines cores = {0};
    if (done_fd >= 0)
        TRY(record_open(done_fd, LIMIT_IMPORT_RECORDS, &cores.records, err));
    TRY(tell_all(wait->doc, &tally->faults, &cores, err));
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
    api_list(wait->doc, "lines");
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
