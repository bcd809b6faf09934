/* Lists of other CAs' certificates, line by line. */
#include <base/limits.h>
#include <proto/foreign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAKEN_MAX 16
#define REST "\tunknown\t/CN=x/serialNumber=S-1\n"
#define CSV_HEADER                                                                                 \
    "serialnumber,SUBJECTDN,expiredate,extra,status,revocationdate,revocationreason\n"

/* What a sink was given, as text. */
struct taken {
    size_t lines, faults;
    char line[TAKEN_MAX][160];
    uint32_t fault_line[TAKEN_MAX];
    enum code code[TAKEN_MAX];
    char fault[TAKEN_MAX][ERR_TEXT_MAX];
};

static enum result certificate(void *context, struct bytes field, struct foreign_read *line,
                               struct err *err)
{
    (void)context;
    if (memchr(field.p, '!', field.n) != NULL)
        return err_set(err, E_FOREIGN, "no certificate");
    line->serial = bytes_of(field.p, 1);
    line->subject = bytes_text("CN");
    return OK;
}

static enum result take(void *context, const struct foreign_read *line, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->lines < TAKEN_MAX);
    char *to = taken->line[taken->lines++];
    size_t size = sizeof taken->line[0];
    int n = snprintf(to, size, "%u ", line->line);
    for (size_t i = 0; i < line->serial.n; i++)
        n += snprintf(to + n, size - (size_t)n, "%02x", line->serial.p[i]);
    n += snprintf(to + n, size - (size_t)n, " %.*s %lld", (int)line->serial_number.n,
                  line->serial_number.p, (long long)line->not_after_s);
    if (line->is_revoked)
        snprintf(to + n, size - (size_t)n, " R%u %lld", line->reason, (long long)line->revoked_s);
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct taken *taken = context;
    assert_true(taken->faults < TAKEN_MAX);
    taken->fault_line[taken->faults] = line;
    taken->code[taken->faults] = why->code;
    snprintf(taken->fault[taken->faults++], ERR_TEXT_MAX, "%s", why->text);
    return OK;
}

static enum result read_text(enum foreign_format format, const char *text, struct taken *taken,
                             struct err *err)
{
    const struct foreign_sink sink = {taken, certificate, take, fault};
    struct import_counts counts = {0};
    enum result result = foreign_read(bytes_of(text, strlen(text)), format, &sink, &counts, err);
    if (result == OK) {
        assert_int_equal(counts.rows, taken->lines + taken->faults);
        assert_int_equal(counts.faults, taken->faults);
    }
    return result;
}

static struct taken read_good(enum foreign_format format, const char *text)
{
    struct taken taken = {0};
    struct err err = {0};
    assert_int_equal(read_text(format, text, &taken, &err), OK);
    return taken;
}

static void expect_fault(enum foreign_format format, const char *text, const char *words)
{
    struct taken taken = read_good(format, text);
    assert_int_equal(taken.lines, 0);
    assert_int_equal(taken.faults, 1);
    assert_int_equal(taken.code[0], E_FOREIGN);
    if (strstr(taken.fault[0], words) == NULL)
        fail_msg("seen %s, wanted %s", taken.fault[0], words);
}

/* ---- misuse -----------------------------------------------------------------------------------
 */

static void an_unknown_format_is_refused(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct err err = {0};
    assert_int_equal(read_text(FOREIGN_NO_FORMAT, "", &taken, &err), R_INVALID);
    assert_int_equal(read_text(FOREIGN_FORMAT_COUNT, "", &taken, &err), R_INVALID);
    assert_null(foreign_format_word(0));
}

static void a_bad_line_of_an_index_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"V", "seen 1 fields, wanted 6"},
        {"V\t300101000000Z\t\t01\tunknown\n", "seen 5 fields"},
        {"V\t300101000000Z\t\t01\tunknown\t/CN=x\t\n", "more than 6 fields"},
        {"v\t300101000000Z\t\t01" REST, "state: seen \"v\""},
        {"VR\t300101000000Z\t\t01" REST, "state: seen \"VR\""},
        {"V\t\t\t01" REST, "expiration: seen \"\""},
        {"V\t300101000000\t\t01" REST, "expiration"},
        {"V\t300230000000Z\t\t01" REST, "expiration"},
        {"V\t300101000000Z \t\t01" REST, "expiration"},
        {"V\t300101000000Z\t250101000000Z\t01" REST, "of a valid one"},
        {"R\t300101000000Z\t\t01" REST, "revocation: seen \"\""},
        {"R\t300101000000Z\t250101000000Z,\\x\t01" REST, "seen reason"},
        {"R\t300101000000Z\t250101000000Z,holdInstruction\t01" REST, "seen reason"},
        {"R\t300101000000Z\t250101000000Z,superseded,x\t01" REST, "seen reason"},
        {"V\t300101000000Z\t\t" REST, "serial number"},
        {"V\t300101000000Z\t\t1" REST, "hexadecimal"},
        {"V\t300101000000Z\t\t-1" REST, "hexadecimal"},
        {"V\t300101000000Z\t\t0000" REST, "above 0"},
        {"V\t300101000000Z\t\t010203040506070809101112131415161718192021" REST, "40 hexadecimal"},
        {"V\t300101000000Z\t\t01\tunknown\t/CN=\xff\n", "subject"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        expect_fault(FOREIGN_OPENSSL, cases[i].line, cases[i].why);
}

