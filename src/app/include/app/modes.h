/* The modes of trothd: what it does besides serving, and while no server runs. Each is one row of
 * the table in modes.c and one function of this kind. */
#ifndef APP_MODES_H
#define APP_MODES_H

#include <base/command.h>
#include <base/config.h>

/* `plan` of a command. Returns the exit status; prints on standard output, and its failures by
 * mode_failed(). */
struct mode {
    int (*run)(const struct arguments *arguments);
};

extern const struct program trothd_program;

/* Parses argv and runs the mode; without a command it serves. The exit status. */
int trothd_run(char **argv);

/* Writes "trothd: E1003 config: text" and the next step on standard error; its exit status. */
int mode_failed(const struct err *err);

/* What --config names, or the default, and --lab; see load_config(). */
MUST_USE enum result mode_load(const struct arguments *arguments, const struct config **ret,
                               struct err *err);

int mode_serve(const struct arguments *arguments);
int mode_init(const struct arguments *arguments);
int mode_config_check(const struct arguments *arguments);
int mode_config_show(const struct arguments *arguments);
int mode_audit_verify(const struct arguments *arguments);
int mode_audit_replay(const struct arguments *arguments);
int mode_audit_dump(const struct arguments *arguments);
int mode_audit_export(const struct arguments *arguments);
int mode_audit_proof(const struct arguments *arguments);
int mode_audit_lines(const struct arguments *arguments);
int mode_audit_checkpoint(const struct arguments *arguments);
int mode_keys_export(const struct arguments *arguments);
int mode_keys_check(const struct arguments *arguments);
int mode_keys_import(const struct arguments *arguments);
int mode_backup(const struct arguments *arguments);
int mode_restore(const struct arguments *arguments);
int mode_check(const struct arguments *arguments);
int mode_issuer_rotate(const struct arguments *arguments);
int mode_issuer_sign(const struct arguments *arguments);
int mode_issuer_root(const struct arguments *arguments);
int mode_issuer_accept(const struct arguments *arguments);
int mode_ceremony_begin(const struct arguments *arguments);
int mode_ceremony_restore(const struct arguments *arguments);
int mode_ceremony_sign(const struct arguments *arguments);
int mode_ceremony_witness(const struct arguments *arguments);
int mode_ceremony_verify(const struct arguments *arguments);
int mode_statement(const struct arguments *arguments);

#endif
