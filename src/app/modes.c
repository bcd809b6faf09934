#include <app/modes.h>

#include "config_check.h"

#include <app/init.h>
#include <app/load.h>
#include <app/supervisor.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/key.h>

#include <stdio.h>
#include <unistd.h>

#define WORDS_MAX 64
#define DEFAULT_CONFIG "/etc/troth/troth.yaml"

static const struct mode serve = {mode_serve}, check_config = {mode_config_check},
                         init = {mode_init};
static const struct mode show_config = {mode_config_show};
static const struct mode issuer_rotate_mode = {mode_issuer_rotate},
                         issuer_sign_mode = {mode_issuer_sign},
                         issuer_root_mode = {mode_issuer_root},
                         issuer_accept_mode = {mode_issuer_accept};
static const struct mode ceremony_begin = {mode_ceremony_begin},
                         ceremony_restore = {mode_ceremony_restore},
                         ceremony_sign = {mode_ceremony_sign},
                         ceremony_witness = {mode_ceremony_witness},
                         ceremony_verify = {mode_ceremony_verify};
static const struct mode statement = {mode_statement};
static const struct mode backup = {mode_backup}, restore = {mode_restore}, check = {mode_check};
static const struct mode keys_export = {mode_keys_export}, keys_check = {mode_keys_check},
                         keys_import = {mode_keys_import};
static const struct mode audit_verify = {mode_audit_verify}, audit_replay = {mode_audit_replay},
                         audit_dump = {mode_audit_dump}, audit_export = {mode_audit_export},
                         audit_proof = {mode_audit_proof}, audit_lines = {mode_audit_lines},
                         audit_checkpoint = {mode_audit_checkpoint};

#define DIGEST_OPTION                                                                              \
    {                                                                                              \
        "--digest", VALUE_NONE, NULL, false, "only the SHA-256 of the dump"                        \
    }

static const struct option_row verify_options[] = {
    {"--checkpoint", VALUE_FILE, "FILE", false,
     "a checkpoint that was kept: the log must extend it"},
    {0},
};

static const struct option_row replay_options[] = {
    {"FOLDER", VALUE_FILE, NULL, false,
     "an export; nothing else is opened. Without it the live log is exported, replayed in a new "
     "process and compared with the tables"},
    {"--keys", VALUE_FILE, "FILE", false, "the log's verifier keys; default: those in the folder"},
    DIGEST_OPTION,
    {0},
};

static const struct option_row dump_options[] = {DIGEST_OPTION, {0}};

static const struct option_row export_options[] = {
    {"FOLDER", VALUE_FILE, NULL, true, "a new or empty folder"},
    {0},
};

static const struct option_row backup_options[] = {
    {"FOLDER", VALUE_FILE, NULL, true,
     "a new or empty folder. No private key comes into it (trothd keys export), and not the "
     "signer's "
     "journal: an older journal is a signer that has forgotten what it signed"},
    {0},
};

static const struct option_row restore_options[] = {
    {"--verify", VALUE_FILE, "FOLDER", false, "check this backup and change nothing"},
    {"--continue", VALUE_FILE, "FOLDER", false,
     "go on from this backup: a new epoch begins, and what was open is void"},
    {"--place", VALUE_FILE, "FOLDER", false,
     "on a new machine: its files and database into their places, before the keys come"},
    {"--dry-run", VALUE_NONE, NULL, false, "with --continue: say what would be lost, and end"},
    {"--lists", VALUE_FILE, "FOLDER", false, "more CRLs, as they were published"},
    {"--incomplete", VALUE_NONE, NULL, false,
     "without the last CRLs: what was revoked since the backup comes back"},
    {"--journal-lost", VALUE_NONE, NULL, false,
     "without the signer's journal: numbers leap, and nobody knows what was signed since"},
    {"--request", VALUE_FILE, "FILE", false,
     "what the approvers sign; written when it is not there"},
    {"--signatures", VALUE_FILE, "FILE", false,
     "what `troth approval sign --out` wrote, a line of each"},
    {"--passphrase-file", VALUE_FILE, "FILE", false,
     "of the online keys; default: the configuration's, or the systemd credential"},
    {0},
};