static void a_bad_row_of_a_table_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *row, *why;
    } cases[] = {
        {"1\n", "expireDate: seen \"\""},
        {"1,CN=x,x,,20,-1,-1\n", "expireDate"},
        {"1,CN=x,-1,,20,-1,-1\n", "expireDate"},
        {"1,CN=x,99999999999999999999,,20,-1,-1\n", "expireDate"},
        {"1,CN=x,0,,61,-1,-1\n", "status"},
        {"1,CN=x,0,,40,-1,-1\n", "revocationReason"},
        {"1,CN=x,0,,40,1000,7\n", "revocationReason"},
        {"1,CN=x,0,,20,-1,11\n", "revocationReason"},
        {"-1,CN=x,0,,20,-1,-1\n", "serialNumber"},
        {"1461501637330902918203684832716283019655932542976,CN=x,0,,20,-1,-1\n", "20 octets"},
        {"1,\"CN=x,0\n", "not CSV"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char text[512];
        snprintf(text, sizeof text, CSV_HEADER "%s", cases[i].row);
        expect_fault(FOREIGN_EJBCA, text, cases[i].why);
    }
}

static void a_table_without_a_column_is_refused_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "serialNumber,subjectDN,expireDate,status\n",
                                        "\"serialNumber\n"};
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        struct taken taken = {0};
        struct err err = {0};
        assert_int_equal(read_text(FOREIGN_EJBCA, texts[i], &taken, &err), R_INVALID);
        assert_int_equal(err.code, E_SYNTAX);
    }
}

static void a_bad_object_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"{", "not a JSON object"},
        {"[]", "wanted an object"},
        {"{}", "\"certificate\""},
        {"{\"certificate\":1}", "\"certificate\""},
        {"{\"certificate\":\"A\",\"certificate\":\"B\"}", "not a JSON object"},
        {"{\"certificate\":\"!\"}", "no certificate"},
        {"{\"certificate\":\"A\",\"revoked\":[]}", "revoked"},
        {"{\"certificate\":\"A\",\"revoked\":{}}", "RevokedAt"},
        {"{\"certificate\":\"A\",\"revoked\":{\"ReasonCode\":\"1\"}}", "ReasonCode"},
        {"{\"certificate\":\"A\",\"revoked\":{\"ReasonCode\":11}}", "ReasonCode: seen 11"},
        {"{\"certificate\":\"A\",\"revoked\":{\"RevokedAt\":\"2026-01-02 03:04:05Z\"}}",
         "RevokedAt"},
        {"{\"certificate\":\"A\",\"revoked\":{\"RevokedAt\":\"2026-01-02T03:04:05\"}}",
         "RevokedAt"},
        {"{\"certificate\":\"A\",\"revoked\":{\"RevokedAt\":\"2026-13-02T03:04:05Z\"}}",
         "RevokedAt"},
        {"{\"certificate\":\"A\",\"revoked\":{\"RevokedAt\":\"2026-01-02T03:04:05.1+1Z\"}}",
         "RevokedAt"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        expect_fault(FOREIGN_STEP, cases[i].line, cases[i].why);
}

static void a_line_has_a_limit(void **state)
{
    (void)state;
    static char text[LIMIT_IMPORT_LINE + 64];
    memset(text, 'x', sizeof text - 1);
    for (enum foreign_format format = FOREIGN_OPENSSL; format <= FOREIGN_STEP; format++) {
        struct taken taken = read_good(format, text);
        assert_int_equal(taken.faults, 1);
    }
    memcpy(text, "-----BEGIN CERTIFICATE-----\n", 28);
    struct taken taken = read_good(FOREIGN_EJBCA, text);
    assert_int_equal(taken.code[0], E_TOO_LARGE);
}

/* ---- the happy path ---------------------------------------------------------------------------
 */

