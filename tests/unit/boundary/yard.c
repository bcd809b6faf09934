#include "yard.h"

#include <base/clock.h>
#include <base/deflate.h>
#include <base/file.h>
#include <crypto/csr.h>
#include <crypto/hash.h>
#include <crypto/start.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TYPE                                                                                       \
    "\xff"                                                                                         \
    "troth-es256"
#define LOG_NAME "ledger.example"

int64_t yard_now_s = YARD_NOW_S;
int64_t yard_monotonic_us = 1000000000;

int64_t clock_now_s(void)
{
    return yard_now_s;
}

int64_t clock_now_us(void)
{
    return yard_now_s * 1000000;
}

int64_t clock_monotonic_us(void)
{
    return yard_monotonic_us;
}

int64_t clock_boot_us(void)
{
    return yard_monotonic_us;
}

int64_t clock_cpu_us(void)
{
    return 0;
}

/* ---- the folder -------------------------------------------------------------------------------
 */

static void must(enum result result, const struct err *err)
{
    if (result != OK)
        fail_msg("%s", err->text);
}

static void write_vkey(const struct yard *yard, char *to, size_t size)
{
    uint8_t octets[128], digest[SHA256_N], text[256];
    struct buf key = buf_over(octets, sizeof octets), b = buf_over(text, sizeof text);
    buf_put_bytes(&key, bytes_text(TYPE));
    buf_put_bytes(&key, key_point(yard->log));
    const struct bytes parts[] = {bytes_text(LOG_NAME "\n"), buf_bytes(&key)};
    sha256_parts(parts, 2, digest);
    buf_put_bytes(&b, bytes_text(LOG_NAME "+"));
    hex_encode(&b, bytes_of(digest, 4));
    buf_put_u8(&b, '+');
    b64_encode(&b, buf_bytes(&key));
    assert_true(buf_ok(&b));
    snprintf(to, size, "%.*s", (int)b.n, (const char *)text);
}

static void open_boundary(struct yard *yard)
{
    struct err err = {0};
    const struct boundary_settings settings = {.state = yard->folder};
    must(boundary_open(&settings, &yard->boundary, &err), &err);
}

static void put_name(struct buf *b, const char *name)
{
    const struct x509_name_part part = {oid_common_name, bytes_of(name, strlen(name))};
    x509_write_name(b, &part, 1);
}

static void make_issuer(struct yard *yard)
{
    static const uint8_t serial[] = {7};
    uint8_t name[64], tbs[512], basic[16], usage[16];
    struct buf to_name = buf_over(name, sizeof name), to_tbs = buf_over(tbs, sizeof tbs);
    struct buf to_basic = buf_over(basic, sizeof basic), to_usage = buf_over(usage, sizeof usage);
    struct buf whole = buf_over(yard->issuer, sizeof yard->issuer);
    struct err err = {0};
    put_name(&to_name, "Fleet, LDevID 1");
    x509_write_basic_constraints(&to_basic, true, 0);
    x509_write_key_usage(&to_usage, X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN);
    const struct x509_extension extensions[] = {
        {oid_basic_constraints, true, buf_bytes(&to_basic)},
        {oid_key_usage, true, buf_bytes(&to_usage)},
    };
    const struct x509_tbs_fields fields = {
        .serial = bytes_of(serial, sizeof serial),
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(&to_name),
        .not_before_s = YARD_NOW_S - 86400 * 100,
        .not_after_s = YARD_NOW_S + 86400 * 1000,
        .subject = buf_bytes(&to_name),
        .spki = key_spki(yard->issuer_key),
        .extensions = extensions,
        .extensions_n = 2,
    };
    x509_write_tbs(&to_tbs, &fields);
    must(sign_into(yard->issuer_key, buf_bytes(&to_tbs), &whole, &err), &err);
    assert_true(buf_ok(&whole));
    yard->issuer_n = whole.n;
}