static const struct option_row check_options[] = {
    {"BACKUP", VALUE_FILE, NULL, true, "a folder that trothd backup wrote; nothing is written"},
    {"--json", VALUE_NONE, NULL, false, "the answer as JSON"},
    {0},
};

static const struct option_row lines_options[] = {
    {"--cursor", VALUE_FILE, "FILE", false,
     "holds the number of the next entry: read first, replaced after each batch that was written"},
    {"--after", VALUE_NUMBER, "N", false, "begin behind this entry; not with --cursor"},
    {"--limit", VALUE_NUMBER, "N", false, "at most N entries"},
    {"--follow", VALUE_NONE, NULL, false, "wait for new entries, until it is stopped"},
    {0},
};

static const struct option_row proof_options[] = {
    {"ENTRY", VALUE_NUMBER, NULL, true, "its number, from 0"},
    {0},
};

#define CONFIG_FILE                                                                                \
    {                                                                                              \
        "FILE", VALUE_FILE, NULL, false, "the configuration; as --config"                          \
    }
static const struct option_row config_file_options[] = {CONFIG_FILE, {0}};
static const struct option_row config_check_options[] = {
    CONFIG_FILE,
    {"--syntax", VALUE_NONE, NULL, false,
     "the file alone: not whether paths, keys and ports are as it says"},
    {0},
};

static const struct option_row serve_options[] = {
    {"--lab", VALUE_NONE, NULL, false, "a machine that is not for use: the root key may be here"},
    {0},
};

static const struct option_row init_options[] = {
    {"--root-out", VALUE_FILE, "FILE", false, "new file for the root's key: move it away"},
    {"--passphrase-file", VALUE_FILE, "FILE", false,
     "of the online keys; default: the configuration's, or the systemd credential"},
    {"--root-passphrase-file", VALUE_FILE, "FILE", false, "of the root's key"},
    {"--csr-only", VALUE_NONE, NULL, false, "no root: requests for one that exists elsewhere"},
    {"--accept", VALUE_FILE, "FOLDER", false,
     "take root.cer, idevid.cer, ldevid.cer and operations.cer, which answer --csr-only"},
    {"--issuer-key-type", VALUE_CHOICE, KEY_KIND_CHOICE, false,
     "of the three issuers; default p256. What another one costs on this machine is measured and "
     "said"},
    {"--root-key-type", VALUE_CHOICE, KEY_KIND_CHOICE, false, "of the root, likewise"},
    {"--lab", VALUE_NONE, NULL, false, "keep the root's key with the data; not for use"},
    {0},
};

#define EXPORT_PASSPHRASE                                                                          \
    {                                                                                              \
        "--passphrase-file", VALUE_FILE, "FILE", false,                                            \
            "of the export; without it the terminal is asked"                                      \
    }
#define ONLINE_PASSPHRASE                                                                          \
    {                                                                                              \
        "--online-passphrase-file", VALUE_FILE, "FILE", false,                                     \
            "of the keys in DATA; default: the configuration's, or the systemd credential"         \
    }
#define EXPORT_FILE                                                                                \
    {                                                                                              \
        "EXPORT", VALUE_FILE, NULL, true, "what `trothd keys export` wrote"                        \
    }

static const struct option_row keys_export_options[] = {
    {"--out", VALUE_FILE, "FILE", true, "a new file, for a safe"},
    EXPORT_PASSPHRASE,
    ONLINE_PASSPHRASE,
    {0},
};

static const struct option_row keys_check_options[] = {EXPORT_FILE, EXPORT_PASSPHRASE, {0}};

static const struct option_row keys_import_options[] = {
    EXPORT_FILE,
    EXPORT_PASSPHRASE,
    ONLINE_PASSPHRASE,
    {"--dry-run", VALUE_NONE, NULL, false, "write nothing, say what would be written"},
    {0},
};

#define ROOT_KEY                                                                                   \
    {"--root", VALUE_FILE, "FILE", true, "the root's key with its certificate, as init wrote it"}, \
    {                                                                                              \
        "--root-passphrase-file", VALUE_FILE, "FILE", true, "of that key"                          \
    }
