#include <app/init.h>

#include <base/file.h>
#include <crypto/csr.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <pki/authority.h>
#include <signer/backend.h>
#include <wire/x509_crl.h>

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_S INT64_C(1795000000)

struct fixture {
    char folder[64];
    struct config config;
    struct init_request request;
    char passphrase[128], root_passphrase[128], root_out[128];
};

struct text {
    char text[256];
};

__attribute__((format(printf, 2, 3))) static struct text path_in(const struct fixture *f,
                                                                 const char *format, ...)
{
    struct text path;
    int n = snprintf(path.text, sizeof(path.text), "%s/", f->folder);
    va_list list;

    va_start(list, format);
    vsnprintf(path.text + n, sizeof(path.text) - (size_t)n, format, list);
    va_end(list);
    return path;
}

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.folder = "/tmp/troth-init-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.config.data, sizeof(f.config.data), "%s/data", f.folder);
    snprintf(f.config.public_files, sizeof(f.config.public_files), "%s/data/public", f.folder);
    snprintf(f.config.public_url, sizeof(f.config.public_url), "http://localhost:8080");
    snprintf(f.config.server_names[0], CONFIG_NAME_MAX, "localhost");
    f.config.server_name_count = 1;
    snprintf(f.passphrase, sizeof(f.passphrase), "%s/passphrase", f.folder);
    snprintf(f.root_passphrase, sizeof(f.root_passphrase), "%s/root-passphrase", f.folder);
    snprintf(f.root_out, sizeof(f.root_out), "%s/root.pem", f.folder);
    assert_int_equal(file_write(f.passphrase, 0600, bytes_text("correct horse battery"), NULL), OK);
    assert_int_equal(file_write(f.root_passphrase, 0600, bytes_text("staple"), NULL), OK);
    f.request = (struct init_request){.config = &f.config,
                                      .issuer_kind = KEY_P256,
                                      .root_kind = KEY_P256,
                                      .passphrase_file = f.passphrase,
                                      .root_passphrase_file = f.root_passphrase,
                                      .root_out = f.root_out,
                                      .now_s = NOW_S};
    *state = &f;
    return 0;
}

static int remove_one(const char *path, const struct stat *stat_of, int flag, struct FTW *ftw)
{
    (void)stat_of;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    return nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void create(struct fixture *f)
{
    struct err err = {0};

    if (init_create(&f->request, &err) != OK)
        fail_msg("%s", err.text);
}

static bool has(const struct fixture *f, const char *name)
{
    return file_exists(path_in(f, "%s", name).text);
}

static void expect_nothing(const struct fixture *f)
{
    static const char *const names[] = {"data/ca", "data/signer", "data/store", "data/csr",
                                        "data/.init"};

    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (has(f, names[i]))
            fail_msg("%s is there", names[i]);
}

/* ---- refusals leave nothing ------------------------------------------------------------------ */

static void a_short_passphrase_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(file_write(f->passphrase, 0600, bytes_text("fifteen octets!"), NULL), OK);
    assert_int_equal(init_create(&f->request, NULL), R_CRYPTO);
    expect_nothing(f);
}

static void the_root_wants_a_passphrase_of_its_own(void **state)
{
    struct fixture *f = *state;

    f->request.root_passphrase_file = NULL;
    assert_int_equal(init_create(&f->request, NULL), R_INVALID);
    expect_nothing(f);
}

static void a_failure_at_the_end_leaves_nothing_half_done(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(file_write(f->root_out, 0600, bytes_text("precious"), NULL), OK);
    assert_int_equal(init_create(&f->request, NULL), R_CONFLICT);
    expect_nothing(f);
    CLEANUP(blob_free) struct blob kept = {0};
    assert_int_equal(file_read(f->root_out, 100, &kept, NULL), OK);
    assert_true(bytes_equal(blob_bytes(&kept), bytes_text("precious")));
    assert_int_equal(unlink(f->root_out), 0);
    create(f);
}