void yard_open(struct yard *yard)
{
    struct state state = {0};
    struct err err = {0};
    *yard = (struct yard){.folder = "/tmp/troth-yard-XXXXXX"};
    yard_now_s = YARD_NOW_S;
    assert_non_null(mkdtemp(yard->folder));
    must(crypto_start(&err), &err);
    must(key_generate(KEY_P256, &yard->log, &err), &err);
    must(key_generate(KEY_P256, &yard->issuer_key, &err), &err);
    must(key_generate(KEY_P256, &yard->other_key, &err), &err);
    make_issuer(yard);
    must(state_set_folder(&state, yard->folder, &err), &err);
    snprintf(state.server, sizeof state.server, "https://127.0.0.1:1");
    snprintf(state.name, sizeof state.name, "north");
    write_vkey(yard, state.log_key, sizeof state.log_key);
    must(state_write(&state, &err), &err);
    yard->body = buf_over(yard->body_memory, sizeof yard->body_memory);
    open_boundary(yard);
}

void yard_restart(struct yard *yard)
{
    struct err err = {0};
    must(floor_write(&yard->boundary->state, &yard->boundary->floor, &err), &err);
    boundary_close(yard->boundary);
    open_boundary(yard);
}

void yard_close(struct yard *yard)
{
    char path[96];
    static const char *const files[] = {"boundary.conf", "floor"};
    boundary_close(yard->boundary);
    for (size_t i = 0; i < yard->lists_n; i++)
        free(yard->lists[i].file);
    key_free(yard->log);
    key_free(yard->issuer_key);
    key_free(yard->other_key);
    for (size_t i = 0; i < LENGTH_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", yard->folder, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(yard->folder), 0);
}

/* ---- what is signed ---------------------------------------------------------------------------
 */

static void sign_message(const struct key *by, struct cose_sign1 *message, struct buf *to)
{
    struct err err = {0};
    struct key_signature der;
    uint8_t raw[COSE_SIGNATURE_N], *room = malloc(COSE_SIGNED_HEAD_MAX + message->payload.n);
    struct buf octets = buf_over(room, COSE_SIGNED_HEAD_MAX + message->payload.n);
    cose_signed_head(&octets, message);
    buf_put_bytes(&octets, message->payload);
    /* key_sign() wants a key that it may change; nobody else has this one */
    must(key_sign((struct key *)(uintptr_t)by, buf_bytes(&octets), &der, &err), &err);
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, raw));
    message->signature = bytes_of(raw, sizeof raw);
    cose_sign1_write(to, message);
    free(room);
    assert_true(buf_ok(to));
}

void yard_sign(struct yard *yard, const struct key *by, const char *type, struct bytes payload)
{
    struct cose_sign1 message = {
        .type = bytes_of(type, strlen(type)), .key_id = bytes_text("\1\2\3\4"), .payload = payload};
    sign_message(by, &message, &yard->body);
}

static void put_changes(struct buf *spaces, const struct yard_delta *delta)
{
    static uint8_t room[FEED_DELTA_MAX];
    struct buf changes = buf_over(room, sizeof room);
    for (size_t i = 0; i < delta->changes_n; i++)
        feed_put_change(&changes, &delta->changes[i]);
    const struct feed_space space = {
        {YARD_ISSUER, YARD_CLASS, (uint16_t)delta->shard}, delta->high, buf_bytes(&changes)};
    feed_put_space(spaces, &space);
}

