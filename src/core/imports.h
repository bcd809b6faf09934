/* Private: the one import that may be under way, of devices or of other CAs' certificates. */
#ifndef CORE_IMPORTS_H
#define CORE_IMPORTS_H

#include <ipc/record.h>
#include <ledger/act.h>
#include <store/rows.h>

#define CORE_IMPORT_ROWS 500 /* in one turn: others get their turn between */

struct import {
    bool is_running;
    uint64_t id;
    char request[LIMIT_REQUEST_ID + 1];
    bool dry_run;
    struct operator_row operator_row;
    struct actor actor;
    enum ipc_type type;          /* of its records */
    struct authority_row issuer; /* of foreign certificates */
    struct record_reader rows;
    struct record_writer done;  /* what became of every line */
    struct msg_import_done run; /* of the last lines, that had the same fate */
    struct msg_verb_answer answer;
};

struct core;
void core_import_begin(struct core *core, const struct msg_device_import *ask, int fd);
void core_foreign_import_begin(struct core *core, const struct msg_foreign_import *ask, int fd);
void core_foreign_scan_begin(struct core *core, const struct msg_foreign_scan *ask, int fd);
void core_import_step(struct core *core);

#endif
