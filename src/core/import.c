/* An import runs beside everything else: a few hundred rows a turn, each slice one transaction. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/foreign.h>
#include <service/scan.h>

#include <unistd.h>

/* What both kinds of import ask. */
struct wish {
    uint64_t id;
    struct bytes request;
    const uint8_t *operator_spki;
    bool dry_run;
    enum ipc_type type; /* of the records */
    enum operate what;
    int64_t anchor; /* of foreign certificates */
};

static void answer_failed(struct core *core, uint64_t id, const struct err *why)
{
    struct msg_verb_answer answer = {.id = id, .code = why->code, .text = text_bytes(why->text)};
    core_answer_verb(core, &answer);
}

static enum result may(struct core *core, const struct wish *wish, struct operator_is *who,
                       struct err *err)
{
    if (core->import.is_running)
        return err_set(err, E_BUSY, "another import is running");
    TRY(verb_operator(&core->service, wish->operator_spki, who, err));
    if (wish->type == IPC_IMPORT_ROW)
        return verb_allow(who, wish->what, who->row.scope, err);
    TRY(verb_allow(who, wish->what, NULL, err));
    if (wish->type == IPC_SCAN_LINE)
        return OK;
    return foreign_issuer(&core->service, wish->anchor, &core->import.issuer, err);
}

static enum result begin(struct core *core, const struct wish *wish, int fd, struct err *err)
{
    struct import *import = &core->import;
    struct operator_is who = {0};
    TRY(may(core, wish, &who, err));
    TRY(record_open(fd, LIMIT_IMPORT_RECORDS, &import->rows, err));
    enum result result = record_begin(LIMIT_IMPORT_RECORDS, &import->done, err);
    if (result != OK) {
        record_close(&import->rows);
        return result;
    }
    import->id = wish->id;
    (void)text_copy(wish->request, import->request, sizeof import->request);
    import->dry_run = wish->dry_run;
    import->operator_row = who.row;
    import->actor = who.actor;
    import->type = wish->type;
    import->answer = (struct msg_verb_answer){.id = wish->id};
    import->run = (struct msg_import_done){0};
    import->is_running = true;
    return OK;
}

void core_import_begin(struct core *core, const struct msg_device_import *ask, int fd)
{
    struct err err = {0};
    const struct wish wish = {
        ask->id, ask->request, ask->operator_spki, ask->dry_run, IPC_IMPORT_ROW, OPERATE_DEVICE, 0};
    if (begin(core, &wish, fd, &err) != OK)
        answer_failed(core, ask->id, &err);
}

void core_foreign_import_begin(struct core *core, const struct msg_foreign_import *ask, int fd)
{
    struct err err = {0};
    const struct wish wish = {ask->id,          ask->request,    ask->operator_spki, ask->dry_run,
                              IPC_FOREIGN_LINE, OPERATE_FOREIGN, ask->anchor};
    if (begin(core, &wish, fd, &err) != OK)
        answer_failed(core, ask->id, &err);
}

void core_foreign_scan_begin(struct core *core, const struct msg_foreign_scan *ask, int fd)
{
    struct err err = {0};
    const struct wish wish = {
        ask->id, ask->request, ask->operator_spki, ask->dry_run, IPC_SCAN_LINE, OPERATE_FOREIGN, 0};
    if (begin(core, &wish, fd, &err) != OK)
        answer_failed(core, ask->id, &err);
}

/* Lines with the same fate are one record, as far as nothing lies between: there the desk may have
 * refused one. */
static enum result end_run(struct import *import, struct err *err)
{
    const struct msg_import_done run = import->run;
    import->run = (struct msg_import_done){0};
    return run.until == 0 ? OK : record_append(&import->done, IPC_IMPORT_DONE, &run, err);
}

static enum result note_done(struct import *import, uint32_t line, enum import_did did,
                             struct err *err)
{
    if (import->run.did != did || import->run.until + 1 != line)
        TRY(end_run(import, err));
    if (import->run.until == 0)
        import->run = (struct msg_import_done){.line = line, .did = (uint8_t)did};
    import->run.until = line;
    return OK;
}

static enum result note_fault(struct import *import, uint32_t line, const struct err *why,
                              struct err *err)
{
    const struct msg_import_done fault = {
        .line = line, .code = why->code, .text = text_bytes(why->text), .until = line};
    import->answer.refused++;
    TRY(end_run(import, err));
    return record_append(&import->done, IPC_IMPORT_DONE, &fault, err);
}

