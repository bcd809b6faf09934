/* Releases: an envelope (SUIT) around an image, and keys that sign it. No server is asked. */
#include <base/file.h>
#include <cli/actions.h>
#include <cli/for_devices.h>
#include <cli/print.h>
#include <cli/signing_key.h>
#include <crypto/hash.h>
#include <crypto/lms_folder.h>
#include <crypto/start.h>
#include <wire/cbor.h>
#include <wire/manifest.h>

#include "commands_parts.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST_MAX 2048
#define COMPONENT_MAX 32
#define PAYLOAD_NAME "#image"
#define FOR_SIGNATURE 16384

const struct option_row release_sign_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "the image; with --append an envelope"},
    {"--key", VALUE_FILE, "KEY", true,
     "who signs: a private key in PEM, or the folder of an LMS key"},
    {"--passphrase-file", VALUE_FILE, "FILE", false, "of that key"},
    {"--out", VALUE_FILE, "FILE", true, "the envelope"},
    {"--append", VALUE_NONE, NULL, false, "add a signature to an envelope that has some"},
    {"--sequence", VALUE_NUMBER, "N", false, "number of the release: a device refuses lower ones"},
    {"--counter", VALUE_NUMBER, "N", false,
     "security counter: once confirmed, lower ones never run again"},
    {"--vendor", VALUE_TEXT, "UUID", false, "whose devices it is for"},
    {"--class", VALUE_TEXT, "UUID", false, "which of them"},
    {"--component", VALUE_TEXT, "HEX[/HEX]", false,
     "the part that it is for, the segments of its identifier (default 00)"},
    {"--formats", VALUE_TEXT, "OLDEST-NEWEST", false, "formats of data that the image can read"},
    {"--uri", VALUE_TEXT, "URI", false,
     "where devices fetch the image (default: it is in the envelope)"},
    {0},
};
const struct plan release_sign = {.run = action_release_sign};

const struct option_row release_keygen_options[] = {
    {"FOLDER", VALUE_FILE, NULL, true, "a new folder for the key"},
    {"--lms", VALUE_CHOICE, "h5|h10|h15", true, "32, 1,024 or 32,768 signatures"},
    {"--n", VALUE_CHOICE, "24|32", false, "octets of a hash (default 24)"},
    {"--w", VALUE_CHOICE, "1|2|4|8", false,
     "bits of a digit: more is shorter and slower (default 4)"},
    {"--passphrase-file", VALUE_FILE, "FILE", true, "what the key is kept under"},
    {0},
};
const struct plan release_keygen = {.run = action_release_keygen};

/* ---- what the options say -------------------------------------------------------------------- */

static enum result missing(const char *option, struct err *err)
{
    return err_set(err, E_USAGE, "%s is missing: a new envelope says it", option);
}

static enum result read_id(const struct session *session, const char *option, uint8_t *ret,
                           struct err *err)
{
    bool is_given;
    TRY(for_devices_id(session, option, ret, &is_given, err));
    return is_given ? OK : missing(option, err);
}

static enum result read_number(const struct session *session, const char *option, uint32_t *ret,
                               struct err *err)
{
    bool is_given;
    TRY(for_devices_number(session, option, ret, &is_given, err));
    return is_given ? OK : missing(option, err);
}

static enum result read_formats(const struct session *session, struct manifest *ret,
                                struct err *err)
{
    const char *text = session_text(session, "--formats");
    const char *at = text;
    ret->has_formats = text != NULL;
    if (text == NULL)
        return OK;
    bool is_read = signing_read_number(&at, &ret->formats[0]) && *at++ == '-' &&
                   signing_read_number(&at, &ret->formats[1]) && *at == '\0';
    if (!is_read || ret->formats[0] > ret->formats[1])
        return err_set(err, E_USAGE, "--formats is \"%s\", wanted is OLDEST-NEWEST such as 1-3",
                       err_value(bytes_of(text, strlen(text))).text);
    return OK;
}

/* ---- a new envelope -------------------------------------------------------------------------- */

struct making {
    uint8_t vendor[MANIFEST_ID_N], class_id[MANIFEST_ID_N], component[COMPONENT_MAX];
    struct manifest manifest;
};

static enum result read_manifest(const struct session *session, struct bytes image,
                                 struct making *ret, struct err *err)
{
    struct manifest *manifest = &ret->manifest;
    struct buf component = buf_over(ret->component, sizeof ret->component);
    const char *part = session_text(session, "--component");
    const char *uri = session_text(session, "--uri");
    TRY(read_number(session, "--sequence", &manifest->sequence, err));
    TRY(read_number(session, "--counter", &manifest->counter, err));
    TRY(read_id(session, "--vendor", ret->vendor, err));
    TRY(read_id(session, "--class", ret->class_id, err));
    TRY(for_devices_component(part != NULL ? part : "00", &component, err));
    TRY(read_formats(session, manifest, err));
    if (uri == NULL)
        uri = PAYLOAD_NAME;
    else if (uri[0] == '#' || uri[0] == '\0' || strlen(uri) > 512)
        return err_set(err, E_USAGE,
                       "--uri is \"%s\", wanted is an address of 1 to 512 octets that begins with "
                       "no #",
                       err_value(bytes_of(uri, strlen(uri))).text);
    manifest->vendor = bytes_of(ret->vendor, sizeof ret->vendor);
    manifest->class_id = bytes_of(ret->class_id, sizeof ret->class_id);
    manifest->component = buf_bytes(&component);
    manifest->size = (uint32_t)image.n;
    manifest->uri = bytes_of(uri, strlen(uri));
    sha256(image, manifest->digest);
    return OK;
}

