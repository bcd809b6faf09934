/* trothd keys VERB: the online keys out of the installation, and back into it. */
#include <app/modes.h>

#include "key_export.h"
#include "users.h"

#include <app/init.h>
#include <base/clock.h>
#include <crypto/start.h>

#include <stdio.h>

#define PASSPHRASE_MAX 1024

/* Of the export: from a file or the terminal, never from arguments. */
static enum result read_passphrase(const struct arguments *arguments, bool again,
                                   struct secret *ret, struct err *err)
{
    const char *file = argument_text(arguments, "--passphrase-file");
    if (file != NULL)
        TRY(secret_read_file(file, PASSPHRASE_MAX, ret, err));
    else
        TRY(secret_ask("Passphrase of the key export: ", again, ret, err));
    if (again && ret->n < PASSPHRASE_MIN)
        return err_set(err, E_KEY,
                       "the passphrase has %zu octets, wanted are %d: it opens every online key",
                       ret->n, PASSPHRASE_MIN);
    return OK;
}

static enum result read_online(const struct arguments *arguments, const struct config *config,
                               struct secret *ret, struct err *err)
{
    const char *file = argument_text(arguments, "--online-passphrase-file");
    return secret_read_passphrase(file != NULL ? file : config->passphrase_file, SIGNER_CREDENTIAL,
                                  ret, err);
}

static enum result export_keys(const struct arguments *arguments, struct err *err)
{
    CLEANUP(secret_free) struct secret online = {0};
    CLEANUP(secret_free) struct secret passphrase = {0};
    struct key_export_order order = {.online = &online,
                                     .passphrase = &passphrase,
                                     .path = argument_text(arguments, "--out"),
                                     .now_s = clock_now_s()};
    TRY(crypto_start(err));
    TRY(mode_load(arguments, &order.config, err));
    TRY(read_online(arguments, order.config, &online, err));
    TRY(read_passphrase(arguments, true, &passphrase, err));
    TRY(key_export_write(&order, err));
    printf("%s has the online keys of this installation, and was read back.\n"
           "Keep it and its passphrase apart, and neither with the backups. The root's key is not "
           "in it.\n",
           order.path);
    return OK;
}

static size_t count_keys(const struct key_set *set)
{
    return SIGNER_KEY_COUNT + set->file.later_n;
}

static void print_keys(const struct key_set *set)
{
    printf("installation %.*s: %zu keys open, signature and certificates are good\n",
           (int)set->file.origin.n, (const char *)set->file.origin.p, count_keys(set));
    printf("record of the ceremony: %s%.*s\n", set->record.n > 0 ? "sha256:" : "none",
           (int)set->file.record_digest.n, (const char *)set->file.record_digest.p);
}

static enum result check_keys(const struct arguments *arguments, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    CLEANUP(key_set_free) struct key_set set = {0};
    const struct config *config;
    bool is_there = false;
    TRY(crypto_start(err));
    TRY(mode_load(arguments, &config, err));
    TRY(read_passphrase(arguments, false, &passphrase, err));
    TRY(key_export_open(argument_text(arguments, "EXPORT"), &passphrase, &set, err));
    TRY(key_set_compare(&set, config, &is_there, err));
    print_keys(&set);
    puts(is_there ? "They are the keys of the installation here."
                  : "There is no installation here to compare them with.");
    return OK;
}

static enum result import_keys(const struct arguments *arguments, struct err *err)
{
    CLEANUP(secret_free) struct secret online = {0};
    CLEANUP(secret_free) struct secret passphrase = {0};
    CLEANUP(key_set_free) struct key_set set = {0};
    const struct config *config;
    bool dry = argument_text(arguments, "--dry-run") != NULL;
    size_t written = 0;
    TRY(crypto_start(err));
    TRY(mode_load(arguments, &config, err));
    TRY(read_online(arguments, config, &online, err));
    TRY(read_passphrase(arguments, false, &passphrase, err));
    TRY(key_export_open(argument_text(arguments, "EXPORT"), &passphrase, &set, err));
    TRY(key_set_import(&set, config, &online, dry, &written, err));
    if (!dry)
        TRY(users_own(config, err));
    printf("%s%zu of %zu keys written, the others were there\n", dry ? "would do: " : "", written,
           count_keys(&set));
    return OK;
}

static int finish(enum result result, const struct err *err)
{
    return result == OK ? 0 : mode_failed(err);
}

int mode_keys_export(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(export_keys(arguments, &err), &err);
}

int mode_keys_check(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(check_keys(arguments, &err), &err);
}

int mode_keys_import(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(import_keys(arguments, &err), &err);
}
