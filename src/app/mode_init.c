#include <app/modes.h>

#include <app/init.h>
#include <app/key_cost.h>
#include <app/load.h>
#include <base/clock.h>
#include <base/file.h>
#include <service/bootstrap.h>

#include "init_files.h"
#include "lines.h"
#include "users.h"

#include <stdio.h>

static enum result check_request(const struct arguments *arguments,
                                 const struct init_request *request, struct err *err)
{
    bool accepts = argument_text(arguments, "--accept") != NULL;
    if (accepts && (request->csr_only || request->lab))
        return err_set(err, E_USAGE,
                       "--accept ends what --csr-only began; it goes with neither "
                       "--csr-only nor --lab");
    if (!accepts && !request->csr_only && !request->lab && request->root_out == NULL)
        return err_set(err, E_USAGE, "--root-out FILE is missing: where the root's key is written");
    return OK;
}

/* The kind that an option names, one of its choice; P-256 without it. */
static enum key_kind kind_of(const struct arguments *arguments, const char *option)
{
    const char *name = argument_text(arguments, option);
    return name != NULL ? key_kind_named(name) : KEY_P256;
}

/* What another kind than P-256 costs is said before it is chosen for ten years. */
static enum result warn_of_cost(const struct init_request *request, struct err *err)
{
    if (request->issuer_kind != KEY_P256)
        TRY(key_cost_warn(request->issuer_kind, stderr, err));
    if (request->csr_only || request->root_kind == KEY_P256 ||
        request->root_kind == request->issuer_kind)
        return OK;
    return key_cost_warn(request->root_kind, stderr, err);
}

static enum result init(const struct arguments *arguments, const struct config **ret_config,
                        struct err *err)
{
    struct init_request request = {
        .passphrase_file = argument_text(arguments, "--passphrase-file"),
        .root_passphrase_file = argument_text(arguments, "--root-passphrase-file"),
        .root_out = argument_text(arguments, "--root-out"),
        .csr_only = argument_text(arguments, "--csr-only") != NULL,
        .lab = argument_text(arguments, "--lab") != NULL,
        .issuer_kind = kind_of(arguments, "--issuer-key-type"),
        .root_kind = kind_of(arguments, "--root-key-type"),
        .now_s = clock_now_s(),
    };
    const char *folder = argument_text(arguments, "--accept");
    TRY(check_request(arguments, &request, err));
    TRY(mode_load(arguments, &request.config, err));
    *ret_config = request.config;
    if (folder != NULL) {
        TRY(init_accept(request.config, folder, request.now_s, err));
        return users_own(request.config, err);
    }
    TRY(warn_of_cost(&request, err));
    TRY(init_create(&request, err));
    return request.csr_only ? OK : users_own(request.config, err);
}

/* The record is to be read out and signed: its digest with it. */
static void report_ceremony(const struct config *config)
{
    CLEANUP(blob_free) struct blob record = {0};
    struct err err = {0};
    struct init_path path = init_path("%s/ca/" CEREMONY_FILE, config->data);
    if (file_read(path.text, CEREMONY_MAX, &record, &err) == OK)
        printf("The record of the ceremony is %s\n  SHA-256 %s\n"
               "Print it, read its digest out, and let those who were present sign.\n",
               path.text, lines_digest_of(blob_bytes(&record)).text);
}

static void report(const struct arguments *arguments, const struct config *config)
{
    const char *root_out = argument_text(arguments, "--root-out");

    if (argument_text(arguments, "--csr-only") != NULL) {
        printf("The requests are in data/csr. Have them signed, put root.cer and the certificates "
               "into a folder, and run trothd init --accept FOLDER.\n");
        return;
    }
    printf("The installation is made.\n");
    report_ceremony(config);
    if (argument_text(arguments, "--lab") != NULL)
        printf("The root's key stays with the data: this machine is not for use.\n");
    else if (root_out != NULL)
        printf(
            "MOVE THE ROOT'S KEY AWAY NOW: %s\n"
            "It belongs on a medium in a safe. The server does not start while it can read it.\n",
            root_out);
}

int mode_init(const struct arguments *arguments)
{
    const struct config *config = NULL;
    struct err err = {0};
    if (init(arguments, &config, &err) != OK)
        return mode_failed(&err);
    report(arguments, config);
    return 0;
}
