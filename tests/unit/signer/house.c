#include "house.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <crypto/hash.h>
#include <ipc/role.h>
#include <pki/authority.h>
#include <wire/oid.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSPHRASE "correct horse battery staple"
#define URL "http://localhost:8080"

/* In place of base/clock.c: the clock of these tests stands still. */
int64_t clock_now_s(void)
{
    return HOUSE_NOW_S;
}
int64_t clock_now_us(void)
{
    return HOUSE_NOW_S * 1000000;
}
int64_t clock_monotonic_us(void)
{
    return 1000000;
}
int64_t clock_cpu_us(void)
{
    return 0;
}

struct text {
    char text[256];
};

__attribute__((format(printf, 2, 3))) static struct text path_of(const struct house *house,
                                                                 const char *format, ...)
{
    struct text path;
    int n = snprintf(path.text, sizeof(path.text), "%s/", house->folder);
    va_list list;

    va_start(list, format);
    vsnprintf(path.text + n, sizeof(path.text) - (size_t)n, format, list);
    va_end(list);
    return path;
}

static void put(const struct house *house, const char *name, struct bytes bytes)
{
    assert_int_equal(file_write(path_of(house, "%s", name).text, 0600, bytes, NULL), OK);
}

static struct blob make_certificate(enum pki_issuer_kind kind, struct key *key, struct key *signer,
                                    const struct pki_issuer *parent)
{
    uint8_t tbs_room[2048], room[2048];
    struct buf tbs = buf_over(tbs_room, sizeof(tbs_room)), whole = buf_over(room, sizeof(room));
    struct blob ret = {0};
    static const uint8_t serial[AUTHORITY_SERIAL_N] = {7};
    const char *name = issuer_name(kind);
    struct authority authority = {.kind = kind,
                                  .common_name = bytes_of(name, strlen(name)),
                                  .serial = bytes_of(serial, sizeof(serial)),
                                  .spki = key_spki(key),
                                  .not_before_s = HOUSE_NOW_S - 86400,
                                  .not_after_s = HOUSE_NOW_S + 1000 * 86400};

    assert_int_equal(authority_build_tbs(&authority, parent, bytes_text(URL), &tbs, NULL), OK);
    assert_int_equal(sign_into(signer, buf_bytes(&tbs), &whole, NULL), OK);
    assert_int_equal(blob_copy(buf_bytes(&whole), &ret), OK);
    return ret;
}

static void make_keys(struct house *house)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    struct pki_issuer parent;

    assert_int_equal(secret_copy(bytes_text(PASSPHRASE), &passphrase, NULL), OK);
    assert_int_equal(key_generate(house->issuer_kind, &house->root, NULL), OK);
    CLEANUP(blob_free)
    struct blob root_cer = make_certificate(PKI_ISSUER_ROOT, house->root, house->root, NULL);
    put(house, "signer/root.cer", blob_bytes(&root_cer));
    assert_int_equal(
        pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, blob_bytes(&root_cer), &parent, NULL),
        OK);
    for (enum signer_key which = 0; which < SIGNER_KEY_COUNT; which++) {
        CLEANUP(key_freep) struct key *key = NULL;
        CLEANUP(blob_free) struct blob cer = {0};
        const char *name = signer_key_name(which);
        char file[64];
        enum key_kind kind = signer_key_kind(which);
        assert_int_equal(key_generate(kind != KEY_NONE ? kind : house->issuer_kind, &key, NULL),
                         OK);
        assert_int_equal(key_store(key, &passphrase, KEY_COST_ONLINE,
                                   path_of(house, "signer/%s.pem", name).text, NULL),
                         OK);
        if (which > SIGNER_KEY_OPERATIONS)
            continue;
        cer = make_certificate(PKI_ISSUER_IDEVID + (enum pki_issuer_kind)which, key, house->root,
                               &parent);
        snprintf(file, sizeof(file), "signer/%s.cer", name);
        put(house, file, blob_bytes(&cer));
    }
    assert_int_equal(journal_create(path_of(house, "signer/journal").text, NULL), OK);
    put(house, "signer/origin", bytes_text("localhost/troth-test\n"));
    put(house, "passphrase", bytes_text(PASSPHRASE));
}

