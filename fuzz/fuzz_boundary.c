// The answer to a boundary's poll, whatever it is: as it came, and in pieces that the ledger's key
// has signed. What is enforced never goes back, and nobody is admitted of whom nothing is known.
//   a piece: kind (1), length (2, big-endian), octets
#include "fuzz.h"

#include "apply.h"

#include <crypto/hash.h>
#include <crypto/key.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/x509.h>

enum { RAW, DELTA, CATALOGUE, SERVICE, LIST, CATALOGUE_OF_LISTS, KIND_COUNT };
#define LISTS_MAX 4
#define MESSAGE_MAX (1 << 17)

struct file {
    struct status_space space;
    uint8_t octets[MESSAGE_MAX];
    size_t n;
};

static struct key *log_key;
static struct boundary *boundary;
static struct file files[LISTS_MAX];
static size_t files_n, fetched;

static void start(void)
{
    static char folder[] = "/tmp/troth-fuzz-boundary-XXXXXX";
    uint8_t typed[128], digest[SHA256_N];
    struct buf key = buf_over(typed, sizeof typed);
    struct state state = {.server = "https://127.0.0.1:1", .name = "north"};
    struct buf text = buf_over(state.log_key, sizeof state.log_key - 1);
    struct err err;
    must(mkdtemp(folder) != NULL && key_generate(KEY_P256, &log_key, &err) == OK);
    buf_put_bytes(&key, bytes_text("\xff"
                                   "troth-es256"));
    buf_put_bytes(&key, key_point(log_key));
    const struct bytes parts[] = {bytes_text("log\n"), buf_bytes(&key)};
    sha256_parts(parts, 2, digest);
    buf_put_bytes(&text, bytes_text("log+"));
    hex_encode(&text, bytes_of(digest, 4));
    buf_put_u8(&text, '+');
    b64_encode(&text, buf_bytes(&key));
    must(state_set_folder(&state, folder, &err) == OK && state_write(&state, &err) == OK);
    const struct boundary_settings settings = {.state = folder};
    must(boundary_open(&settings, &boundary, &err) == OK);
    (void)remove(state_file(&state, "boundary.conf").text);
    (void)remove(folder);
}

// As after boundary_open().
static void forget(void)
{
    image_free(boundary->enforced.image);
    image_free(boundary->followed.candidate);
    rules_free(boundary->enforced.rules);
    issuers_free(&boundary->issuers);
    boundary->enforced.image = NULL;
    boundary->enforced.rules = NULL;
    boundary->enforced.fresh_us = 0;
    boundary->followed = (struct followed){0};
    boundary->floor = (struct floor){0};
    files_n = 0;
}

static struct bytes sign(const char *type, struct bytes payload, uint8_t *to)
{
    static uint8_t signed_octets[MESSAGE_MAX];
    struct buf octets = buf_over(signed_octets, sizeof signed_octets);
    struct buf b = buf_over(to, MESSAGE_MAX);
    struct key_signature der;
    struct err err;
    uint8_t raw[COSE_SIGNATURE_N];
    struct cose_sign1 message = {bytes_of(type, strlen(type)), bytes_text("id"), payload,
                                 bytes_of(raw, sizeof raw)};
    cose_signed_head(&octets, &message);
    buf_put_bytes(&octets, payload);
    must(key_sign(log_key, buf_bytes(&octets), &der, &err) == OK);
    must(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, raw));
    cose_sign1_write(&b, &message);
    must(buf_ok(&b));
    return buf_bytes(&b);
}

static enum result fetch(void *context, const char *path, struct blob *ret, struct err *err)
{
    (void)context;
    must(memcmp(path, "/status/", 8) == 0);
    if (fetched >= files_n)
        return err_set(err, E_NOT_FOUND, "%s", path);
    const struct file *file = &files[fetched++];
    return blob_copy(bytes_of(file->octets, file->n), ret);
}

static void keep_list(struct bytes payload)
{
    struct status_list list = {0};
    const char *why = NULL;
    if (files_n == LISTS_MAX || !status_list_read(payload, &list, &why))
        return;
    struct file *file = &files[files_n];
    file->space = list.space;
    file->n = sign(STATUS_LIST_TYPE, payload, file->octets).n;
    files_n++;
}

// Of the lists so far; which refuse to stand in another order, or twice, the reader says.
static struct bytes catalogue_of_lists(struct bytes number, uint8_t *to)
{
    uint8_t items_memory[512], payload[1024], hash[SHA256_N];
    struct buf items = buf_over(items_memory, sizeof items_memory);
    struct buf b = buf_over(payload, sizeof payload);
    struct reader r = reader_of(number);
    cbor_write_array(&items, files_n);
    for (size_t i = 0; i < files_n; i++) {
        sha256(bytes_of(files[i].octets, files[i].n), hash);
        feed_put_list(&items, &(struct feed_list){files[i].space, {hash, sizeof hash}});
    }
    const struct feed_catalogue catalogue = {reader_u32be(&r), 1, buf_bytes(&items)};
    feed_catalogue_write(&b, &catalogue);
    return sign(FEED_CATALOGUE_TYPE, buf_bytes(&b), to);
}

static struct bytes item_of(uint8_t kind, struct bytes payload, uint8_t *to)
{
    switch (kind % KIND_COUNT) {
    case DELTA:
        return sign(FEED_DELTA_TYPE, payload, to);
    case CATALOGUE:
        return sign(FEED_CATALOGUE_TYPE, payload, to);
    case SERVICE:
        return sign(SERVICE_TYPE, payload, to);
    case LIST:
        keep_list(payload);
        return bytes_of(NULL, 0);
    case CATALOGUE_OF_LISTS:
        return catalogue_of_lists(payload, to);
    default:
        return payload;
    }
}

static void check(struct generations before)
{
    struct boundary_identity identity = {
        .issuer = 3, .serial = {1}, .device = "SN-1", .product = "pump", .owner = "works"};
    struct generations after = door_generations(boundary);
    enum boundary_reason reason = boundary_decide(boundary, &identity, bytes_text("api"),
                                                  BOUNDARY_CONNECT, bytes_of(NULL, 0));
    bool is_known = after.status != 0 && after.service != 0;
    must(after.status >= before.status && after.service >= before.service);
    must(after.status <= boundary->floor.status && after.service <= boundary->floor.service);
    must(is_known || reason == BOUNDARY_NO_FEED);
    must(reason != BOUNDARY_REFUSED && reason < BOUNDARY_REASON_COUNT);
}

static void apply(struct bytes body)
{
    const struct apply_fetch lists = {fetch, NULL};
    const struct apply_time at = {1000000, 1};
    struct generations before = door_generations(boundary);
    struct err err = {0};
    fetched = 0;
    if (apply_answer(boundary, body, &lists, &at, &err) != OK)
        must(err.code != E_NONE && err.text[0] != '\0');
    (void)apply_asks(boundary);
    check(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t message[MESSAGE_MAX];
    struct reader r = reader_of(bytes_of(data, size));
    if (log_key == NULL)
        start();
    forget();
    apply(bytes_of(data, size));
    forget();
    for (unsigned pieces = 0; r.left > 0 && pieces < 16; pieces++) {
        uint8_t kind = reader_u8(&r);
        struct bytes payload = reader_bytes(&r, reader_u16be(&r));
        if (reader_ok(&r))
            apply(item_of(kind, payload, message));
    }
    return 0;
}