static void a_second_init_is_refused(void **state)
{
    struct fixture *f = *state;

    const struct text other = path_in(f, "other.pem");
    create(f);
    f->request.root_out = other.text;
    assert_int_equal(init_create(&f->request, NULL), R_CONFLICT);
    assert_true(has(f, "data/ca/root.cer"));
    assert_false(has(f, "other.pem"));
}

static void what_a_killed_init_left_is_cleared(void **state)
{
    struct fixture *f = *state;
    static const char *const folders[] = {"data", "data/.init", "data/.init/ca", "data/signer",
                                          "data/store"};

    for (size_t i = 0; i < LENGTH_OF(folders); i++)
        assert_int_equal(folder_ensure(path_in(f, "%s", folders[i]).text, 0700, NULL), OK);
    assert_int_equal(
        file_write(path_in(f, "data/signer/idevid.pem").text, 0600, bytes_text("old"), NULL), OK);
    create(f);
    assert_false(has(f, "data/.init"));
}

static void a_signer_in_use_is_never_cleared(void **state)
{
    struct fixture *f = *state;

    create(f);
    assert_int_equal(
        file_write(path_in(f, "data/signer/journal").text, 0600, bytes_text("x"), NULL), OK);
    assert_int_equal(rename(path_in(f, "data/ca").text, path_in(f, "data/lost").text), 0);
    assert_int_equal(unlink(f->root_out), 0);
    assert_int_equal(init_create(&f->request, NULL), R_CONFLICT);
    assert_true(has(f, "data/signer/idevid.pem"));
}

/* ---- what it makes --------------------------------------------------------------------------- */

static struct blob read_file(const struct fixture *f, const char *name)
{
    struct blob blob = {0};

    assert_int_equal(file_read(path_in(f, "%s", name).text, 65536, &blob, NULL), OK);
    return blob;
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
    struct stat stat_of;

    assert_int_equal(stat(path_in(f, "%s", name).text, &stat_of), 0);
    return stat_of.st_mode & 07777;
}

static void every_issuer_is_below_the_root_and_has_its_key(void **state)
{
    struct fixture *f = *state;
    CLEANUP(secret_free) struct secret passphrase = {0};
    struct signer_keys *keys = NULL;
    create(f);

    CLEANUP(blob_free) struct blob root = read_file(f, "data/ca/root.cer");
    assert_int_equal(secret_read_file(f->passphrase, 100, &passphrase, NULL), OK);
    assert_int_equal(
        signer_backend_file.open(path_in(f, "data/signer").text, &passphrase, &keys, NULL), OK);
    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
        enum signer_key which = (enum signer_key)(kind - PKI_ISSUER_IDEVID);
        char name[64];
        snprintf(name, sizeof(name), "data/ca/%s.cer", issuer_name(kind));
        CLEANUP(blob_free) struct blob cer = read_file(f, name);
        assert_int_equal(authority_check(blob_bytes(&cer), blob_bytes(&root),
                                         signer_backend_file.spki(keys, which), NOW_S, NULL),
                         OK);
        snprintf(name, sizeof(name), "data/public/ca/%d.cer", (int)kind);
        CLEANUP(blob_free) struct blob published = read_file(f, name);
        assert_true(bytes_equal(blob_bytes(&published), blob_bytes(&cer)));
    }
    signer_backend_file.close(keys);
}

static void secrets_are_for_their_owner_alone(void **state)
{
    struct fixture *f = *state;
    char name[64];
    create(f);

    assert_int_equal(mode_of(f, "data/signer"), 0700);
    assert_int_equal(mode_of(f, "data/store"), 0700);
    assert_int_equal(mode_of(f, "root.pem"), 0600);
    for (enum signer_key which = 0; which < SIGNER_KEY_COUNT; which++) {
        snprintf(name, sizeof(name), "data/signer/%s.pem", signer_key_name(which));
        assert_int_equal(mode_of(f, name), 0600);
    }
    assert_int_equal(mode_of(f, "data/ca/root.cer"), 0644);
}