/* Its root is a new one each time: whose certificate it is, the signer does not ask. */
void house_add_issuer(struct house *house, enum pki_issuer_kind kind, const char *name,
                      bool has_certificate)
{
    CLEANUP(secret_free) struct secret passphrase = {0};
    CLEANUP(key_freep) struct key *root = NULL;
    CLEANUP(key_freep) struct key *key = NULL;
    struct pki_issuer parent;
    char file[64];

    assert_int_equal(secret_copy(bytes_text(PASSPHRASE), &passphrase, NULL), OK);
    assert_int_equal(key_generate(KEY_P256, &root, NULL), OK);
    assert_int_equal(key_generate(house->issuer_kind, &key, NULL), OK);
    CLEANUP(blob_free) struct blob root_cer = make_certificate(PKI_ISSUER_ROOT, root, root, NULL);
    assert_int_equal(
        pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, blob_bytes(&root_cer), &parent, NULL),
        OK);
    CLEANUP(blob_free) struct blob cer = make_certificate(kind, key, root, &parent);
    assert_int_equal(key_store(key, &passphrase, KEY_COST_ONLINE,
                               path_of(house, "signer/%s.pem", name).text, NULL),
                     OK);
    snprintf(file, sizeof(file), "signer/%s.cer", name);
    if (has_certificate)
        put(house, file, blob_bytes(&cer));
}

static void open_session(struct house *house)
{
    int fds[2], lives[2];
    struct err err = {0};

    assert_int_equal(ipc_pair(IPC_CORE, IPC_SIGNER, fds, NULL), OK);
    assert_int_equal(ipc_pair(IPC_SUPERVISOR, IPC_SIGNER, lives, NULL), OK);
    assert_int_equal(ipc_open(&house->core, IPC_CORE, IPC_SIGNER, fds[0], NULL), OK);
    house->supervisor_fd = lives[0];
    if (session_open(&house->session, &house->config, fds[1], &err) != OK)
        fail_msg("%s", err.text);
    assert_int_equal(
        reload_open(&house->session.reload, IPC_SIGNER, lives[1], &house->config, NULL), OK);
}

static void close_session(struct house *house)
{
    close(house->supervisor_fd);
    session_close(&house->session);
    reload_close(&house->session.reload);
    ipc_close(&house->core);
}

struct house *house_new(void)
{
    return house_new_of(KEY_P256, KEY_P256);
}

struct house *house_new_of(enum key_kind issuers, enum key_kind device)
{
    struct house *house = calloc(1, sizeof(*house));

    house->issuer_kind = issuers;
    snprintf(house->folder, sizeof(house->folder), "/tmp/troth-signer-XXXXXX");
    assert_non_null(mkdtemp(house->folder));
    assert_int_equal(folder_ensure(path_of(house, "signer").text, 0700, NULL), OK);
    make_keys(house);
    snprintf(house->config.data, sizeof(house->config.data), "%s", house->folder);
    snprintf(house->config.passphrase_file, sizeof(house->config.passphrase_file), "%s",
             path_of(house, "passphrase").text);
    snprintf(house->config.public_url, sizeof(house->config.public_url), URL);
    house->config.server_name_count = 1;
    snprintf(house->config.server_names[0], CONFIG_NAME_MAX, "localhost");
    assert_int_equal(key_generate(device, &house->device, NULL), OK);
    struct x509_name_part subject = {oid_common_name, bytes_text("whatever")};
    assert_int_equal(csr_make(house->device, &subject, 1, (struct bytes){0}, &house->csr, NULL),
                     OK);
    log_style_set(LOG_LOGFMT, LEVEL_ERROR + 1);
    open_session(house);
    house_agree(house, 0, 0);
    return house;
}

