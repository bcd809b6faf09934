/* trothd ceremony VERB: a root in shares, on a machine without a network. */
#include <app/modes.h>

#include "root_ceremony.h"

#include <base/clock.h>
#include <crypto/start.h>

#include <stdio.h>

#define PASSPHRASE_MAX 1024

/* The words of a position that comes often. */
struct words {
    const char *list[COMMAND_MORE_MAX + 1];
    size_t n;
};

static struct words words_of(const struct arguments *arguments, const char *position)
{
    struct words words = {.n = 1 + arguments->more_n};
    words.list[0] = argument_text(arguments, position);
    for (size_t i = 0; i < arguments->more_n; i++)
        words.list[i + 1] = arguments->more[i];
    return words;
}

/* What is too much for every bound stays so. */
static unsigned number_of(const struct arguments *arguments, const char *name, unsigned otherwise)
{
    int64_t number = argument_number(arguments, name, otherwise);
    return number < 1000 ? (unsigned)number : 1000;
}

static void say_hash(const struct root_ceremony *ceremony)
{
    struct bytes hash = root_ceremony_hash(ceremony);
    printf("Read out, and have everybody write down, the transcript's hash:\n  %.*s\n", (int)hash.n,
           (const char *)hash.p);
}

static int finish(enum result result, const struct err *err)
{
    return result == OK ? 0 : mode_failed(err);
}

/* ---- begin ------------------------------------------------------------------------------------
 */

static enum result begin(const struct arguments *arguments, struct err *err)
{
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {0};
    struct words shares = words_of(arguments, "SHARE-FOLDER...");
    const char *kind = argument_text(arguments, "--root-key-type");
    struct root_beginning beginning = {
        .folder = argument_text(arguments, "FOLDER"),
        .shares = shares.list,
        .shares_n = shares.n,
        .needed = number_of(arguments, "--needed", 0),
        .kind = kind != NULL ? key_kind_named(kind) : KEY_P256,
        .url = argument_text(arguments, "--url"),
        .present = argument_text(arguments, "--present"),
        .now_s = clock_now_s(),
    };
    root_ceremony_guard(stderr);
    TRY(root_ceremony_begin(&beginning, err));
    TRY(root_ceremony_open(beginning.folder, &ceremony, err));
    printf("The root's key is in %zu shares, any %u of which are the key, and nowhere else.\n"
           "Its set is %s. Next, with shares that their holders give back:\n"
           "  trothd ceremony restore-test %s SHARE...\n",
           shares.n, beginning.needed, share_set_name_of(ceremony.set.id).text, beginning.folder);
    say_hash(&ceremony);
    return OK;
}

int mode_ceremony_begin(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(begin(arguments, &err), &err);
}

/* ---- with shares ------------------------------------------------------------------------------
 */

static struct root_bringing bringing_of(const struct arguments *arguments,
                                        const struct words *shares)
{
    return (struct root_bringing){
        .shares = shares->list,
        .shares_n = shares->n,
        .present = argument_text(arguments, "--present"),
        .now_s = clock_now_s(),
    };
}

static enum result restore(const struct arguments *arguments, struct err *err)
{
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {0};
    struct words shares = words_of(arguments, "SHARE...");
    struct root_bringing by = bringing_of(arguments, &shares);
    root_ceremony_guard(stderr);
    TRY(root_ceremony_open(argument_text(arguments, "FOLDER"), &ceremony, err));
    TRY(root_ceremony_restore(&ceremony, &by, err));
    printf("The shares gave the root's key, which signed; its CRLs are in %s/crl.\n",
           ceremony.folder);
    say_hash(&ceremony);
    return OK;
}

int mode_ceremony_restore(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(restore(arguments, &err), &err);
}

static enum result sign(const struct arguments *arguments, struct err *err)
{
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {0};
    struct words shares = words_of(arguments, "SHARE...");
    struct root_bringing by = bringing_of(arguments, &shares);
    struct init_path certificate;
    root_ceremony_guard(stderr);
    TRY(root_ceremony_open(argument_text(arguments, "FOLDER"), &ceremony, err));
    TRY(root_ceremony_sign(&ceremony, argument_text(arguments, "REQUEST"), &by, &certificate, err));
    printf("The certificate is %s.\n", certificate.text);
    say_hash(&ceremony);
    return OK;
}

int mode_ceremony_sign(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(sign(arguments, &err), &err);
}

/* ---- witnesses --------------------------------------------------------------------------------
 */

static enum result load_key(const struct arguments *arguments, struct key **ret, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    const char *path = argument_text(arguments, "--key");
    const char *file = argument_text(arguments, "--passphrase-file");
    if (file == NULL)
        return key_load(path, NULL, ret, err);
    TRY(secret_read_file(file, PASSPHRASE_MAX, &passphrase, err));
    return key_load(path, &passphrase, ret, err);
}

static enum result witness(const struct arguments *arguments, struct err *err)
{
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {0};
    CLEANUP(key_freep) struct key *key = NULL;
    const char *name = argument_text(arguments, "--name");
    TRY(crypto_start(err));
    TRY(root_ceremony_open(argument_text(arguments, "FOLDER"), &ceremony, err));
    TRY(root_ceremony_verify(&ceremony, 0, stdout, err));
    TRY(load_key(arguments, &key, err));
    TRY(root_ceremony_witness(&ceremony, name, key, clock_now_s(), err));
    printf("%s signed all of it.\n", name);
    say_hash(&ceremony);
    return OK;
}

int mode_ceremony_witness(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(witness(arguments, &err), &err);
}

static enum result verify(const struct arguments *arguments, struct err *err)
{
    CLEANUP(root_ceremony_free) struct root_ceremony ceremony = {0};
    unsigned witnesses = number_of(arguments, "--witnesses", 1);
    TRY(crypto_start(err));
    TRY(root_ceremony_open(argument_text(arguments, "FOLDER"), &ceremony, err));
    return root_ceremony_verify(&ceremony, witnesses, stdout, err);
}

int mode_ceremony_verify(const struct arguments *arguments)
{
    struct err err = {0};
    return finish(verify(arguments, &err), &err);
}