static void the_root_file_opens_with_its_own_passphrase_only(void **state)
{
    struct fixture *f = *state;
    CLEANUP(secret_free) struct secret own = {0}, online = {0};
    struct key *root = NULL;
    struct x509_cert cert;
    const char *why = NULL;
    create(f);

    CLEANUP(blob_free) struct blob der = read_file(f, "data/ca/root.cer");
    assert_int_equal(secret_read_file(f->root_passphrase, 100, &own, NULL), OK);
    assert_int_equal(secret_read_file(f->passphrase, 100, &online, NULL), OK);
    assert_int_equal(key_load(f->root_out, &online, &root, NULL), R_CRYPTO);
    assert_int_equal(key_load(f->root_out, &own, &root, NULL), OK);
    assert_true(x509_read_cert(blob_bytes(&der), &cert, &why));
    assert_true(bytes_equal(cert.spki, key_spki(root)));
    key_free(root);
}

static void the_root_crls_are_signed_ahead_without_a_gap(void **state)
{
    struct fixture *f = *state;
    struct x509_cert root;
    const char *why = NULL;
    int64_t covered_s = NOW_S;
    create(f);

    CLEANUP(blob_free) struct blob der = read_file(f, "data/ca/root.cer");
    assert_true(x509_read_cert(blob_bytes(&der), &root, &why));
    for (int i = 1; i <= ROOT_CRL_COUNT; i++) {
        char name[64];
        struct x509_crl crl;
        snprintf(name, sizeof(name), "data/public/crl/root-%d.crl", i);
        CLEANUP(blob_free) struct blob file = read_file(f, name);
        assert_true(x509_read_crl(blob_bytes(&file), &crl, &why));
        assert_int_equal(verify_signature(&root.key, crl.sig_alg, crl.tbs, crl.signature, NULL),
                         OK);
        assert_true(crl.this_update_s <= covered_s);
        covered_s = crl.next_update_s;
    }
    assert_true(covered_s >= NOW_S + ISSUER_VALIDITY_S);
    CLEANUP(blob_free) struct blob first = read_file(f, "data/public/crl/root-1.crl");
    CLEANUP(blob_free) struct blob current = read_file(f, "data/public/crl/1-0-0.crl");
    assert_true(bytes_equal(blob_bytes(&first), blob_bytes(&current)));
}

/* ---- the root's key away --------------------------------------------------------------------- */

static void the_server_notices_a_root_key_that_it_can_read(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    create(f);

    assert_int_equal(root_key_must_be_away(&f->config, &err), R_REFUSED);
    assert_int_equal(err.code, E_ROOT_ONLINE);
    assert_int_equal(unlink(f->root_out), 0);
    assert_int_equal(root_key_must_be_away(&f->config, NULL), OK);
}

static void the_lab_keeps_the_root_key_among_the_data(void **state)
{
    struct fixture *f = *state;

    f->request.lab = true;
    f->request.root_passphrase_file = NULL;
    f->request.root_out = NULL;
    create(f);
    assert_true(has(f, "data/root.pem"));
    assert_int_equal(root_key_must_be_away(&f->config, NULL), R_REFUSED);
}

/* ---- a root elsewhere ------------------------------------------------------------------------ */

static void put_certificate(struct fixture *f, enum pki_issuer_kind kind, struct key *root,
                            struct bytes spki, const struct pki_issuer *parent)
{
    uint8_t tbs_room[1024], room[1024];
    struct buf tbs = buf_over(tbs_room, sizeof(tbs_room)), whole = buf_over(room, sizeof(room));
    static const uint8_t serial[AUTHORITY_SERIAL_N] = {1};
    const char *name = issuer_name(kind);
    struct authority authority = {.kind = kind,
                                  .common_name = bytes_of(name, strlen(name)),
                                  .serial = bytes_of(serial, sizeof(serial)),
                                  .spki = spki,
                                  .not_before_s = NOW_S - 100,
                                  .not_after_s = NOW_S + 1000};

