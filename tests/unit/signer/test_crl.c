#include "house.h"

#include <base/file.h>
#include <crypto/verify.h>
#include <ipc/sealed.h>
#include <wire/x509_crl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = house_new();
    return 0;
}

static int tear_down(void **state)
{
    house_free(*state);
    return 0;
}

struct list {
    struct crl_plan plan;
    struct serial serial;
    bool has_entry, is_done;
    const char *url;
    uint32_t announced_issuer;
    uint64_t announced_number;
    uint64_t base;          /* of the delta beside it */
    int64_t delta_shift_s;  /* that is so much younger */
    bool is_swapped;        /* the delta stands first */
    bool has_foreign_delta; /* of another shard */
    size_t cut;             /* complete_n is so much too small */
};

static bool next_entry(void *context, struct x509_crl_entry *ret)
{
    struct list *list = context;

    if (!list->has_entry || list->is_done)
        return false;
    list->is_done = true;
    *ret = (struct x509_crl_entry){.serial = bytes_of(list->serial.p, SERIAL_N),
                                   .revoked_s = HOUSE_NOW_S};
    return true;
}

static struct list good_list(uint64_t number)
{
    static const uint8_t random[SERIAL_RANDOM_N] = {1};

    return (struct list){
        .plan = {.shard = {PKI_ISSUER_LDEVID, 27, 0},
                 .number = number,
                 .this_update_s = HOUSE_NOW_S},
        .serial = serial_make(random, (struct serial_parts){.expiry_class = 27, .number = 5}),
        .has_entry = true,
        .url = "http://localhost:8080",
        .announced_issuer = PKI_ISSUER_LDEVID,
        .announced_number = number,
        .base = number};
}

static void build(struct house *house, struct list *list, bool is_delta, struct buf *to)
{
    struct crl_plan plan = list->plan;
    struct crl_source source = {next_entry, list};

    list->is_done = false;
    plan.is_delta = is_delta;
    plan.base = list->base;
    if (is_delta)
        plan.this_update_s += list->delta_shift_s;
    if (is_delta && list->has_foreign_delta)
        plan.shard.part++;
    assert_int_equal(crl_build_tbs(&plan, &house->session.issuers[plan.shard.issuer].issuer,
                                   bytes_of(list->url, strlen(list->url)), &source, to, NULL),
                     OK);
}

static int list_fd(struct house *house, struct list *list, uint32_t *ret_complete_n)
{
    uint8_t room[2048];
    struct buf tbs = buf_over(room, sizeof(room));
    int fd = -1;

    build(house, list, list->is_swapped, &tbs);
    *ret_complete_n = (uint32_t)(tbs.n - list->cut);
    build(house, list, !list->is_swapped, &tbs);
    assert_int_equal(sealed_from("list", buf_bytes(&tbs), &fd, NULL), OK);
    return fd;
}

static struct ipc_message ask_crl(struct house *house, struct list *list)
{
    uint32_t complete_n = 0;
    int fd = list_fd(house, list, &complete_n);
    struct msg_sign_crl message = {.id = 5,
                                   .complete_n = complete_n,
                                   .issuer = list->announced_issuer,
                                   .shard_class = list->plan.shard.expiry_class,
                                   .shard_part = list->plan.shard.part,
                                   .number = list->announced_number};
    struct ipc_message answer = house_ask(house, IPC_SIGN_CRL, &message, fd);

    close(fd);
    assert_int_equal(answer.type, IPC_SIGNED_CRL);
    assert_int_equal(answer.signed_crl.code == E_NONE, answer.fd >= 0);
    return answer;
}

static uint32_t code_of_crl(struct house *house, struct list list)
{
    struct ipc_message answer = ask_crl(house, &list);

    if (answer.fd >= 0)
        close(answer.fd);
    return answer.signed_crl.code;
}