static const struct option_row rotate_options[] = {
    {"KIND", VALUE_CHOICE, "idevid|ldevid|operations", true,
     "which of the issuers gets a follower"},
    {"--issuer-key-type", VALUE_CHOICE, KEY_KIND_CHOICE, false, "of its key; default p256"},
    {"--passphrase-file", VALUE_FILE, "FILE", false,
     "of the online keys; default: the configuration's, or the systemd credential"},
    {0},
};
static const struct option_row sign_options[] = {
    {"REQUEST", VALUE_FILE, NULL, true, "what `trothd issuer rotate` wrote to data/csr"},
    ROOT_KEY,
    {"--out", VALUE_FILE, "FILE", true, "new file for the certificate"},
    {0},
};
static const struct option_row root_options[] = {
    ROOT_KEY,
    {"--root-out", VALUE_FILE, "FILE", true, "new file for the new root's key"},
    {"--new-passphrase-file", VALUE_FILE, "FILE", true, "of the new root's key"},
    {"--number", VALUE_NUMBER, "N", true, "its number: above all that `troth issuer list` has"},
    {"--out", VALUE_FILE, "FOLDER", true,
     "new folder: root.pem, new-with-old.pem, old-with-new.pem, CRLs signed ahead"},
    {"--root-key-type", VALUE_CHOICE, KEY_KIND_CHOICE, false, "of its key; default p256"},
    {0},
};
static const struct option_row accept_options[] = {
    {"PATH", VALUE_FILE, NULL, true,
     "the certificate that answers a request, or the folder of a new root"},
    {0},
};

#define CEREMONY_FOLDER                                                                            \
    {                                                                                              \
        "FOLDER", VALUE_FILE, NULL, true,                                                          \
            "the ceremony's public folder: transcript, certificates, CRLs"                         \
    }
#define CEREMONY_PRESENT                                                                           \
    {                                                                                              \
        "--present", VALUE_TEXT, "NAMES", true, "who is there; it is written down"                 \
    }
#define CEREMONY_SHARES                                                                            \
    {                                                                                              \
        "SHARE...", VALUE_FILE, NULL, true,                                                        \
            "files of shares, as written or as typed from the paper; mode 0600"                    \
    }
static const struct option_row ceremony_begin_options[] = {
    CEREMONY_FOLDER,
    {"SHARE-FOLDER...", VALUE_FILE, NULL, true,
     "for each share a folder of its own, 2 to 16: one stick for each holder"},
    {"--needed", VALUE_NUMBER, "K", true, "how many of them are the key together, 2 or more"},
    {"--url", VALUE_TEXT, "URL", true,
     "the servers' public_url: it stands in every certificate below the root"},
    CEREMONY_PRESENT,
    {"--root-key-type", VALUE_CHOICE, "p256|p384", false, "default p256"},
    {0},
};
static const struct option_row ceremony_restore_options[] = {
    CEREMONY_FOLDER, CEREMONY_SHARES, CEREMONY_PRESENT, {0}};
static const struct option_row ceremony_sign_options[] = {
    CEREMONY_FOLDER,
    {"REQUEST", VALUE_FILE, NULL, true,
     "of an issuer: from `trothd init --csr-only` or `trothd issuer rotate`"},
    CEREMONY_SHARES,
    CEREMONY_PRESENT,
    {0},
};
static const struct option_row ceremony_witness_options[] = {
    CEREMONY_FOLDER,
    {"--name", VALUE_TEXT, "NAME", true, "of the witness"},
    {"--key", VALUE_FILE, "FILE", true, "a key of P-256, as that of an operator's profile"},
    {"--passphrase-file", VALUE_FILE, "FILE", false,
     "of that key; without it the key is in the clear"},
    {0},
};
static const struct option_row ceremony_verify_options[] = {
    CEREMONY_FOLDER,
    {"--witnesses", VALUE_NUMBER, "N", false,
     "so many different keys must have signed what was done last; default 1"},
    {0},
};