void yard_put_delta(struct yard *yard, const struct yard_delta *delta)
{
    uint8_t root[FEED_HASH_N], streams_memory[64], payload[FEED_DELTA_MAX + 1024];
    struct buf streams = buf_over(streams_memory, sizeof streams_memory);
    struct buf spaces = buf_over(yard->items_memory, sizeof yard->items_memory);
    struct buf b = buf_over(payload, sizeof payload);
    memset(root, delta->ledger_octet, sizeof root);
    cbor_write_array(&streams, delta->service != 0 ? 1 : 0);
    if (delta->service != 0)
        feed_put_stream(&streams, &(struct feed_stream){YARD_BOUNDARY, delta->service});
    cbor_write_array(&spaces, delta->high != 0 ? 1 : 0);
    if (delta->high != 0)
        put_changes(&spaces, delta);
    const struct feed_delta whole = {
        .from = delta->from,
        .to = delta->to,
        .at_s = delta->at_s != 0 ? delta->at_s : yard_now_s,
        .ledger_size = delta->ledger_size,
        .ledger_root = bytes_of(root, sizeof root),
        .streams = buf_bytes(&streams),
        .spaces = buf_bytes(&spaces),
    };
    feed_delta_write(&b, &whole);
    yard_sign(yard, yard->log, FEED_DELTA_TYPE, buf_bytes(&b));
}

void yard_put_heartbeat(struct yard *yard, uint64_t generation)
{
    yard_put_delta(yard, &(struct yard_delta){.from = generation, .to = generation});
}

void yard_make_list(struct yard *yard, uint32_t shard, uint64_t generation,
                    const enum status *statuses, uint32_t high)
{
    struct err err = {0};
    CLEANUP(blob_free) struct blob compressed = {0};
    uint8_t *octets = calloc(1, status_octets(high) + 1), *file = malloc(APPLY_LIST_MAX);
    for (uint32_t i = 0; i < high; i++)
        status_put(octets, i, statuses[i]);
    must(deflate_bytes(bytes_of(octets, status_octets(high)), &compressed, &err), &err);
    const struct status_list list = {
        .subject = bytes_text("https://x/status"),
        .issued_s = yard_now_s,
        .expires_s = yard_now_s + 86400,
        .ttl_s = 60,
        .compressed = blob_bytes(&compressed),
        .generation = generation,
        .space = {YARD_ISSUER, YARD_CLASS, (uint16_t)shard},
        .high = high,
    };
    struct buf payload = buf_over(yard->items_memory, sizeof yard->items_memory);
    struct buf to = buf_over(file, APPLY_LIST_MAX);
    status_list_write(&payload, &list);
    struct cose_sign1 message = {.type = bytes_text(STATUS_LIST_TYPE),
                                 .key_id = bytes_text("\1\2\3\4"),
                                 .payload = buf_bytes(&payload)};
    sign_message(yard->log, &message, &to);
    free(octets);
    for (size_t i = 0; i < yard->lists_n; i++)
        if (yard->lists[i].space.shard == shard) {
            free(yard->lists[i].file);
            yard->lists[i] = (struct yard_list){list.space, file, to.n};
            return;
        }
    assert_true(yard->lists_n < YARD_LISTS_MAX);
    yard->lists[yard->lists_n++] = (struct yard_list){list.space, file, to.n};
}

void yard_put_catalogue(struct yard *yard, uint64_t generation)
{
    uint8_t items_memory[1024], payload[2048];
    struct buf items = buf_over(items_memory, sizeof items_memory);
    struct buf b = buf_over(payload, sizeof payload);
    cbor_write_array(&items, yard->lists_n);
    for (size_t i = 0; i < yard->lists_n; i++) {
        uint8_t hash[SHA256_N];
        sha256(bytes_of(yard->lists[i].file, yard->lists[i].n), hash);
        feed_put_list(&items, &(struct feed_list){yard->lists[i].space, {hash, sizeof hash}});
    }
    feed_catalogue_write(&b, &(struct feed_catalogue){generation, yard_now_s, buf_bytes(&items)});
    yard_sign(yard, yard->log, FEED_CATALOGUE_TYPE, buf_bytes(&b));
}