static void an_index_is_read_line_by_line(void **state)
{
    (void)state;
    struct taken taken =
        read_good(FOREIGN_OPENSSL,
                  "V\t700101000000Z\t\t01" REST "\n"
                  "V\t19700101000001Z\t\t000A\tfile.pem\t\r\n"
                  "E\t20700101000000Z\t\tff" REST "X" REST
                  "R\t700101000000Z\t700101000002Z,keyCompromise\t02" REST
                  "R\t700101000000Z\t700101000002Z\t03" REST
                  "R\t700101000000Z\t700101000002Z,HOLDINSTRUCTION,holdInstructionReject\t04" REST
                  "R\t700101000000Z\t700101000002Z,CAkeyTime,20260101000000Z\t05" REST);
    static const char *const wanted[] = {
        "1 01 S-1 0",      "3 0a  1",         "4 ff S-1 3155760000", "6 02 S-1 0 R1 2",
        "7 03 S-1 0 R0 2", "8 04 S-1 0 R6 2", "9 05 S-1 0 R2 2",
    };
    assert_int_equal(taken.lines, LENGTH_OF(wanted));
    for (size_t i = 0; i < LENGTH_OF(wanted); i++)
        assert_string_equal(taken.line[i], wanted[i]);
    assert_int_equal(taken.faults, 1);
    assert_int_equal(taken.fault_line[0], 5);
}

static void a_serial_number_is_one_attribute_of_the_subject(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *serial_number;
    } cases[] = {
        {"/serialNumber=A-1", "A-1"},
        {"/CN=x/SERIALNUMBER=A-1/O=y", "A-1"},
        {"/CN=serialNumber=A-1", ""},
        {"/CN=A-1", ""},
        {"/serialNumber=A-1/serialNumber=A-2", ""},
        {"/serialNumber=", ""},
        {"/serialNumber", ""},
        {"/serialNumber=\\xC3\\xA4", ""}, /* no PrintableString */
        {"/xserialNumber=A-1", ""},
        {"", ""},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char text[128], wanted[80];
        snprintf(text, sizeof text, "V\t700101000000Z\t\t01\tunknown\t%s\n", cases[i].subject);
        snprintf(wanted, sizeof wanted, "1 01 %s 0", cases[i].serial_number);
        struct taken taken = read_good(FOREIGN_OPENSSL, text);
        assert_string_equal(taken.line[0], wanted);
    }
}

static void a_table_is_read_by_its_columns(void **state)
{
    (void)state;
    struct taken taken =
        read_good(FOREIGN_EJBCA, CSV_HEADER "258,\"CN=x, SN=A-1\",1999,e,20,-1,-1\n"
                                            "1461501637330902918203684832716283019655932542975,"
                                            "CN=x,0,,40,2000,0\n"
                                            "3,CN=x,0,,60,3000,5\n"
                                            "4,CN=x,0,,60,-1,-1\n");
    assert_string_equal(taken.line[0], "2 0102 A-1 1");
    assert_string_equal(taken.line[1], "3 ffffffffffffffffffffffffffffffffffffffff  0 R0 2");
    assert_string_equal(taken.line[2], "4 03  0 R5 3");
    assert_string_equal(taken.line[3], "5 04  0");
    assert_int_equal(taken.faults, 0);
}

static void objects_are_read_with_their_revocations(void **state)
{
    (void)state;
    struct taken taken =
        read_good(FOREIGN_STEP,
                  "{\"certificate\":\"A\",\"revoked\":null}\n\n{\"certificate\":\"B\",\"revoked\":"
                  "{\"ReasonCode\":9,\"RevokedAt\":\"1970-01-01T00:00:09.5Z\",\"Serial\":\"1\"}}\n"
                  "{\"certificate\":\"C\",\"revoked\":{\"RevokedAt\":\"1970-01-01T00:00:09Z\"}}");
    assert_string_equal(taken.line[0], "1 41  0");
    assert_string_equal(taken.line[1], "3 42  0 R9 9");
    assert_string_equal(taken.line[2], "4 43  0 R0 9");
}

static void pem_is_read_block_by_block(void **state)
{
    (void)state;
    static const char text[] = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\nwords\n"
                               "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"
                               "-----BEGIN CERTIFICATE-----\ncut\n"
                               "-----BEGIN CERTIFICATE-----\r\nB\r\n-----END CERTIFICATE-----";
    for (enum foreign_format format = FOREIGN_STEP; format <= FOREIGN_EJBCA; format++) {
        struct taken taken = read_good(format, text);
        assert_int_equal(taken.lines, 3); /* that a block is cut is for who reads it */
        assert_int_equal(taken.faults, 1);
        assert_int_equal(taken.fault_line[0], 5);
        assert_memory_equal(taken.line[1], "8 ", 2);
        assert_memory_equal(taken.line[2], "10 ", 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_format_is_refused),
        cmocka_unit_test(a_bad_line_of_an_index_is_named),
        cmocka_unit_test(a_bad_row_of_a_table_is_named),
        cmocka_unit_test(a_table_without_a_column_is_refused_whole),
        cmocka_unit_test(a_bad_object_is_named),
        cmocka_unit_test(a_line_has_a_limit),
        cmocka_unit_test(an_index_is_read_line_by_line),
        cmocka_unit_test(a_serial_number_is_one_attribute_of_the_subject),
        cmocka_unit_test(a_table_is_read_by_its_columns),
        cmocka_unit_test(objects_are_read_with_their_revocations),
        cmocka_unit_test(pem_is_read_block_by_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
