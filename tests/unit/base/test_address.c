#include <base/address.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_no_literal_address_with_port_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        ":",
        ":80",
        "80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:+1",
        "127.0.0.1: 80",
        "127.0.0.1:0x50",
        "127.0.0.1:000080",
        "127.1:80",
        "localhost:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "[]:80",
        "[127.0.0.1]x:80",
        "256.0.0.1:80",
        "127.0.0.1:80:80",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:80",
    };
    for (size_t i = 0; i < LENGTH_OF(wrong); i++) {
        struct address address, untouched;
        struct err err;
        memset(&address, 0x5a, sizeof address);
        untouched = address;
        if (address_parse(wrong[i], &address, &err) != R_INVALID)
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(err.code, E_SYNTAX);
        assert_memory_equal(&address, &untouched, sizeof address);
    }
}

static void an_ipv4_address_is_read(void **state)
{
    (void)state;
    struct address address;
    struct err err;
    assert_int_equal(address_parse("192.0.2.7:8443", &address, &err), OK);
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address.sa;
    assert_int_equal(in->sin_family, AF_INET);
    assert_int_equal(ntohl(in->sin_addr.s_addr), 0xc0000207);
    assert_int_equal(address.n, sizeof *in);
    assert_int_equal(address_port(&address), 8443);
    assert_string_equal(address.text, "192.0.2.7:8443");
}

static void an_ipv6_address_is_read(void **state)
{
    (void)state;
    struct address address;
    struct err err;
    assert_int_equal(address_parse("[2001:db8::1]:0", &address, &err), OK);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address.sa;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(in6->sin6_addr.s6_addr[15], 1);
    assert_int_equal(address.n, sizeof *in6);
    assert_int_equal(address_port(&address), 0);
}

static void literals_are_told_from_names(void **state)
{
    (void)state;
    assert_true(is_ip_literal("127.0.0.1"));
    assert_true(is_ip_literal("::1"));
    assert_false(is_ip_literal("[::1]"));
    assert_false(is_ip_literal("127.1"));
    assert_false(is_ip_literal("localhost"));
    assert_false(is_ip_literal(""));
}

static void a_peer_is_named_as_the_configuration_writes_it(void **state)
{
    (void)state;
    static const char *const texts[] = {"192.0.2.1:80", "[2001:db8::1]:8443", "0.0.0.0:0"};
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        struct address address;
        assert_int_equal(address_parse(texts[i], &address, NULL), OK);
        memset(address.text, 'x', sizeof address.text);
        address_name(&address);
        assert_string_equal(address.text, texts[i]);
    }
    struct address other = {.sa.ss_family = AF_UNIX};
    address_name(&other);
    assert_string_equal(other.text, "local");
    other.sa.ss_family = AF_UNSPEC;
    address_name(&other);
    assert_string_equal(other.text, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_literal_address_with_port_is_refused),
        cmocka_unit_test(a_peer_is_named_as_the_configuration_writes_it),
        cmocka_unit_test(an_ipv4_address_is_read),
        cmocka_unit_test(an_ipv6_address_is_read),
        cmocka_unit_test(literals_are_told_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