static const struct command commands[] = {
    {"serve", NULL, "run the server (also without any command)", serve_options, false, &serve},
    {"init", NULL, "make keys, root, issuers and folders", init_options, false, &init},
    {"config", "check", "read the configuration and say what is wrong with it, or here",
     config_check_options, false, &check_config},
    {"config", "show", "all settings in force, as YAML that reads as the same", config_file_options,
     false, &show_config},
    {"keys", "export", "write the online keys into one encrypted file", keys_export_options, false,
     &keys_export},
    {"keys", "check", "open such a file and compare it with the installation", keys_check_options,
     false, &keys_check},
    {"keys", "import", "put its keys back where a restored ledger wants them", keys_import_options,
     false, &keys_import},
    {"issuer", "rotate", "make the key of an issuer that follows one, and its request",
     rotate_options, false, &issuer_rotate_mode},
    {"issuer", "sign", "where the root's key is: sign such a request", sign_options, false,
     &issuer_sign_mode},
    {"issuer", "root", "where the root's key is: make a root that follows it, and what links them",
     root_options, false, &issuer_root_mode},
    {"issuer", "accept", "take the signed certificate, or a new root's CRLs", accept_options, false,
     &issuer_accept_mode},
    {"issuer", "statement", "print a certification practice statement, from the ledger", NULL,
     false, &statement},
    {"ceremony", "begin", "offline: make a root's key, leave it in shares and nowhere else",
     ceremony_begin_options, false, &ceremony_begin},
    {"ceremony", "restore-test", "offline: prove that shares give the key, and sign CRLs ahead",
     ceremony_restore_options, false, &ceremony_restore},
    {"ceremony", "sign-issuer", "offline: with shares, sign the request of a server's issuer",
     ceremony_sign_options, false, &ceremony_sign},
    {"ceremony", "witness", "check all that was done, and sign it", ceremony_witness_options, false,
     &ceremony_witness},
    {"ceremony", "verify", "anywhere: check the transcript and all files beside it",
     ceremony_verify_options, false, &ceremony_verify},
    {"backup", NULL,
     "copy everything but the keys and the signer's journal, beside the server or not",
     backup_options, false, &backup},
    {"check", NULL, "verify a backup, and judge all in it as of then and now", check_options, false,
     &check},
    {"restore", NULL, "check a backup, or go on from it while no server runs", restore_options,
     false, &restore},
    {"audit", "verify", "check entries, tiles, checkpoints and every row", verify_options, false,
     &audit_verify},
    {"audit", "replay", "rebuild the tables from the entries alone", replay_options, false,
     &audit_replay},
    {"audit", "dump", "the ledger tables as replay writes them", dump_options, false, &audit_dump},
    {"audit", "export", "write entry bundles, checkpoint and keys", export_options, false,
     &audit_export},
    {"audit", "lines", "the entries as JSON, a line each, for a SIEM", lines_options, false,
     &audit_lines},
    {"audit", "proof", "prove that an entry is in the newest checkpoint, as JSON", proof_options,
     false, &audit_proof},
    {"audit", "checkpoint", "the newest signed checkpoint", NULL, false, &audit_checkpoint},
    {0},
};

static const struct option_row common[] = {
    {"--config", VALUE_FILE, "FILE", false, "the configuration; default " DEFAULT_CONFIG},
    {0},
};

static const struct option_row exits[] = {
    {"0", VALUE_NONE, NULL, false,
     "done, or stopped by SIGTERM or SIGINT; SIGHUP reloads the configuration"},
    {"1", VALUE_NONE, NULL, false, "failed; the last lines say why"},
    {"2", VALUE_NONE, NULL, false, "the command line is wrong"},
    {"3", VALUE_NONE, NULL, false, "check: something is open"},
    {"4", VALUE_NONE, NULL, false, "check: something critical is open"},
    {"5", VALUE_NONE, NULL, false, "the server can read the root's private key"},
    {0},
};

static const struct option_row files[] = {
    {DEFAULT_CONFIG, VALUE_NONE, NULL, false, "ports, paths and limits"},
    {0},
};