static enum result take_record(struct core *core, const struct ipc_message *record, uint32_t *line,
                               struct import_answer *ret, struct err *err)
{
    const struct import *import = &core->import;
    const struct operator_is who = {.row = import->operator_row, .actor = import->actor};
    if (import->type == IPC_FOREIGN_LINE) {
        *line = record->foreign_line.line;
        const struct foreign_list list = {&who, &import->issuer, core->now_s};
        return foreign_line(&core->service, &list, &record->foreign_line, ret, err);
    }
    *line = record->import_row.line;
    return import_row(&core->service, &who, &record->import_row, core->now_s, ret, err);
}

/* Of a scan every line is told what became of it. */
static enum result take_scanned(struct core *core, const struct msg_scan_line *line,
                                struct err *err)
{
    struct import *import = &core->import;
    const struct operator_is who = {.row = import->operator_row, .actor = import->actor};
    struct scan_answer answer = {0};
    TRY(scan_line(&core->service, &who, line, core->now_s, &answer, err));
    bool is_refused = answer.became == SCAN_BECAME_REFUSED;
    import->answer.created += answer.became == SCAN_BECAME_NEW;
    import->answer.changed +=
        answer.became == SCAN_BECAME_CHANGED || answer.became == SCAN_BECAME_GONE;
    import->answer.unchanged +=
        answer.became == SCAN_BECAME_KNOWN || answer.became == SCAN_BECAME_OURS;
    import->answer.refused += is_refused;
    import->answer.unlinked += answer.is_unlinked;
    const struct msg_scan_done done = {
        .line = line->line,
        .became = (uint8_t)answer.became,
        .code = is_refused ? answer.why.code : E_NONE,
        .text = is_refused ? text_bytes(answer.why.text) : bytes_of(NULL, 0),
    };
    return record_append(&import->done, IPC_SCAN_DONE, &done, err);
}

static enum result take_row(struct core *core, const struct ipc_message *record, struct err *err)
{
    struct import *import = &core->import;
    if (import->type == IPC_SCAN_LINE)
        return take_scanned(core, &record->scan_line, err);
    struct import_answer answer = {0};
    uint32_t line = 0;
    TRY(take_record(core, record, &line, &answer, err));
    import->answer.unlinked += answer.did != IMPORT_REFUSED && answer.is_unlinked;
    switch (answer.did) {
    case IMPORT_REFUSED:
        return note_fault(import, line, &answer.why, err);
    case IMPORT_CREATED:
        import->answer.created++;
        break;
    case IMPORT_CHANGED:
        import->answer.changed++;
        break;
    case IMPORT_UNCHANGED:
        import->answer.unchanged++;
        break;
    case IMPORT_DID_COUNT:
        break;
    }
    return note_done(import, line, answer.did, err);
}

/* A slice of rows; *ret_is_over when that was the last one. A dry run is one slice: what its first
 * rows would have made, the later ones must see. */
static enum result take_slice(struct core *core, bool *ret_is_over, struct err *err)
{
    struct ipc_message row;
    for (int i = 0; i < CORE_IMPORT_ROWS || core->import.dry_run; i++) {
        TRY(record_next(&core->import.rows, core->import.type, &row, err));
        if (row.type == IPC_NONE) {
            *ret_is_over = true;
            return end_run(&core->import, err);
        }
        TRY(take_row(core, &row, err));
    }
    return OK;
}

static enum result slice_in_transaction(struct core *core, bool *ret_is_over, struct err *err)
{
    TRY(store_begin(core->store, err));
    enum result result = take_slice(core, ret_is_over, err);
    if (result == OK && !core->import.dry_run)
        result = store_commit(core->store, err);
    if (result != OK || core->import.dry_run) {
        store_rollback(core->store);
        ledger_rolled_back(core->service.ledger);
        return result;
    }
    ledger_committed(core->service.ledger);
    return OK;
}

static void end(struct core *core, const struct err *why)
{
    struct import *import = &core->import;
    struct err err = {0};
    int done = -1;
    import->answer.code = why->code;
    import->answer.text = text_bytes(why->text);
    if (why->code == E_NONE && import->answer.refused > 0)
        import->answer.code = E_IMPORT;
    if (record_seal(&import->done, &done, &err) != OK)
        log_err(LEVEL_ERROR, "import-lines-lost", &err, NULL);
    if (ipc_send(&core->desk, IPC_VERB_ANSWER, &import->answer, done, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
    if (done >= 0)
        close(done);
    record_close(&import->rows);
    import->is_running = false;
    core->counts.verbs++;
}

void core_import_step(struct core *core)
{
    bool is_over = false;
    struct err err = {0};
    if (!core->import.is_running)
        return;
    turn_end(core);
    log_request_set(text_bytes(core->import.request));
    enum result result = slice_in_transaction(core, &is_over, &err);
    if (result != OK && result_is_ours(error_find(err.code)->kind))
        turn_fail(core, &err);
    if (result != OK || is_over)
        end(core, &err);
    log_request_set(bytes_of(NULL, 0));
}