static void expect_crl(struct house *house)
{
    struct list list = good_list(1);
    struct ipc_message answer = ask_crl(house, &list);
    struct bytes der = {0};
    struct x509_crl crl;
    struct x509_cert issuer;
    const char *why = NULL;

    assert_int_equal(answer.signed_crl.code, E_NONE);
    assert_int_equal(sealed_map(answer.fd, 1 << 20, &der, NULL), OK);
    uint32_t n = answer.signed_crl.complete_n;
    assert_true(x509_read_cert(blob_bytes(&house->session.issuers[PKI_ISSUER_LDEVID].certificate),
                               &issuer, &why));
    const struct bytes parts[] = {bytes_slice(der, 0, n), bytes_slice(der, n, der.n)};
    for (size_t i = 0; i < LENGTH_OF(parts); i++) {
        assert_true(x509_read_crl(parts[i], &crl, &why));
        assert_int_equal(crl.is_delta, i == 1);
        assert_int_equal(crl.entries_n, 1);
        assert_int_equal(verify_signature(&issuer.key, crl.sig_alg, crl.tbs, crl.signature, NULL),
                         OK);
    }
    sealed_unmap(&der);
    close(answer.fd);
}

static void signs_a_crl_that_verifies(void **state)
{
    static const enum key_kind kinds[] = {KEY_P384, KEY_ED25519, KEY_RSA_3072};

    expect_crl(*state);
    for (size_t i = 0; i < LENGTH_OF(kinds); i++) {
        struct house *house = house_new_of(kinds[i], KEY_P256);
        expect_crl(house);
        house_free(house);
    }
}

static void crl_numbers_rise_in_each_shard(void **state)
{
    struct house *house = *state;
    struct list other = good_list(1);

    assert_int_equal(code_of_crl(house, good_list(3)), E_NONE);
    assert_int_equal(code_of_crl(house, good_list(3)), E_JOURNAL);
    assert_int_equal(code_of_crl(house, good_list(2)), E_JOURNAL);
    other.plan.shard.part = 1;
    other.has_entry = false;
    assert_int_equal(code_of_crl(house, other), E_NONE);
    house_restart(house);
    house_agree(house, 0, 0);
    assert_int_equal(code_of_crl(house, good_list(3)), E_JOURNAL);
    assert_int_equal(code_of_crl(house, good_list(4)), E_NONE);
}

static void refuses_a_crl_that_is_not_its_shards(void **state)
{
    struct house *house = *state;
    struct list bad = good_list(1);

    bad.serial.p[11] = 28; /* a certificate of another class */
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.serial.p[13] = 1; /* of another part */
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.serial.p[0] = 0x80; /* not ours */
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.url = "http://elsewhere";
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.announced_number = 2;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.announced_issuer = PKI_ISSUER_IDEVID;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.announced_issuer = PKI_ISSUER_ROOT;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(0);
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(1);
    bad.plan.this_update_s = 0; /* before the issuer was */
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    assert_int_equal(journal_position(house->session.journal), 0);
}

/* RFC 5280 5.2.4 and 5.2.6. */
static void refuses_a_delta_that_does_not_go_with_its_list(void **state)
{
    struct house *house = *state;
    struct list bad = good_list(2);

    bad.delta_shift_s = 1;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(2);
    bad.base = 3;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(2);
    bad.is_swapped = true;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    bad = good_list(2);
    bad.has_foreign_delta = true;
    assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    for (size_t cut = 1; cut < 40; cut++) {
        bad = good_list(2);
        bad.cut = cut;
        assert_int_equal(code_of_crl(house, bad), E_PROFILE);
    }
    assert_int_equal(journal_position(house->session.journal), 0);
    bad = good_list(2);
    bad.base = 1;
    assert_int_equal(code_of_crl(house, bad), E_NONE);
}

static void refuses_a_list_that_core_could_still_change(void **state)
{
    struct house *house = *state;
    struct msg_sign_crl message = {.id = 5, .issuer = PKI_ISSUER_LDEVID, .number = 1};
    int fd = -1;

    assert_int_equal(sealed_create("list", &fd, NULL), OK);
    assert_int_equal(fd_write(fd, bytes_text("0\x03\x02\x01\x01"), NULL), OK);
    assert_int_equal(house_ask(house, IPC_SIGN_CRL, &message, fd).signed_crl.code, E_SYNTAX);
    assert_int_equal(sealed_close_writing(fd, NULL), OK); /* sealed, but no list */
    assert_int_equal(house_ask(house, IPC_SIGN_CRL, &message, fd).signed_crl.code, E_PROFILE);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(refuses_a_list_that_core_could_still_change),
        TEST(refuses_a_delta_that_does_not_go_with_its_list),
        TEST(refuses_a_crl_that_is_not_its_shards),
        TEST(crl_numbers_rise_in_each_shard),
        TEST(signs_a_crl_that_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