void yard_put_service(struct yard *yard, const struct yard_service *service)
{
    static const uint8_t root[SERVICE_ROOT_N];
    uint8_t entries_memory[256];
    struct buf entries = buf_over(entries_memory, sizeof entries_memory);
    struct buf issuers = buf_over(yard->items_memory, 4096);
    struct buf bindings = buf_over(yard->more_memory, sizeof yard->more_memory / 2);
    struct buf b =
        buf_over(yard->more_memory + sizeof yard->more_memory / 2, sizeof yard->more_memory / 2);
    const char *name = service->name != NULL ? service->name : "north";
    cbor_write_array(&entries, 2);
    service_put_entry(&entries, &(struct service_entry){bytes_text("api"), 30, false});
    service_put_entry(&entries, &(struct service_entry){bytes_text("lax"), 30, true});
    cbor_write_array(&issuers, service->has_no_issuer ? 0 : 1);
    if (!service->has_no_issuer)
        service_put_issuer(&issuers,
                           &(struct service_issuer){YARD_ISSUER, {yard->issuer, yard->issuer_n}});
    cbor_write_array(&bindings, service->bindings_n);
    for (size_t i = 0; i < service->bindings_n; i++)
        service_put_binding(&bindings, &service->bindings[i]);
    const struct service_object whole = {
        .boundary = service->boundary != 0 ? service->boundary : YARD_BOUNDARY,
        .generation = service->generation,
        .at_s = yard_now_s,
        .ledger_root = bytes_of(root, sizeof root),
        .name = bytes_of(name, strlen(name)),
        .services = buf_bytes(&entries),
        .issuers = buf_bytes(&issuers),
        .bindings = buf_bytes(&bindings),
    };
    service_write(&b, &whole);
    assert_true(buf_ok(&b));
    yard_sign(yard, yard->log, SERVICE_TYPE, buf_bytes(&b));
}

/* ---- applying ---------------------------------------------------------------------------------
 */

static enum result get_list(void *context, const char *path, struct blob *ret, struct err *err)
{
    const struct yard *yard = context;
    char name[64];
    for (size_t i = 0; i < yard->lists_n && !yard->has_no_lists; i++) {
        const struct yard_list *list = &yard->lists[i];
        snprintf(name, sizeof name, "/status/%u-%u-%u.cwt", list->space.issuer,
                 list->space.expiry_class, list->space.shard);
        if (strcmp(name, path) == 0)
            return blob_copy(bytes_of(list->file, list->n), ret);
    }
    return err_set(err, E_UNREACHABLE, "%s", path);
}

enum result yard_apply(struct yard *yard, struct err *err)
{
    const struct apply_fetch fetch = {get_list, yard};
    const struct apply_time at = {yard_monotonic_us, yard_now_s};
    enum result result = apply_answer(yard->boundary, buf_bytes(&yard->body), &fetch, &at, err);
    yard->body = buf_over(yard->body_memory, sizeof yard->body_memory);
    return result;
}

void yard_refuses(struct yard *yard, enum code code)
{
    struct err err = {0};
    if (yard_apply(yard, &err) == OK || err.code != code)
        fail_msg("code %d (%s), wanted %d", err.code, err.text, code);
}

void yard_stand(struct yard *yard)
{
    struct err err = {0};
    static const enum status statuses[] = {STATUS_VALID, STATUS_INVALID, STATUS_SUSPENDED,
                                           STATUS_SUPERSEDED, STATUS_VALID};
    const struct service_binding bindings[] = {
        {0,
         SERVICE_KIND_PRODUCT,
         bytes_text("pump"),
         {0},
         PATTERN_CONNECT | PATTERN_PUBLISH,
         bytes_text("d/%device%/#"),
         0},
        {0,
         SERVICE_KIND_PRODUCT,
         bytes_text("pump"),
         {0},
         PATTERN_REQUEST,
         bytes_text("/d/%device%"),
         0},
        {1, SERVICE_KIND_PRODUCT, bytes_text("pump"), {0}, PATTERN_CONNECT, {0}, 0},
    };
    yard_put_service(
        yard, &(struct yard_service){.generation = 50, .bindings = bindings, .bindings_n = 3});
    yard_make_list(yard, 0, 100, statuses, 5);
    yard_put_catalogue(yard, 100);
    yard_put_heartbeat(yard, 100);
    must(yard_apply(yard, &err), &err);
}

