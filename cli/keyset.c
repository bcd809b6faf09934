/* Key sets of devices: whose signatures count, and from which key number on (<troth/keyset.h>). */
#include <cli/actions.h>
#include <cli/print.h>
#include <cli/signing_key.h>
#include <troth/keyset.h>
#include <wire/hex.h>
#include <wire/manifest.h>

#include "commands_parts.h"
#include "verify_parts.h"

#include <stdlib.h>
#include <string.h>

#define SET_MAX 4096

const struct option_row keyset_make_options[] = {
    {"KEY...", VALUE_TEXT, NULL, true,
     "NUMBER:USES:FILE in rising order, such as 1:keyset+release:key.pem (a public key in PEM, or "
     "the folder of an LMS "
     "key); uses are keyset, release, status, log"},
    {"--sequence", VALUE_NUMBER, "N", true, "number of the set: devices take rising ones"},
    {"--floor", VALUE_NUMBER, "N", true, "keys of lower numbers never verify again"},
    {"--signers", VALUE_TEXT, "LIST", true, "how many must sign, such as keyset=2,release=1"},
    {"--out", VALUE_FILE, "FILE", true, "the set, without signatures"},
    {0},
};
const struct plan keyset_make = {.run = action_keyset_make};

const struct option_row keyset_sign_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "a key set"},
    {"--key", VALUE_FILE, "KEY", true,
     "who signs: a private key in PEM, or the folder of an LMS key"},
    {"--passphrase-file", VALUE_FILE, "FILE", false, "of that key"},
    {"--out", VALUE_FILE, "FILE", true, "the set with this signature more"},
    {0},
};
const struct plan keyset_sign = {.run = action_keyset_sign};

const struct option_row keyset_show_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "a key set; its signatures are not verified"},
    {0},
};
const struct plan keyset_show = {.run = action_keyset_show};

static const char *const uses[] = {"keyset", "release", "status", "log"};

/* ---- what the options say -------------------------------------------------------------------- */

/* Which use the text begins with; its length goes to *ret_n. -1: none. */
static int use_at(const char *text, size_t *ret_n)
{
    for (int i = 0; i < TROTH_USES_N; i++) {
        *ret_n = strlen(uses[i]);
        if (strncmp(text, uses[i], *ret_n) == 0)
            return i;
    }
    return -1;
}

static bool read_uses(const char **at, uint32_t *ret)
{
    for (*ret = 0;; (*at)++) {
        size_t n = 0;
        int use = use_at(*at, &n);
        if (use < 0 || (*ret >> use & 1) != 0)
            return false;
        *ret |= UINT32_C(1) << use;
        *at += n;
        if (**at != '+')
            return true;
    }
}

/* Could anything be signed by it? A point that is not on its curve says so before it is asked. */
static bool is_key(const struct manifest_key *key)
{
    static const uint8_t nothing[96];
    const struct troth_message message = {NULL, 0};
    size_t n = key->algorithm == TROTH_ES384 ? 96 : 64;
    return troth_verify_by(&verify_crypto, key->algorithm,
                           (struct troth_octets){key->octets.p, key->octets.n}, &message,
                           (struct troth_octets){nothing, n}) != TROTH_BAD_KEY;
}

/* Can anybody sign for it? R the neutral point and S 0 is a signature of each text whose hash is a
 * multiple of the key's order: for an order of 8 or less, of one in eight. */
static bool is_of_small_order(const struct manifest_key *key)
{
    static const uint8_t neutral[64] = {1};
    const struct troth_octets octets = {key->octets.p, key->octets.n};
    for (unsigned i = 0; i < 256 && key->algorithm == TROTH_ED25519; i++) {
        const uint8_t text = (uint8_t)i;
        const struct troth_octets part = {&text, 1};
        const struct troth_message message = {&part, 1};
        if (troth_verify_by(&verify_crypto, key->algorithm, octets, &message,
                            (struct troth_octets){neutral, sizeof neutral}) == TROTH_VALID)
            return true;
    }
    return false;
}

