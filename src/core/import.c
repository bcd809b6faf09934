/* An import runs beside everything else: a few hundred rows a turn, each slice one transaction. */
#include "core.h"

#include <base/log.h>
#include <base/text.h>
#include <service/import.h>

#include <unistd.h>

static void answer_failed(struct core *core, const struct msg_device_import *ask,
                          const struct err *why)
{
    struct msg_verb_answer answer = {
        .id = ask->id, .code = why->code, .text = text_bytes(why->text)};
    core_answer_verb(core, &answer);
}

static enum result begin(struct core *core, const struct msg_device_import *ask, int fd,
                         struct err *err)
{
    struct import *import = &core->import;
    struct operator_is who = {0};
    if (import->is_running)
        return err_set(err, E_BUSY, "another import is running");
    TRY(verb_operator(&core->service, ask->operator_spki, &who, err));
    TRY(verb_allow(&who, OPERATE_DEVICE, who.row.scope, err));
    TRY(record_open(fd, LIMIT_IMPORT_RECORDS, &import->rows, err));
    enum result result = record_begin(LIMIT_IMPORT_RECORDS, &import->faults, err);
    if (result != OK) {
        record_close(&import->rows);
        return result;
    }
    import->id = ask->id;
    (void)text_copy(ask->request, import->request, sizeof import->request);
    import->dry_run = ask->dry_run;
    import->operator_row = who.row;
    import->actor = who.actor;
    import->answer = (struct msg_verb_answer){.id = ask->id};
    import->is_running = true;
    return OK;
}

void core_import_begin(struct core *core, const struct msg_device_import *ask, int fd)
{
    struct err err = {0};
    if (begin(core, ask, fd, &err) != OK)
        answer_failed(core, ask, &err);
}

static enum result note_fault(struct import *import, uint32_t line, const struct err *why,
                              struct err *err)
{
    struct msg_import_fault fault = {
        .line = line, .code = why->code, .text = text_bytes(why->text)};
    import->answer.refused++;
    return record_append(&import->faults, IPC_IMPORT_FAULT, &fault, err);
}

static enum result take_row(struct core *core, const struct msg_import_row *row, struct err *err)
{
    struct import *import = &core->import;
    struct operator_is who = {.row = import->operator_row, .actor = import->actor};
    struct import_answer answer = {0};
    TRY(import_row(&core->service, &who, row, core->now_s, &answer, err));
    switch (answer.did) {
    case IMPORT_REFUSED:
        return note_fault(import, row->line, &answer.why, err);
    case IMPORT_CREATED:
        import->answer.created++;
        break;
    case IMPORT_CHANGED:
        import->answer.changed++;
        break;
    case IMPORT_UNCHANGED:
        import->answer.unchanged++;
        break;
    }
    return OK;
}

/* A slice of rows; *ret_is_over when that was the last one. A dry run is one slice: what its first
 * rows would have made, the later ones must see. */
static enum result take_slice(struct core *core, bool *ret_is_over, struct err *err)
{
    struct ipc_message row;
    for (int i = 0; i < CORE_IMPORT_ROWS || core->import.dry_run; i++) {
        TRY(record_next(&core->import.rows, IPC_IMPORT_ROW, &row, err));
        if (row.type == IPC_NONE) {
            *ret_is_over = true;
            return OK;
        }
        TRY(take_row(core, &row.import_row, err));
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
    int faults = -1;
    import->answer.code = why->code;
    import->answer.text = text_bytes(why->text);
    if (why->code == E_NONE && import->answer.refused > 0)
        import->answer.code = E_IMPORT;
    if (import->answer.refused == 0)
        record_abandon(&import->faults);
    else if (record_seal(&import->faults, &faults, &err) != OK)
        log_err(LEVEL_ERROR, "import-faults-lost", &err, NULL);
    if (ipc_send(&core->desk, IPC_VERB_ANSWER, &import->answer, faults, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
    if (faults >= 0)
        close(faults);
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