struct boundary_identity yard_identity(uint32_t number)
{
    struct boundary_identity identity = {
        .issuer = YARD_ISSUER, .device = "SN-1", .product = "pump", .owner = "works"};
    identity.serial[0] = 1;
    identity.serial[11] = YARD_CLASS;
    identity.serial[12] = (uint8_t)(number >> 24);
    identity.serial[13] = (uint8_t)(number >> 16);
    identity.serial[14] = (uint8_t)(number >> 8);
    identity.serial[15] = (uint8_t)number;
    return identity;
}

enum boundary_reason yard_ask(struct yard *yard, uint32_t number)
{
    struct boundary_identity identity = yard_identity(number);
    return boundary_decide(yard->boundary, &identity, bytes_text("api"), BOUNDARY_CONNECT,
                           bytes_of(NULL, 0));
}

/* ---- leaves -----------------------------------------------------------------------------------
 */

static size_t make_extensions(const struct yard_leaf *leaf, struct x509_extension ret[2],
                              uint8_t space[64])
{
    struct buf usage = buf_over(space, 32), eku = buf_over(space + 32, 32);
    struct bytes purpose = leaf->is_server ? oid_server_auth : oid_client_auth;
    x509_write_key_usage(&usage, X509_KU_DIGITAL_SIGNATURE);
    x509_write_eku(&eku, &purpose, 1);
    ret[0] = (struct x509_extension){oid_key_usage, true, buf_bytes(&usage)};
    ret[1] = (struct x509_extension){oid_extended_key_usage, false, buf_bytes(&eku)};
    return leaf->has_no_purpose ? 1 : 2;
}

struct bytes yard_make_leaf(struct yard *yard, const struct yard_leaf *leaf)
{
    static uint8_t whole_memory[1024];
    uint8_t issuer[64], subject[256], tbs[768], space[64];
    struct buf to_issuer = buf_over(issuer, sizeof issuer), to_tbs = buf_over(tbs, sizeof tbs);
    struct buf to_subject = buf_over(subject, sizeof subject);
    struct buf whole = buf_over(whole_memory, sizeof whole_memory);
    struct x509_extension extensions[2];
    struct err err = {0};
    struct boundary_identity identity = yard_identity(leaf->number);
    struct x509_name_part parts[4] = {{oid_organizational_unit, bytes_text("pump")}};
    size_t n = 1;
    if (leaf->has_owner)
        parts[n++] = (struct x509_name_part){oid_organization, bytes_text("works")};
    if (!leaf->has_no_serial_number)
        parts[n++] = (struct x509_name_part){oid_serial_number, bytes_text("SN-1")};
    x509_write_name(&to_subject, parts, n);
    put_name(&to_issuer, leaf->is_of_other_name ? "Somebody" : "Fleet, LDevID 1");
    bool is_ordinary = leaf->from_s == 0 && leaf->to_s == 0;
    const struct x509_tbs_fields fields = {
        .serial = bytes_of(identity.serial, leaf->serial_n != 0 ? leaf->serial_n : 16),
        .sig_alg = X509_SIG_ECDSA_SHA256,
        .issuer = buf_bytes(&to_issuer),
        .not_before_s = YARD_NOW_S + (is_ordinary ? -86400 : leaf->from_s),
        .not_after_s = YARD_NOW_S + (is_ordinary ? 86400 : leaf->to_s),
        .subject = buf_bytes(&to_subject),
        .spki = key_spki(yard->other_key),
        .extensions = extensions,
        .extensions_n = make_extensions(leaf, extensions, space),
    };
    x509_write_tbs(&to_tbs, &fields);
    const struct key *by = leaf->by != NULL ? leaf->by : yard->issuer_key;
    must(sign_into((struct key *)(uintptr_t)by, buf_bytes(&to_tbs), &whole, &err), &err);
    assert_true(buf_ok(&whole));
    return buf_bytes(&whole);
}