const struct program trothd_program = {
    .name = "trothd",
    .section = 8,
    .version = TROTH_VERSION,
    .summary = "the Troth server",
    .description =
        "trothd runs the trust lifecycle of a device fleet. It starts one process for each job "
        "(fronts for devices, a desk for operators, a reader, a core, a signer), each in a sandbox "
        "of its own, and stops them all when one ends. It logs on standard error or to the systemd "
        "journal. SIGHUP has it read its configuration anew; the log says `reloaded`, or "
        "`reload-refused` and why, and then nothing was changed.\n\n"
        "The other commands need no running server.",
    .commands = commands,
    .common = common,
    .exits = exits,
    .files = files,
    .see_also = "troth(1), troth-agent(1)",
};

int mode_failed(const struct err *err)
{
    const struct error_info *info = error_find(err->code);
    fprintf(stderr, "trothd: E%d %s: %s\n  %s\n", info->code, info->name, err->text, info->next);
    return info->exit_status;
}

static const char *config_path(const struct arguments *arguments)
{
    const char *file = argument_text(arguments, "FILE");
    const char *path = file != NULL ? file : argument_text(arguments, "--config");
    return path != NULL ? path : DEFAULT_CONFIG;
}

enum result mode_load(const struct arguments *arguments, const struct config **ret, struct err *err)
{
    bool is_lab = argument_text(arguments, "--lab") != NULL;
    return load_config(config_path(arguments), is_lab, ret, err);
}

/* What can be said before any process starts. */
static enum result check_installation(const struct config *config, struct err *err)
{
    char path[CONFIG_PATH_MAX + sizeof "/ca"];
    snprintf(path, sizeof path, "%s/ca", config->data);
    if (!file_exists(path))
        return err_set(err, E_NOT_FOUND, "%s is not there: begin with trothd init", path);
    return config->lab ? OK : root_key_must_be_away(config, err);
}

static enum result open_log(const struct config *config, struct err *err)
{
    log_style_set((enum log_format)config->log.format, (enum log_level)config->log.level);
    return config->log.to == LOG_JOURNAL ? log_open_journal(LOG_JOURNAL_SOCKET, err) : OK;
}

int mode_serve(const struct arguments *arguments)
{
    const struct config *config;
    struct err err = {0};
    if (mode_load(arguments, &config, &err) != OK || check_installation(config, &err) != OK)
        return mode_failed(&err);
    log_open("trothd", STDERR_FILENO);
    if (open_log(config, &err) != OK)
        return mode_failed(&err);
    struct supervisor_setup setup = {config, config_path(arguments),
                                     argument_text(arguments, "--lab") != NULL};
    return supervisor_run(&setup);
}

int mode_config_check(const struct arguments *arguments)
{
    const struct config *config;
    struct err err = {0};
    if (mode_load(arguments, &config, &err) != OK)
        return mode_failed(&err);
    int status = argument_text(arguments, "--syntax") != NULL
                     ? 0
                     : config_check(config_path(arguments), config, stderr);
    if (status == 0)
        printf("The configuration is valid: %u fronts, data in %s.\n", config->fronts,
               config->data);
    return status;
}

int mode_config_show(const struct arguments *arguments)
{
    const struct config *config;
    struct err err = {0};
    if (mode_load(arguments, &config, &err) != OK)
        return mode_failed(&err);
    config_show(config_path(arguments), config, stdout);
    return 0;
}

/* Puts "serve" first when argv has no command. */
static char **with_command(char **argv, char *to[WORDS_MAX])
{
    static char word[] = "serve";
    if (argv[0] == NULL || (argv[1] != NULL && argv[1][0] != '-'))
        return argv;
    size_t n = 0;
    to[n++] = argv[0];
    to[n++] = word;
    for (char **at = argv + 1; *at != NULL && n + 1 < WORDS_MAX; at++)
        to[n++] = *at;
    to[n] = NULL;
    return to;
}

int trothd_run(char **argv)
{
    char *words[WORDS_MAX];
    struct arguments arguments;
    struct err err = {0};
    if (command_answer(&trothd_program, argv, stdout))
        return 0;
    if (command_parse(&trothd_program, with_command(argv, words), &arguments, &err) != OK)
        return mode_failed(&err);
    const struct mode *mode = arguments.command->plan;
    return mode->run(&arguments);
}
