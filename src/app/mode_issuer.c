#include <app/modes.h>

#include <app/issuer.h>
#include <app/key_cost.h>
#include <app/load.h>
#include <base/clock.h>

#include "users.h"

#include <stdio.h>
#include <string.h>

static enum key_kind key_kind_of(const struct arguments *arguments, const char *option)
{
    const char *name = argument_text(arguments, option);
    return name != NULL ? key_kind_named(name) : KEY_P256;
}

static enum pki_issuer_kind kind_of(const char *name)
{
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++)
        if (strcmp(issuer_name(kind), name) == 0)
            return kind;
    return PKI_ISSUER_NONE;
}

static int finish(enum result result, const struct err *err)
{
    return result == OK ? 0 : mode_failed(err);
}

/* ---- on the server ----------------------------------------------------------------------------
 */

static enum result rotate(const struct arguments *arguments, struct err *err)
{
    struct issuer_rotation rotation = {
        .kind = kind_of(argument_text(arguments, "KIND")),
        .key_kind = key_kind_of(arguments, "--issuer-key-type"),
        .passphrase_file = argument_text(arguments, "--passphrase-file"),
    };
    TRY(mode_load(arguments, &rotation.config, err));
    if (rotation.key_kind != KEY_P256)
        TRY(key_cost_warn(rotation.key_kind, stderr, err));
    TRY(issuer_rotate(&rotation, err));
    TRY(users_own(rotation.config, err));
    printf("The key of issuer %u (%s) is made, its request is %s.\n"
           "Have the root sign it: trothd issuer sign %s --root FILE --out CERTIFICATE\n",
           rotation.number, issuer_name(rotation.kind), rotation.request, rotation.request);
    return OK;
}

int mode_issuer_rotate(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(rotate(arguments, &err), &err);
}

static enum result take_signed(const struct arguments *arguments, struct err *err)
{
    const struct config *config;
    const char *path = argument_text(arguments, "PATH");
    enum pki_issuer_kind kind;
    uint32_t number = 0;
    TRY(mode_load(arguments, &config, err));
    TRY(issuer_accept(config, path, &kind, &number, err));
    TRY(users_own(config, err));
    if (kind == PKI_ISSUER_ROOT)
        printf("The root's CRLs are in %s/crl. Let operators add it, with --new-with-old and "
               "--old-with-new: troth issuer add NUMBER root --certificate %s/root.pem\n",
               config->public_files, path);
    else
        printf("The signer has issuer %u (%s) from its next start on. Restart the server, then let "
               "operators add it: troth issuer add %u %s --certificate %s\n",
               number, issuer_name(kind), number, issuer_name(kind), path);
    return OK;
}

int mode_issuer_accept(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(take_signed(arguments, &err), &err);
}

/* ---- where the root's key is ------------------------------------------------------------------
 */

static struct root_files root_of(const struct arguments *arguments)
{
    return (struct root_files){argument_text(arguments, "--root"),
                               argument_text(arguments, "--root-passphrase-file")};
}

static enum result sign(const struct arguments *arguments, struct err *err)
{
    struct issuer_signing signing = {
        .with = root_of(arguments),
        .request = argument_text(arguments, "REQUEST"),
        .out = argument_text(arguments, "--out"),
        .now_s = clock_now_s(),
    };
    TRY(mode_load(arguments, &signing.config, err));
    TRY(issuer_sign(&signing, err));
    printf("The certificate is %s. On the server: trothd issuer accept %s\n", signing.out,
           signing.out);
    return OK;
}

int mode_issuer_sign(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(sign(arguments, &err), &err);
}

static enum result make_root(const struct arguments *arguments, struct err *err)
{
    struct root_making making = {
        .with = root_of(arguments),
        .make = {argument_text(arguments, "--root-out"),
                 argument_text(arguments, "--new-passphrase-file")},
        .key_kind = key_kind_of(arguments, "--root-key-type"),
        .number = (uint32_t)argument_number(arguments, "--number", 0),
        .folder = argument_text(arguments, "--out"),
        .now_s = clock_now_s(),
    };
    TRY(mode_load(arguments, &making.config, err));
    if (making.key_kind != KEY_P256)
        TRY(key_cost_warn(making.key_kind, stderr, err));
    TRY(issuer_make_root(&making, err));
    printf("The new root's key is %s; it stays here, beside the old one's.\n"
           "Take %s to the server: trothd issuer accept %s\n",
           making.make.root, making.folder, making.folder);
    return OK;
}

int mode_issuer_root(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(make_root(arguments, &err), &err);
}