static enum result read_key(const char *text, struct manifest_key *ret, struct blob *ret_octets,
                            struct err *err)
{
    const char *at = text;
    bool is_read = signing_read_number(&at, &ret->number) && *at++ == ':' &&
                   read_uses(&at, &ret->uses) && *at++ == ':' && *at != '\0';
    if (!is_read)
        return err_set(err, E_USAGE,
                       "KEY is \"%s\", wanted is NUMBER:USES:FILE such as 1:keyset+release:key.pem",
                       err_value(bytes_of(text, strlen(text))).text);
    TRY(signing_key_public(at, &ret->algorithm, ret_octets, err));
    ret->octets = blob_bytes(ret_octets);
    if (!is_key(ret))
        return err_set(err, E_KEY,
                       "%s: its octets are no key: the point is not on its curve (SEC 1 3.2.2.1), "
                       "or the type of an LMS key is not known (RFC 8554)",
                       at);
    if (is_of_small_order(ret))
        return err_set(
            err, E_KEY,
            "%s: its point is of small order, so that anybody can sign for it; wanted is a "
            "multiple of the base point (RFC 8032 5.1.5): make another key",
            at);
    return OK;
}

static enum result read_signers(const char *text, struct manifest_keyset *ret, struct err *err)
{
    const char *at = text;
    for (;; at++) {
        size_t n = 0;
        uint32_t wanted = 0;
        int use = use_at(at, &n);
        at += n;
        if (use < 0 || *at++ != '=' || !signing_read_number(&at, &wanted) || wanted < 1 ||
            wanted > TROTH_KEYS_MAX || ret->wanted[use] != 0 || (*at != ',' && *at != '\0'))
            return err_set(err, E_USAGE,
                           "--signers is \"%s\", wanted is USE=N,... such as keyset=2,release=1",
                           err_value(bytes_of(text, strlen(text))).text);
        ret->wanted[use] = (uint8_t)wanted;
        if (*at == '\0')
            return OK;
    }
}