static void write_payload(struct buf *b, struct bytes manifest)
{
    uint8_t space[16], digest[MANIFEST_DIGEST_N];
    struct buf head = buf_over(space, sizeof space);
    cbor_write_bytes_head(&head, manifest.n);
    const struct bytes parts[] = {buf_bytes(&head), manifest};
    sha256_parts(parts, 2, digest);
    manifest_write_digest(b, digest);
}

static enum result put_envelope(struct session *session, struct bytes image,
                                const struct manifest_envelope *envelope, struct err *err)
{
    size_t max = image.n + MANIFEST_MAX + FOR_SIGNATURE;
    CLEANUP(blob_free) struct blob out = {malloc(max), 0};
    struct buf b = buf_over(out.p, max);
    if (out.p == NULL)
        return err_set(err, E_MEMORY, "no room for the envelope");
    manifest_write_envelope(&b, envelope);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "the envelope does not fit");
    return signing_key_put(session, buf_bytes(&b), 1, err);
}

static enum result make(struct session *session, struct bytes image, struct err *err)
{
    CLEANUP(signing_key_free) struct signing_key key = {0};
    CLEANUP(blob_free) struct blob signature = {0};
    uint8_t space[MANIFEST_MAX], payload_space[64];
    struct buf b = buf_over(space, sizeof space);
    struct buf payload = buf_over(payload_space, sizeof payload_space);
    struct making making = {0};
    TRY(read_manifest(session, image, &making, err));
    manifest_write(&b, &making.manifest);
    if (!buf_ok(&b))
        return err_set(err, E_BUG, "the manifest does not fit");
    write_payload(&payload, buf_bytes(&b));
    TRY(signing_key_open(session, &key, err));
    TRY(signing_key_sign(&key, bytes_of(NULL, 0), buf_bytes(&payload), &signature, err));
    const struct bytes signatures[] = {blob_bytes(&signature)};
    struct manifest_envelope envelope = {
        .digest = buf_bytes(&payload), .signatures = signatures, .n = 1, .manifest = buf_bytes(&b)};
    if (session_text(session, "--uri") == NULL) {
        envelope.payload_name = bytes_text(PAYLOAD_NAME);
        envelope.payload = image;
    }
    return put_envelope(session, image, &envelope, err);
}

/* What is signed already is not changed any more. */
static enum result check_append(const struct session *session, struct err *err)
{
    static const char *const new_ones[] = {"--sequence",  "--counter", "--vendor", "--class",
                                           "--component", "--formats", "--uri"};
    for (size_t i = 0; i < sizeof new_ones / sizeof new_ones[0]; i++)
        if (session_text(session, new_ones[i]) != NULL)
            return err_set(err, E_USAGE,
                           "%s is for a new envelope; --append signs what the file says already",
                           new_ones[i]);
    return OK;
}

enum result action_release_sign(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0};
    (void)plan;
    TRY(session_read(session_text(session, "FILE"), &file, err));
    if (session_text(session, "--append") != NULL) {
        TRY(check_append(session, err));
        return signing_key_append(session, blob_bytes(&file), true, err);
    }
    if (file.n == 0)
        return err_set(err, E_SYNTAX, "the image has 0 octets: a device starts none of it");
    return make(session, blob_bytes(&file), err);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static unsigned number_of(const struct session *session, const char *option, unsigned otherwise)
{
    const char *text = session_text(session, option);
    uint32_t number = otherwise;
    if (text != NULL && *text == 'h')
        text++;
    if (text != NULL)
        (void)signing_read_number(&text, &number);
    return number;
}

enum result action_release_keygen(struct session *session, const struct plan *plan, struct err *err)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    const char *folder = session_text(session, "FOLDER");
    char records[CLI_PATH_MAX];
    bool has_passphrase = false;
    const struct lms_kind kind = {number_of(session, "--lms", 0), number_of(session, "--n", 24),
                                  number_of(session, "--w", 4)};
    (void)plan;
    TRY(crypto_start(err));
    TRY(signing_key_passphrase(session, &passphrase, &has_passphrase, err));
    TRY(signing_key_records(records, err));
    TRY(lms_folder_make(folder, records, &kind, &passphrase, err));
    if (session->is_json) {
        json_auto_t *done =
            json_pack("{s:s, s:I}", "folder", folder, "signatures", (json_int_t)lms_count(&kind));
        print_json(session, done);
        return OK;
    }
    fprintf(session->out,
            "%s: an LMS key for %u signatures. Never copy it back: it is bound to "
            "this host and to %s\n",
            folder, lms_count(&kind), records);
    return OK;
}