void house_free(struct house *house)
{
    close_session(house);
    key_free(house->root);
    key_free(house->device);
    blob_free(&house->csr);
    static const char *const names[] = {"signer/webhook-ed25519.pem",
                                        "signer/idevid.pem",
                                        "signer/ldevid.pem",
                                        "signer/operations.pem",
                                        "signer/checkpoint-ed25519.pem",
                                        "signer/checkpoint-es256.pem",
                                        "signer/root.cer",
                                        "signer/idevid.cer",
                                        "signer/ldevid.cer",
                                        "signer/operations.cer",
                                        "signer/origin",
                                        "signer/journal",
                                        "signer/ldevid-7.pem",
                                        "signer/ldevid-7.cer",
                                        "signer/idevid-7.pem",
                                        "signer/idevid-7.cer",
                                        "passphrase"};
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        unlink(path_of(house, "%s", names[i]).text);
    rmdir(path_of(house, "signer").text);
    rmdir(house->folder);
    free(house);
}

void house_restart(struct house *house)
{
    close_session(house);
    open_session(house);
}

void house_send(struct house *house, enum ipc_type type, const void *message, int fd)
{
    struct err err = {0};

    if (ipc_send(&house->core, type, message, fd, &err) != OK)
        fail_msg("%s", err.text);
}

enum result house_turn(struct house *house)
{
    return session_turn(&house->session, NULL);
}

enum result house_receive(struct house *house, struct ipc_message *ret)
{
    enum result result = ipc_receive(&house->core, ret, NULL);
    if (result != OK || ret->type != IPC_WEBHOOK_KEY)
        return result;
    memcpy(house->webhook_key, ret->webhook_key.key, sizeof(house->webhook_key));
    return ipc_receive(&house->core, ret, NULL);
}

struct ipc_message house_ask(struct house *house, enum ipc_type type, const void *message, int fd)
{
    struct ipc_message answer;

    house_send(house, type, message, fd);
    assert_int_equal(house_turn(house), OK);
    assert_int_equal(house_receive(house, &answer), OK);
    return answer;
}

void house_agree(struct house *house, uint64_t after, uint64_t size)
{
    struct msg_journal_ask ask = {.after = after};
    struct msg_journal_agreed agreed = {.size = size};
    struct ipc_message answer;

    house_send(house, IPC_JOURNAL_ASK, &ask, -1);
    assert_int_equal(house_turn(house), OK);
    do
        assert_int_equal(house_receive(house, &answer), OK);
    while (answer.type == IPC_JOURNAL_ITEM || answer.type == IPC_ISSUER_HELD);
    assert_int_equal(answer.type, IPC_JOURNAL_END);
    house_send(house, IPC_JOURNAL_AGREED, &agreed, -1);
    assert_int_equal(house_turn(house), OK);
}

void house_hash(struct house *house, struct msg_sign *message)
{
    uint8_t room[TBS_MAX];
    struct buf tbs = buf_over(room, sizeof(room));
    struct grant grant = {.profile = (enum pki_profile)message->profile,
                          .issuer = message->issuer,
                          .product = message->product,
                          .owner = message->owner,
                          .hw_type = message->hw_type,
                          .serial_number = message->serial_number,
                          .common_name = message->common_name,
                          .serial = message->serial,
                          .not_before_s = message->not_before_s,
                          .not_after_s = message->not_after_s,
                          .spki = key_spki(house->device)};

    if (grant_build_tbs(&grant, &house->session.issuers[message->issuer].issuer,
                        house->site != NULL ? house->site : &house->session.site.pki, &tbs,
                        NULL) == OK)
        sha256(buf_bytes(&tbs), message->tbs_hash);
    profile_digest(grant.profile, message->profile_digest);
}

struct msg_sign house_sign(struct house *house)
{
    static const uint8_t random[SERIAL_RANDOM_N] = {5, 4, 3, 2, 1};
    struct msg_sign message = {.id = 1000 + house->number,
                               .profile = PKI_LDEVID,
                               .issuer = PKI_ISSUER_LDEVID,
                               .product = bytes_text("sensor-2"),
                               .serial_number = bytes_text("SN-1"),
                               .not_before_s = HOUSE_NOW_S,
                               .not_after_s = HOUSE_NOW_S + 30 * 86400,
                               .csr = blob_bytes(&house->csr)};

    house->serial =
        serial_make(random, (struct serial_parts){.expiry_class = serial_class(message.not_after_s),
                                                  .number = house->number++});
    message.serial = bytes_of(house->serial.p, SERIAL_N);
    house_hash(house, &message);
    return message;
}