static enum result read_u32(const struct session *session, const char *option, uint32_t *ret,
                            struct err *err)
{
    int64_t number = argument_number(session->args, option, 0);
    if (number > UINT32_MAX)
        return err_set(err, E_USAGE, "%s is beyond 4294967295", option);
    *ret = (uint32_t)number;
    return OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct makings {
    struct manifest_key keys[TROTH_KEYS_MAX];
    struct blob octets[TROTH_KEYS_MAX];
    struct manifest_keyset set;
};

static void makings_free(struct makings *makings)
{
    for (size_t i = 0; i < TROTH_KEYS_MAX; i++)
        blob_free(&makings->octets[i]);
}

static enum result read_keys(const struct session *session, struct makings *ret, struct err *err)
{
    const struct arguments *args = session->args;
    ret->set.n = 1 + args->more_n;
    ret->set.keys = ret->keys;
    if (ret->set.n > TROTH_KEYS_MAX)
        return err_set(err, E_TOO_LARGE, "a set has at most %d keys", TROTH_KEYS_MAX);
    for (size_t i = 0; i < ret->set.n; i++)
        TRY(read_key(i == 0 ? session_text(session, "KEY...") : args->more[i - 1], &ret->keys[i],
                     &ret->octets[i], err));
    return OK;
}

/* What a device would read. One that nobody has signed yet stands there with a signature that is
 * none: the verifier knows no other sets. */
struct looked {
    struct blob memory;
    struct manifest_signed object;
    struct troth_keyset set; /* points into `memory` */
};

static void looked_free(struct looked *looked)
{
    blob_free(&looked->memory);
}

static enum result look_at(struct bytes object, struct looked *ret, struct err *err)
{
    struct troth_fault fault = {0};
    const char *why = NULL;
    if (!manifest_read_signed(object, &ret->object, &why) || ret->object.is_envelope)
        return err_set(err, E_SYNTAX, "this is no key set: %s", why != NULL ? why : "an envelope");
    ret->memory.p = malloc(object.n + 16);
    if (ret->memory.p == NULL)
        return err_set(err, E_MEMORY, "no room for the set");
    struct buf b = buf_over(ret->memory.p, object.n + 16);
    if (ret->object.n == 0)
        manifest_write_more(&b, &ret->object, bytes_text("?"));
    else
        buf_put_bytes(&b, object);
    enum troth_verdict verdict =
        troth_keyset_read((struct troth_octets){b.p, b.n}, 0, &ret->set, &fault);
    if (verdict == TROTH_VALID)
        return OK;
    return err_set(err, E_SYNTAX,
                   "no device would take this set: %s (octet %zu). Numbers rise, no key stands "
                   "twice, and as many keys at or above the floor have a use as must sign for it",
                   troth_verdict_rule(verdict), fault.offset);
}

enum result action_keyset_make(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(makings_free) struct makings makings = {0};
    uint8_t space[SET_MAX], object_space[SET_MAX + 16];
    struct buf set = buf_over(space, sizeof space);
    struct buf object = buf_over(object_space, sizeof object_space);
    CLEANUP(looked_free) struct looked looked = {0};
    (void)plan;
    TRY(read_u32(session, "--sequence", &makings.set.sequence, err));
    TRY(read_u32(session, "--floor", &makings.set.floor, err));
    TRY(read_signers(session_text(session, "--signers"), &makings.set, err));
    TRY(read_keys(session, &makings, err));
    manifest_write_keyset(&set, &makings.set);
    manifest_write_signed_keyset(&object, buf_bytes(&set), NULL, 0);
    if (!buf_ok(&object))
        return err_set(err, E_TOO_LARGE, "the set has more than %d octets", SET_MAX);
    TRY(look_at(buf_bytes(&object), &looked, err));
    return signing_key_put(session, buf_bytes(&object), 0, err);
}

enum result action_keyset_sign(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    CLEANUP(looked_free) struct looked looked = {0};
    (void)plan;
    TRY(session_read(session_text(session, "FILE"), &file, err));
    TRY(look_at(blob_bytes(&file), &looked, err));
    return signing_key_append(session, blob_bytes(&file), false, err);
}

/* ---- showing --------------------------------------------------------------------------------- */

static json_t *uses_of(uint32_t bits)
{
    json_t *words = json_array();
    for (unsigned i = 0; i < TROTH_USES_N; i++)
        if ((bits >> i & 1) != 0)
            json_array_append_new(words, json_string(uses[i]));
    return words;
}

static json_t *keys_of(const struct troth_keyset *set)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < set->n; i++) {
        const struct troth_key *key = &set->keys[i];
        char hex[512];
        struct buf b = buf_over(hex, sizeof hex);
        hex_encode(&b, bytes_of(key->octets.p, key->octets.n));
        json_array_append_new(rows, json_pack("{s:I, s:i, s:o, s:b, s:s%}", "number",
                                              (json_int_t)key->number, "algorithm", key->algorithm,
                                              "uses", uses_of(key->uses), "given_up",
                                              key->number < set->floor, "octets", hex, b.n));
    }
    return rows;
}

static const struct column set_columns[] = {
    {"sequence", "sequence"}, {"floor", "floor"}, {"signatures", "signatures"}, {0}};
static const struct column key_columns[] = {{"KEY", "number"},    {"ALGORITHM", "algorithm"},
                                            {"USES", "uses"},     {"GIVEN_UP", "given_up"},
                                            {"OCTETS", "octets"}, {0}};
static const struct column wanted_columns[] = {{"USE", "use"}, {"SIGNERS", "signers"}, {0}};

static json_t *wanted_of(const struct troth_keyset *set)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < TROTH_USES_N; i++)
        if (set->wanted[i] > 0)
            json_array_append_new(
                rows, json_pack("{s:s, s:i}", "use", uses[i], "signers", set->wanted[i]));
    return rows;
}

enum result action_keyset_show(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    CLEANUP(looked_free) struct looked looked = {0};
    (void)plan;
    TRY(session_read(session_text(session, "FILE"), &file, err));
    TRY(look_at(blob_bytes(&file), &looked, err));
    const struct troth_keyset *set = &looked.set;
    json_auto_t *shown =
        json_pack("{s:I, s:I, s:I, s:o, s:o}", "sequence", (json_int_t)set->sequence, "floor",
                  (json_int_t)set->floor, "signatures", (json_int_t)looked.object.n, "wanted",
                  wanted_of(set), "keys", keys_of(set));
    if (session->is_json) {
        print_json(session, shown);
        return OK;
    }
    print_details(session, set_columns, shown);
    print_part(session, "must sign", wanted_columns, json_object_get(shown, "wanted"));
    print_part(session, "keys", key_columns, json_object_get(shown, "keys"));
    return OK;
}