    assert_int_equal(authority_build_tbs(&authority, parent, bytes_text("http://ca"), &tbs, NULL),
                     OK);
    assert_int_equal(sign_into(root, buf_bytes(&tbs), &whole, NULL), OK);
    assert_int_equal(
        file_write(path_in(f, "signed/%s.cer", name).text, 0644, buf_bytes(&whole), NULL), OK);
}

/* What the people with the root do with the requests. `exchanged` mixes two of them up. */
static void sign_requests(struct fixture *f, bool exchanged)
{
    struct key *root = NULL;
    struct pki_issuer parent;
    assert_int_equal(key_generate(KEY_P256, &root, NULL), OK);
    assert_int_equal(folder_ensure(path_in(f, "signed").text, 0755, NULL), OK);
    put_certificate(f, PKI_ISSUER_ROOT, root, key_spki(root), NULL);
    CLEANUP(blob_free) struct blob root_der = read_file(f, "signed/root.cer");
    assert_int_equal(
        pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, blob_bytes(&root_der), &parent, NULL),
        OK);

    for (enum pki_issuer_kind kind = PKI_ISSUER_IDEVID; kind < PKI_ISSUER_COUNT; kind++) {
        char name[64];
        struct x509_csr csr;
        const char *why = NULL;
        enum pki_issuer_kind as =
            !exchanged || kind == PKI_ISSUER_OPERATIONS ? kind : (enum pki_issuer_kind)(5 - kind);
        snprintf(name, sizeof(name), "data/csr/%s.csr", issuer_name(kind));
        CLEANUP(blob_free) struct blob pem = read_file(f, name);
        CLEANUP(blob_free) struct blob der = {0};
        assert_int_equal(pem_read(blob_bytes(&pem), PEM_CSR, &der, NULL), OK);
        assert_true(x509_read_csr(blob_bytes(&der), &csr, &why));
        assert_int_equal(verify_csr(&csr, NULL), OK);
        put_certificate(f, as, root, csr.spki, &parent);
    }
    key_free(root);
}

static void a_root_elsewhere_answers_requests(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    const struct text folder = path_in(f, "signed");
    f->request.csr_only = true;
    f->request.root_passphrase_file = f->request.root_out = NULL;

    assert_int_equal(init_accept(&f->config, folder.text, NOW_S, NULL), R_CONFLICT);
    create(f);
    assert_false(has(f, "data/ca"));
    assert_int_equal(init_create(&f->request, NULL), R_CONFLICT); /* the requests are out */
    assert_int_equal(init_accept(&f->config, folder.text, NOW_S, NULL), R_NOT_FOUND);
    sign_requests(f, true);
    assert_int_equal(init_accept(&f->config, folder.text, NOW_S, NULL), R_INVALID);
    assert_false(has(f, "data/ca"));
    sign_requests(f, false);
    assert_int_equal(init_accept(&f->config, folder.text, NOW_S + 2000, NULL), R_INVALID);
    assert_int_equal(init_accept(&f->config, folder.text, NOW_S, &err), OK);
    assert_true(has(f, "data/ca/operations.cer"));
    assert_true(has(f, "data/signer/ldevid.cer"));
    assert_true(has(f, "data/public/ca/1.cer"));
    assert_int_equal(init_accept(&f->config, folder.text, NOW_S, NULL), R_CONFLICT);
    assert_int_equal(root_key_must_be_away(&f->config, NULL), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_short_passphrase_is_refused),
        TEST(the_root_wants_a_passphrase_of_its_own),
        TEST(a_failure_at_the_end_leaves_nothing_half_done),
        TEST(a_second_init_is_refused),
        TEST(a_signer_in_use_is_never_cleared),
        TEST(what_a_killed_init_left_is_cleared),
        TEST(every_issuer_is_below_the_root_and_has_its_key),
        TEST(secrets_are_for_their_owner_alone),
        TEST(the_root_file_opens_with_its_own_passphrase_only),
        TEST(the_root_crls_are_signed_ahead_without_a_gap),
        TEST(the_server_notices_a_root_key_that_it_can_read),
        TEST(the_lab_keeps_the_root_key_among_the_data),
        TEST(a_root_elsewhere_answers_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
